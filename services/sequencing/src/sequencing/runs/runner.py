"""Carries runs on, as processes are free: each by one service at a time, and by another where that one died."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog

from casepath.sequencing.v1.calling_pb2 import STAGE_JOIN, CallingConclusion, CallingFailureReason, Computation, TaskRequested
from casepath.sequencing.v1.runs_pb2 import (
    RUN_STATE_CANCELED,
    RUN_STATE_COMPLETE,
    RUN_STATE_EXECUTOR_ERROR,
    RUN_STATE_RUNNING,
    RUN_STATE_SYSTEM_ERROR,
    Run,
    RunState,
)
from chassis.errors import CasepathError, NotFound, Rejected, Retriable, defect_and_place
from chassis.objects import Objects
from chassis.stopping import stopped
from sequencing.adapters.reference_index import IndexedReference
from sequencing.computations import Grain, computation, task, task_key, task_name
from sequencing.handlers import conclusion_of
from sequencing.provenance import addresses, crate
from sequencing.references import References
from sequencing.runs.ledger import ENDED, LEASE_SECONDS, Ledger, attempt_of
from sequencing.runs.outlook import known
from sequencing.scheduling import Scheduler
from sequencing.tasks import conclusions, intermediate, requests, results, tools
from sequencing.workers import Workers
from sequencing.workflows.carrying import Workflows

log: structlog.stdlib.BoundLogger = structlog.get_logger()

POLL_SECONDS = 1.0
# Carried on at once, for each process: while one waits for its last task, others go on.
RUNS_A_PROCESS = 2
# A run that ends its service each time is not begun for ever.
MOST_ATTEMPTS = 50


class Cancelled(CasepathError):
    """Somebody called a run off."""


class Runner:
    """`indexes` are of every reference in `references`, by name."""

    def __init__(
        self,
        ledger: Ledger,
        objects: Objects,
        references: References,
        indexes: Mapping[str, IndexedReference],
        pool: Workers,
        grain: Grain,
        workflows: Workflows | None = None,
    ) -> None:
        self.ledger = ledger
        self.objects = objects
        self.references = references
        self.indexes = indexes
        self.pool = pool
        self.grain = grain
        self.workflows = workflows
        self.conclusions = conclusions(objects)
        self.requests = requests(objects)
        self.results = results(objects)
        self.going: dict[str, asyncio.Task[None]] = {}
        self.week = week_of(datetime.now(UTC))

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped: then runs are given back, for another service or the next start."""
        await self.count_this_week()
        try:
            while not stop.is_set():
                try:
                    await self.round()
                except Retriable as error:
                    log.warning("runs", outcome="put off", error=str(error))
                await stopped(stop, POLL_SECONDS)
        finally:
            for going in self.going.values():
                going.cancel()
            await asyncio.gather(*self.going.values(), return_exceptions=True)

    async def round(self) -> None:
        for run_id, going in list(self.going.items()):
            if going.done():
                del self.going[run_id]
                await self.settle(run_id, going)
        self.begin_week()
        open_ = await self.ledger.unfinished()
        ours = Counter(run.project for run in open_ if run.run_id in self.going)
        waiting = [run for run in open_ if run.run_id not in self.going]
        while waiting and len(self.going) < RUNS_A_PROCESS * self.pool.processes:
            # Of the project with fewest going its oldest.
            run = min(waiting, key=lambda one: ours[one.project])
            waiting.remove(run)
            lease = await self.ledger.claimed(run.run_id)
            if lease is not None:
                ours[run.project] += 1
                self.going[run.run_id] = asyncio.create_task(self.carry(run.run_id, lease))

    async def settle(self, run_id: str, going: "asyncio.Task[None]") -> None:
        """A defect ends its run, and neither the service nor other runs."""
        defect = None if going.cancelled() else going.exception()
        if defect is not None:
            log.error("run", outcome="defect", run_id=run_id, error=defect_and_place(defect))
            await self.end(await self.ledger.get(run_id), RUN_STATE_SYSTEM_ERROR, "a defect of casepath: see the service's log")

    async def carry(self, run_id: str, lease: str) -> None:
        """To its end, with the lease renewed. What can succeed later is tried again when the lease has passed."""
        renewing = asyncio.create_task(self.renewing(lease))
        try:
            run = await self.ledger.get(run_id)
            if attempt_of(lease) >= MOST_ATTEMPTS:
                await self.end(run, RUN_STATE_SYSTEM_ERROR, f"given up after {MOST_ATTEMPTS} attempts")
            elif run.state not in ENDED:
                await self.carried(run)
        except Retriable as error:
            log.warning("run", outcome="put off", run_id=run_id, error=str(error))
        except asyncio.CancelledError:
            with suppress(Retriable):
                await self.ledger.give_back(lease)
            raise
        finally:
            renewing.cancel()

    async def renewing(self, lease: str) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            with suppress(Retriable):
                await self.ledger.renew(lease)

    async def carried(self, run: Run) -> None:
        try:
            await self.work(run)
        except Cancelled:
            await self.end(run, RUN_STATE_CANCELED, "called off")
        except Rejected as error:
            await self.end(run, RUN_STATE_EXECUTOR_ERROR, str(error))

    async def work(self, run: Run) -> None:
        if run.HasField("workflow"):
            if self.workflows is None:
                raise Rejected("this service runs no workflows of researchers")
            await self.workflows.carry(run, self.go_on)
            await self.end(run, RUN_STATE_COMPLETE)
            return
        reference = self.references.named(run.reference)
        contigs = self.indexes[reference.name].contigs
        kinds = tools(run.engine, self.pool.bench.gatk)
        made = computation(run.sample, run.read_groups, reference, contigs, run.engine, kinds, self.grain)
        run.computation_id = made.computation_id
        conclusion = await self.conclusions.get(made.computation_id)
        if conclusion is not None:
            run.cached = not run.tasks
            await self.concluded(run, made, conclusion)
            return
        run.state = RUN_STATE_RUNNING
        if not run.HasField("started_at"):
            run.started_at.GetCurrentTime()
        del run.tasks[:]
        scheduler = Scheduler(made, reference, self.objects, self.pool, run.project)
        run.tasks_known = known(made, {})
        await self.go_on(run)

        async def ended(one: TaskRequested, seconds: float) -> None:
            done = run.tasks.add(name=task_name(one), seconds=seconds)
            done.ended_at.GetCurrentTime()
            run.tasks_known = known(made, scheduler.chunks)
            await self.go_on(run)

        await scheduler.run(ended)
        join = await self.results.get(task_key(task(made, STAGE_JOIN)))
        if join is None:
            raise NotFound(f"computation {made.computation_id} has no result")
        conclusion = conclusion_of(join.result)
        await self.conclusions.create(made.computation_id, conclusion)
        await self.objects.remove(intermediate(made.computation_id))
        await self.concluded(run, made, conclusion)

    async def go_on(self, run: Run) -> None:
        """Told as it is; raise Cancelled at the border of a task where it is called off."""
        if await self.ledger.is_cancelled(run.run_id):
            raise Cancelled
        await self.ledger.keep(run)

    async def concluded(self, run: Run, made: Computation, conclusion: CallingConclusion) -> None:
        if not conclusion.HasField("result"):
            reason = CallingFailureReason.Name(conclusion.failure).removeprefix("CALLING_FAILURE_REASON_").lower()
            await self.end(run, RUN_STATE_EXECUTOR_ERROR, reason.replace("_", " "))
            return
        run.result.CopyFrom(conclusion.result)
        run.provenance.CopyFrom(await self.objects.put(crate(made, run.result, addresses(run.result))))
        await self.end(run, RUN_STATE_COMPLETE)

    async def end(self, run: Run, state: RunState, reason: str = "") -> None:
        run.state, run.reason = state, reason
        run.ended_at.GetCurrentTime()
        if run.HasField("workflow") and self.workflows is not None:
            await self.workflows.forget(run)
        elif state in (RUN_STATE_CANCELED, RUN_STATE_EXECUTOR_ERROR):
            await self.clear(run)
        await self.ledger.keep(run)
        log.info("run", run_id=run.run_id, project=run.project, outcome=RunState.Name(state), tasks=len(run.tasks))

    async def clear(self, run: Run) -> None:
        """What was made half is removed, unless care or another run is at the same computation."""
        if not run.computation_id or await self.requests.names(run.computation_id):
            return
        others = [await self.ledger.get(one.run_id) for one in await self.ledger.unfinished() if one.run_id != run.run_id]
        if any(one.computation_id == run.computation_id for one in others):
            return
        for name in await self.results.names(run.computation_id):
            await self.results.remove(f"{run.computation_id}/{name}")
        await self.objects.remove(intermediate(run.computation_id))

    def begin_week(self) -> None:
        week = week_of(datetime.now(UTC))
        if week != self.week:
            self.week = week
            for used in self.pool.usage.values():
                used.seconds = 0.0

    async def count_this_week(self) -> None:
        """Hours that projects used before this service started."""
        for run in await self.ledger.all():
            self.pool.usage[run.project].seconds += sum(
                one.seconds for one in run.tasks if one.ended_at.ToDatetime(UTC) >= self.week
            )


def week_of(moment: datetime) -> datetime:
    """When its week began (ISO 8601), in UTC."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())
