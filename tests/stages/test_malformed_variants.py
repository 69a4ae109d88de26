"""VCF files that are wrong by the specification, as samtools/hts-specs collects them, at the door where variants are dropped."""

import gzip
import tarfile
from collections import Counter
from pathlib import Path

import pysam
import pytest
from pysam import bcftools

from casepath.sequencing.v1.sequencing_pb2 import REJECTION_REASON_DAMAGED_VARIANTS, REJECTION_REASON_NOT_ONE_SAMPLE
from embedded import samples
from sequencing.adapters.received_variants import check_variants
from sequencing.adapters.vcf_grammar import check_grammar
from sequencing.pharmacogenomics.variant_file import NotVcf, VariantsUnfit, read_genotypes
from sequencing.rejection import ReadsUnfit

CORPUS = Path(__file__).parents[1] / "data/sequencing/hts-specs-vcf.tar.xz"
# GRCh38 names its HLA contigs with colons and stars; and callers name fields of samples as they like.
TAKEN = {
    "contig ID contains a colon": 3,
    "contig ID contains illegal character": 1,
    "FORMAT contains a non-alphanumeric character": 2,
}
# Valid by the specification; refused here, since a genotype without its allele says nothing, and a file without an end was cut.
REFUSED = {"passed_body_alt.vcf", "zero_length_LAA.vcf"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hts-specs")
    with tarfile.open(CORPUS) as packed:
        packed.extractall(folder, filter="data")
    return folder / "vcf"


def first_sample(file: Path) -> str:
    heads = [line for line in file.read_text(errors="replace").splitlines() if line.startswith("#CHROM")]
    return heads[0].split("\t")[9] if heads and heads[0].count("\t") > 8 else ""


def cause(file: Path) -> str:
    lines = file.read_text(errors="replace").splitlines()
    return next((line.partition("=")[2] for line in lines if line.startswith("##CauseOfFailure=")), "")


def test_wrong_records_are_refused_also_where_the_file_is_read_as_of_one_sample(corpus: Path) -> None:
    """Most of the files have two samples, and would be refused for that."""
    refused, taken = 0, Counter[str]()
    for file in sorted(corpus.glob("*/failed/failed_body_*.vcf")):
        try:
            read_genotypes(file, first_sample(file), ordered=True)
            check_grammar(file)
            taken[cause(file)] += 1
        except VariantsUnfit:
            refused += 1
    assert taken == TAKEN
    assert refused == 270


def test_none_of_the_wrong_files_is_taken_at_the_door(corpus: Path) -> None:
    reasons: Counter[int] = Counter()
    for file in sorted(corpus.glob("*/failed/*.vcf")):
        with pytest.raises(ReadsUnfit) as caught:
            check_variants((file,))
        reasons[caught.value.reason] += 1
    assert reasons == {REJECTION_REASON_NOT_ONE_SAMPLE: 527, REJECTION_REASON_DAMAGED_VARIANTS: 80}


def test_files_that_are_right_are_taken(corpus: Path) -> None:
    refused = set()
    for file in sorted(corpus.glob("*/passed/*.vcf")):
        try:
            check_grammar(file)
        except NotVcf:
            refused.add(file.name)
    assert refused == REFUSED


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("\tG\tA\t", "\tG\tR\t", "ALT is not as VCF writes it"),
        ("\t0/1", "\t0/2", "names an allele that the record does not have"),
        ("\t0/1", "\t0//1", "a genotype is not as VCF writes it"),
        ("\tPASS\t", "\tPASS;\t", "FILTER is not as VCF writes it"),
        ("DP=30", "DP=thirty", "END or a depth in INFO is no count"),
        ("DP=30", "DP=30\tx", "has not as many columns as the header"),
        ("0/1\n", "0/1", "may have been cut"),
    ],
)
def test_where_and_why_a_record_is_refused(tmp_path: Path, before: str, after: str, said: str) -> None:
    text = "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS\n"
    text += "chr1\t10\t.\tC\tT\t.\tPASS\tDP=12\tGT\t0|0\nchr1\t11\t.\tG\tA\t.\tPASS\tDP=30\tGT\t0/1\n"
    file = tmp_path / "one.vcf"
    file.write_text(text)
    check_grammar(file)
    head, _, tail = text.rpartition(before)
    file.write_text(head + after + tail)
    with pytest.raises(NotVcf, match=said) as caught:
        check_grammar(file)
    assert caught.value.record == 2


def test_one_variant_written_twice_is_seen_however_it_is_written(tmp_path: Path) -> None:
    head = "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    file = tmp_path / "twice.vcf"
    file.write_text(head + "1\t123\t.\tTAT\tTGT\t.\t.\t.\n1\t124\t.\tA\tC,G\t.\t.\t.\n")
    with pytest.raises(NotVcf, match="says again"):
        check_grammar(file)
    file.write_text(head + "1\t123\t.\tTAT\tTGT\t.\t.\t.\n2\t124\t.\tA\tC,G\t.\t.\t.\n")
    check_grammar(file)


def test_what_callers_here_and_elsewhere_write_is_taken(tmp_path: Path) -> None:
    packed = tmp_path / "genotypes.vcf.gz"
    bcftools.view("-Oz", "-o", str(packed), str(samples.GENOTYPES), catch_stdout=False)
    with pysam.VariantFile(str(packed)) as file:
        assert len(list(file)) > 0
    check_grammar(packed)


@pytest.mark.parametrize("at", [2, 40, -5], ids=["its header", "its content", "its check sum"])
def test_a_file_whose_compression_is_damaged_is_refused(tmp_path: Path, at: int) -> None:
    file = tmp_path / "sample.vcf.gz"
    packed = bytearray(gzip.compress(samples.GENOTYPES.read_bytes()))
    packed[at] ^= 0xFF
    file.write_bytes(packed)
    with pytest.raises(ReadsUnfit, match="not a whole VCF"):
        check_variants((file,))
