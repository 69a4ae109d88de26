"""A computation's tasks by one process, without a broker: each as it becomes ready, and as its turn comes."""

import asyncio
from collections.abc import Awaitable, Callable

from casepath.sequencing.v1.calling_pb2 import STAGE_SPLIT, Computation, TaskRequested
from chassis.errors import CasepathError
from chassis.objects import Objects
from sequencing.computations import first_tasks, next_tasks, task_key, task_name
from sequencing.references import Reference
from sequencing.runs.turns import CARE
from sequencing.tasks import results
from sequencing.workers import Workers

# Called when a task has ended, with the seconds that it took of one process.
type Ended = Callable[[TaskRequested, float], Awaitable[None]]


class Scheduler:
    """Tasks whose results are there are not done again. `project` says whose turn it is among others."""

    def __init__(self, made: Computation, reference: Reference, objects: Objects, pool: Workers, project: str = CARE) -> None:
        self.made = made
        self.reference = reference
        self.results = results(objects)
        self.pool = pool
        self.project = project
        self.begun: set[str] = set()
        self.finished: set[str] = set()
        self.chunks: dict[str, int] = {}

    async def run(self, ended: Ended) -> None:
        """Until all are done. Raise what a task, or `ended`, raises: others are left as they are."""
        found = await self.results.names(self.made.computation_id)
        try:
            async with asyncio.TaskGroup() as group:
                for one in first_tasks(self.made):
                    self.begin(group, one, found, ended)
        except* CasepathError as errors:
            raise errors.exceptions[0] from None

    def begin(self, group: asyncio.TaskGroup, one: TaskRequested, found: set[str], ended: Ended) -> None:
        if task_name(one) not in self.begun:
            self.begun.add(task_name(one))
            group.create_task(self.perform(group, one, found, ended))

    async def perform(self, group: asyncio.TaskGroup, one: TaskRequested, found: set[str], ended: Ended) -> None:
        name = task_name(one)
        if name not in found:
            await self.pool.perform(self.made, one, self.reference, self.project)
        result = await self.results.get(task_key(one))
        if result is not None and one.stage == STAGE_SPLIT:
            self.chunks[name] = len(result.objects)
        self.finished.add(name)
        await ended(one, result.seconds if result is not None else 0.0)
        for following in next_tasks(self.made, one, self.finished, lambda split: self.chunks[task_name(split)]):
            self.begin(group, following, found, ended)
