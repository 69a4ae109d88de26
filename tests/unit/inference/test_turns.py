import asyncio

from inference.turns import Turns
from waiting import eventually


class Work:
    """Takes turns, each until it is let go, and keeps the order in which they came."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.order: list[str] = []
        self.go = {name: asyncio.Event() for name in "abcd"}

    async def run(self, name: str, urgent: bool) -> None:
        async with self.turns.turn(urgent):
            self.order.append(name)
            await self.go[name].wait()

    async def begun(self, name: str, urgent: bool = False) -> "asyncio.Task[None]":
        waits = len(self.turns.waiting)
        task = asyncio.create_task(self.run(name, urgent))
        await eventually(lambda: name in self.order or len(self.turns.waiting) > waits, 5)
        return task


async def test_the_urgent_overtakes_those_that_wait_and_not_the_one_that_runs() -> None:
    work = Work()
    tasks = [await work.begun("a"), await work.begun("b"), await work.begun("c", urgent=True), await work.begun("d", urgent=True)]
    for event in work.go.values():
        event.set()
    await asyncio.gather(*tasks)
    assert work.order == ["a", "c", "d", "b"]
    assert work.turns.free == 1


async def test_who_gives_up_while_waiting_is_passed_over() -> None:
    work = Work()
    first, second, third = await work.begun("a"), await work.begun("b"), await work.begun("c")
    second.cancel()
    for event in work.go.values():
        event.set()
    await asyncio.gather(first, third)
    assert work.order == ["a", "c"]


async def test_who_is_cancelled_as_its_turn_comes_passes_it_on() -> None:
    work = Work()
    first, second, third = await work.begun("a"), await work.begun("b"), await work.begun("c")
    work.turns.pass_on()
    second.cancel()
    for event in work.go.values():
        event.set()
    await asyncio.gather(first, third)
    assert "b" not in work.order
    assert "c" in work.order


async def test_one_that_fails_passes_its_turn_on() -> None:
    turns = Turns()
    for _ in range(2):
        try:
            async with turns.turn(urgent=False):
                raise ValueError
        except ValueError:
            pass
    assert turns.free == 1
