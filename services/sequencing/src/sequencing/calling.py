"""What sequencing does with its topics: plan a computation, do a work item, see what comes next, and tell how it ended.

Computations, results and conclusions are in the object store alone, so any worker can do any item, and do it again.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from cachetools import LRUCache

from casepath.intake.v1.patient_pb2 import SEX_UNSPECIFIED
from casepath.portal.v1.reading_pb2 import VariantsDisowned
from casepath.records.v1.filing_pb2 import CaseMoved
from casepath.sequencing.v1.calling_pb2 import (
    CALLING_FAILURE_REASON_TOOL_FAILED,
    CALLING_FAILURE_REASON_UNREADABLE,
    STAGE_CALL,
    STAGE_JOIN,
    STAGE_SPLIT,
    CallingConclusion,
    CallingFailureReason,
    Computation,
    Engine,
    TaskDone,
    TaskRequested,
)
from casepath.sequencing.v1.sequencing_pb2 import CallingRequested, QualityFile, ReadsReceived
from casepath.topics import (
    PORTAL_VARIANTS_DISOWNED,
    RECORDS_CASE_MOVED,
    SEQUENCING_CALLING_REQUESTED,
    SEQUENCING_READS_RECEIVED,
    SEQUENCING_TASK_DONE,
    SEQUENCING_TASK_REQUESTED,
)
from chassis.errors import NotFound, Rejected
from chassis.events import Event
from chassis.objects import Objects, Shelf
from chassis.orders import ShelvedOrders
from chassis.worker import Received, Route
from sequencing.adapters.reference_index import IndexedReference
from sequencing.computations import Grain, computation, first_tasks, next_tasks, read_groups, task, task_key, task_name, whose
from sequencing.handlers import Judged, calling_requested, concluded, conclusion_of, task_done, tasks_requested, variants_called
from sequencing.provenance import addresses, crate
from sequencing.quality import Thresholds, shortfalls
from sequencing.quality_page import quality_files
from sequencing.references import References
from sequencing.swaps import Samples
from sequencing.tasks import conclusions, intermediate, requests, results, tools
from sequencing.workers import Workers

# Splits whose chunks are remembered.
COUNTED = 10_000

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Calling:
    """The handlers of one service; `indexes` are of every reference in `references`, by name."""

    def __init__(
        self,
        objects: Objects,
        references: References,
        indexes: Mapping[str, IndexedReference],
        workers: Workers,
        engine: Engine,
        grain: Grain,
        orders: ShelvedOrders,
        thresholds: Thresholds,
    ) -> None:
        self.objects = objects
        self.orders = orders
        self.thresholds = thresholds
        self.references = references
        self.indexes = indexes
        self.workers = workers
        self.engine = engine
        self.grain = grain
        self.tools = tools(engine, workers.bench.gatk)
        self.results = results(objects)
        self.samples = Samples(objects, workers)
        self.counted: LRUCache[str, int] = LRUCache(COUNTED)
        self.computations = Shelf(objects, Computation, "sequencing/computations", lambda _, made: whose(made))
        self.conclusions = conclusions(objects)
        self.requests = requests(objects)
        # By job, the task whose end tells its result.
        self.joins = Shelf(objects, TaskRequested, "sequencing/joins")

    def routes(self) -> list[Route[Any]]:
        return [
            Route(RECORDS_CASE_MOVED, self.move),
            Route(PORTAL_VARIANTS_DISOWNED, self.disowned),
            Route(SEQUENCING_READS_RECEIVED, self.request),
            Route(SEQUENCING_CALLING_REQUESTED, self.plan),
            Route(SEQUENCING_TASK_REQUESTED, self.perform, batch=1),
            Route(SEQUENCING_TASK_DONE, self.gather),
        ]

    async def move(self, received: Received[CaseMoved]) -> Iterable[Event]:
        """What was called for the case comes beside its patient's other samples, and then the order names that patient."""
        now, kept = received.data, await self.orders.moves.get(received.data.case_id)
        if kept is None or kept.recorded_at.ToNanoseconds() <= now.recorded_at.ToNanoseconds():
            before = {now.ordered_for, kept.patient.patient_id if kept is not None else now.ordered_for}
            for patient in before - {now.patient.patient_id}:
                await self.samples.move(now.case_id, patient, now.patient.patient_id)
        return await self.orders.move(received)

    async def disowned(self, received: Received[VariantsDisowned]) -> Iterable[Event]:
        """What was called of the patient's other samples is judged anew: it may have been held back for its genotypes alone."""
        said = received.data
        await self.samples.disowned.keep(said)
        order = await self.orders.of_case(said.case_id)
        patient = order.patient.patient_id if order is not None else said.patient_id
        others, _ = await self.samples.others(said.case_id, said.sample_id, patient)
        joins = [await self.joins.get(one.job_id) for one in others]
        return [task_done(join) for join in joins if join is not None]

    async def request(self, received: Received[ReadsReceived]) -> Iterable[Event]:
        reference = self.references.named(received.data.reference)
        return [calling_requested(received.data, reference.sha256, self.tools)]

    async def plan(self, received: Received[CallingRequested]) -> Iterable[Event]:
        """The first tasks; or the variants at once, where the same was computed before."""
        request = received.data
        reference = self.references.named(request.reads.reference)
        made = computation(
            request.reads.sample_id,
            read_groups(request.reads),
            reference,
            self.indexes[reference.name].contigs,
            self.engine,
            self.tools,
            self.grain,
        )
        await self.requests.put(f"{made.computation_id}/{request.job_id}", request)
        conclusion = await self.conclusions.get(made.computation_id)
        if conclusion is not None and conclusion.HasField("result"):
            return [await self.told(request, await self.computation(made.computation_id), conclusion)]
        if conclusion is not None:
            await self.again(made)
        # Of two requests for the same, the first says how large chunks are.
        await self.computations.create(made.computation_id, made)
        return tasks_requested(first_tasks(made))

    async def again(self, made: Computation) -> None:
        """What failed is tried anew when it is asked for anew: memory may have been short."""
        for name in await self.results.names(made.computation_id):
            await self.results.remove(f"{made.computation_id}/{name}")
            self.counted.pop(f"{made.computation_id}/{name}", None)
        await self.conclusions.remove(made.computation_id)

    async def perform(self, received: Received[TaskRequested]) -> Iterable[Event]:
        task = received.data
        if await self.conclusions.get(task.computation_id) is not None:
            return [task_done(task)]
        made = await self.computation(task.computation_id)
        if await self.results.get(task_key(task)) is None:
            try:
                await self.workers.perform(made, task, self.references.named(made.reference))
            except Rejected as error:
                reason = CALLING_FAILURE_REASON_UNREADABLE if task.stage == STAGE_SPLIT else CALLING_FAILURE_REASON_TOOL_FAILED
                log.error("calling", outcome="failed", task=task_name(task), computation_id=made.computation_id, error=str(error))
                await self.fail(made, reason)
        return [task_done(task)]

    async def fail(self, made: Computation, reason: CallingFailureReason) -> None:
        await self.conclusions.create(made.computation_id, CallingConclusion(failure=reason))

    async def gather(self, received: Received[TaskDone]) -> Iterable[Event]:
        done = received.data.task
        made = await self.computation(done.computation_id)
        conclusion = await self.conclusions.get(made.computation_id)
        if conclusion is None and done.stage == STAGE_JOIN:
            conclusion = await self.conclude(made, done)
        if conclusion is not None:
            requests = await self.requests.all(made.computation_id)
            await self.objects.remove(intermediate(made.computation_id))
            return [await self.told(request, made, conclusion) for request in requests]
        finished = await self.results.names(made.computation_id)
        splits = [] if done.stage == STAGE_CALL else [split for split in first_tasks(made) if task_name(split) in finished]
        chunks = {task_name(split): await self.chunks(split) for split in splits}
        return tasks_requested(next_tasks(made, done, finished, lambda split: chunks[task_name(split)]))

    async def told(self, request: CallingRequested, made: Computation, conclusion: CallingConclusion) -> Event:
        """Judged for the case that asks: its order says whose sample it should be."""
        if not conclusion.HasField("result"):
            return concluded(request, made, conclusion)
        result, order = conclusion.result, await self.orders.of_case(request.reads.case_id)
        sex = order.patient.sex if order is not None else SEX_UNSPECIFIED
        patient = order.patient.patient_id if order is not None else request.reads.patient_id
        plain = variants_called(request, made, result, Judged())
        # Before it is compared: whoever disowns another finds it, or is found here.
        await self.joins.put(request.job_id, task(made, STAGE_JOIN))
        await self.samples.keep(plain, patient)
        others, disowned = await self.samples.others(plain.case_id, plain.sample_id, patient)
        concordances = await self.samples.compared(plain, others)
        failed = shortfalls(result.quality, result.figures, self.thresholds, sex, concordances)
        # Results from before they were kept have no figures to show.
        contents = quality_files(made, result, self.thresholds, failed, concordances) if result.HasField("figures") else {}
        files = [
            QualityFile(name=name, object=await self.objects.put(content, request.reads.case_id))
            for name, content in contents.items()
        ]
        provenance = await self.objects.put(crate(made, result, addresses(result)), request.reads.case_id)
        judged = Judged(failed, files, provenance, concordances, [one.job_id for one in disowned])
        return concluded(request, made, conclusion, judged)

    async def conclude(self, made: Computation, join: TaskRequested) -> CallingConclusion:
        found = await self.results.get(task_key(join))
        if found is None:
            raise NotFound(f"computation {made.computation_id} has no result")
        conclusion = conclusion_of(found.result)
        await self.conclusions.create(made.computation_id, conclusion)
        log.info("called", computation_id=made.computation_id, snps=found.result.quality.snps, indels=found.result.quality.indels)
        return conclusion

    async def chunks(self, split: TaskRequested) -> int:
        """How many a split that is done has made; read once."""
        key = task_key(split)
        if key not in self.counted:
            found = await self.results.get(key)
            if found is None:
                raise NotFound(f"{key} has no result")
            self.counted[key] = len(found.objects)
        return self.counted[key]

    async def computation(self, computation_id: str) -> Computation:
        found = await self.computations.get(computation_id)
        if found is None:
            raise NotFound(f"computation {computation_id} is not in the object store")
        return found
