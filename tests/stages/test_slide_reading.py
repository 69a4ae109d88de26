"""Whole slides, read by models of every kind, from a real slide in the store."""

import asyncio
import io
import os
import random
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from uuid import uuid4

import numpy as np
import pydicom
import pytest
import pytest_asyncio
import stages.constructed_models as models
from stages.slide_archive import archive_at
from stages.slide_reading import Reading, reading_at
from wsidicom import WsiDicom

import examples
from casepath.inference.v1.scoring_pb2 import (
    FAILURE_REASON_CANCELLED,
    FAILURE_REASON_MODEL_FAILED,
    FAILURE_REASON_UNREADABLE,
    MODEL_KIND_SLIDE_AGGREGATOR,
    MODEL_KIND_TILE_SEGMENTER,
    DerivedInstance,
    ScoringJob,
    SlideFailed,
    SlideScored,
)
from casepath.slides.v1.slide_pb2 import SlideIngested
from casepath.topics import INFERENCE_SHARD_REQUESTED, SLIDES_SLIDE_INGESTED
from chassis.errors import Unavailable
from chassis.events import Event
from chassis.objects import Objects
from embedded import samples
from inference.adapters.level_pixels import level_pixels
from inference.adapters.model_process import ProcessSession
from inference.adapters.onnx_session import DeviceLost, OnnxSession
from inference.dicom_results import header
from inference.handlers import shard_cells
from inference.heatmap import from_npy
from inference.serving import RenewedSession


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stored(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Objects, SlideIngested]]:
    folder = tmp_path_factory.mktemp("archive")
    async with archive_at(folder) as archive:
        slide = await archive.take(samples.SLIDE, f"{examples.ACCESSION}_A1.svs")
        yield archive.catalogue.instances.objects, slide


@pytest.fixture
def slide(stored: tuple[Objects, SlideIngested], tmp_path: Path) -> tuple[Objects, SlideIngested]:
    """A store of a test's own, with the slide in it."""
    objects, ingested = stored
    assert objects.folder is not None
    shutil.copytree(objects.folder, tmp_path / "objects")
    return Objects.at(f"file://{tmp_path / 'objects'}"), ingested


async def read(folder: Path, bundle: Path, slide: tuple[Objects, SlideIngested], **how: object) -> SlideScored | SlideFailed:
    async with reading_at(folder, bundle, slide[0], **how) as reading:  # type: ignore[arg-type]
        return await reading.read(slide[1])


async def test_tiles_cut_from_frames_are_those_that_a_dicom_reader_gives(
    slide: tuple[Objects, SlideIngested], tmp_path: Path
) -> None:
    bundle = models.reading_bundle(tmp_path / "bundle", models.darkness(200), tile_side=200)
    async with reading_at(tmp_path, bundle, slide[0]) as reading:
        (event, *_) = await reading.handle(SLIDES_SLIDE_INGESTED, slide[1])
        job = await reading.scoring.job(event.data.job_id)  # type: ignore[attr-defined]
        pixels = await level_pixels(slide[0], job, 200)
        cells = [*shard_cells(job, 0), job.cells[-1]]
        cut = pixels.cut(cells, await pixels.fetch(cells))
        path = await slide[0].as_file(job.level.object, tmp_path)
        with WsiDicom.open(path) as whole:
            for cell, tile in zip(cells, cut, strict=True):
                left, top, side = pixels.box(cell)
                width, height = min(side, job.level.total_columns - left), min(side, job.level.total_rows - top)
                wanted = np.full((side, side, 3), 255, np.uint8)
                wanted[:height, :width] = np.asarray(whole.read_region((left, top), 0, (width, height)).convert("RGB"))
                assert tile is not None
                if side == 200:
                    assert np.array_equal(tile, wanted)
                else:
                    assert abs(tile.mean() - wanted.mean()) < 1


async def test_one_worker_and_three_in_any_order_with_repeats_give_the_same_bytes(
    slide: tuple[Objects, SlideIngested], tmp_path: Path
) -> None:
    bundle = models.reading_bundle(tmp_path / "bundle", models.darkness())
    results = []
    for number, workers in enumerate((1, 3)):
        folder = tmp_path / f"run{number}"
        assert slide[0].folder is not None
        shutil.copytree(slide[0].folder, folder / "objects")
        objects = Objects.at(f"file://{folder / 'objects'}")
        async with reading_at(folder, bundle, objects) as first:
            if workers == 1:
                ended = await first.read(slide[1])
            else:
                ended = await read_by_many(folder, bundle, objects, slide[1], first)
            assert isinstance(ended, SlideScored)
            assert len(list(ended.findings)) >= 1
            results.append(ended)
    assert results[0] == results[1]


async def read_by_many(folder: Path, bundle: Path, objects: Objects, slide: SlideIngested, first: Reading) -> SlideScored:
    """Each shard is read twice, by workers of their own, at once and in disorder; the slide is planned twice too."""
    async with reading_at(folder, bundle, objects) as second, reading_at(folder, bundle, objects) as third:
        shards = [*await first.handle(SLIDES_SLIDE_INGESTED, slide), *await second.handle(SLIDES_SLIDE_INGESTED, slide)]
        random.Random(1).shuffle(shards)
        given = zip(shards, [first, second, third] * len(shards), strict=False)
        done = await asyncio.gather(*(worker.handle(event.topic, event.data) for event, worker in given))
        scored = [event for events in done for event in events]
        endings = [one for event in scored for one in await third.handle(event.topic, event.data)]
        assert len({ending.id for ending in endings}) == 1
        assert len({ending.data.SerializeToString(deterministic=True) for ending in endings}) == 1
        assert isinstance(endings[0].data, SlideScored)
        return endings[0].data


def verified(path: Path) -> str:
    return subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False, timeout=60).stderr


async def dicom(objects: Objects, instances: Sequence[DerivedInstance], folder: Path) -> dict[str, list[pydicom.Dataset]]:
    """By modality; dciodvfy must find no error in any."""
    found: dict[str, list[pydicom.Dataset]] = {}
    for number, one in enumerate(instances):
        content = await objects.get(one.object)
        path = folder / f"{number}.dcm"
        path.write_bytes(content)
        said = await asyncio.to_thread(verified, path)
        assert not [line for line in said.splitlines() if line.startswith("Error")], said
        dataset = pydicom.dcmread(io.BytesIO(content))
        assert (dataset.SOPInstanceUID, dataset.SOPClassUID) == (one.sop_instance_uid, one.sop_class_uid)
        assert dataset.SeriesInstanceUID == one.series_instance_uid
        found.setdefault(one.modality, []).append(dataset)
    return found


async def test_a_result_is_dicom_in_the_slides_study_that_says_what_the_event_says(
    slide: tuple[Objects, SlideIngested], tmp_path: Path
) -> None:
    bundle = models.reading_bundle(tmp_path / "bundle", models.darkness(), threshold=0.3)
    ended = await read(tmp_path, bundle, slide)
    assert isinstance(ended, SlideScored)
    made = await dicom(slide[0], ended.instances, tmp_path)
    assert sorted(made) == ["ANN", "OT", "SR"]
    source = pydicom.dcmread(io.BytesIO(await slide[0].get(slide[1].instances[0].object)), stop_before_pixels=True)
    for dataset in [one for ones in made.values() for one in ones]:
        assert dataset.StudyInstanceUID == slide[1].study_instance_uid
        assert (dataset.PatientID, dataset.PatientName) == (source.PatientID, source.PatientName)
    grid = from_npy(await slide[0].get(ended.heatmap))
    floats = np.frombuffer(made["OT"][0].FloatPixelData, np.float32).reshape(grid.shape)
    assert np.array_equal(floats, grid, equal_nan=True)
    (group,) = made["ANN"][0].AnnotationGroupSequence
    assert group.NumberOfAnnotations == len(ended.findings)
    text = str(made["SR"][0])
    assert text.count("Finding ") >= len(ended.findings)
    areas = [one.area_square_millimetres for one in ended.findings]
    assert areas == pytest.approx([one.tiles * (256 * 0.5 / 1000) ** 2 for one in ended.findings], rel=0.01)


async def test_a_slide_whose_header_lacks_what_dicom_results_need_is_scored_all_the_same(
    slide: tuple[Objects, SlideIngested], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def poor(objects: Objects, job: ScoringJob) -> pydicom.Dataset:
        found = await header(objects, job)
        del found.FrameOfReferenceUID
        del found.TotalPixelMatrixOriginSequence
        return found

    monkeypatch.setattr("inference.dicom_results.header", poor)
    bundle = models.reading_bundle(tmp_path / "bundle", models.darkness())
    ended = await read(tmp_path, bundle, slide)
    assert isinstance(ended, SlideScored)
    assert (len(ended.instances), ended.tiles) == (0, 53)


async def test_a_segmenters_pixels_are_a_dicom_segmentation(slide: tuple[Objects, SlideIngested], tmp_path: Path) -> None:
    bundle = models.reading_bundle(
        tmp_path / "bundle",
        models.dark_pixels(),
        kind="tile-segmenter",
        halo=16,
        normalisation={"mean": [0.6, 0.6, 0.6], "std": [1, 1, 1]},
        threshold=0.3,
    )
    ended = await read(tmp_path, bundle, slide)
    assert isinstance(ended, SlideScored)
    assert ended.run.kind == MODEL_KIND_TILE_SEGMENTER
    segments = (await dicom(slide[0], ended.instances, tmp_path))["SEG"]
    assert {(one.Rows, one.Columns) for one in segments} == {(224, 224)}
    grid = from_npy(await slide[0].get(ended.heatmap))
    marked = sum(int(one.pixel_array.sum()) for one in segments)
    assert marked == pytest.approx(float(np.nansum(grid)) * 224 * 224, rel=1e-6)
    spacing = segments[0].SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
    assert spacing[0] == pytest.approx(0.0005, rel=0.01)


async def test_an_aggregator_gives_the_slides_score_and_each_tiles_weight(
    slide: tuple[Objects, SlideIngested], tmp_path: Path
) -> None:
    bundle = models.reading_bundle(
        tmp_path / "bundle", models.mean_colours(), models.attention(), kind="slide-aggregator", activation="sigmoid"
    )
    async with reading_at(tmp_path, bundle, slide[0]) as reading:
        ended = await reading.read(slide[1], lambda events: events[::-1])
        assert isinstance(ended, SlideScored)
        assert ended.run.kind == MODEL_KIND_SLIDE_AGGREGATOR
        assert sum(ended.scores.counts) == 1
        job = await reading.scoring.job(ended.job_id)
        pixels = await level_pixels(slide[0], job, 256)
        tiles = pixels.cut(job.cells, await pixels.fetch(job.cells))
        reds = np.array([tile[..., 0].mean() / 255 for tile in tiles if tile is not None])
        weights = np.exp(reds) / np.exp(reds).sum()
        assert ended.score == pytest.approx(1 / (1 + np.exp(-(weights * reds).sum())), rel=1e-4)
        grid = from_npy(await slide[0].get(ended.heatmap))
        assert [grid[cell.row, cell.column] for cell in job.cells] == pytest.approx(weights / weights.max(), rel=1e-3)


async def test_tiles_that_the_model_gives_no_number_for_are_failed_ones(
    slide: tuple[Objects, SlideIngested], tmp_path: Path
) -> None:
    bundle = models.reading_bundle(tmp_path / "bundle", models.darkness(answer="nan"))
    ended = await read(tmp_path, bundle, slide, failed_tiles_allowed=1.0)
    assert isinstance(ended, SlideScored)
    assert 0 < ended.failed_tiles < ended.tiles
    grid = from_npy(await slide[0].get(ended.heatmap))
    assert np.nanmin(grid) >= 0.2
    assert np.isfinite(grid).sum() == ended.tiles - ended.failed_tiles


async def test_a_model_that_hangs_fails_those_tiles_and_reads_the_others(
    slide: tuple[Objects, SlideIngested], tmp_path: Path
) -> None:
    bundle = models.reading_bundle(tmp_path / "bundle", models.darkness(answer="endless"), serving={"seconds": 1})
    ended = await read(tmp_path, bundle, slide, make=ProcessSession, failed_tiles_allowed=1.0)
    assert isinstance(ended, SlideScored)
    grid = from_npy(await slide[0].get(ended.heatmap))
    assert 0 < ended.failed_tiles < ended.tiles
    assert np.nanmax(grid) <= 0.5


async def test_a_model_whose_process_is_killed_again_and_again_is_a_failed_run_and_not_an_empty_one(
    slide: tuple[Objects, SlideIngested], tmp_path: Path
) -> None:
    class Doomed(ProcessSession):
        def answer(self, feeds):  # type: ignore[no-untyped-def]
            os.kill(self.process.pid, signal.SIGKILL)
            return super().answer(feeds)

    bundle = models.reading_bundle(tmp_path / "bundle", models.darkness())
    ended = await read(tmp_path, bundle, slide, make=Doomed, shard_tiles=64)
    assert isinstance(ended, SlideFailed)
    assert ended.reason == FAILURE_REASON_MODEL_FAILED


async def test_a_slide_that_vanishes_in_the_midst_is_a_failed_run(slide: tuple[Objects, SlideIngested], tmp_path: Path) -> None:
    bundle = models.reading_bundle(tmp_path / "bundle", models.darkness())
    folder = slide[0].folder
    assert folder is not None

    def vanish(events: list[Event]) -> list[Event]:
        for instance in slide[1].instances:
            (folder / instance.object.path).unlink(missing_ok=True)
        return events

    async with reading_at(tmp_path, bundle, slide[0]) as reading:
        ended = await reading.read(slide[1], vanish)
    assert isinstance(ended, SlideFailed)
    assert ended.reason == FAILURE_REASON_UNREADABLE


async def test_a_job_that_is_cancelled_stops_in_its_midst_and_is_shown_as_not_read(
    slide: tuple[Objects, SlideIngested], tmp_path: Path
) -> None:
    bundle = models.reading_bundle(tmp_path / "bundle", models.darkness())
    async with reading_at(tmp_path, bundle, slide[0]) as reading:
        shards = await reading.handle(SLIDES_SLIDE_INGESTED, slide[1])
        first, second, *_ = shards
        await reading.handle(first.topic, first.data)
        job = first.data.job_id  # type: ignore[attr-defined]
        _, cancelled = await reading.governance.cancel(job)
        assert cancelled
        (ended,) = await reading.handle(second.topic, second.data)
        assert isinstance(ended.data, SlideFailed)
        assert ended.data.reason == FAILURE_REASON_CANCELLED
        assert len(await reading.scoring.results.names(job)) == 1
        assert await reading.governance.cancel(job) == (await reading.scoring.conclusions.get(job), True)


async def test_what_failed_is_read_anew_where_that_is_asked_for_and_by_a_repeat_it_is_not(
    slide: tuple[Objects, SlideIngested], tmp_path: Path
) -> None:
    bundle = models.reading_bundle(tmp_path / "bundle", models.darkness())
    async with reading_at(tmp_path, bundle, slide[0]) as reading:
        first, *_ = await reading.handle(SLIDES_SLIDE_INGESTED, slide[1])
        await reading.governance.cancel(first.data.job_id)  # type: ignore[attr-defined]
        failed = await reading.read(slide[1])
        assert isinstance(failed, SlideFailed)
        assert await reading.read(slide[1]) == failed
        again = await reading.read(slide[1], attempt=uuid4())
        assert isinstance(again, SlideScored)
        assert again.job_id != failed.job_id
        assert await reading.read(slide[1], attempt=uuid4()) == again
        assert await reading.read(slide[1]) == failed


async def test_what_cannot_end_otherwise_is_not_read_anew(slide: tuple[Objects, SlideIngested], tmp_path: Path) -> None:
    bundle = models.reading_bundle(tmp_path / "bundle", models.darkness())
    coarse = SlideIngested.FromString(slide[1].SerializeToString())
    for instance in coarse.instances:
        instance.microns_per_pixel *= 100
    async with reading_at(tmp_path, bundle, slide[0]) as reading:
        failed = await reading.read(coarse)
        assert isinstance(failed, SlideFailed)
        assert await reading.read(coarse, attempt=uuid4()) == failed


async def test_a_job_that_ended_is_not_cancelled(slide: tuple[Objects, SlideIngested], tmp_path: Path) -> None:
    bundle = models.reading_bundle(tmp_path / "bundle", models.darkness())
    async with reading_at(tmp_path, bundle, slide[0]) as reading:
        ended = await reading.read(slide[1])
        kept, cancelled = await reading.governance.cancel(ended.job_id)
    assert not cancelled
    assert kept.HasField("scored")


async def test_a_device_that_is_lost_for_good_ends_the_worker_and_another_reads_the_shard(
    slide: tuple[Objects, SlideIngested], tmp_path: Path
) -> None:
    class Lost(OnnxSession):
        def run(self, feeds):  # type: ignore[no-untyped-def]
            raise DeviceLost("CUDA failed")

    bundle = models.reading_bundle(tmp_path / "bundle", models.darkness())
    async with (
        reading_at(tmp_path, bundle, slide[0], partial(RenewedSession, make=Lost)) as broken,
        reading_at(tmp_path, bundle, slide[0]) as whole,
    ):
        shards = await broken.handle(SLIDES_SLIDE_INGESTED, slide[1])
        for shard in shards[:2]:
            with pytest.raises(Unavailable):
                await broken.handle(INFERENCE_SHARD_REQUESTED, shard.data)
        assert broken.scoring.lost.is_set()
        assert await broken.scoring.results.names(shards[0].data.job_id) == set()  # type: ignore[attr-defined]
        assert isinstance(await whole.read(slide[1]), SlideScored)
