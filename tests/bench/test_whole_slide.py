"""A whole slide: against a bare loop over the same tiles; by one worker and two; and, simulated from measured times, by many."""

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from stages.constructed_models import reading_bundle
from stages.slide_archive import archive_at
from stages.slide_reading import reading_at

import examples
from bench.large_slide import repeated_slide
from bench.measuring import makespan
from bench.networks import CLASSES, SIDE, resnet18
from bench.wsinfer_peer import wsinfer
from casepath.inference.v1.scoring_pb2 import ScoringJob, ShardResult, ShardScored, SlideScored
from casepath.slides.v1.slide_pb2 import SlideIngested
from casepath.topics import INFERENCE_SHARD_SCORED, SLIDES_SLIDE_INGESTED
from chassis.objects import Objects, Shelf
from inference.adapters.onnx_session import OnnxSession

MEGABYTES = float(os.environ.get("BENCH_SCORED_MEGABYTES", "4"))
SHARD_TILES = 64
BATCH = 32
ROUNDS = 3
MANY = (1, 2, 4, 8, 16, 32, 64)
# A slide of a scanner at 40 times, in tiles of 224 pixels of 0.25 um, for what is simulated.
FULL_SLIDE_TILES = 20_000


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    classes = [str(number) for number in range(CLASSES)]
    return reading_bundle(tmp_path / "bundle", resnet18(), classes=classes, tile_side=SIDE, threshold=1, name="resnet18")


async def prepared(folder: Path, bundle: Path) -> tuple[SlideIngested, list[Path], ScoringJob, float]:
    """A store with a planned slide, and its shards, each in a file; and how long planning took."""
    folder.mkdir(exist_ok=True)
    source = repeated_slide(folder / "source.svs", MEGABYTES)
    async with archive_at(folder) as archive:
        slide = await archive.take(source, f"{examples.ACCESSION}_A1.svs")
    objects = Objects.at(f"file://{folder / 'objects'}")
    async with reading_at(
        folder, bundle, objects, partial(OnnxSession, device="cpu", threads=1), shard_tiles=SHARD_TILES, batch_tiles=BATCH
    ) as one:
        began = time.perf_counter()
        events = await one.handle(SLIDES_SLIDE_INGESTED, slide)
        planning = time.perf_counter() - began
        job = await one.scoring.job(events[0].data.job_id)  # type: ignore[attr-defined]
    paths = []
    for number, event in enumerate(events):
        paths.append(folder / f"shard{number:04}")
        paths[-1].write_bytes(event.data.SerializeToString())
    return slide, paths, job, planning


def by_workers(folder: Path, bundle: Path, shards: Sequence[Path], workers: int) -> tuple[float, list[float]]:
    """Wall seconds from the first shard to the last one's end, and each shard's seconds; results of before are removed."""
    shutil.rmtree(folder / "objects/shelf/inference/results", ignore_errors=True)
    programs = []
    for number in range(workers):
        own = folder / f"worker{number}"
        own.mkdir(exist_ok=True)
        (own / "objects").unlink(missing_ok=True)
        (own / "objects").symlink_to(folder / "objects")
        programs.append(["bench.shard_worker", str(own), str(bundle), *map(str, shards[number::workers])])
    processes = begun(programs)
    let_go(processes)
    began = time.perf_counter()
    answers = [one.communicate()[0] for one in processes]
    wall = time.perf_counter() - began
    found = [json.loads(answer) for answer in answers]
    return wall, [seconds for one in found for name, seconds in one.items() if name != "ready"]


def bare(folder: Path, bundle: Path, job: ScoringJob, loops: int) -> float:
    """Tiles a second of loops with nothing around them, together: what the machine gives to so many processes."""
    shared = [str(folder), str(bundle), job.job_id]
    processes = begun([["bench.bare_slide", *shared, str(number), str(loops)] for number in range(loops)])
    let_go(processes)
    return sum(float(one.communicate()[0]) for one in processes)


def begun(programs: Sequence[Sequence[str]]) -> list["subprocess.Popen[str]"]:
    """Programs that are ready, and wait to be let go."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    processes = [
        subprocess.Popen([sys.executable, "-m", *argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        for argv in programs
    ]
    for one in processes:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    return processes


def let_go(processes: Sequence["subprocess.Popen[str]"]) -> None:
    for one in processes:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()


def simulated(planning: float, shards: Sequence[float], gathering: float, workers: int) -> float:
    """Seconds from plan to conclusion where each worker takes the next shard when it is free."""
    return planning + makespan(shards, workers) + gathering


async def test_a_whole_slide(tmp_path: Path, bundle: Path) -> None:
    _, shards, job, planning = await prepared(tmp_path, bundle)
    tiles = len(job.cells)
    loops: dict[int, list[float]] = {1: [], 2: []}
    ones, twos, seconds = [], [], []
    for _ in range(ROUNDS):
        for number, rates in loops.items():
            rates.append(await asyncio.to_thread(bare, tmp_path, bundle, job, number))
        twos.append((await asyncio.to_thread(by_workers, tmp_path, bundle, shards, 2))[0])
        wall, found = await asyncio.to_thread(by_workers, tmp_path, bundle, shards, 1)
        ones.append(wall)
        seconds += found
    gathering = await concluded(tmp_path, bundle, job)
    limit, both = (statistics.median(rates) for rates in loops.values())
    one, two = tiles / statistics.median(ones), tiles / statistics.median(twos)
    print(f"\na slide of {MEGABYTES:.0f} MB, ResNet-18, {tiles} tissue tiles in {len(shards)} shards, median of {ROUNDS}")
    print(f"  bare loop {limit:.1f} tiles/s, two at once {both:.1f}; one worker {one:.1f}, {one / limit:.2f} of a loop; ", end="")
    print(f"two {two:.1f}, {two / both:.2f} of two loops, {two / one:.2f} times one")
    print(f"  planning {planning:.2f} s, gathering {gathering:.2f} s, a shard {statistics.median(seconds):.2f} s")
    rng = np.random.default_rng(0)
    many = rng.choice(seconds, FULL_SLIDE_TILES // SHARD_TILES).tolist()
    alone = simulated(planning, many, gathering, 1)
    print(f"  simulated, {FULL_SLIDE_TILES} tiles in {len(many)} shards whose times are drawn from the measured ones:")
    for workers in MANY:
        wall = simulated(planning, many, gathering, workers)
        print(f"    {workers:3} workers {wall:8.1f} s, {alone / wall:5.1f} times one")
    print(f"    never less than {planning + max(many) + gathering:.1f} s: planning, the longest shard, gathering")


async def concluded(folder: Path, bundle: Path, job: ScoringJob) -> float:
    """How long it takes to gather a slide whose shards are all read."""
    objects = Objects.at(f"file://{folder / 'objects'}")
    done = ShardScored(job_id=job.job_id, case_id=job.slide.case_id, shard=0, shards=job.shards)
    async with reading_at(folder, bundle, objects, partial(OnnxSession, device="cpu", threads=1)) as reading:
        began = time.perf_counter()
        (event,) = await reading.handle(INFERENCE_SHARD_SCORED, done)
        assert isinstance(event.data, SlideScored)
        return time.perf_counter() - began


async def test_against_wsinfer(tmp_path: Path) -> None:
    """The same weights, the same pixels of the same tiles: WSInfer reads the scanner's file, we read the DICOM made of it."""
    classes = [str(number) for number in range(CLASSES)]
    first = reading_bundle(tmp_path / "first", resnet18(), classes=classes, tile_side=SIDE, threshold=1, name="resnet18")
    slide, *_ = await prepared(tmp_path / "looked", first)
    spacing = min(one.microns_per_pixel for one in slide.instances if one.microns_per_pixel)
    bundle = reading_bundle(
        tmp_path / "bundle", resnet18(), classes=classes, tile_side=SIDE, threshold=1, name="resnet18", microns_per_pixel=spacing
    )
    _, shards, job, _ = await prepared(tmp_path / "ours", bundle)
    alone = tmp_path / "slides"
    alone.mkdir()
    shutil.copy(tmp_path / "ours/source.svs", alone / "slide.svs")
    inside = [
        (cell.column * SIDE, cell.row * SIDE)
        for cell in job.cells
        if (cell.column + 1) * SIDE <= job.level.total_columns and (cell.row + 1) * SIDE <= job.level.total_rows
    ]
    wall, _ = await asyncio.to_thread(by_workers, tmp_path / "ours", bundle, shards, 1)
    used = json.loads((tmp_path / "ours/worker0/used.json").read_text())
    peer = await asyncio.to_thread(
        wsinfer, tmp_path / "peer", alone / "slide.svs", bundle / "model.onnx", inside, SIDE, spacing, CLASSES, BATCH
    )
    found = await read_probabilities(tmp_path / "ours", job)
    ours = [found[left // SIDE, top // SIDE] for left, top in inside]
    difference = max(abs(one - row[-1]) for one, row in zip(ours, peer.probabilities, strict=True))
    print(f"\nResNet-18 on {len(inside)} tiles, one thread for the network; ours on {len(job.cells)} with those at the edge")
    print(f"  casepath {wall / len(job.cells) * 1e3:.1f} ms a tile, CPU {used['cpu'] / len(job.cells) * 1e3:.1f} ms, ", end="")
    print(f"{used['megabytes']:.0f} MB; WSInfer {peer.seconds / len(inside) * 1e3:.1f} ms, ", end="")
    print(f"CPU {peer.cpu / len(inside) * 1e3:.1f} ms, {peer.megabytes:.0f} MB")
    print(f"  largest difference of two probabilities {difference:.1e}, where they go from {min(ours):.3f} to {max(ours):.3f}")
    assert difference < 1e-3
    assert max(ours) - min(ours) > 10 * difference


async def read_probabilities(folder: Path, job: ScoringJob) -> dict[tuple[int, int], float]:
    results = Shelf(Objects.at(f"file://{folder / 'objects'}"), ShardResult, "inference/results")
    names = sorted(await results.names(job.job_id))
    found = [await results.get(f"{job.job_id}/{name}") for name in names]
    values = [one for result in found if result is not None for one in result.probabilities]
    return {(cell.column, cell.row): value for cell, value in zip(job.cells, values, strict=True)}
