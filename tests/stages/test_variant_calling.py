import asyncio
import gzip
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import dnaio
import pysam
import pytest
from pysam import samtools

from casepath.sequencing.v1.calling_pb2 import ENGINE_BCFTOOLS
from casepath.sequencing.v1.sequencing_pb2 import REJECTION_REASON_UNEQUAL_PAIRS
from chassis.errors import Malformed
from embedded import samples
from sequencing.computations import Grain
from sequencing.local import Made, Request, compute
from sequencing.provenance import METADATA
from sequencing.rejection import ReadsUnfit
from waiting import eventually

DATA = Path(__file__).parents[1] / "data" / "sequencing"
RESULTS = tuple(
    f"{file}{index}"
    for file, index in (
        *(("alignments.bam", end) for end in ("", ".bai")),
        *((name, end) for name in ("variants.vcf.gz", "variants.g.vcf.gz") for end in ("", ".tbi")),
    )
)
FINE = Grain(chunk_pairs=2000, shard_bases=250_000)


def request(out: Path, workers: int = 2, grain: Grain = FINE, pairs: Sequence[tuple[Path, Path]] = (samples.READS,)) -> Request:
    return Request(pairs, (), samples.REFERENCE, "NA12878", out, ENGINE_BCFTOOLS, workers, 1, grain)


def run(request: Request) -> Made:
    return compute(request, lambda finished, begun: None)


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return run(request(tmp_path_factory.mktemp("called") / "out"))


def digests(folder: Path, names: Sequence[str] = RESULTS) -> list[str]:
    return [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names]


def confident(position: int) -> bool:
    regions = [line.split() for line in (DATA / "confident.bed").read_text().splitlines()]
    return any(int(start) < position <= int(end) for _, start, end in regions)


def variants(path: Path) -> set[tuple[int, str, str]]:
    pysam.set_verbosity(0)
    with pysam.VariantFile(str(path)) as vcf:
        return {(record.pos, str(record.ref), str((record.alts or ("",))[0])) for record in vcf if confident(record.pos)}


def records(path: Path) -> list[str]:
    pysam.set_verbosity(0)
    with pysam.VariantFile(str(path)) as vcf:
        return [str(record) for record in vcf]


def alignments(path: Path) -> list[str]:
    with pysam.AlignmentFile(str(path)) as bam:
        return [read.to_string() for read in bam.fetch(until_eof=True)]


def test_variants_agree_with_the_truth_set_inside_its_confident_regions(called: Made) -> None:
    truth, found = variants(DATA / "truth.vcf.gz"), variants(called.variants)
    assert len(truth) == 49
    # At seven-fold coverage one 10-base deletion has no read that spans it.
    assert truth - found == {(9769, "TAAAACTATGC", "T")}
    assert found - truth == set()


@pytest.mark.parametrize(("workers", "pairs"), [(1, 20_000), (3, 777), (2, 6_092)])
def test_the_bytes_do_not_depend_on_workers_or_chunks(called: Made, tmp_path: Path, workers: int, pairs: int) -> None:
    again = run(request(tmp_path / "out", workers, replace(FINE, chunk_pairs=pairs)))
    assert digests(again.variants.parent) == digests(called.variants.parent)


def test_shards_call_what_one_call_of_the_whole_does(called: Made, tmp_path: Path) -> None:
    whole = run(request(tmp_path / "out", grain=Grain()))
    assert records(whole.variants) == records(called.variants)
    assert alignments(whole.alignments) == alignments(called.alignments)


def begun(out: Path, task: str) -> bool:
    return any((out / ".work").rglob(f"{task}*"))


def test_a_call_that_is_killed_goes_on_to_the_same_bytes(called: Made, tmp_path: Path) -> None:
    out = tmp_path / "out"
    program = f"""
import sys
from pathlib import Path
sys.path[:0] = [{str(Path(__file__).parent)!r}, {str(Path(__file__).parents[1])!r}]
from test_variant_calling import request, run
if __name__ == "__main__":
    run(request(Path({str(out)!r})))
"""
    script = tmp_path / "call.py"
    script.write_text(program)
    for stage in ("align-0000-000003", "call-0002"):
        process = subprocess.Popen([sys.executable, script], start_new_session=True)
        asyncio.run(eventually(partial(begun, out, stage)))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert not (out / "variants.vcf.gz").exists()
    before = {path: path.stat().st_mtime_ns for path in (out / ".work").rglob("align-*")}
    assert before
    again = run(request(out))
    assert digests(again.variants.parent) == digests(called.variants.parent)


def test_every_read_is_in_the_alignments_once(called: Made) -> None:
    with pysam.AlignmentFile(str(called.alignments)) as bam:
        primary = [(read.query_name, read.is_read1) for read in bam.fetch(until_eof=True) if not read.flag & 0x900]
    assert len(primary) == len(set(primary)) == 2 * 12184


def test_figures_are_those_that_samtools_counts(called: Made) -> None:
    figures = called.result.quality
    counted = samtools.flagstat(str(called.alignments))
    assert f"{figures.mapped_reads} + 0 primary mapped" in counted
    assert f"{figures.duplicate_reads} + 0 primary duplicates" in counted
    assert figures.reads == 24368
    depth = samtools.coverage(str(called.alignments)).splitlines()[1].split("\t")[6]
    assert figures.mean_coverage == pytest.approx(float(depth), abs=0.05)
    assert figures.snps == 347


def test_headers_say_nothing_of_the_machine(called: Made) -> None:
    with pysam.AlignmentFile(str(called.alignments)) as bam, pysam.VariantFile(str(called.variants)) as vcf:
        headers = str(bam.header) + str(vcf.header)
    assert str(called.variants.parent) not in headers
    assert "file:///" not in headers


def test_nothing_but_results_is_left(called: Made) -> None:
    assert {path.name for path in called.variants.parent.iterdir()} == {*RESULTS, METADATA}


def test_the_gvcf_tells_what_is_reference_from_what_was_not_covered(called: Made) -> None:
    options = ["-a", "-J", "-q", "1", "-G", "0x704", str(called.alignments)]
    depths = [int(line.split("\t")[2]) for line in str(samtools.depth(*options)).splitlines()]
    told: dict[int, int] = {}
    alternate = set()
    with pysam.VariantFile(str(called.genomic_variants)) as vcf:
        for record in vcf:
            if None in record.samples[0].allele_indices:
                continue
            if record.alts is None:
                told |= dict.fromkeys(range(record.pos, record.stop + 1), record.info["MIN_DP"])
            else:
                alternate.add(record.pos)
    uncovered = {position for position, depth in enumerate(depths, start=1) if not depth}
    assert not uncovered & told.keys()
    assert 0.9 < len(told) / (len(depths) - len(uncovered)) <= 1
    assert all(depths[position - 1] >= least for position, least in told.items())
    with pysam.VariantFile(str(called.variants)) as vcf:
        assert {record.pos for record in vcf} <= alternate | told.keys()


def test_lanes_are_read_groups_and_call_the_same(called: Made, tmp_path: Path) -> None:
    lanes: list[tuple[Path, Path]] = []
    for number, span in enumerate((slice(0, 24_000), slice(24_000, None)), start=1):
        pair = tmp_path / f"l{number}_1.fq", tmp_path / f"l{number}_2.fq"
        for whole, part in zip(samples.READS, pair, strict=True):
            part.write_bytes(b"".join(gzip.decompress(whole.read_bytes()).splitlines(keepends=True)[span]))
        lanes.append(pair)
    found = run(request(tmp_path / "out", pairs=lanes))
    assert records(found.variants) == records(called.variants)
    with pysam.AlignmentFile(str(found.alignments)) as bam:
        groups = [(group["ID"], group["SM"]) for group in bam.header.to_dict()["RG"]]
        counted = Counter(read.get_tag("RG") for read in bam.fetch(until_eof=True))
    assert groups == [("NA12878.L001", "NA12878"), ("NA12878.L002", "NA12878")]
    assert counted.total() == len(alignments(called.alignments))
    assert min(counted[name] for name, _ in groups) > 10_000


@pytest.mark.parametrize("kind", ["bam", "cram"])
def test_alignments_are_taken_as_reads_and_call_the_same(called: Made, tmp_path: Path, kind: str) -> None:
    file, reference = tmp_path / f"given.{kind}", shutil.copy(samples.REFERENCE, tmp_path)
    samtools.view("-O", kind, "-T", str(reference), "-o", str(file), str(called.alignments), catch_stdout=False)
    given = replace(request(tmp_path / "out"), pairs=(), alignments=(file,))
    found = run(given)
    assert records(found.variants) == records(called.variants)
    assert found.result.quality.reads == 24368


def test_a_read_without_its_mate_is_aligned_alone(called: Made, tmp_path: Path) -> None:
    file = tmp_path / "single.bam"
    samtools.view("-f", "0x40", "-F", "0x900", "-b", "-o", str(file), str(called.alignments), catch_stdout=False)
    found = run(replace(request(tmp_path / "out"), pairs=(), alignments=(file,)))
    with pysam.AlignmentFile(str(found.alignments)) as bam:
        assert sum(not read.is_paired for read in bam.fetch(until_eof=True) if not read.flag & 0x900) == 12184


def test_reads_that_are_unfit_are_refused(tmp_path: Path) -> None:
    short = tmp_path / "short.fastq"
    short.write_text("@20FUKAAXX100202:1:1:1229:90686/2\nACGT\n+\nIIII\n")
    with pytest.raises(ReadsUnfit) as caught:
        run(request(tmp_path / "out", pairs=[(samples.READS[0], short)]))
    assert caught.value.reason == REJECTION_REASON_UNEQUAL_PAIRS


def test_reads_of_another_genome_are_refused_rather_than_called_without_variants(tmp_path: Path) -> None:
    other = tmp_path / "other.fa"
    other.write_text(">chr20\n" + "ACGTTGCAAC" * 20_000 + "\n")
    with pytest.raises(Malformed, match="of 24368 reads align"):
        run(replace(request(tmp_path / "out"), reference=other))


def test_reads_are_given_back_as_the_sequencer_gave_them(called: Made, tmp_path: Path) -> None:
    from sequencing.adapters.splitting import from_alignments

    given = {(one.id.split("/")[0], one.sequence, one.qualities) for path in samples.READS for one in dnaio.open(path)}
    reference = Path(shutil.copy(samples.REFERENCE, tmp_path))
    found = from_alignments(called.alignments, "NA12878", reference, tmp_path)
    assert {(one.id, one.sequence, one.qualities) for fragment in found for one in fragment} == given
