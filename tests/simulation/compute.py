"""Work items that are done without being computed: what is planned, shared out and gathered is as it always is."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import examples
from casepath.inference.v1.scoring_pb2 import STAGE_PRODUCTION, Conclusion, Model, ScoringJob, ShardResult
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.sequencing.v1.calling_pb2 import (
    ENGINE_BCFTOOLS,
    STAGE_JOIN,
    STAGE_SPLIT,
    CallingResult,
    Computation,
    TaskRequested,
    TaskResult,
)
from casepath.slides.v1.slide_pb2 import SlideIngested
from chassis.objects import Objects
from chassis.orders import ShelvedOrders
from inference.bundle import Bundle, load_bundle
from inference.registry import Assignment
from inference.scoring import Scoring
from inference.settings import InferenceSettings
from sequencing.adapters.reference_index import IndexedReference
from sequencing.calling import Calling
from sequencing.computations import Grain, task_key
from sequencing.quality import Thresholds
from sequencing.references import Reference, References
from sequencing.tasks import intermediate, results
from simulation.faults import Process

NOWHERE = Path("/nonexistent")
BUNDLE = Path(__file__).parents[2] / "services/inference/models/camelyon16-tile-demo"
TISSUE = np.ones((64, 64), np.bool_)
SHARD_TILES = 8
CHUNKS = 2


@cache
def bundle() -> Bundle:
    return load_bundle(BUNDLE)


@cache
def inference_settings() -> InferenceSettings:
    return InferenceSettings(
        kafka="-", objects="-", namespace=str(examples.NAMESPACE), bundle=BUNDLE, access_keys=NOWHERE, shard_tiles=SHARD_TILES
    )


class OneModel:
    """A registry with one version, in production."""

    async def assignments(self, _: str) -> list[Assignment]:
        return [Assignment(bundle().model, STAGE_PRODUCTION)]

    async def bundle(self, _: Model) -> Bundle:
        return bundle()


class UncomputedScoring(Scoring):
    """Every slide is tissue, and every shard says the same."""

    def __init__(self, process: Process, objects: Objects) -> None:
        super().__init__(inference_settings(), OneModel(), objects, NOWHERE, asyncio.Event())  # type: ignore[arg-type]
        self.process = process

    async def mask(self, _: SlideIngested) -> NDArray[np.bool_]:
        return await self.process.asks(lambda: TISSUE)

    async def result(self, job: ScoringJob, shard: int, urgent: bool) -> ShardResult:
        return await self.process.asks(lambda: ShardResult(probabilities=[shard], provider="CPUExecutionProvider"))

    async def conclusion(self, job: ScoringJob, results: Sequence[ShardResult]) -> Conclusion:
        assert [result.probabilities[0] for result in results] == list(range(job.shards))
        said = examples.scored(job.slide.slide_id, job.slide.scan_id)
        said.case_id, said.patient_id, said.job_id = job.slide.case_id, job.slide.patient_id, job.job_id
        said.study_instance_uid, said.series_instance_uid = job.slide.study_instance_uid, job.slide.series_instance_uid
        said.heatmap.CopyFrom(await self.objects.put(b"grid", job.slide.case_id))
        return Conclusion(scored=said)


@dataclass(frozen=True, slots=True)
class NoBench:
    gatk: None = None
    scratch: Path = NOWHERE


class Uncomputed:
    """Workers whose tasks need what the ones before made, and make what the next ones need."""

    bench = NoBench()

    def __init__(self, process: Process, objects: Objects) -> None:
        self.process = process
        self.objects = objects
        self.results = results(objects)

    async def perform(self, made: Computation, task: TaskRequested, _: Reference) -> None:
        await self.process.asks(lambda: None)
        parts = CHUNKS if task.stage == STAGE_SPLIT else 1
        folder = intermediate(made.computation_id)
        found = [await self.objects.put(f"{task_key(task)} {part}".encode(), folder=folder) for part in range(parts)]
        result = TaskResult(objects=found)
        if task.stage == STAGE_JOIN:
            said, whole = examples.variants_called(), await self.objects.put(b"variants")
            result.result.CopyFrom(called(whole))
            result.result.quality.CopyFrom(said.quality)
        await self.results.put(task_key(task), result)


def called(whole: ObjectRef) -> CallingResult:
    return CallingResult(
        alignments=whole,
        alignments_index=whole,
        variants=whole,
        variants_index=whole,
        genomic_variants=whole,
        genomic_variants_index=whole,
    )


def calling(process: Process, objects: Objects, orders: ShelvedOrders) -> Calling:
    reference = Reference("hg19-chr20", NOWHERE, "0" * 64)
    return Calling(
        objects,
        References({reference.name: reference}),
        {reference.name: IndexedReference(NOWHERE, NOWHERE, (("chr20", 1_000_000),))},
        Uncomputed(process, objects),  # type: ignore[arg-type]
        ENGINE_BCFTOOLS,
        Grain(shard_bases=400_000),
        orders,
        Thresholds(),
    )
