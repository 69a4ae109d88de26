"""Variant files of every kind, to alleles and advice, by the command line."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pysam
import pytest
from click.testing import CliRunner, Result

from chassis.errors import CasepathError, Malformed
from embedded import samples
from sequencing.pharmacogenomics.commands import pgx
from sequencing.pharmacogenomics.definitions import genes
from sequencing.pharmacogenomics.matching import Genotype
from sequencing.pharmacogenomics.variant_file import OtherBuild, read_genotypes

DATA = Path(__file__).parents[1] / "data/pgx"
CASES = json.loads((DATA / "vcf_cases.json").read_text())
HEADER = '##fileformat=VCFv4.3\n##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
HEADER += '##INFO=<ID=END,Number=1,Type=Integer,Description="End">\n##FILTER=<ID=q10,Description="Low">\n'
HEADER += '##INFO=<ID=MIN_DP,Number=1,Type=Integer,Description="Least">\n'
HEADER += '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">\n'
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"
# VKORC1 has one position, CYP3A5 one with an insertion.
VKORC1 = ("chr16", 31096368)
CYP3A5_INSERTION = 99652770


def vcf(path: Path, *records: str, header: str = "", samples: str = "S1") -> Path:
    contigs = "".join(f"##contig=<ID={name}>\n" for name in ("chr7", "chr16", "16"))
    lines = "".join("\t".join(record.split()) + "\n" for record in records)
    path.write_text(HEADER + (header or contigs) + f"{COLUMNS}\t{samples}\n{lines}")
    return path


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(pgx, ["call", *map(str, arguments)])


def refused(result: Result, why: str) -> None:
    assert isinstance(result.exception, CasepathError), result.output
    assert why in str(result.exception)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_pharmcats_own_files_give_the_same_diplotypes(case: dict) -> None:  # type: ignore[type-arg]
    done = call(DATA / case["vcf"], "--json")
    assert done.exit_code == 0
    found = {one["gene"]: one for one in json.loads(done.stdout)["genes"]}
    name = next(gene for gene in found if gene.lower() in f"{case['vcf']} {case['name']}".lower())
    assert case["expected"] in ([one["name"] for one in found[name]["diplotypes"]], found[name]["best"])


# Reviewed by hand against the genotypes in the files; what the tables call differently would show here.
REVIEWED = {
    "NA18526": {
        "CYP2C19": "*1/*1",
        "CYP2C9": "*1/*1",
        "CYP3A5": "*1/*1",
        "NUDT15": "*1/*2",
        "SLCO1B1": "*1/*15",
        "TPMT": "*1/*1",
    },
    "NA18861": {
        "CYP2B6": "*1/*18",
        "CYP2C19": "*1/*1",
        "CYP2C9": "*1/*1",
        "CYP3A5": "*1/*1",
        "SLCO1B1": "*1/*43",
        "TPMT": "*1/*1",
    },
}


@pytest.mark.parametrize("sample", sorted(REVIEWED))
def test_two_real_genomes(sample: str) -> None:
    done = call(DATA / f"samples/{sample}.preprocessed.vcf", "--json")
    found = {one["gene"]: one for one in json.loads(done.stdout)["genes"]}
    assert {gene: found[gene]["best"] for gene in REVIEWED[sample]} == {gene: [name] for gene, name in REVIEWED[sample].items()}
    assert not found["CYP2D6"]["called"]
    assert not found["CYP3A4"]["called"]


def test_an_outside_call_is_taken_for_the_gene_that_it_names() -> None:
    outside = DATA / "samples/outside_calls_from_get-rm.NA18526.txt"
    done = call(DATA / "samples/NA18526.preprocessed.vcf", "--outside-calls", outside, "--json")
    found = {one["gene"]: one for one in json.loads(done.stdout)["genes"]}
    assert (found["CYP2D6"]["source"], found["CYP2D6"]["best"]) == ("outside", ["*1/*36x2+*10"])


def of_vkorc1(path: Path, sample: str = "") -> Genotype | None:
    return read_genotypes(path, sample).called["VKORC1"].get(0)


@pytest.mark.parametrize(
    ("record", "bases"),
    [
        ("chr16 31096368 . C T . PASS . GT 0/1", ("C", "T")),
        ("16 31096368 . C T . . . GT 1/1", ("T", "T")),
        ("chr16 31096368 . C . . PASS . GT 0/0", ("C", "C")),
        ("chr16 31096000 . G <NON_REF> . . END=31097000 GT 0/0", ("C", "C")),
        ("chr16 1 . N <NON_REF> . . END=90000000 GT 0/0", ("C", "C")),
        ("chr16 31096368 . C T,<NON_REF> . PASS . GT 0/1", ("C", "T")),
        ("chr16 31096000 . G . . . END=31097000;MIN_DP=10 GT 0/0", ("C", "C")),
        ("chr16 31096000 . G . . . END=31097000;MIN_DP=9 GT 0/0", None),
        ("chr16 31096368 . C . . PASS . GT:DP 0/0:3", None),
        ("chr16 31096368 . C T . PASS . GT:DP 0/1:3", ("C", "T")),
        ("chr16 31096368 . C T . PASS . GT ./.", None),
        ("chr16 31096368 . C T . PASS . GT ./1", None),
        ("chr16 31096368 . C T . q10 . GT 0/1", None),
        ("chr16 31096000 . G <NON_REF> . . END=31096367 GT 0/0", None),
        ("chr16 31096000 . G <NON_REF> . . END=31097000 GT ./.", None),
    ],
)
def test_a_genotype_is_read_as_it_is_written_or_not_at_all(record: str, bases: tuple[str, str] | None, tmp_path: Path) -> None:
    found = of_vkorc1(vcf(tmp_path / "a.vcf", record))
    assert (None if found is None else found.bases) == bases


@pytest.mark.parametrize(
    ("records", "bases"),
    [
        (["T TA . PASS . GT 0/1"], ("T", "TA")),
        (["TG TAG . PASS . GT 0/1"], ("T", "TA")),
        (["T TA,C . PASS . GT 0/1"], ("T", "TA")),
        (["T C . PASS . GT 0/0", "T TA . PASS . GT 1/1"], ("TA", "TA")),
    ],
)
def test_an_insertion_is_found_however_it_is_written(records: list[str], bases: tuple[str, str], tmp_path: Path) -> None:
    path = vcf(tmp_path / "a.vcf", *(f"chr7 {CYP3A5_INSERTION} . {record}" for record in records))
    assert read_genotypes(path).called["CYP3A5"][0].bases == bases


def test_phase_is_kept_within_its_set_alone(tmp_path: Path) -> None:
    header = '##FORMAT=<ID=PS,Number=1,Type=Integer,Description="Phase set">\n##contig=<ID=chr7>\n'
    first, second = genes()["CYP3A5"].positions[2:4]
    phased = "chr7 {} . {} {} . PASS . GT:PS 0|1:{}".format
    records = [phased(one.position, one.ref, one.alts[0], number) for number, one in ((1, first), (2, second))]
    found = read_genotypes(vcf(tmp_path / "a.vcf", *records, header=header)).called["CYP3A5"]
    assert [found[2].phase_set, found[3].phase_set] == ["1", "2"]


def test_a_base_that_no_definition_knows_makes_its_gene_not_called(tmp_path: Path) -> None:
    done = call(vcf(tmp_path / "a.vcf", "chr16 31096368 . C G . PASS . GT 0/1"))
    assert "VKORC1   not called: a base that the definition does not know" in done.stdout


def test_a_file_on_another_reference_is_refused_by_its_contigs(tmp_path: Path) -> None:
    path = vcf(tmp_path / "a.vcf", "chr16 31096368 . C T . PASS . GT 0/1", header="##contig=<ID=chr16,length=90354753>\n")
    refused(call(path), "chr16 has 90354753 bases in the header, and 90338345 in GRCh38")


def test_a_file_on_another_reference_is_refused_by_its_bases(tmp_path: Path) -> None:
    with pytest.raises(OtherBuild, match="chr16:31096368 has G where GRCh38 has C"):
        of_vkorc1(vcf(tmp_path / "a.vcf", "chr16 31096368 . G T . PASS . GT 0/1"))


def test_of_several_samples_one_is_named(tmp_path: Path) -> None:
    path = vcf(tmp_path / "a.vcf", "chr16 31096368 . C T . PASS . GT 0/0 0/1", samples="S1\tS2")
    refused(call(path), "2 samples: say which with --sample")
    refused(call(path, "--sample", "S3"), "no sample of that name")
    found = of_vkorc1(path, "S2")
    assert found is not None
    assert found.bases == ("C", "T")
    refused(call(DATA / "haplotype/VcfSampleReaderTest-multisample.vcf"), "--sample")


@pytest.mark.parametrize("content", [b"", b"chr16\t31096368\t.\tC\tT\n", b"\x00\x01\x02", b"##fileformat=VCFv4.3\n"])
def test_what_is_no_vcf_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.vcf"
    path.write_bytes(content)
    refused(call(path), "")


def test_a_file_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    plain, packed = DATA / "samples/NA18526.preprocessed.vcf", tmp_path / "a.vcf.gz"
    pysam.tabix_compress(str(plain), str(packed), force=True)
    assert read_genotypes(packed).called == read_genotypes(plain).called
    packed.write_bytes(packed.read_bytes()[: packed.stat().st_size // 2])
    with pytest.raises(Malformed):
        read_genotypes(packed)


def test_a_gzipped_file_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "a.vcf.gz"
    path.write_bytes(gzip.compress((DATA / CASES[0]["vcf"]).read_bytes()))
    assert read_genotypes(path).called == read_genotypes(DATA / CASES[0]["vcf"]).called


def test_an_outside_call_that_is_none_is_refused_with_its_line(tmp_path: Path) -> None:
    outside = tmp_path / "calls.tsv"
    outside.write_text("# gene\tdiplotype\nCYP2D6\n")
    refused(call(DATA / CASES[0]["vcf"], "--outside-calls", outside), "line 2 of the outside calls")


def test_advice_on_one_drug_quotes_the_guideline_and_says_what_is_not_told() -> None:
    done = call(DATA / "samples/NA18526.preprocessed.vcf", "--drug", "simvastatin", "--drug", "codeine")
    assert "simvastatin (CPIC, Strong; general): SLCO1B1 Decreased Function" in done.stdout
    assert "codeine (CPIC): CYP2D6" in done.stdout
    assert "warfarin" not in done.stdout


@pytest.mark.parametrize(("name", "begins"), [("page.html", b"<!doctype html>"), ("page.pdf", b"%PDF-1.7")])
def test_a_page_is_written_as_its_name_says(tmp_path: Path, name: str, begins: bytes) -> None:
    out = tmp_path / name
    command = [sys.executable, "-m", "cli", "pgx", "page", str(samples.GENOTYPES), "--out", str(out), "--language", "fr"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert out.read_bytes().startswith(begins)
