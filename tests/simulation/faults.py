"""What goes wrong in a simulated hospital, by the numbers that a seed gives."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from random import Random
from typing import Any

from chassis.errors import Unavailable

SLOWEST_SECONDS = 3.0
# A process that is stopped longer than this is out of its consumer groups.
SESSION_SECONDS = 10.0
LONGEST_STOP_SECONDS = 4 * SESSION_SECONDS
# How often others come in between where an answer comes at once.
OTHERS_FIRST = 0.25


class Killed(BaseException):
    """The process is no more: nothing catches this."""


@dataclass(frozen=True, slots=True)
class Rates:
    """How often each strikes, of all times at which a process asks anything of the world."""

    slow: float = 0.0
    fails: float = 0.0
    unanswered: float = 0.0
    killed: float = 0.0
    stopped: float = 0.0

    @classmethod
    def drawn(cls, rng: Random) -> "Rates":
        """Some faults often and others not at all: one that is always there hides others."""

        def rate(most: float) -> float:
            return most * rng.random() ** 2 if rng.random() < 0.6 else 0.0

        return cls(rate(0.5), rate(0.1), rate(0.1), rate(0.06), rate(0.02))


CALM = Rates()


class Faults:
    """The only source of chance of a run. Ends after `until` seconds, so that every run comes to rest."""

    def __init__(self, rng: Random, rates: Rates, until: float) -> None:
        self.rng = rng
        self.rates = rates
        self.until = until
        self.happened: Counter[str] = Counter()
        # From when on no process is stopped.
        self.all_go_on = 0.0

    def strikes(self, what: str) -> bool:
        rate: float = getattr(self.rates, what)
        if not rate or asyncio.get_running_loop().time() > self.until or self.rng.random() >= rate:
            return False
        self.happened[what] += 1
        return True


class Process:
    """One incarnation of a service's process: it can be slow, stopped for a while, or killed."""

    def __init__(self, name: str, faults: Faults) -> None:
        self.name = name
        self.faults = faults
        self.alive = True
        self.stopped_until = 0.0
        # In order, so that they are cancelled in the same one each time.
        self.tasks: dict[asyncio.Task[Any], None] = {}

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks[task] = None
        task.add_done_callback(self.tasks.pop)
        return task

    def kill(self) -> None:
        self.alive = False
        for task in list(self.tasks):
            task.cancel()

    @property
    def stopped(self) -> bool:
        return asyncio.get_running_loop().time() < self.stopped_until

    async def wakes(self) -> None:
        """Return once the process runs. Raise Killed where it is no more."""
        loop = asyncio.get_running_loop()
        while self.alive and loop.time() < self.stopped_until:
            await asyncio.sleep(self.stopped_until - loop.time())
        if not self.alive:
            raise Killed

    async def asks[T](self, act: Callable[[], T]) -> T:
        """Have the world do something, which either happens as a whole or not at all, whatever is answered.

        Raise Unavailable where there was no answer, Killed where nobody is there to hear it.
        """
        await self.wakes()
        faults = self.faults
        if faults.strikes("slow"):
            await asyncio.sleep(faults.rng.random() * SLOWEST_SECONDS)
        elif faults.rng.random() < OTHERS_FIRST:
            await asyncio.sleep(0)
        if faults.strikes("stopped"):
            self.stopped_until = asyncio.get_running_loop().time() + faults.rng.random() * LONGEST_STOP_SECONDS
            faults.all_go_on = max(faults.all_go_on, self.stopped_until)
        await self.wakes()
        if faults.strikes("killed"):
            self.kill()
            if faults.rng.random() < 0.5:
                act()
            raise Killed
        if faults.strikes("fails"):
            raise Unavailable("the world failed")
        done = act()
        if faults.strikes("unanswered"):
            raise Unavailable("the world did not answer")
        return done
