"""So many work items at once, each in a process of its own."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from casepath.sequencing.v1.calling_pb2 import STAGE_JOIN, STAGE_SPLIT, Computation, TaskRequested
from chassis.isolated import Crashed, Isolated, allowance
from sequencing.computations import inputs
from sequencing.references import Reference
from sequencing.tasks import Work, perform

# Far beyond what a chunk or a shard takes: only what hangs is ended. What goes over all reads gets more.
LEAST_SECONDS = 3600.0
SECONDS_PER_MEGABYTE = 2.0


@dataclass(frozen=True, slots=True)
class Bench:
    """Where workers work: the object store's URL, a folder of indexes that outlives them, one for scratch, and GATK's jars."""

    objects: str
    indexes: Path
    scratch: Path
    threads: int = 1
    gatk: Path | None = None


class Workers:
    """Processes are kept from one task to the next, with the reference's index in their memory."""

    def __init__(self, bench: Bench, processes: list[Isolated]) -> None:
        self.bench = bench
        self.free: asyncio.Queue[Isolated] = asyncio.Queue()
        for process in processes:
            self.free.put_nowait(process)

    async def perform(self, made: Computation, task: TaskRequested, reference: Reference) -> None:
        """Raise what `tasks.perform` raises; Crashed where the process died, or did not end, twice."""
        bench = self.bench
        work = Work(
            computation=made.SerializeToString(),
            task=task.SerializeToString(),
            objects=bench.objects,
            reference=reference,
            indexes=bench.indexes,
            scratch=bench.scratch,
            threads=bench.threads,
            gatk=bench.gatk,
        )
        size = sum(ref.size for ref in inputs(made.read_groups)) if task.stage in (STAGE_SPLIT, STAGE_JOIN) else 0
        seconds = allowance(size, SECONDS_PER_MEGABYTE, LEAST_SECONDS)
        process = await self.free.get()
        try:
            try:
                await process.run(perform, work, seconds)
            except Crashed:
                # Memory may have been short, which is not the input's fault.
                await process.run(perform, work, seconds)
        finally:
            self.free.put_nowait(process)


@contextmanager
def workers(bench: Bench, count: int) -> Iterator[Workers]:
    with ExitStack() as stack:
        yield Workers(bench, [stack.enter_context(Isolated()) for _ in range(count)])
