"""Reads to variants: ours against the same tools in a shell pipe, one worker against two, and a simulation of many."""

import gzip
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from bench.bare_chain import ALIGN, BCFTOOLS, environment
from bench.measuring import makespan
from casepath.sequencing.v1.calling_pb2 import ENGINE_BCFTOOLS, TaskResult
from embedded import samples
from sequencing.computations import Grain
from sequencing.local import Request, compute

PAIRS, READ, ROUNDS = 160_000, 101, 3
STAGES = ("split", "align", "call", "join")
WORKERS = (1, 2, 8, 32, 64, 128, 256)


@pytest.fixture(scope="module")
def reads(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Some 30-fold coverage of the sample reference with 1,100 SNPs on one of two haplotypes, errors as qualities say, seed 7."""
    rng = np.random.default_rng(7)
    text = "".join(line.strip() for line in samples.REFERENCE.read_text().splitlines() if not line.startswith(">"))
    reference = np.frombuffer(text.upper().encode(), np.uint8)
    bases = np.frombuffer(b"ACGT", np.uint8)
    other = reference.copy()
    other[rng.choice(len(other), 1100, replace=False)] = rng.choice(bases, 1100)
    complement = np.zeros(256, np.uint8)
    complement[list(b"ACGTN")] = list(b"TGCAN")
    folder = tmp_path_factory.mktemp("reads")
    files = folder / "1.fq.gz", folder / "2.fq.gz"
    lengths = np.clip(rng.normal(400, 60, PAIRS).astype(int), READ + 5, 750)
    starts = rng.integers(0, len(reference) - 800, PAIRS)
    with gzip.open(files[0], "wb", 2) as first, gzip.open(files[1], "wb", 2) as second:
        for number in range(PAIRS):
            fragment = (reference, other)[rng.integers(2)][starts[number] : starts[number] + lengths[number]]
            quality = np.clip(38 - rng.geometric(0.25, (2, READ)), 2, 38)
            mates = fragment[:READ].copy(), complement[fragment[-READ:][::-1]]
            for out, read, scores in zip((first, second), mates, quality, strict=True):
                wrong = rng.random(READ) < 10 ** (scores / -10.0) * 0.3
                read[wrong] = rng.choice(bases, wrong.sum())
                letters = (scores + 33).astype(np.uint8).tobytes()
                out.write(b"@s%d\n%s\n+\n%s\n" % (number, read.tobytes(), letters))
    return files


def measured(arguments: Sequence[str | Path], folder: Path, environment: Mapping[str, str]) -> tuple[float, float]:
    """Wall-clock and processor seconds of a program and its children."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(arguments, cwd=folder, env={**os.environ, **environment}, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_calling_against_a_shell_pipe(reads: tuple[Path, Path], tmp_path: Path) -> None:
    named = environment(samples.REFERENCE, reads, tmp_path)
    call: list[str | Path] = [Path(sys.executable).with_name("casepath"), "variants", "call"]
    call += ["--reads", *reads, "--reference", samples.REFERENCE]
    found: dict[str, list[tuple[float, float]]] = {"shell pipe": [], "one worker": [], "two workers": []}
    for number in range(ROUNDS):
        found["shell pipe"].append(measured(["bash", "-c", ALIGN + BCFTOOLS], tmp_path, named))
        for workers, name in ((1, "one worker"), (2, "two workers")):
            out = tmp_path / f"{workers}-{number}"
            found[name].append(measured([*call, "--out", out, "--workers", str(workers)], tmp_path, {}))
    print(f"\n{PAIRS} pairs, median of {ROUNDS}: wall-clock seconds, processor seconds, processor against the pipe")
    bare = float(np.median([cpu for _, cpu in found["shell pipe"]]))
    for name, values in found.items():
        wall, cpu = np.median(np.array(values), axis=0)
        print(f"  {name:14} {wall:8.2f} {cpu:8.2f} {cpu / bare:6.2f}")


def test_many_workers_simulated(reads: tuple[Path, Path], tmp_path: Path) -> None:
    """A genome of 30-fold coverage in tasks that take what tasks of these reads took, each worker taking the next."""
    out = tmp_path / "out"
    kept: dict[str, float] = {}

    def keep(finished: object, begun: object) -> None:
        for path in (out / ".work/objects/shelf/sequencing/tasks").glob("*/*"):
            kept[path.name] = TaskResult.FromString(path.read_bytes()).seconds

    request = Request([reads], (), samples.REFERENCE, "S", out, ENGINE_BCFTOOLS, 1, 1, Grain(20_000, 275_000))
    compute(request, keep)
    rng = np.random.default_rng(1)
    by_stage = {stage: [seconds for name, seconds in kept.items() if name.startswith(stage)] for stage in STAGES}
    called = sorted(by_stage["call"])[1:]
    genome = 2_800
    aligned = rng.choice(by_stage["align"], genome * 8).tolist()
    calls = rng.choice(called, genome * 4).tolist()
    ends = (by_stage["split"][0] + by_stage["join"][0]) * genome
    print(f"\nsimulated: {len(aligned)} chunks of {np.mean(aligned):.2f} s, {len(calls)} shards of {np.mean(called):.2f} s")
    print(f"  one after the other whatever the workers (split, join): {ends / 3600:.2f} h")
    for workers in WORKERS:
        print(f"  {workers:4} workers: {(makespan(aligned, workers) + makespan(calls, workers)) / 3600:8.3f} h between them")
