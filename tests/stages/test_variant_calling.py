import hashlib
from dataclasses import replace
from pathlib import Path

import pysam
import pytest

from casepath.sequencing.v1.sequencing_pb2 import REJECTION_REASON_UNEQUAL_PAIRS
from embedded import samples
from sequencing.adapters.calling import Called, Calling, call
from sequencing.rejection import ReadsUnfit

DATA = Path(__file__).parents[1] / "data" / "sequencing"


def calling(out: Path, threads: int = 2) -> Calling:
    return Calling(
        reads=samples.READS, reference=samples.REFERENCE, reference_name="ref", sample="NA12878", out=out, threads=threads
    )


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory) -> Called:
    return call(calling(tmp_path_factory.mktemp("called") / "out"))


def digests(found: Called) -> list[str]:
    files = (found.alignments, found.alignments_index, found.variants, found.variants_index)
    files += (found.genomic_variants, found.genomic_variants_index)  # type: ignore[assignment]
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]


def confident(position: int) -> bool:
    regions = [line.split() for line in (DATA / "confident.bed").read_text().splitlines()]
    return any(int(start) < position <= int(end) for _, start, end in regions)


def variants(path: Path) -> set[tuple[int, str, str]]:
    pysam.set_verbosity(0)
    with pysam.VariantFile(str(path)) as vcf:
        return {(record.pos, str(record.ref), str((record.alts or ("",))[0])) for record in vcf if confident(record.pos)}


def test_variants_agree_with_the_truth_set_inside_its_confident_regions(called: Called) -> None:
    truth, found = variants(DATA / "truth.vcf.gz"), variants(called.variants)
    assert len(truth) == 49
    # At seven-fold coverage one 10-base deletion has no read that spans it.
    assert truth - found == {(9769, "TAAAACTATGC", "T")}
    assert found - truth == set()


def test_the_same_reads_give_the_same_bytes_with_any_number_of_threads(called: Called, tmp_path: Path) -> None:
    assert digests(call(calling(tmp_path / "out", threads=1))) == digests(called)


def test_every_read_is_in_the_alignments_once(called: Called) -> None:
    with pysam.AlignmentFile(str(called.alignments)) as bam:
        primary = [(read.query_name, read.is_read1) for read in bam.fetch(until_eof=True) if not read.flag & 0x900]
    assert len(primary) == len(set(primary)) == 2 * 12184


def test_figures_are_those_that_samtools_counts(called: Called) -> None:
    figures = called.figures()
    counted = pysam.samtools.flagstat(str(called.alignments))
    assert f"{figures.mapped_reads} + 0 primary mapped" in counted
    assert f"{figures.duplicate_reads} + 0 primary duplicates" in counted
    assert figures.reads == 24368
    depth = pysam.samtools.coverage(str(called.alignments)).splitlines()[1].split("\t")[6]
    assert figures.mean_coverage == pytest.approx(float(depth), abs=0.05)
    assert figures.snps == 467


def test_headers_say_nothing_of_the_machine(called: Called) -> None:
    with pysam.AlignmentFile(str(called.alignments)) as bam, pysam.VariantFile(str(called.variants)) as vcf:
        headers = str(bam.header) + str(vcf.header)
    assert str(called.variants.parent) not in headers
    assert "file:///" not in headers


def test_nothing_but_results_is_left(called: Called) -> None:
    assert {path.name for path in called.variants.parent.iterdir()} == {
        "alignments.bam",
        "alignments.bam.bai",
        "variants.vcf.gz",
        "variants.vcf.gz.tbi",
        "variants.g.vcf.gz",
        "variants.g.vcf.gz.tbi",
    }


def test_the_gvcf_tells_what_is_reference_from_what_was_not_covered(called: Called) -> None:
    options = ["-a", "-J", "-q", "1", "-G", "0x704", str(called.alignments)]
    depths = [int(line.split("\t")[2]) for line in str(pysam.samtools.depth(*options)).splitlines()]
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


def test_reads_that_are_unfit_are_refused_while_they_are_aligned(tmp_path: Path) -> None:
    short = tmp_path / "short.fastq"
    short.write_text("@20FUKAAXX100202:1:1:1229:90686/2\nACGT\n+\nIIII\n")
    with pytest.raises(ReadsUnfit) as caught:
        call(replace(calling(tmp_path / "out"), reads=(samples.READS[0], short)))
    assert caught.value.reason == REJECTION_REASON_UNEQUAL_PAIRS
