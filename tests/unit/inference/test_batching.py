import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.errors import CasepathError, Malformed, Overloaded, TooLate, Unavailable
from inference.batching import Batcher, BatchLimits
from waiting import eventually

type Run = Callable[[Sequence[int]], Awaitable[Sequence[int | CasepathError]]]


def answered(payload: int) -> int:
    return payload * 7 + 1


class Model:
    """Answers each payload, and keeps what it was given together. Runs only while `open`."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def run(self, payloads: Sequence[int]) -> Sequence[int | CasepathError]:
        self.batches.append(list(payloads))
        await self.open.wait()
        return [answered(payload) for payload in payloads]


async def queued(batcher: Batcher[int, int], rows: int, model: Model, batches: int = 1) -> None:
    """Until so many rows wait, and so many batches were begun."""
    await eventually(lambda: batcher.waiting == rows and len(model.batches) == batches, 5)


ASKED = st.tuples(
    st.integers(min_value=1, max_value=6),
    st.sampled_from(["a", "b"]),
    st.integers(min_value=0, max_value=2),
    st.sampled_from(["answered", "cancelled", "late", "fails", "breaks its batch"]),
)


@given(
    asked=st.lists(ASKED, max_size=40), most=st.integers(min_value=6, max_value=16), pauses=st.lists(st.booleans(), max_size=40)
)
@settings(max_examples=300, deadline=None)
def test_no_answer_reaches_the_wrong_caller(asked: list[tuple[int, str, int, str]], most: int, pauses: list[bool]) -> None:
    async def run(payloads: Sequence[int]) -> Sequence[int | CasepathError]:
        kinds = {asked[payload][1] for payload in payloads}
        assert len(kinds) == 1
        assert sum(asked[payload][0] for payload in payloads) <= most
        await asyncio.sleep(0)
        if any(asked[payload][3] == "breaks its batch" for payload in payloads):
            raise Malformed("broken " + ",".join(map(str, payloads)))
        return [Malformed(f"own {one}") if asked[one][3] == "fails" else answered(one) for one in payloads]

    async def trial() -> None:
        batcher: Batcher[int, int] = Batcher(run, BatchLimits(rows=most, waiting=1000))
        tasks = []
        for number, (rows, kind, priority, fate) in enumerate(asked):
            seconds = -1.0 if fate == "late" else 60.0
            tasks.append(asyncio.create_task(batcher.submit(number, rows, kind, priority, seconds)))
            if number < len(pauses) and pauses[number]:
                await asyncio.sleep(0)
            if fate == "cancelled":
                tasks[-1].cancel()
        found = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
        for number, ((_, _, _, fate), answer) in enumerate(zip(asked, found, strict=True)):
            match fate:
                case "answered":
                    assert answer == answered(number)
                case "cancelled":
                    assert isinstance(answer, asyncio.CancelledError)
                case "late":
                    assert isinstance(answer, TooLate)
                case "fails":
                    assert str(answer) == f"own {number}"
                case _:
                    assert str(answer) == f"broken {number}"
        assert batcher.waiting == 0
        assert not batcher.queue

    asyncio.run(trial())


async def test_what_came_while_the_model_ran_is_one_batch() -> None:
    model = Model()
    batcher: Batcher[int, int] = Batcher(model.run, BatchLimits(rows=4))
    model.open.clear()
    tasks = [asyncio.create_task(batcher.submit(number, 1)) for number in range(1)]
    await queued(batcher, 0, model)
    tasks += [asyncio.create_task(batcher.submit(number, 1)) for number in range(1, 8)]
    await queued(batcher, 7, model)
    model.open.set()
    assert await asyncio.gather(*tasks) == [answered(number) for number in range(8)]
    assert model.batches == [[0], [1, 2, 3, 4], [5, 6, 7]]


async def test_a_batch_that_is_not_full_waits_for_more() -> None:
    model = Model()
    batcher: Batcher[int, int] = Batcher(model.run, BatchLimits(rows=3, delay=60))
    first = asyncio.create_task(batcher.submit(1, 1))
    await queued(batcher, 1, model, batches=0)
    answers = await asyncio.gather(first, batcher.submit(2, 1), batcher.submit(3, 1))
    assert list(answers) == [8, 15, 22]
    assert model.batches == [[1, 2, 3]]


async def test_it_waits_no_longer_than_its_delay() -> None:
    batcher: Batcher[int, int] = Batcher(Model().run, BatchLimits(rows=3, delay=0.01))
    assert await batcher.submit(4, 1) == 29


async def test_the_urgent_goes_first() -> None:
    model = Model()
    batcher: Batcher[int, int] = Batcher(model.run, BatchLimits(rows=1))
    model.open.clear()
    tasks = [asyncio.create_task(batcher.submit(0, 1))]
    await queued(batcher, 0, model)
    tasks += [asyncio.create_task(batcher.submit(number, 1, priority=priority)) for number, priority in ((1, 2), (2, 1), (3, 2))]
    await queued(batcher, 3, model)
    model.open.set()
    await asyncio.gather(*tasks)
    assert model.batches == [[0], [2], [1], [3]]


async def test_a_full_queue_refuses_at_once_and_takes_again_when_there_is_room() -> None:
    model = Model()
    batcher: Batcher[int, int] = Batcher(model.run, BatchLimits(rows=2, waiting=3))
    model.open.clear()
    running = asyncio.create_task(batcher.submit(0, 2))
    await queued(batcher, 0, model)
    waits = [asyncio.create_task(batcher.submit(number, 1)) for number in (1, 2, 3)]
    await queued(batcher, 3, model)
    with pytest.raises(Overloaded, match="3 rows are waiting"):
        await batcher.submit(4, 1)
    model.open.set()
    await asyncio.gather(running, *waits)
    assert await batcher.submit(5, 1) == answered(5)


async def test_cancelled_work_is_not_run() -> None:
    model = Model()
    batcher: Batcher[int, int] = Batcher(model.run, BatchLimits(rows=1))
    model.open.clear()
    running, given_up = asyncio.create_task(batcher.submit(0, 1)), asyncio.create_task(batcher.submit(1, 1))
    await queued(batcher, 1, model)
    given_up.cancel()
    model.open.set()
    assert await running == answered(0)
    assert await batcher.submit(2, 1) == answered(2)
    assert model.batches == [[0], [2]]


async def test_more_rows_than_a_batch_are_refused() -> None:
    batcher: Batcher[int, int] = Batcher(Model().run, BatchLimits(rows=2))
    for rows in (0, 3):
        with pytest.raises(Malformed, match="1 to 2 rows"):
            await batcher.submit(1, rows)


async def test_a_device_that_is_gone_fails_the_batch_and_not_the_next() -> None:
    fails = [True]

    async def run(payloads: Sequence[int]) -> Sequence[int | CasepathError]:
        if fails.pop():
            raise Unavailable("the device is gone")
        return [answered(payload) for payload in payloads]

    fails.insert(0, False)
    batcher: Batcher[int, int] = Batcher(run, BatchLimits())
    with pytest.raises(Unavailable):
        await batcher.submit(1, 1)
    assert await batcher.submit(2, 1) == answered(2)


async def test_a_defect_reaches_whoever_asked_and_the_next_is_run() -> None:
    async def run(payloads: Sequence[int]) -> Sequence[int | CasepathError]:
        return [1 // (payload - 1) for payload in payloads]

    batcher: Batcher[int, int] = Batcher(run, BatchLimits())
    with pytest.raises(ZeroDivisionError):
        await batcher.submit(1, 1)
    assert await batcher.submit(2, 1) == 1


async def test_who_waits_when_the_model_is_unloaded_is_told_so() -> None:
    model = Model()
    batcher: Batcher[int, int] = Batcher(model.run, BatchLimits(rows=1))
    model.open.clear()
    running, waits = asyncio.create_task(batcher.submit(0, 1)), asyncio.create_task(batcher.submit(1, 1))
    await queued(batcher, 1, model)
    closing = asyncio.create_task(batcher.close())
    await eventually(lambda: not batcher.queue, 5)
    model.open.set()
    await closing
    assert await running == answered(0)
    with pytest.raises(Overloaded, match="unloaded"):
        await waits
