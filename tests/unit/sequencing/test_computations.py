from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.sequencing.v1.calling_pb2 import ENGINE_BCFTOOLS, ENGINE_GATK, STAGE_JOIN, Computation
from casepath.sequencing.v1.sequencing_pb2 import ReadGroup
from sequencing.adapters.binning import Bins
from sequencing.computations import (
    PADDING,
    Grain,
    bins,
    computation,
    first_tasks,
    next_tasks,
    shards,
    task_name,
)
from sequencing.quality import median
from sequencing.references import Reference

CONTIGS = (("chr1", 25_000), ("chr2", 10_000), ("chrM", 3_000), ("chrUn", 500))
REFERENCE = Reference("tiny", Path("tiny.fa"), "a" * 64)
GRAIN = Grain(chunk_pairs=100, shard_bases=10_000)


def made(groups: int = 1, grain: Grain = GRAIN, sample: str = "S1") -> Computation:
    files = [ObjectRef(path=f"sha256/{number}", sha256=f"{number:064x}", size=1) for number in range(2)]
    lanes = [ReadGroup(id=f"L{number}", library="l", reads_1=files[0], reads_2=files[1]) for number in range(groups)]
    return computation(sample, lanes, REFERENCE, CONTIGS, ENGINE_BCFTOOLS, ["minimap2 2", "bcftools 1"], grain)


def test_shards_cover_every_base_once_and_in_order() -> None:
    covered: list[tuple[str, int]] = []
    for shard in shards(CONTIGS, 10_000):
        covered += [(one.contig, position) for one in shard.intervals for position in range(one.start, one.end)]
    assert covered == [(name, position) for name, length in CONTIGS for position in range(length)]


def test_short_contigs_are_called_together_and_long_ones_in_parts() -> None:
    names = [[(one.contig, one.start, one.whole) for one in shard.intervals] for shard in shards(CONTIGS, 10_000)]
    assert names == [
        [("chr1", 0, False)],
        [("chr1", 10_000, False)],
        [("chr1", 20_000, False)],
        [("chr2", 0, True)],
        [("chrM", 0, True), ("chrUn", 0, True)],
    ]


def test_the_same_is_the_same_computation_whatever_its_chunks() -> None:
    assert made().computation_id == made(grain=replace(GRAIN, chunk_pairs=7)).computation_id
    others = [made(groups=2), made(sample="S2"), made(grain=replace(GRAIN, shard_bases=9_000))]
    assert len({one.computation_id for one in [made(), *others]}) == 4
    files = made().read_groups
    gatk = computation("S1", files, REFERENCE, CONTIGS, ENGINE_GATK, ["minimap2 2", "bcftools 1"], GRAIN)
    assert gatk.computation_id != made().computation_id


@pytest.mark.parametrize("seed", range(50))
def test_every_task_is_done_once_and_after_what_it_needs_in_any_order(seed: int) -> None:
    rng = Random(seed)
    one = made(groups=rng.randint(1, 3))
    chunks = {task_name(split): rng.randint(1, 4) for split in first_tasks(one)}
    waiting = {task_name(split): split for split in first_tasks(one)}
    finished: list[str] = []
    while waiting:
        name = rng.choice(sorted(waiting))
        done = waiting.pop(name)
        finished.append(name)
        following = next_tasks(one, done, finished, lambda split: chunks[task_name(split)])
        names = {task_name(task) for task in following}
        assert not names & set(finished)
        waiting |= {task_name(task): task for task in following}
    kinds = [name.split("-")[0] for name in finished]
    assert len(set(finished)) == len(finished)
    assert kinds.count("align") == sum(chunks.values())
    assert kinds.count("call") == bins(one)
    assert kinds.index("call") > max(index for index, kind in enumerate(kinds) if kind in ("split", "align"))
    assert kinds[-1] == "join"
    assert kinds.count("join") == 1


def test_a_finished_join_has_nothing_after_it() -> None:
    done = first_tasks(made())[0]
    done.stage = STAGE_JOIN
    assert next_tasks(made(), done, {task_name(done)}, lambda split: 1) == []


@pytest.mark.parametrize(
    ("contig", "position", "expected"),
    [
        ("chr1", 1, {0}),
        ("chr1", 10_000 - PADDING, {0}),
        ("chr1", 10_000 - PADDING + 1, {0, 1}),
        ("chr1", 10_000 + PADDING, {0, 1}),
        ("chr1", 10_000 + PADDING + 1, {1}),
        ("chr1", 25_000, {2}),
        ("chr2", 1, {3}),
        ("chrM", 3_000, {4}),
        ("chrUn", 1, {4}),
    ],
)
def test_an_alignment_is_in_its_shard_and_in_those_it_is_near_to(contig: str, position: int, expected: set[int]) -> None:
    assert set(Bins(made()).at(contig.encode(), position)) == expected


@pytest.mark.parametrize(("counts", "expected"), [([], 0), ([7], 0), ([0, 1, 1], 1), ([9, 0, 1, 2], 3), ([0, 0, 5, 4], 2)])
def test_the_median_of_fragment_lengths_leaves_out_zero(counts: list[int], expected: int) -> None:
    assert median(counts) == expected
