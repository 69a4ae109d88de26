import io
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import examples
from casepath.inference.v1.scoring_pb2 import (
    FAILURE_REASON_MODEL_FAILED,
    FAILURE_REASON_RESOLUTION_DIFFERS,
    FAILURE_REASON_RESOLUTION_TOO_LOW,
    FAILURE_REASON_TOO_MANY_FAILED_TILES,
    MODEL_KIND_TILE_CLASSIFIER,
    STAGE_PRODUCTION,
    STAGE_SHADOW,
    Cell,
    Conclusion,
    FailureReason,
    ScoringJob,
    ShardRequested,
    ShardResult,
    SlideFailed,
    SlideScored,
    Stage,
    StainStatistics,
)
from casepath.intake.v1.order_pb2 import URGENCY_ASAP, URGENCY_ROUTINE, URGENCY_STAT, URGENCY_UNSPECIFIED, Urgency
from casepath.slides.v1.slide_pb2 import IMAGE_FLAVOR_LABEL
from casepath.topics import (
    INFERENCE_SHADOW_FAILED,
    INFERENCE_SHADOW_SCORED,
    INFERENCE_SHARD_REQUESTED,
    INFERENCE_SLIDE_SCORED,
    INFERENCE_URGENT_SHARD_REQUESTED,
    Topic,
)
from chassis.errors import Malformed
from chassis.events import Event, check
from chassis.tissue import tissue_mask
from inference.bundle import Bundle
from inference.handlers import (
    Outcome,
    concluded,
    fails,
    histogram,
    overview_level,
    planned,
    probabilities,
    scored,
    scored_level,
    shard_cells,
    shards_requested,
    unsuitable,
    volumes,
)
from inference.heatmap import Region, as_npy, as_png, heatmap, regions, summary
from inference.manifest import Manifest

MANIFEST = Manifest(
    name="demo",
    version="1",
    sha256=examples.model().sha256,
    classes=("normal", "tumor"),
    tile_side=256,
    microns_per_pixel=0.25,
)


def bundle(**changed: object) -> Bundle:
    said = Manifest.model_validate(MANIFEST.model_dump() | changed)
    return Bundle("demo", "1", said.sha256, b"", manifest=said)


def plan(mask: np.ndarray, one: Bundle, shard_tiles: int = 7, stage: Stage = STAGE_PRODUCTION) -> ScoringJob:
    return planned(examples.ingested(), one, mask, shard_tiles, 32, stage, examples.NOON)


def job(mask: np.ndarray | None = None, shard_tiles: int = 7) -> ScoringJob:
    tissue = np.ones((100, 100), bool) if mask is None else mask
    made = plan(tissue, bundle(), shard_tiles)
    check(made)
    return made


def conclusion(scores: list[float], allowed: float = 0.05, one: ScoringJob | None = None, **known: FailureReason) -> Event:
    one = one or job()
    grid = heatmap(one.columns, one.rows, one.cells, scores)
    found = summary(grid, one.cells, one.threshold)
    outcome = Outcome(found, "CPUExecutionProvider", "onnxruntime 1", histogram(scores), StainStatistics(), **known)
    failed = fails(one, outcome, allowed)
    ended = Conclusion(failed=failed)
    if failed is None:
        ended = Conclusion(scored=scored(one, outcome, examples.ref("a"), examples.ref("b"), []))
    event = concluded(ended)
    check(event.data)
    return event


def test_every_tissue_tile_is_in_exactly_one_shard() -> None:
    one = job()
    shards = [shard_cells(one, shard) for shard in range(one.shards)]
    assert [cell for shard in shards for cell in shard] == list(one.cells)
    assert max(map(len, shards)) - min(map(len, shards)) <= 1
    assert len(one.cells) == 100


def test_shards_have_keys_of_their_own_so_that_one_slide_spreads_over_workers() -> None:
    keys = [event.key for event in shards_requested(job())]
    assert len(set(keys)) == len(keys) == 15


def test_only_cells_with_tissue_are_scored() -> None:
    mask = np.zeros((100, 100), bool)
    mask[:50, :50] = True
    assert {(cell.column, cell.row) for cell in job(mask).cells} == {(c, r) for c in range(5) for r in range(5)}


def test_planning_a_slide_again_gives_the_same_job() -> None:
    assert job() == job()


def test_a_score_carries_the_provider_that_ran_and_every_count() -> None:
    scores = [0.1] * 98 + [0.9, float("nan")]
    data = conclusion(scores).data
    assert isinstance(data, SlideScored)
    assert (data.tiles, data.failed_tiles, data.provider) == (100, 1, "CPUExecutionProvider")
    assert data.positive_fraction == pytest.approx(1 / 99)


def test_too_many_failed_tiles_fail_the_slide() -> None:
    data = conclusion([float("nan")] * 10 + [0.9] * 90).data
    assert isinstance(data, SlideFailed)
    assert data.reason == FAILURE_REASON_TOO_MANY_FAILED_TILES
    assert data.failed_tiles == 10


def test_all_tiles_failed_is_a_failure_even_where_failures_are_allowed() -> None:
    assert isinstance(conclusion([float("nan")] * 100, allowed=0.5).data, SlideFailed)


def test_the_conclusion_is_the_same_event_whichever_shard_came_last() -> None:
    assert conclusion([0.5] * 100).id == conclusion([0.5] * 100).id


def test_results_keep_the_order_of_the_cells() -> None:
    results = [ShardResult(probabilities=[0.1, 0.2], provider="x"), ShardResult(probabilities=[0.3], provider="x")]
    assert probabilities(results) == pytest.approx([0.1, 0.2, 0.3])


def test_a_failed_tile_is_not_a_number_and_never_zero() -> None:
    cells = [Cell(column=0, row=0), Cell(column=1, row=0)]
    grid = heatmap(3, 1, cells, [float("nan"), 0.0])
    assert np.isnan(grid[0, 0])
    assert grid[0, 1] == 0
    assert np.isnan(grid[0, 2])
    read = np.load(io.BytesIO(as_npy(grid)))
    assert np.array_equal(read, grid, equal_nan=True)


def test_the_image_is_transparent_where_there_is_no_score() -> None:
    grid = np.array([[np.nan, 1.0]], np.float32)
    image = np.asarray(Image.open(io.BytesIO(as_png(grid, zoom=1))))
    assert image[0, 0, 3] == 0
    assert image[0, 1, 3] > 0
    assert image[0, 1, 0] == 255


def test_one_hot_tile_does_not_carry_a_slide() -> None:
    grid = np.full((4, 4), 0.1, np.float32)
    grid[1, 1] = 1.0
    assert summary(grid, [], 0.5).score < 0.5
    grid[1, 2] = grid[2, 1] = grid[2, 2] = 1.0
    assert summary(grid, [], 0.5).score == pytest.approx(1.0)


def test_the_level_nearest_above_the_models_resolution_is_read() -> None:
    slide = examples.ingested()
    slide.instances.append(examples.instance("2.25.9", side=640, microns=1.0))
    slide.instances.append(examples.instance("2.25.10", side=1280, microns=0.26))
    assert scored_level(volumes(slide), 0.25).sop_instance_uid == "2.25.10"
    assert scored_level(volumes(slide), 1.2).sop_instance_uid == "2.25.9"
    assert scored_level(volumes(slide), 0.1).microns_per_pixel == 0.25


def test_tissue_is_looked_for_on_the_coarsest_level_that_fills_the_overview() -> None:
    slide = examples.ingested()
    slide.instances.append(examples.instance("2.25.9", side=1280, microns=0.5))
    slide.instances.append(examples.instance("2.25.10", side=640, microns=1.0))
    assert overview_level(volumes(slide)).sop_instance_uid == "2.25.9"
    assert overview_level(volumes(slide)[2:]).sop_instance_uid == "2.25.10"


@pytest.mark.parametrize(("microns", "refused"), [(0.25, False), (0.5, False), (1.0, True), (29.0, True)])
def test_a_slide_far_coarser_than_the_model_is_not_scored(microns: float, refused: bool) -> None:
    slide = examples.ingested()
    slide.instances[0].microns_per_pixel = microns
    assert unsuitable(slide, MANIFEST) == (FAILURE_REASON_RESOLUTION_TOO_LOW if refused else None)


@pytest.mark.parametrize(("microns", "refused"), [(0.25, False), (0.24, False), (0.5, True), (0.125, True)])
def test_a_model_that_refuses_scaling_reads_its_own_resolution_alone(microns: float, refused: bool) -> None:
    slide = examples.ingested()
    slide.instances[0].microns_per_pixel = microns
    said = bundle(scaling="refused").manifest
    assert unsuitable(slide, said) == (FAILURE_REASON_RESOLUTION_DIFFERS if refused else None)


def test_a_halo_is_seen_around_each_cell_and_tiles_meet_without_it() -> None:
    one = plan(np.ones((100, 100), bool), bundle(halo=32))
    assert (one.side, one.view) == (192, 256)
    assert one.columns == ceil(one.level.total_columns / 192)


def test_a_shorter_stride_makes_a_finer_grid() -> None:
    fine, coarse = (plan(np.ones((100, 100), bool), bundle(stride=stride)) for stride in (128, 0))
    assert (fine.columns, fine.side, fine.view) == (2 * coarse.columns, 128, 256)


def test_a_version_beside_another_has_a_job_of_its_own_and_its_result_a_topic_that_nobody_files() -> None:
    shadow = plan(np.ones((100, 100), bool), bundle(), 7, STAGE_SHADOW)
    assert shadow.job_id != job().job_id
    assert conclusion([0.5] * 100, one=shadow).topic == INFERENCE_SHADOW_SCORED
    assert conclusion([float("nan")] * 100, one=shadow).topic == INFERENCE_SHADOW_FAILED
    assert conclusion([0.5] * 100).topic == INFERENCE_SLIDE_SCORED


def test_a_failure_says_the_models_part_in_it() -> None:
    data = conclusion([float("nan")] * 100, failure=FAILURE_REASON_MODEL_FAILED).data
    assert isinstance(data, SlideFailed)
    assert data.reason == FAILURE_REASON_MODEL_FAILED


def test_a_label_is_never_scored() -> None:
    slide = examples.ingested()
    del slide.instances[:]
    slide.instances.append(examples.instance("2.25.4", IMAGE_FLAVOR_LABEL, 256, 0))
    with pytest.raises(Malformed):
        volumes(slide)


def test_glass_and_black_padding_are_not_tissue() -> None:
    image = np.full((40, 40, 3), 240, np.uint8)
    assert not tissue_mask(image).any()
    image[:10] = 5
    image[20:30, :20] = (180, 80, 150)
    mask = tissue_mask(image)
    assert mask[20:30, :20].all()
    assert mask.sum() == 200


def test_regions_are_tiles_that_touch_the_most_suspicious_first() -> None:
    grid = np.full((6, 6), 0.1, np.float32)
    grid[0, 0] = 0.6
    grid[2, 2] = grid[3, 3] = 0.7
    grid[3, 4] = 0.9
    grid[5, 0] = np.nan
    assert regions(grid, 0.5) == [
        Region(2, 2, 3, 2, 3, pytest.approx(0.9), ((2, 2), (3, 2), (3, 3), (5, 3), (5, 4), (3, 4), (3, 3), (2, 3))),  # type: ignore[arg-type]
        Region(0, 0, 1, 1, 1, pytest.approx(0.6), ((0, 0), (1, 0), (1, 1), (0, 1))),  # type: ignore[arg-type]
    ]


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1))
def test_an_outline_encloses_its_tiles_and_what_they_enclose(marked: set[tuple[int, int]]) -> None:
    grid = np.zeros((7, 7), np.float32)
    for row, column in marked:
        grid[row, column] = 1
    found = regions(grid, 0.5)
    assert sum(region.tiles for region in found) == len(marked)
    for region in found:
        alone = np.zeros((9, 9), bool)
        members = {(row, column) for row, column in marked if inside(region.outline, column + 0.5, row + 0.5)}
        for row, column in members:
            alone[row + 1, column + 1] = True
        # Outside is what can be walked to from beyond the grid without crossing a side.
        outside = {(0, 0)}
        edge = [(0, 0)]
        while edge:
            row, column = edge.pop()
            for step in ((row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)):
                if min(step) >= 0 and max(step) < 9 and step not in outside and not alone[step]:
                    outside.add(step)
                    edge.append(step)
        enclosed = {(row - 1, column - 1) for row in range(9) for column in range(9)} - {(r - 1, c - 1) for r, c in outside}
        assert enclosed == {(r, c) for r in range(7) for c in range(7) if inside(region.outline, c + 0.5, r + 0.5)}
        assert len(members) >= region.tiles


def inside(outline: tuple[tuple[int, int], ...], x: float, y: float) -> bool:
    """By the number of times that a ray to the right crosses it."""
    sides = zip(outline, (*outline[1:], outline[0]), strict=True)
    return sum((ay > y) != (by > y) and ax > x for (ax, ay), (_, by) in sides) % 2 == 1


def test_noise_all_over_a_large_slide_still_makes_an_event_that_a_broker_takes() -> None:
    one = plan(np.ones((100, 100), bool), bundle(tile_side=8, stride=8))
    scores = np.random.default_rng(0).uniform(0, 1, len(one.cells)).tolist()
    data = conclusion(scores, one=one).data
    assert isinstance(data, SlideScored)
    largest = max(data.findings, key=lambda found: found.tiles)
    assert largest.tiles > 20_000
    assert len(largest.outline) == 4
    assert sum(len(found.outline) for found in data.findings) <= 40_000
    assert data.ByteSize() < 900_000


def test_what_was_not_examined_is_said_and_counted_by_its_tissue() -> None:
    mask = np.zeros((100, 100), np.bool_)
    mask[:10, :20] = True
    mask[50, 50] = True
    one = plan(mask, bundle(), 8)
    assert sum(one.tissue_shares) == pytest.approx(200 / 201)
    event = conclusion([float("nan")] + [0.2] * (len(one.cells) - 1), 1.0, one)
    assert isinstance(event.data, SlideScored)
    assert [(cell.column, cell.row) for cell in event.data.failed_cells] == [(0, 0)]
    assert event.data.unexamined_tissue == pytest.approx(one.tissue_shares[0] + 1 / 201)


def test_a_result_says_what_it_depends_on() -> None:
    one = plan(np.ones((100, 100), bool), bundle(threshold=0.25, calibration={"temperature": 2, "ece": 0.1}))
    event = conclusion([0.25] * len(one.cells), one=one)
    assert isinstance(event.data, SlideScored)
    run = event.data.run
    assert (run.runtime, run.precision, run.threshold) == ("onnxruntime 1", "fp32", 0.25)
    assert (run.calibration.temperature, run.calibration.ece) == (2, 0.1)
    assert (run.kind, run.level_microns_per_pixel, run.model_microns_per_pixel) == (MODEL_KIND_TILE_CLASSIFIER, 0.25, 0.25)
    assert run.input_sha256 == one.level.object.sha256
    assert event.data.positive_fraction == 1
    other = plan(np.ones((100, 100), bool), bundle(tile_side=128))
    assert other.preprocessing_sha256 != run.preprocessing_sha256
    check(event.data)


@pytest.mark.parametrize(
    ("urgency", "topic"),
    [
        (URGENCY_UNSPECIFIED, INFERENCE_SHARD_REQUESTED),
        (URGENCY_ROUTINE, INFERENCE_SHARD_REQUESTED),
        (URGENCY_ASAP, INFERENCE_URGENT_SHARD_REQUESTED),
        (URGENCY_STAT, INFERENCE_URGENT_SHARD_REQUESTED),
    ],
)
def test_shards_of_an_urgent_order_have_a_topic_of_their_own(urgency: Urgency, topic: Topic[ShardRequested]) -> None:
    one = job()
    one.slide.urgency = urgency
    events = shards_requested(one)
    assert {event.topic.name for event in events} == {topic.name}
    assert len(events) == one.shards
    one.stage = STAGE_SHADOW
    assert {event.topic for event in shards_requested(one)} == {INFERENCE_SHARD_REQUESTED}
