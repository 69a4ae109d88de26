"""Whose work item is next, and a week of a hospital by it."""

import heapq
from collections import defaultdict, deque
from dataclasses import dataclass, field
from itertools import count
from random import Random

import pytest

from sequencing.runs.turns import CARE, Quota, Usage, Waiter, chosen

HOUR, DAY = 3600.0, 86400.0
WEEK = 7 * DAY


def of(*waiters: tuple[str, float]) -> list[Waiter]:
    return [Waiter(project, since, number) for number, (project, since) in enumerate(waiters)]


def test_care_overtakes_research_however_long_that_is_within_its_patience() -> None:
    found = chosen(of(("a", 0), (CARE, 90)), {}, {}, now=100)
    assert found is not None
    assert found.project == CARE


def test_who_waits_beyond_patience_overtakes_care_once_and_not_twice() -> None:
    waiters = of(("a", 0), (CARE, 90))
    first = chosen(waiters, {}, {}, now=1000)
    assert first is not None
    assert first.project == "a"
    second = chosen(waiters, {}, {"b": Usage(running=1)}, now=1000)
    assert second is not None
    assert second.project == CARE


def test_of_research_who_used_least_for_its_share_is_next() -> None:
    usage = {"a": Usage(charged=100), "b": Usage(charged=150)}
    waiters = of(("a", 0), ("b", 1))
    assert chosen(waiters, {}, usage, 2) == waiters[0]
    assert chosen(waiters, {"b": Quota(share=2)}, usage, 2) == waiters[1]


def test_who_has_all_its_cores_waits_though_a_process_is_free() -> None:
    assert chosen(of(("a", 0)), {"a": Quota(cores=2)}, {"a": Usage(running=2)}, 1) is None


def test_who_used_its_hours_of_the_week_comes_last_and_still_comes() -> None:
    quotas = {"a": Quota(core_hours=1)}
    usage = {"a": Usage(seconds=3601), "b": Usage(charged=10**6)}
    waiters = of(("a", 0), ("b", 1))
    assert chosen(waiters, quotas, usage, 2) == waiters[1]
    assert chosen(waiters[:1], quotas, usage, 2) == waiters[0]


def test_nobody_who_may_is_nobody() -> None:
    assert chosen([], {}, {}, 0) is None


@dataclass
class Hospital:
    """A simulation, event by event: so many processes, work items that come, and whose turn `chosen` says it is."""

    processes: int
    quotas: dict[str, Quota]
    patience: float = 900.0
    now: float = 0.0
    usage: defaultdict[str, Usage] = field(default_factory=lambda: defaultdict(Usage))
    waiting: defaultdict[str, deque[tuple[Waiter, float]]] = field(default_factory=lambda: defaultdict(deque))
    running: list[tuple[float, int, str, float]] = field(default_factory=list)
    waits: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    busy: float = 0.0
    numbers: "count[int]" = field(default_factory=count)

    def run(self, arrivals: list[tuple[float, str, float]]) -> None:
        """Each arrival is when, whose, and for how many seconds of a process."""
        for at, project, seconds in sorted(arrivals):
            self.until(at)
            self.waiting[project].append((Waiter(project, at, next(self.numbers)), seconds))
            self.hand_out()

    def until(self, moment: float) -> None:
        while self.running and self.running[0][0] <= moment:
            self.now, _, project, seconds = heapq.heappop(self.running)
            used = self.usage[project]
            used.running -= 1
            used.seconds += seconds
            used.charged += seconds
            self.hand_out()
        self.now = moment

    def hand_out(self) -> None:
        while len(self.running) < self.processes:
            longest = [queue[0][0] for queue in self.waiting.values() if queue]
            waiter = chosen(longest, self.quotas, self.usage, self.now, self.patience)
            if waiter is None:
                return
            _, seconds = self.waiting[waiter.project].popleft()
            self.waits[waiter.project].append(self.now - waiter.since)
            self.usage[waiter.project].running += 1
            self.busy += seconds
            heapq.heappush(self.running, (self.now + seconds, waiter.number, waiter.project, seconds))


def shards(rng: Random, at: float, project: str, items: int) -> list[tuple[float, str, float]]:
    return [(at, project, rng.uniform(20, 60)) for _ in range(items)]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_week_in_which_care_hardly_waits_research_uses_what_is_free_and_nobody_starves(seed: int) -> None:
    """Sixteen processes; twenty genomes of care on each working day, and two projects that always have more to do."""
    rng = Random(seed)
    hospital = Hospital(16, {"big": Quota(share=3), "small": Quota(share=1), "bound": Quota(cores=2)})
    arrivals = []
    for day in range(7):
        for _ in range(20 if day < 5 else 4):
            arrivals += shards(rng, day * DAY + rng.uniform(8, 18) * HOUR, CARE, 120)
        for hour in range(0, 24, 4):
            at = day * DAY + hour * HOUR
            arrivals += shards(rng, at, "big", 5000) + shards(rng, at, "small", 1800) + shards(rng, at, "bound", 200)
    hospital.run([one for one in arrivals if one[0] < WEEK])
    hospital.until(WEEK)
    longest_item = 60.0
    # A genome of care is 120 items: the last begins when the others of those that came with it have.
    assert sorted(hospital.waits[CARE])[len(hospital.waits[CARE]) // 2] < 8 * longest_item
    assert hospital.busy > 0.97 * 16 * WEEK
    assert {"big", "small", "bound"} <= hospital.waits.keys()
    used = {name: hospital.usage[name].seconds for name in ("big", "small", "bound")}
    assert 2.5 < used["big"] / used["small"] < 3.5
    assert used["bound"] < 2 * WEEK


def test_research_goes_on_under_care_that_never_ends() -> None:
    """One item at a time, each after its patience: no more is taken from care."""
    hospital = Hospital(2, {}, patience=600)
    care = [(at, CARE, 30.0) for at in range(0, 6 * 3600, 10)]
    hospital.run([(0.0, "a", 30.0), (1.0, "a", 30.0), (2.0, "b", 30.0), *care])
    assert len(hospital.waits["a"]) == 2
    assert len(hospital.waits["b"]) == 1
    assert max(hospital.waits["a"] + hospital.waits["b"]) < 600 + 3 * 60
