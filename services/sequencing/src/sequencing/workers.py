"""So many work items at once, each in a process of its own."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from casepath.sequencing.v1.calling_pb2 import STAGE_JOIN, STAGE_SPLIT, Computation, TaskRequested
from chassis.isolated import Isolated, allowance
from chassis.key_ring import KeyRing
from sequencing.computations import inputs
from sequencing.references import Reference
from sequencing.runs.turns import CARE, Quota, Usage, Waiter, chosen
from sequencing.tasks import Work, perform

# Far beyond what a chunk or a shard takes: only what hangs is ended. What goes over all reads gets more.
LEAST_SECONDS = 3600.0
SECONDS_PER_MEGABYTE = 2.0


@dataclass(frozen=True, slots=True)
class Bench:
    """Where workers work: the object store's URL, a folder of indexes that outlives them, scratch space, GATK's jars, keys."""

    objects: str
    indexes: Path
    scratch: Path
    threads: int = 1
    gatk: Path | None = None
    keys: KeyRing | None = None


class Workers:
    """Processes are kept from one task to the next, with the reference's index in their memory.

    `turns.chosen` says whose task is next where one is free: so care overtakes research at the border of a task.
    """

    def __init__(self, bench: Bench, processes: list[Isolated], quotas: Mapping[str, Quota] | None = None) -> None:
        self.bench = bench
        self.processes = len(processes)
        self.idle = list(processes)
        self.quotas = quotas or {}
        # Of each project, those who wait in the order in which they came.
        self.waiting: defaultdict[str, dict[Waiter, asyncio.Future[Isolated]]] = defaultdict(dict)
        self.usage: defaultdict[str, Usage] = defaultdict(Usage)
        self.numbers = count()

    async def perform(self, made: Computation, task: TaskRequested, reference: Reference, project: str = CARE) -> None:
        """Do the task when it is its turn.

        Raise what `tasks.perform` raises, and what `Isolated.run` does.
        """
        bench = self.bench
        work = Work(
            computation=made.SerializeToString(),
            task=task.SerializeToString(),
            objects=bench.objects,
            keys=bench.keys,
            reference=reference,
            indexes=bench.indexes,
            scratch=bench.scratch,
            threads=bench.threads,
            gatk=bench.gatk,
        )
        size = sum(ref.size for ref in inputs(made.read_groups)) if task.stage in (STAGE_SPLIT, STAGE_JOIN) else 0
        seconds = allowance(size, SECONDS_PER_MEGABYTE, LEAST_SECONDS)
        async with self.slot(project) as process:
            await process.run(perform, work, seconds)

    @asynccontextmanager
    async def slot(self, project: str) -> AsyncIterator[Isolated]:
        """One process's share of this machine, when it is this project's turn; its time is the project's."""
        process = await self.turn(project)
        began = time.monotonic()
        try:
            yield process
        finally:
            self.end(project, process, time.monotonic() - began)

    def care_waits(self) -> bool:
        return bool(self.waiting[CARE])

    async def turn(self, project: str) -> Isolated:
        """A process, when it is this task's turn."""
        if not self.active(project):
            # Who was away has not saved up turns.
            others = [one.charged for name, one in self.usage.items() if name != project and self.active(name)]
            self.usage[project].charged = max(self.usage[project].charged, min(others, default=0.0))
        waiter = Waiter(project, time.monotonic(), next(self.numbers))
        found: asyncio.Future[Isolated] = asyncio.get_running_loop().create_future()
        self.waiting[project][waiter] = found
        self.hand_out()
        try:
            return await found
        except asyncio.CancelledError:
            self.waiting[project].pop(waiter, None)
            if found.done() and not found.cancelled():
                self.end(project, found.result(), 0.0)
            raise

    def end(self, project: str, process: Isolated, seconds: float) -> None:
        used = self.usage[project]
        used.running -= 1
        used.seconds += seconds
        used.charged += seconds
        self.idle.append(process)
        self.hand_out()

    def hand_out(self) -> None:
        while self.idle:
            longest = [next(iter(waiting)) for waiting in self.waiting.values() if waiting]
            waiter = chosen(longest, self.quotas, self.usage, time.monotonic())
            if waiter is None:
                return
            found = self.waiting[waiter.project].pop(waiter)
            # One that is called off is still here until its task hears of it.
            if not found.cancelled():
                self.usage[waiter.project].running += 1
                found.set_result(self.idle.pop())

    def active(self, project: str) -> bool:
        return self.usage[project].running > 0 or bool(self.waiting[project])


@contextmanager
def workers(bench: Bench, processes: int, quotas: Mapping[str, Quota] | None = None) -> Iterator[Workers]:
    with ExitStack() as stack:
        yield Workers(bench, [stack.enter_context(Isolated()) for _ in range(processes)], quotas)
