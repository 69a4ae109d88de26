"""What inference does with each of its topics: plan a slide, score a shard, gather the shards."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from casepath.inference.v1.scoring_pb2 import (
    FAILURE_REASON_RESOLUTION_TOO_LOW,
    FAILURE_REASON_UNREADABLE,
    ScoringJob,
    ShardRequested,
    ShardResult,
    ShardScored,
)
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.slides.v1.slide_pb2 import SlideIngested
from casepath.topics import (
    INFERENCE_SHARD_REQUESTED,
    INFERENCE_SHARD_SCORED,
    INFERENCE_URGENT_SHARD_REQUESTED,
    SLIDES_SLIDE_INGESTED,
)
from chassis.errors import NotFound
from chassis.events import Event
from chassis.objects import Objects, Shelf
from chassis.tissue import tissue_mask
from chassis.worker import Received, Route
from inference.adapters.onnx_session import Classifier
from inference.adapters.slide_pixels import Unreadable, overview, tiles
from inference.bundle import Bundle
from inference.handlers import (
    concluded,
    failed_slide,
    overview_level,
    planned,
    probabilities,
    shard_cells,
    shard_scored,
    shards_requested,
    threshold_of,
    too_coarse,
    volumes,
)
from inference.heatmap import as_npy, as_png, heatmap, summary
from inference.settings import InferenceSettings
from inference.turns import Turns


class Scoring:
    """Jobs and results live in the object store alone, so any worker can take any part of any job."""

    def __init__(
        self, settings: InferenceSettings, bundle: Bundle, classifier: Classifier, objects: Objects, scratch: Path
    ) -> None:
        self.settings = settings
        self.bundle = bundle
        self.classifier = classifier
        self.objects = objects
        self.scratch = scratch
        self.jobs = Shelf(objects, ScoringJob, "inference/jobs")
        self.results = Shelf(objects, ShardResult, "inference/results")
        # One session runs one shard at a time; more would share the same cores and memory.
        self.turns = Turns()

    def routes(self) -> list[Route[Any]]:
        return [
            Route(SLIDES_SLIDE_INGESTED, self.plan, batch=1),
            Route(INFERENCE_SHARD_REQUESTED, self.score, batch=1),
            Route(INFERENCE_URGENT_SHARD_REQUESTED, self.score_urgent, batch=1),
            Route(INFERENCE_SHARD_SCORED, self.gather),
        ]

    async def plan(self, received: Received[SlideIngested]) -> Iterable[Event]:
        slide = received.data
        if too_coarse(slide, self.bundle):
            return [failed_slide(slide, self.bundle.model, FAILURE_REASON_RESOLUTION_TOO_LOW)]
        level = overview_level(volumes(slide))
        try:
            image = await asyncio.to_thread(overview, await self.file(level.object))
        except Unreadable:
            return [failed_slide(slide, self.bundle.model, FAILURE_REASON_UNREADABLE)]
        mask = await asyncio.to_thread(tissue_mask, image)
        job = planned(slide, self.bundle, mask, self.settings.shard_tiles)
        await self.jobs.put(job.job_id, job)
        return shards_requested(job)

    async def score(self, received: Received[ShardRequested]) -> Iterable[Event]:
        return await self.scored(received.data, urgent=False)

    async def score_urgent(self, received: Received[ShardRequested]) -> Iterable[Event]:
        return await self.scored(received.data, urgent=True)

    async def scored(self, request: ShardRequested, urgent: bool) -> Iterable[Event]:
        name = f"{request.job_id}/{request.shard:06}"
        if await self.results.get(name) is None:
            job = await self.job(request.job_id)
            path = await self.file(job.level.object)
            async with self.turns.turn(urgent):
                result = await asyncio.to_thread(self.run, job, request.shard, path)
            await self.results.put(name, result)
        return [shard_scored(request)]

    async def gather(self, received: Received[ShardScored]) -> Iterable[Event]:
        done = received.data
        names = sorted(await self.results.names(done.job_id))
        if len(names) < done.shards:
            return []
        job = await self.job(done.job_id)
        found = [await self.results.get(f"{done.job_id}/{name}") for name in names]
        results = [result for result in found if result is not None]
        grid = heatmap(job.columns, job.rows, job.cells, probabilities(results))
        array, image = await self.objects.put(as_npy(grid)), await self.objects.put(as_png(grid))
        providers = ", ".join(sorted({result.provider for result in results}))
        runtimes = ", ".join(sorted({result.runtime for result in results if result.runtime}))
        found_out = summary(grid, job.cells, threshold_of(job))
        return [concluded(job, found_out, providers, runtimes, array, image, self.settings.failed_tiles_allowed)]

    def run(self, job: ScoringJob, shard: int, path: Path) -> ShardResult:
        cells = shard_cells(job, shard)
        scores = np.full(len(cells), np.nan, np.float32)
        batch: list[tuple[int, NDArray[np.uint8]]] = []

        def flush() -> None:
            if batch:
                scores[[index for index, _ in batch]] = self.classifier.score(np.stack([tile for _, tile in batch]))
                batch.clear()

        for index, tile in enumerate(tiles(path, job.level, cells, job.side, self.bundle.tile_side)):
            if tile is not None:
                batch.append((index, tile))
            if len(batch) == self.settings.batch_tiles:
                flush()
        flush()
        return ShardResult(probabilities=scores.tolist(), provider=self.classifier.provider, runtime=self.classifier.runtime)

    async def job(self, job_id: str) -> ScoringJob:
        job = await self.jobs.get(job_id)
        if job is None:
            raise NotFound(f"job {job_id} is not in the object store")
        return job

    async def file(self, ref: ObjectRef) -> Path:
        return await self.objects.as_file(ref, self.scratch)
