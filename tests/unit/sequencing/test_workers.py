import asyncio
from pathlib import Path

import pytest

from chassis.isolated import Isolated
from sequencing.runs.turns import CARE, Quota
from sequencing.workers import Bench, Workers


def pool(processes: int = 1, **quotas: Quota) -> Workers:
    """Processes that are never given work do not begin."""
    return Workers(Bench("file:///nowhere", Path(), Path()), [Isolated() for _ in range(processes)], quotas)


async def begun(workers: Workers, project: str) -> "asyncio.Task[Isolated]":
    task = asyncio.create_task(workers.turn(project))
    await asyncio.sleep(0)
    return task


async def test_care_that_comes_later_has_its_turn_before_research_that_waits() -> None:
    workers = pool()
    process = await workers.turn("a")
    research, care = await begun(workers, "a"), await begun(workers, CARE)
    workers.end("a", process, 10)
    assert await care is process
    assert not research.done()
    workers.end(CARE, process, 10)
    assert await research is process


async def test_a_project_takes_no_more_processes_than_it_may_have() -> None:
    workers = pool(2, a=Quota(cores=1))
    first = await workers.turn("a")
    second = await begun(workers, "a")
    assert not second.done()
    other = await workers.turn("b")
    workers.end("a", first, 1)
    assert await second is first
    assert other is not first


async def test_who_was_away_has_not_saved_up_turns() -> None:
    workers = pool()
    process = await workers.turn("a")
    workers.end("a", process, 1000)
    process = await workers.turn("a")
    late = await begun(workers, "b")
    assert workers.usage["b"].charged == 1000
    workers.end("a", process, 1)
    assert await late is process


@pytest.mark.parametrize("heard", [False, True])
async def test_a_waiter_that_is_called_off_neither_keeps_nor_loses_a_process(heard: bool) -> None:
    """Also where a process is free before its task hears of it."""
    workers = pool()
    process = await workers.turn("a")
    gone, next_ = await begun(workers, "a"), await begun(workers, "a")
    gone.cancel()
    if heard:
        await asyncio.gather(gone, return_exceptions=True)
    workers.end("a", process, 1)
    assert await next_ is process
    await asyncio.gather(gone, return_exceptions=True)
    assert (workers.usage["a"].running, workers.idle) == (1, [])
    workers.end("a", process, 1)
    assert (workers.usage["a"].running, workers.idle) == (0, [process])


async def test_a_process_that_was_given_to_one_called_off_at_that_moment_comes_back() -> None:
    workers = pool()
    process = await workers.turn("a")
    gone = await begun(workers, "a")
    workers.end("a", process, 1)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    assert (workers.usage["a"].running, workers.idle) == (0, [process])
