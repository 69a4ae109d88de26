import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import examples
from casepath.inference.v1.scoring_pb2 import (
    FAILURE_REASON_NO_TISSUE,
    FAILURE_REASON_TOO_MANY_FAILED_TILES,
    Cell,
    ScoringJob,
    ShardRequested,
    ShardResult,
    SlideFailed,
    SlideScored,
)
from casepath.intake.v1.order_pb2 import URGENCY_ASAP, URGENCY_ROUTINE, URGENCY_STAT, URGENCY_UNSPECIFIED, Urgency
from casepath.slides.v1.slide_pb2 import IMAGE_FLAVOR_LABEL
from casepath.topics import INFERENCE_SHARD_REQUESTED, INFERENCE_URGENT_SHARD_REQUESTED, Topic
from chassis.errors import Malformed
from chassis.events import Event, check
from chassis.tissue import tissue_mask
from inference.bundle import Bundle
from inference.handlers import (
    concluded,
    overview_level,
    planned,
    probabilities,
    scored_level,
    shard_cells,
    shards_requested,
    too_coarse,
    volumes,
)
from inference.heatmap import Region, as_npy, as_png, heatmap, regions, summary

BUNDLE = Bundle(
    "demo",
    "1",
    examples.model().sha256,
    b"",
    classes=("normal", "tumor"),
    tile_side=256,
    microns_per_pixel=0.25,
    training_slides=frozenset(),
)


def job(mask: np.ndarray | None = None, shard_tiles: int = 7) -> ScoringJob:
    tissue = np.ones((100, 100), bool) if mask is None else mask
    made = planned(examples.ingested(), BUNDLE, tissue, shard_tiles)
    check(made)
    return made


def conclusion(scores: list[float], allowed: float = 0.05) -> Event:
    one = job()
    grid = heatmap(one.columns, one.rows, one.cells, scores)
    event = concluded(
        one, summary(grid, one.cells, 0.5), "CPUExecutionProvider", "onnxruntime 1", examples.ref("a"), examples.ref("b"), allowed
    )
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


def test_a_slide_without_tissue_fails_rather_than_being_negative() -> None:
    (event,) = shards_requested(job(np.zeros((100, 100), bool)))
    assert isinstance(event.data, SlideFailed)
    assert event.data.reason == FAILURE_REASON_NO_TISSUE


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
    assert too_coarse(slide, BUNDLE) is refused


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
        Region(2, 2, 3, 2, 3, pytest.approx(0.9)),  # type: ignore[arg-type]
        Region(0, 0, 1, 1, 1, pytest.approx(0.6)),  # type: ignore[arg-type]
    ]


def test_what_was_not_examined_is_said_and_counted_by_its_tissue() -> None:
    mask = np.zeros((100, 100), np.bool_)
    mask[:10, :20] = True
    mask[50, 50] = True
    one = planned(examples.ingested(), BUNDLE, mask, 8)
    assert sum(one.tissue_shares) == pytest.approx(200 / 201)
    results = np.full(len(one.cells), 0.2, np.float32)
    results[0] = np.nan
    grid = heatmap(one.columns, one.rows, one.cells, results.tolist())
    event = concluded(one, summary(grid, one.cells, 0.5), "CPU", "onnxruntime 1", examples.ref("a"), examples.ref("b"), 1.0)
    assert isinstance(event.data, SlideScored)
    assert [(cell.column, cell.row) for cell in event.data.failed_cells] == [(0, 0)]
    assert event.data.unexamined_tissue == pytest.approx(one.tissue_shares[0] + 1 / 201)


def test_a_result_says_what_it_depends_on() -> None:
    one = job()
    grid = heatmap(one.columns, one.rows, one.cells, [0.25] * len(one.cells))
    summed = summary(grid, one.cells, 0.25)
    event = concluded(one, summed, "CPU", "onnxruntime 1", examples.ref("a"), examples.ref("b"), 1.0)
    assert isinstance(event.data, SlideScored)
    run = event.data.run
    assert (run.runtime, run.precision, run.threshold) == ("onnxruntime 1", "fp32", 0.5)
    assert run.input_sha256 == one.level.object.sha256
    assert summed.positive_fraction == 1
    other = planned(examples.ingested(), replace(BUNDLE, tile_side=128), np.ones((100, 100), bool), 7)
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
