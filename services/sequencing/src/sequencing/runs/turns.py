"""Whose work item is next where a process is free. Pure.

Care comes first. Of research, the project comes first that has used least for its share (weighted fair queueing, Demers et al.
1989), and one beyond its hours of the week last. Whoever waited longer than `patience` overtakes care once: nobody starves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CARE = ""
PATIENCE = 900.0


@dataclass(frozen=True, slots=True)
class Quota:
    """Of a project: its share beside others, most processes at once, and hours of a core in a week; None for no bound."""

    share: float = 1.0
    cores: int | None = None
    core_hours: float | None = None


@dataclass(frozen=True, slots=True)
class Waiter:
    """A work item of a project, or of care; `since` is in seconds of any clock that does not go back."""

    project: str
    since: float
    number: int


@dataclass(slots=True)
class Usage:
    """Of a project: processes that it has now, seconds of a core since the week began, and what it was charged for its turns."""

    running: int = 0
    seconds: float = 0.0
    charged: float = 0.0


def chosen(
    waiters: Sequence[Waiter], quotas: Mapping[str, Quota], usage: Mapping[str, Usage], now: float, patience: float = PATIENCE
) -> Waiter | None:
    """Of those who waited longest, one of each project and one of care. None where nobody waits who may."""
    care = [one for one in waiters if one.project == CARE]
    research = [one for one in waiters if one.project != CARE and may(one.project, quotas, usage)]
    starved = [one for one in research if now - one.since > patience]
    if starved and not overtaking(usage):
        return min(starved, key=lambda one: (one.since, one.number))
    if care:
        return min(care, key=lambda one: (one.since, one.number))
    return min(research, key=lambda one: rank(one, quotas, usage), default=None)


def may(project: str, quotas: Mapping[str, Quota], usage: Mapping[str, Usage]) -> bool:
    cores = quotas.get(project, Quota()).cores
    return cores is None or usage.get(project, Usage()).running < cores


def overtaking(usage: Mapping[str, Usage]) -> bool:
    """One work item of research runs already: care has the rest."""
    return any(one.running for project, one in usage.items() if project != CARE)


def rank(one: Waiter, quotas: Mapping[str, Quota], usage: Mapping[str, Usage]) -> tuple[bool, float, float, int]:
    quota, used = quotas.get(one.project, Quota()), usage.get(one.project, Usage())
    beyond = quota.core_hours is not None and used.seconds > 3600 * quota.core_hours
    return beyond, used.charged / quota.share, one.since, one.number
