"""What became of everything that has to be filed: filed, dead, in flight, erased or missing. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from casepath.topics import TOPICS

# Who files.
FILER = "records"
# What is filed of a case is told, event by event; of a patient without a case nothing is.
BY_CASE = tuple(topic for topic in TOPICS if FILER in topic.consumers and topic.key == "case id")


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
