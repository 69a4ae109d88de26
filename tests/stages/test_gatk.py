"""GATK's engine on real reads: shards, workers and a warm JVM against one call of the whole in a fresh JVM."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pysam
import pytest

from casepath.sequencing.v1.calling_pb2 import ENGINE_GATK
from chassis.errors import Misconfigured
from embedded import samples
from embedded.java import gatk_jars
from sequencing.adapters.gatk_engine import Gatk
from sequencing.computations import Grain
from sequencing.local import Made, Request, compute


def run(out: Path, jars: Path, workers: int, grain: Grain) -> Made:
    request = Request([samples.READS], (), samples.REFERENCE, "NA12878", out, ENGINE_GATK, workers, 1, grain, jars)
    return compute(request, lambda finished, begun: None)


@pytest.fixture(scope="module")
def jars() -> Path:
    return gatk_jars(print)


@pytest.fixture(scope="module")
def whole(jars: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return run(tmp_path_factory.mktemp("whole") / "out", jars, 1, Grain())


@pytest.fixture(scope="module")
def sharded(jars: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return run(tmp_path_factory.mktemp("sharded") / "out", jars, 2, Grain(chunk_pairs=5000, shard_bases=200_000))


def records(path: Path) -> Sequence[pysam.VariantRecord]:
    pysam.set_verbosity(0)
    with pysam.VariantFile(str(path)) as vcf:
        return list(vcf)


def calls(path: Path) -> list[tuple[object, ...]]:
    """All of each record but QD: for homozygous calls of high quality GATK draws it at random."""
    found: list[tuple[object, ...]] = []
    for record in records(path):
        info = {name: value for name, value in record.info.items() if name != "QD"}
        found.append((record.contig, record.pos, record.ref, record.alts, record.qual, info, dict(record.samples[0])))
    return found


def test_shards_call_what_gatk_calls_of_the_whole(whole: Made, sharded: Made) -> None:
    assert len(calls(whole.variants)) > 400
    assert calls(sharded.variants) == calls(whole.variants)


def test_blocks_of_the_gvcf_meet_without_a_gap_where_shards_do(sharded: Made) -> None:
    found = [record for record in records(sharded.genomic_variants) if record.alts == ("<NON_REF>",)]
    assert all(before.stop <= after.start for before, after in pairwise(found))
    edges = set(range(200_000, 1_100_000, 200_000))
    assert edges <= {record.start for record in found} | {record.stop for record in found}


def test_headers_say_nothing_of_the_machine(whole: Made) -> None:
    for path in (whole.variants, whole.genomic_variants):
        with pysam.VariantFile(str(path)) as vcf:
            assert "GATKCommandLine" not in str(vcf.header)
            assert str(whole.variants.parent) not in str(vcf.header)


def test_the_tools_are_told_with_their_versions(whole: Made) -> None:
    assert any(tool.startswith("GATK 4.") for tool in whole.computation.tools)


@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_without_gatk_is_said_with_what_to_do(tmp_path: Path, exists: bool) -> None:
    with pytest.raises(Misconfigured, match="casepath prepare --gatk"):
        Gatk(tmp_path if exists else None)
