"""From a slide to shards, and from shards back to one answer. Pure."""

from collections.abc import Sequence
from math import ceil
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray

from casepath.inference.v1.scoring_pb2 import (
    FAILURE_REASON_NO_TISSUE,
    FAILURE_REASON_TOO_MANY_FAILED_TILES,
    Cell,
    FailureReason,
    Finding,
    Model,
    Run,
    ScoringJob,
    ShardRequested,
    ShardResult,
    ShardScored,
    SlideFailed,
    SlideScored,
)
from casepath.intake.v1.order_pb2 import URGENCY_ASAP, URGENCY_STAT
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.slides.v1.slide_pb2 import IMAGE_FLAVOR_VOLUME, Instance, SlideIngested
from casepath.topics import (
    INFERENCE_SHARD_REQUESTED,
    INFERENCE_SHARD_SCORED,
    INFERENCE_SLIDE_FAILED,
    INFERENCE_SLIDE_SCORED,
    INFERENCE_URGENT_SHARD_REQUESTED,
)
from chassis.errors import Malformed
from chassis.events import Event
from chassis.overview import OVERVIEW_SIDE
from chassis.tissue import cell_shares, tissue_cells
from inference.bundle import USUAL_THRESHOLD, Bundle
from inference.heatmap import Region, Summary

# As many as a person can go through, and an event can carry; the total is said.
MOST_FINDINGS = 200
MOST_FAILED_CELLS = 10_000
# A level up to this much coarser than the model's pixels is still read in preference to one many times finer.
COARSER = 1.05
# A slide whose finest level is this many times coarser than the model's pixels shows it nothing that it knows.
COARSEST = 2.5


def job_id(slide: SlideIngested, model: Model) -> str:
    """One model scores one scan of one case once."""
    return str(uuid5(UUID(slide.scan_id), f"{slide.case_id}|{model.sha256}"))


def volumes(slide: SlideIngested) -> list[Instance]:
    """The slide's levels, finest first. Raise Malformed when there is none."""
    levels = [instance for instance in slide.instances if instance.flavor == IMAGE_FLAVOR_VOLUME and instance.microns_per_pixel]
    if not levels:
        raise Malformed("the slide has no volume instance with a pixel size")
    return sorted(levels, key=lambda instance: instance.microns_per_pixel)


def scored_level(levels: Sequence[Instance], microns_per_pixel: float) -> Instance:
    """The coarsest level that still has the model's resolution, else the finest there is."""
    fine_enough = [level for level in levels if level.microns_per_pixel <= microns_per_pixel * COARSER]
    return fine_enough[-1] if fine_enough else levels[0]


def overview_level(levels: Sequence[Instance]) -> Instance:
    """The coarsest level that still fills an overview, else the finest there is."""
    large_enough = [level for level in levels if max(level.total_columns, level.total_rows) >= OVERVIEW_SIDE]
    return large_enough[-1] if large_enough else levels[0]


def too_coarse(slide: SlideIngested, bundle: Bundle) -> bool:
    """Whether a score would be of pixels that scaling made up."""
    return volumes(slide)[0].microns_per_pixel > bundle.microns_per_pixel * COARSEST


def planned(slide: SlideIngested, bundle: Bundle, mask: NDArray[np.bool_], shard_tiles: int) -> ScoringJob:
    """The job of scoring a slide whose tissue is `mask`, an image of the whole slide at any scale."""
    level = scored_level(volumes(slide), bundle.microns_per_pixel)
    side = bundle.tile_side * bundle.microns_per_pixel / level.microns_per_pixel
    columns, rows = ceil(level.total_columns / side), ceil(level.total_rows / side)
    scale = mask.shape[1] / level.total_columns
    cells = tissue_cells(mask, columns, rows, side, scale)
    return ScoringJob(
        job_id=job_id(slide, bundle.model),
        model=bundle.model,
        slide=slide,
        level=level,
        side=side,
        columns=columns,
        rows=rows,
        cells=[Cell(column=column, row=row) for column, row in cells],
        shards=max(1, ceil(len(cells) / shard_tiles)),
        tissue_fraction=float(mask.mean()),
        tissue_shares=cell_shares(mask, cells, side, scale),
        precision=bundle.precision,
        threshold=bundle.threshold,
        preprocessing_sha256=bundle.preprocessing_sha256,
    )


def threshold_of(job: ScoringJob) -> float:
    """Jobs of before it was recorded had one half."""
    return job.threshold or USUAL_THRESHOLD


def shard_cells(job: ScoringJob, shard: int) -> list[Cell]:
    """The cells of one shard: shards differ by at most one in size."""
    count = len(job.cells)
    return list(job.cells[shard * count // job.shards : (shard + 1) * count // job.shards])


def shards_requested(job: ScoringJob) -> list[Event]:
    """One work item a shard, each with a key of its own so that one slide spreads over all workers; the urgent in their topic."""
    if not job.cells:
        return [failed(job, FAILURE_REASON_NO_TISSUE, 0, 0)]
    urgent = job.slide.urgency in (URGENCY_STAT, URGENCY_ASAP)
    return [
        Event(
            INFERENCE_URGENT_SHARD_REQUESTED if urgent else INFERENCE_SHARD_REQUESTED,
            f"{job.job_id}/{shard}",
            ShardRequested(job_id=job.job_id, case_id=job.slide.case_id, shard=shard, shards=job.shards),
        )
        for shard in range(job.shards)
    ]


def shard_scored(request: ShardRequested) -> Event:
    data = ShardScored(job_id=request.job_id, case_id=request.case_id, shard=request.shard, shards=request.shards)
    return Event(INFERENCE_SHARD_SCORED, request.job_id, data)


def probabilities(results: Sequence[ShardResult]) -> list[float]:
    """All shards' probabilities, in the order of the job's cells."""
    return [probability for result in results for probability in result.probabilities]


def concluded(
    job: ScoringJob, found: Summary, provider: str, runtime: str, heatmap: ObjectRef, image: ObjectRef, failed_allowed: float
) -> Event:
    """The job's one conclusion, with an id of the job's own: whichever shard came last, it is the same event."""
    if not found.tiles or found.failed_tiles / found.tiles > failed_allowed:
        return failed(job, FAILURE_REASON_TOO_MANY_FAILED_TILES, found.tiles, found.failed_tiles)
    data = SlideScored(
        case_id=job.slide.case_id,
        patient_id=job.slide.patient_id,
        slide_id=job.slide.slide_id,
        job_id=job.job_id,
        study_instance_uid=job.slide.study_instance_uid,
        series_instance_uid=job.slide.series_instance_uid,
        model=job.model,
        provider=provider,
        tiles=found.tiles,
        failed_tiles=found.failed_tiles,
        score=found.score,
        positive_fraction=found.positive_fraction,
        tissue_fraction=job.tissue_fraction,
        heatmap=heatmap,
        heatmap_image=image,
        scan_id=job.slide.scan_id,
        findings=[finding(job, region) for region in found.regions[:MOST_FINDINGS]],
        findings_total=len(found.regions),
        columns=job.columns,
        rows=job.rows,
        tile_microns=job.side * job.level.microns_per_pixel,
        failed_cells=[job.cells[index] for index in found.failed[:MOST_FAILED_CELLS]],
        unexamined_tissue=unexamined(job, found.failed),
        run=run_of(job, runtime) if runtime else None,
    )
    return Event(INFERENCE_SLIDE_SCORED, data.case_id, data, id=uuid5(UUID(job.job_id), "scored"))


def run_of(job: ScoringJob, runtime: str) -> Run:
    return Run(
        runtime=runtime,
        precision=job.precision,
        threshold=job.threshold,
        preprocessing_sha256=job.preprocessing_sha256,
        input_sha256=job.level.object.sha256,
    )


def finding(job: ScoringJob, region: Region) -> Finding:
    return Finding(
        finding_id=str(uuid5(UUID(job.job_id), f"finding|{region.column}|{region.row}")),
        column=region.column,
        row=region.row,
        columns=region.columns,
        rows=region.rows,
        tiles=region.tiles,
        score=region.score,
    )


def unexamined(job: ScoringJob, failed_cells: Sequence[int]) -> float:
    """Share of the tissue that lies in no scored tile."""
    missed = set(failed_cells)
    examined = sum(share for index, share in enumerate(job.tissue_shares) if index not in missed)
    return min(1.0, max(0.0, 1.0 - examined))


def failed(job: ScoringJob, reason: FailureReason, tiles: int, failed_tiles: int) -> Event:
    return failed_slide(job.slide, job.model, reason, tiles, failed_tiles)


def failed_slide(slide: SlideIngested, model: Model, reason: FailureReason, tiles: int = 0, failed_tiles: int = 0) -> Event:
    """A failure is an event of its own kind: nobody can take it for a negative finding."""
    job = job_id(slide, model)
    data = SlideFailed(
        case_id=slide.case_id,
        patient_id=slide.patient_id,
        slide_id=slide.slide_id,
        job_id=job,
        model=model,
        reason=reason,
        tiles=tiles,
        failed_tiles=failed_tiles,
        scan_id=slide.scan_id,
    )
    return Event(INFERENCE_SLIDE_FAILED, data.case_id, data, id=uuid5(UUID(job), "failed"))
