"""From a slide to shards, and from shards back to one answer. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, fsum, isfinite
from typing import Any
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray

from casepath.inference.v1.scoring_pb2 import (
    FAILURE_REASON_CANCELLED,
    FAILURE_REASON_MODEL_FAILED,
    FAILURE_REASON_RESOLUTION_DIFFERS,
    FAILURE_REASON_RESOLUTION_TOO_LOW,
    FAILURE_REASON_TOO_MANY_FAILED_TILES,
    FAILURE_REASON_UNREADABLE,
    FAILURE_REASON_UNSPECIFIED,
    STAGE_SHADOW,
    Cell,
    Conclusion,
    DerivedInstance,
    FailureReason,
    Finding,
    Histogram,
    Model,
    Run,
    ScoringJob,
    ShardRequested,
    ShardResult,
    ShardScored,
    SlideFailed,
    SlideScored,
    Stage,
    StainStatistics,
)
from casepath.intake.v1.order_pb2 import URGENCY_ASAP, URGENCY_STAT
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.slides.v1.slide_pb2 import IMAGE_FLAVOR_VOLUME, Instance, SlideIngested
from casepath.topics import (
    INFERENCE_SHADOW_FAILED,
    INFERENCE_SHADOW_SCORED,
    INFERENCE_SHARD_REQUESTED,
    INFERENCE_SHARD_SCORED,
    INFERENCE_SLIDE_FAILED,
    INFERENCE_SLIDE_SCORED,
    INFERENCE_URGENT_SHARD_REQUESTED,
    Topic,
)
from chassis.errors import Malformed
from chassis.events import Event
from chassis.overview import OVERVIEW_SIDE
from chassis.tissue import cell_shares, tissue_cells
from inference.bundle import Bundle
from inference.heatmap import Region, Summary
from inference.manifest import Manifest

# As many as a person can go through, and an event can carry; the total is said.
MOST_FINDINGS = 200
MOST_FAILED_CELLS = 10_000
# Of outlines: in all of an event, and of one finding.
MOST_CORNERS = 40_000
MOST_CORNERS_OF_ONE = 2_000
# A level up to this much coarser than the model's pixels is still read in preference to one many times finer.
COARSER = 1.05
# The bins of a histogram of probabilities.
SCORE_BINS = 20


# Of readings that may end otherwise when they are tried anew.
PASSING = frozenset(
    {
        FAILURE_REASON_UNREADABLE,
        FAILURE_REASON_TOO_MANY_FAILED_TILES,
        FAILURE_REASON_MODEL_FAILED,
        FAILURE_REASON_CANCELLED,
    }
)


def job_id(slide: SlideIngested, model: Model, stage: Stage, attempt: str = "") -> str:
    """One version of a model reads one scan of one case once; beside the one in production, once more; and what failed, once
    for each `attempt` that was asked for."""
    beside = "|shadow" if stage == STAGE_SHADOW else ""
    again = f"|{attempt}" if attempt else ""
    return str(uuid5(UUID(slide.scan_id), f"{slide.case_id}|{model.sha256}|{model.version}{beside}{again}"))


def may_be_tried_anew(conclusion: Conclusion | None) -> bool:
    return conclusion is not None and conclusion.failed.reason in PASSING


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


def unsuitable(slide: SlideIngested, said: Manifest) -> FailureReason | None:
    """Why a model must not read a slide: its pixels would be made up by scaling, or scaled where the manifest refuses it."""
    levels = volumes(slide)
    if levels[0].microns_per_pixel > said.microns_per_pixel * said.coarsest:
        return FAILURE_REASON_RESOLUTION_TOO_LOW
    chosen = scored_level(levels, said.microns_per_pixel)
    alike = 1 / COARSER <= chosen.microns_per_pixel / said.microns_per_pixel <= COARSER
    return FAILURE_REASON_RESOLUTION_DIFFERS if said.scaling == "refused" and not alike else None


def planned(
    slide: SlideIngested,
    bundle: Bundle,
    mask: NDArray[np.bool_],
    shard_tiles: int,
    batch_tiles: int,
    stage: Stage,
    at: datetime,
    attempt: str = "",
) -> ScoringJob:
    """The job of reading a slide whose tissue is `mask`, an image of it at any scale; `at` is when it was ingested."""
    said = bundle.manifest
    level = scored_level(volumes(slide), said.microns_per_pixel)
    scaled = said.microns_per_pixel / level.microns_per_pixel
    side, view = said.step * scaled, said.tile_side * scaled
    columns, rows = ceil(level.total_columns / side), ceil(level.total_rows / side)
    scale = mask.shape[1] / level.total_columns
    cells = tissue_cells(mask, columns, rows, side, scale)
    job = ScoringJob(
        job_id=job_id(slide, bundle.model, stage, attempt),
        model=bundle.model,
        slide=slide,
        level=level,
        side=side,
        view=view,
        columns=columns,
        rows=rows,
        cells=[Cell(column=column, row=row) for column, row in cells],
        shards=max(1, ceil(len(cells) / shard_tiles)),
        tissue_fraction=float(mask.mean()),
        tissue_shares=cell_shares(mask, cells, side, scale),
        precision=said.precision,
        threshold=said.threshold,
        preprocessing_sha256=bundle.preprocessing_sha256,
        kind=bundle.kind,
        stage=stage,
        calibration=bundle.calibration,
        model_microns_per_pixel=said.microns_per_pixel,
        batch_tiles=min(batch_tiles, said.serving.batch_rows),
        tile_side=said.tile_side,
        positive_class=said.classes[said.positive_index],
        positive_index=said.positive_index,
    )
    job.planned_at.FromDatetime(at)
    return job


def shard_cells(job: ScoringJob, shard: int) -> list[Cell]:
    """The cells of one shard: shards differ by at most one in size."""
    count = len(job.cells)
    return list(job.cells[shard * count // job.shards : (shard + 1) * count // job.shards])


def shards_requested(job: ScoringJob) -> list[Event]:
    """One work item a shard, each with a key of its own so that one slide spreads over all workers; the urgent in their topic."""
    # Nobody waits for a version in shadow.
    urgent = job.slide.urgency in (URGENCY_STAT, URGENCY_ASAP) and job.stage != STAGE_SHADOW
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the shards of a job found together. `failure` is why tiles failed, where that has a reason of its own."""

    found: Summary
    provider: str
    runtime: str
    scores: Histogram
    stain: StainStatistics
    failure: FailureReason = FAILURE_REASON_UNSPECIFIED


def fails(job: ScoringJob, outcome: Outcome, failed_allowed: float) -> SlideFailed | None:
    """The failure that it is, where more than the share `failed_allowed` of the tiles failed."""
    found = outcome.found
    if found.tiles and found.failed_tiles / found.tiles <= failed_allowed and isfinite(found.score):
        return None
    reason = outcome.failure or FAILURE_REASON_TOO_MANY_FAILED_TILES
    if found.tiles and not isfinite(found.score):
        reason = FAILURE_REASON_MODEL_FAILED
    return failed_job(job, reason, found.tiles, found.failed_tiles)


def scored(
    job: ScoringJob, outcome: Outcome, heatmap: ObjectRef, image: ObjectRef, instances: Sequence[DerivedInstance]
) -> SlideScored:
    found = outcome.found
    return SlideScored(
        case_id=job.slide.case_id,
        patient_id=job.slide.patient_id,
        slide_id=job.slide.slide_id,
        job_id=job.job_id,
        study_instance_uid=job.slide.study_instance_uid,
        series_instance_uid=job.slide.series_instance_uid,
        model=job.model,
        provider=outcome.provider,
        tiles=found.tiles,
        failed_tiles=found.failed_tiles,
        score=found.score,
        positive_fraction=found.positive_fraction,
        tissue_fraction=job.tissue_fraction,
        heatmap=heatmap,
        heatmap_image=image,
        scan_id=job.slide.scan_id,
        findings=findings(job, found),
        findings_total=len(found.regions),
        columns=job.columns,
        rows=job.rows,
        tile_microns=job.side * job.level.microns_per_pixel,
        failed_cells=[job.cells[index] for index in found.failed[:MOST_FAILED_CELLS]],
        unexamined_tissue=unexamined(job, found.failed),
        run=run_of(job, outcome.runtime),
        stage=job.stage,
        instances=instances,
        scores=outcome.scores,
        stain=outcome.stain,
    )


def concluded(conclusion: Conclusion) -> Event:
    """The job's one conclusion, with an id of the job's own: whoever tells it, it is the same event.

    What a model in shadow says has topics of its own, which nobody files or shows.
    """
    kind = conclusion.WhichOneof("ending")
    data: SlideScored | SlideFailed = conclusion.scored if kind == "scored" else conclusion.failed
    shadow = data.stage == STAGE_SHADOW
    if kind == "scored":
        topic: Topic[Any] = INFERENCE_SHADOW_SCORED if shadow else INFERENCE_SLIDE_SCORED
    else:
        topic = INFERENCE_SHADOW_FAILED if shadow else INFERENCE_SLIDE_FAILED
    return Event(topic, data.case_id, data, id=uuid5(UUID(data.job_id), kind or ""))


def run_of(job: ScoringJob, runtime: str) -> Run:
    return Run(
        runtime=runtime,
        precision=job.precision,
        threshold=job.threshold,
        preprocessing_sha256=job.preprocessing_sha256,
        input_sha256=job.level.object.sha256,
        calibration=job.calibration,
        level_microns_per_pixel=job.level.microns_per_pixel,
        model_microns_per_pixel=job.model_microns_per_pixel,
        kind=job.kind,
    )


def findings(job: ScoringJob, found: Summary) -> list[Finding]:
    """The most suspicious regions, as many as an event carries; one whose outline has too many corners is told by its box."""
    left, told = MOST_CORNERS, []
    for region in found.regions[:MOST_FINDINGS]:
        outline = region.outline if len(region.outline) <= min(left, MOST_CORNERS_OF_ONE) else box(region)
        left -= len(outline)
        told.append(finding(job, region, outline))
    return told


def box(region: Region) -> tuple[tuple[int, int], ...]:
    left, top, right, bottom = region.column, region.row, region.column + region.columns, region.row + region.rows
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def finding(job: ScoringJob, region: Region, outline: Sequence[tuple[int, int]]) -> Finding:
    millimetres = job.side * job.level.microns_per_pixel / 1000
    return Finding(
        finding_id=str(uuid5(UUID(job.job_id), f"finding|{region.column}|{region.row}")),
        column=region.column,
        row=region.row,
        columns=region.columns,
        rows=region.rows,
        tiles=region.tiles,
        score=region.score,
        area_square_millimetres=region.tiles * millimetres**2,
        outline=[Cell(column=column, row=row) for column, row in outline],
    )


def histogram(probabilities: Sequence[float]) -> Histogram:
    """Of those that are numbers."""
    known = np.array([one for one in probabilities if isfinite(one)])
    counts, _ = np.histogram(known, bins=SCORE_BINS, range=(0, 1))
    return Histogram(low=0, high=1, counts=counts.tolist())


def summed(stains: Sequence[StainStatistics]) -> StainStatistics:
    return StainStatistics(
        tiles=sum(one.tiles for one in stains),
        red=fsum(one.red for one in stains),
        green=fsum(one.green for one in stains),
        blue=fsum(one.blue for one in stains),
    )


def unexamined(job: ScoringJob, failed_cells: Sequence[int]) -> float:
    """Share of the tissue that lies in no scored tile."""
    missed = set(failed_cells)
    examined = sum(share for index, share in enumerate(job.tissue_shares) if index not in missed)
    return min(1.0, max(0.0, 1.0 - examined))


def failed_job(job: ScoringJob, reason: FailureReason, tiles: int, failed_tiles: int = 0) -> SlideFailed:
    found = failure(job.slide, job.model, job.stage, reason)
    found.job_id, found.tiles, found.failed_tiles = job.job_id, tiles, failed_tiles
    return found


def failure(slide: SlideIngested, model: Model, stage: Stage, reason: FailureReason, attempt: str = "") -> SlideFailed:
    """A failure is an event of its own kind: nobody can take it for a negative finding."""
    return SlideFailed(
        case_id=slide.case_id,
        patient_id=slide.patient_id,
        slide_id=slide.slide_id,
        job_id=job_id(slide, model, stage, attempt),
        model=model,
        reason=reason,
        scan_id=slide.scan_id,
        stage=stage,
    )
