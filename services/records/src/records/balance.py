"""What became of everything that has to be filed: filed, dead, in flight, or missing; and what the archives should hold. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from casepath.inference.v1.scoring_pb2 import SlideScored
from casepath.records.v1.filing_pb2 import EntriesFiled
from casepath.slides.v1.slide_pb2 import SlideIngested


@dataclass(frozen=True, slots=True)
class Accepted:
    """Of one topic: where the last record of each event lies, (partition, offset), and up to where records has come in each
    partition."""

    topic: str
    events: Mapping[str, tuple[int, int]]
    done: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Balance:
    """Where nothing is missing, what was accepted is filed, dead, in flight and erased together."""

    topic: str
    accepted: int
    filed: int
    dead: int
    in_flight: int
    erased: int
    missing: tuple[str, ...]


def balance(accepted: Accepted, filed: set[str], dead: set[str], erased: set[str]) -> Balance:
    """`filed` are events that something was filed for, `dead` those that were set aside; what was mended since is filed.

    `erased` are those whose key was destroyed: of these, the ones that nothing was filed for before.
    """
    kept = accepted.events.keys() & filed
    set_aside = (accepted.events.keys() & dead) - kept
    rest = accepted.events.keys() - kept - set_aside
    waiting = {event for event in rest if is_ahead(accepted.events[event], accepted.done)}
    gone = (rest - waiting) & erased
    missing = tuple(sorted(rest - waiting - gone))
    return Balance(accepted.topic, len(accepted.events), len(kept), len(set_aside), len(waiting), len(gone), missing)


def is_ahead(where: tuple[int, int], done: Mapping[int, int]) -> bool:
    partition, offset = where
    return offset >= done.get(partition, 0)


@dataclass(frozen=True, slots=True)
class Resource:
    """A FHIR resource that was filed, and the event that filed it last."""

    kind: str
    identifier: str
    event: str

    @property
    def name(self) -> str:
        return f"{self.kind}/{self.identifier}"


@dataclass(frozen=True, slots=True)
class Instance:
    """A DICOM object that was filed, its content's SHA-256, and the event that it came with."""

    study: str
    series: str
    uid: str
    sha256: str
    event: str

    @property
    def name(self) -> str:
        return f"Instance/{self.uid}"


def resources(told: Iterable[tuple[str, EntriesFiled]], topics: Iterable[str]) -> list[Resource]:
    """What is said to be in the FHIR server, from (event, what it led to) in order.

    Of the events on `topics`: only these file a resource whole, where a merge amends what is there.
    """
    whole = set(topics)
    found = {
        (entry.kind, entry.identifier): Resource(entry.kind, entry.identifier, event)
        for event, said in told
        if said.cause in whole
        for entry in said.entries
        if entry.kind != "Instance"
    }
    return [found[name] for name in sorted(found)]


def ingested(event: str, slide: SlideIngested) -> list[Instance]:
    series = slide.series_instance_uid
    return [Instance(slide.study_instance_uid, series, one.sop_instance_uid, one.object.sha256, event) for one in slide.instances]


def derived(event: str, scored: SlideScored) -> list[Instance]:
    return [
        Instance(scored.study_instance_uid, one.series_instance_uid, one.sop_instance_uid, one.object.sha256, event)
        for one in scored.instances
    ]
