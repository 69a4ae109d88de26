"""What inference does with each of its topics: plan a slide, read a shard, gather the shards."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import structlog
from numpy.typing import NDArray

from casepath.inference.v1.scoring_pb2 import (
    FAILURE_REASON_MODEL_FAILED,
    FAILURE_REASON_NO_TISSUE,
    FAILURE_REASON_UNREADABLE,
    MODEL_KIND_SLIDE_AGGREGATOR,
    Conclusion,
    FailureReason,
    Model,
    ScoringJob,
    ShardRequested,
    ShardResult,
    ShardScored,
    SlideFailed,
    SlideScored,
)
from casepath.slides.v1.slide_pb2 import SlideIngested
from casepath.topics import (
    INFERENCE_SHARD_REQUESTED,
    INFERENCE_SHARD_SCORED,
    INFERENCE_URGENT_SHARD_REQUESTED,
    SLIDES_SLIDE_INGESTED,
)
from chassis.errors import Misconfigured, NotFound, Rejected, Unavailable
from chassis.events import Event
from chassis.objects import Objects, Shelf, by
from chassis.tissue import tissue_mask
from chassis.worker import Received, Route
from inference.adapters.level_pixels import Unreadable, level_pixels, overview
from inference.adapters.onnx_session import RUNTIME, DeviceLost, ModelFailed
from inference.dicom_results import Underivable, derived
from inference.handlers import (
    Outcome,
    concluded,
    fails,
    failure,
    findings,
    histogram,
    job_id,
    may_be_tried_anew,
    overview_level,
    planned,
    probabilities,
    scored,
    shard_cells,
    shard_scored,
    shards_requested,
    summed,
    unsuitable,
    volumes,
)
from inference.heatmap import as_npy, as_png, from_npy, heatmap, summary
from inference.models import Models
from inference.readers import Reader
from inference.registry import Assignment
from inference.settings import InferenceSettings
from inference.shard import ShardRead, Stopped, read_shard
from inference.turns import Turns

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Shards whose tiles are read and decoded while one's are run.
SHARDS_AT_ONCE = 2
# What a shard says that ran where no model could be run.
NO_PROVIDER = "none"


class Scoring:
    """Jobs, results and conclusions live in the object store alone, so any worker can take any part of any job.

    `lost` is set where the device failed for good: the service ends then, and its shards are read elsewhere.
    """

    def __init__(self, settings: InferenceSettings, models: Models, objects: Objects, scratch: Path, lost: asyncio.Event) -> None:
        self.settings = settings
        self.models = models
        self.objects = objects
        self.scratch = scratch
        self.lost = lost
        self.jobs = Shelf(objects, ScoringJob, "inference/jobs", by("slide.case_id"))
        self.results = Shelf(objects, ShardResult, "inference/results")
        self.conclusions = Shelf(objects, Conclusion, "inference/conclusions", whose)
        # By the job that failed first: which attempts were asked for.
        self.attempts = Shelf(objects, Model, "inference/attempts")
        self.shards = Turns(SHARDS_AT_ONCE)
        # One session runs one batch at a time; more would share the same cores and memory.
        self.batches = Turns()

    def routes(self) -> list[Route[Any]]:
        return [
            Route(SLIDES_SLIDE_INGESTED, self.plan, batch=1),
            Route(INFERENCE_SHARD_REQUESTED, self.score, batch=1),
            Route(INFERENCE_URGENT_SHARD_REQUESTED, self.score_urgent, batch=1),
            Route(INFERENCE_SHARD_SCORED, self.gather),
        ]

    async def plan(self, received: Received[SlideIngested]) -> Iterable[Event]:
        """A job for each version that reads this slide. What keeps one from reading is its failure, and harms no other."""
        slide = received.data
        assignments = await self.models.assignments(slide.scan_id)
        events: list[Event] = []
        mask: NDArray[np.bool_] | None = None
        for one in assignments:
            reason = await self.unsuitable(slide, one)
            if reason is None and mask is None:
                try:
                    mask = await self.mask(slide)
                except Unreadable:
                    reason = FAILURE_REASON_UNREADABLE
            attempt = await self.attempt(slide, one, received.envelope.attempt)
            if reason is not None or mask is None:
                events.append(await self.failed(slide, one, reason or FAILURE_REASON_UNREADABLE, attempt))
                continue
            bundle = await self.models.bundle(one.model)
            sizes = self.settings.shard_tiles, self.settings.batch_tiles
            job = planned(slide, bundle, mask, *sizes, one.stage, received.envelope.time, attempt)
            if not job.cells:
                events.append(await self.failed(slide, one, FAILURE_REASON_NO_TISSUE, attempt))
                continue
            await self.jobs.put(job.job_id, job)
            events += shards_requested(job)
        return events

    async def attempt(self, slide: SlideIngested, one: Assignment, asked: UUID | None) -> str:
        """Which attempt of this version at this slide is meant: the one that is `asked` for, where all before it failed."""
        first, wanted = job_id(slide, one.model, one.stage), str(asked or "")
        for attempt in ("", *sorted(await self.attempts.names(first))):
            if attempt == wanted or not may_be_tried_anew(
                await self.conclusions.get(job_id(slide, one.model, one.stage, attempt))
            ):
                return attempt
        await self.attempts.create(f"{first}/{wanted}", one.model)
        return wanted

    async def unsuitable(self, slide: SlideIngested, one: Assignment) -> FailureReason | None:
        try:
            bundle = await self.models.bundle(one.model)
        except (Misconfigured, NotFound):
            return FAILURE_REASON_MODEL_FAILED
        return unsuitable(slide, bundle.manifest)

    async def mask(self, slide: SlideIngested) -> NDArray[np.bool_]:
        level = overview_level(volumes(slide))
        try:
            async with self.objects.local(level.object, self.scratch) as path:
                return await asyncio.to_thread(lambda: tissue_mask(overview(path)))
        except NotFound as error:
            raise Unreadable(str(error)) from error

    async def failed(self, slide: SlideIngested, one: Assignment, reason: FailureReason, attempt: str) -> Event:
        return await self.conclude(Conclusion(failed=failure(slide, one.model, one.stage, reason, attempt)))

    async def conclude(self, conclusion: Conclusion) -> Event:
        """Keep how a job ended, and tell it; where it ended already, tell that."""
        ending = ending_of(conclusion)
        if not await self.conclusions.create(ending.job_id, conclusion):
            kept = await self.conclusions.get(ending.job_id)
            if kept is not None:
                conclusion = kept
        return concluded(conclusion)

    async def score(self, received: Received[ShardRequested]) -> Iterable[Event]:
        return await self.read(received.data, urgent=False)

    async def score_urgent(self, received: Received[ShardRequested]) -> Iterable[Event]:
        return await self.read(received.data, urgent=True)

    async def read(self, request: ShardRequested, urgent: bool) -> Iterable[Event]:
        name = f"{request.job_id}/{request.shard:06}"
        ended = await self.conclusions.get(request.job_id)
        if ended is not None:
            return [concluded(ended)]
        if await self.results.get(name) is None:
            job = await self.job(request.job_id)
            try:
                async with self.shards.turn(urgent):
                    result = await self.result(job, request.shard, urgent)
            except Stopped:
                ended = await self.conclusions.get(request.job_id)
                if ended is None:
                    raise Unavailable("the device failed: another worker reads this shard") from None
                return [concluded(ended)]
            # Of two that read a shard, on machines that differ in the last digit, the first counts.
            await self.results.create(name, result)
        return [shard_scored(request)]

    async def result(self, job: ScoringJob, shard: int, urgent: bool) -> ShardResult:
        """What a shard's tiles say. A slide or model that cannot be read or run is a result too: its tiles failed."""
        cells = shard_cells(job, shard)
        try:
            reader = await self.models.reader(job.model)
        except (Misconfigured, NotFound, ModelFailed):
            return failed_shard(len(cells), FAILURE_REASON_MODEL_FAILED)
        try:
            pixels = await level_pixels(self.objects, job, job.tile_side)
            read = await read_shard(
                pixels, reader, cells, job.batch_tiles, lambda: self.batches.turn(urgent), lambda: self.stopped(job)
            )
        except DeviceLost:
            self.lost.set()
            raise
        except Rejected:
            return failed_shard(len(cells), FAILURE_REASON_UNREADABLE)
        return await self.kept(read, reader, job.slide.case_id)

    async def kept(self, read: ShardRead, reader: Reader, of: str) -> ShardResult:
        array = await self.objects.put(as_npy(read.array), of) if read.array is not None else None
        return ShardResult(
            probabilities=read.probabilities.tolist(),
            provider=reader.provider,
            runtime=RUNTIME,
            failure=read.failure,
            array=array,
            stain=read.stain,
        )

    async def stopped(self, job: ScoringJob) -> bool:
        """Whether somebody cancelled it, or this process must end."""
        return self.lost.is_set() or await self.conclusions.get(job.job_id) is not None

    async def gather(self, received: Received[ShardScored]) -> Iterable[Event]:
        done = received.data
        names = sorted(await self.results.names(done.job_id))
        if len(names) < done.shards:
            return []
        ended = await self.conclusions.get(done.job_id)
        if ended is not None:
            return [concluded(ended)]
        job = await self.job(done.job_id)
        found = [await self.results.get(f"{done.job_id}/{name}") for name in names]
        return [await self.conclude(await self.conclusion(job, [result for result in found if result is not None]))]

    async def conclusion(self, job: ScoringJob, results: Sequence[ShardResult]) -> Conclusion:
        values, score = probabilities(results), None
        failures = [result.failure for result in results if result.failure]
        if job.kind == MODEL_KIND_SLIDE_AGGREGATOR and not all(np.isnan(values)):
            try:
                score, values = await self.aggregated(job, results, values)
            except DeviceLost:
                self.lost.set()
                raise
            except (Misconfigured, NotFound, Rejected):
                values, failures = [float("nan")] * len(values), [FAILURE_REASON_MODEL_FAILED]
        grid = await asyncio.to_thread(heatmap, job.columns, job.rows, job.cells, values)
        outcome = Outcome(
            found=summary(grid, job.cells, job.threshold, score),
            provider=", ".join(sorted({result.provider for result in results if result.provider != NO_PROVIDER})) or NO_PROVIDER,
            runtime=", ".join(sorted({result.runtime for result in results if result.runtime})),
            # Of an aggregator the slide has the probability; its tiles have weights.
            scores=histogram(values if score is None else [score]),
            stain=summed([result.stain for result in results]),
            failure=failures[0] if failures else FailureReason.FAILURE_REASON_UNSPECIFIED,
        )
        ended = fails(job, outcome, self.settings.failed_tiles_allowed)
        if ended is not None:
            return Conclusion(failed=ended)
        of = job.slide.case_id
        array, image = await self.objects.put(as_npy(grid), of), await self.objects.put(as_png(grid), of)
        try:
            instances = await derived(self.objects, job, outcome.found, findings(job, outcome.found), grid, results)
        except Underivable as error:
            # The result counts all the same: it is in the event, the case and FHIR.
            log.error("dicom results", outcome="not made", job_id=job.job_id, error=str(error))
            instances = []
        return Conclusion(scored=scored(job, outcome, array, image, instances))

    async def aggregated(
        self, job: ScoringJob, results: Sequence[ShardResult], values: Sequence[float]
    ) -> tuple[float, list[float]]:
        """The slide's probability and each tile's weight, from the vectors of the tiles that were read."""
        reader = await self.models.reader(job.model)
        read = np.isfinite(np.array(values, np.float32))
        # A shard that failed as a whole has no vectors, and none of its tiles was read.
        arrays = [(result, from_npy(await self.objects.get(result.array))) for result in results if result.HasField("array")]
        vectors = np.concatenate([array[np.isfinite(result.probabilities)] for result, array in arrays])
        async with self.batches.turn(urgent=True):
            score, weights = await asyncio.to_thread(reader.aggregated, vectors)
        found = np.full(len(values), np.nan, np.float32)
        found[read] = weights
        return score, found.tolist()

    async def job(self, job_id: str) -> ScoringJob:
        job = await self.jobs.get(job_id)
        if job is None:
            raise NotFound(f"job {job_id} is not in the object store")
        return job


def failed_shard(tiles: int, reason: FailureReason) -> ShardResult:
    return ShardResult(probabilities=[float("nan")] * tiles, provider=NO_PROVIDER, failure=reason)


def whose(_: str, conclusion: Conclusion) -> str:
    """The case whose slide was read."""
    return str(ending_of(conclusion).case_id)


def ending_of(conclusion: Conclusion) -> SlideScored | SlideFailed:
    return conclusion.scored if conclusion.HasField("scored") else conclusion.failed
