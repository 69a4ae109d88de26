"""What the archives should hold, as events tell it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from casepath.inference.v1.scoring_pb2 import SlideScored
from casepath.records.v1.filing_pb2 import EntriesFiled
from casepath.slides.v1.slide_pb2 import SlideIngested


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
