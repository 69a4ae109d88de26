"""A simulated hospital: some seeds of it, that one replays, and that what goes wrong is found."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import TopicPartition

from chassis import events
from chassis.errors import Unavailable
from chassis.events import Outgoing
from chassis.fhir import Resource
from chassis.worker import Settled, Worker
from records import filing
from records.filing import Filing
from simulation.broker import MemberPublisher
from simulation.trial import Ended, trial

SEEDS = 300
# Enough for any of the defects below to show.
FEW = 300


def problems(seeds: Iterable[int]) -> dict[int, Sequence[str]]:
    return {seed: ended.problems for seed in seeds if (ended := trial(seed)).problems}


def test_whatever_goes_wrong_nothing_is_lost_and_nothing_done_twice() -> None:
    assert problems(range(SEEDS)) == {}


def test_faults_of_every_kind_strike() -> None:
    struck = {what for seed in range(40) for what in trial(seed).faults}
    assert struck == {"slow", "fails", "unanswered", "killed", "stopped"}


@pytest.mark.parametrize("seed", [2722, 136, 84, 76])
def test_a_seed_replays_exactly(seed: int) -> None:
    def known(ended: Ended) -> Any:
        return ended.state, ended.trace, ended.faults, ended.problems

    assert known(trial(seed)) == known(trial(seed))


def test_events_that_are_lost_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    publish = MemberPublisher.publish

    async def careless(self: MemberPublisher, records: Sequence[Outgoing]) -> None:
        try:
            await publish(self, records)
        except Unavailable:
            return

    monkeypatch.setattr(MemberPublisher, "publish", careless)
    assert any(trial(seed).problems for seed in range(FEW))


def test_a_worker_that_commits_before_it_publishes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    publish = Worker.publish

    async def hasty(self: Worker, settled: list[Settled]) -> None:
        for one in settled:
            await self.commit(TopicPartition(one.record.topic, one.record.partition), one.record.offset + 1)
        await publish(self, settled)

    monkeypatch.setattr(Worker, "publish", hasty)
    assert any(trial(seed).problems for seed in range(FEW))


def test_repeats_that_are_other_events_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "derived_id", lambda *_: uuid4())
    assert any(trial(seed).problems for seed in range(FEW))


def test_what_is_old_and_replaces_what_is_new_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filing, "latest", lambda _, one: one)
    assert any(trial(seed).problems for seed in range(FEW))


def test_a_merge_that_is_not_asked_for_again_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def once(self: Filing, kind: str, identifier: str, patient: str, made: Any) -> str | None:
        owner = await self.owner(patient)

        async def of_then(kept: Resource | None) -> Resource | None:
            wanted = made(kept)
            return None if wanted is None else filing.owned(kind, owner, patient)(wanted)

        return await self.fhir.change(kind, identifier, of_then)

    monkeypatch.setattr(Filing, "have", once)
    assert any(trial(seed).problems for seed in range(FEW))
