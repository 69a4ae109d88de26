import json
from html import unescape

import pytest

from casepath.intake.v1.patient_pb2 import SEX_FEMALE, SEX_MALE, SEX_OTHER, SEX_UNSPECIFIED, Sex
from casepath.sequencing.v1.calling_pb2 import (
    AlignmentTally,
    CallingResult,
    Computation,
    Interval,
    QualityFigures,
    ReadsTally,
    RegionFigures,
    Shard,
)
from casepath.sequencing.v1.sequencing_pb2 import (
    GENOMIC_SEX_UNSPECIFIED,
    GENOMIC_SEX_XX,
    GENOMIC_SEX_XY,
    QUALITY_SHORTFALL_CONTAMINATION,
    QUALITY_SHORTFALL_COVERED_10X,
    QUALITY_SHORTFALL_DUPLICATES,
    QUALITY_SHORTFALL_MAPPED,
    QUALITY_SHORTFALL_MEAN_COVERAGE,
    QUALITY_SHORTFALL_Q30,
    QUALITY_SHORTFALL_SEX,
    GenomicSex,
    Quality,
)
from chassis.language import LANGUAGES, Language
from sequencing.multiqc import multiqc_files
from sequencing.quality import Thresholds, contigs, genomic_sex, region, shortfalls
from sequencing.quality_labels import LABELS
from sequencing.quality_page import page

GOOD = Quality(
    reads=1000,
    mapped_reads=990,
    duplicate_reads=100,
    q30_fraction=0.9,
    mean_coverage=31.5,
    covered_10x_fraction=0.98,
    median_insert_size=350,
    snps=12,
    indels=3,
    transition_transversion_ratio=2.1,
)
BEHIND = QualityFigures(
    reads=ReadsTally(reads=1000, bases=150_000, gc_bases=60_000),
    alignments=AlignmentTally(positions_at_depth=[0, 5, 10, 5], pairs_at_length=[0, 0, 7]),
    reference_at_homozygous=0.001,
    homozygous=40,
)


def part(contig: str, depth: float, start: int = 0, end: int = 100) -> RegionFigures:
    return RegionFigures(region=Shard(intervals=[Interval(contig=contig, start=start, end=end)]), mean_coverage=depth)


@pytest.mark.parametrize(
    ("x", "y", "sex"),
    [
        (30.0, 0.3, GENOMIC_SEX_XX),
        (15.0, 12.0, GENOMIC_SEX_XY),
        (30.0, 12.0, GENOMIC_SEX_UNSPECIFIED),
        (15.0, 0.3, GENOMIC_SEX_UNSPECIFIED),
    ],
    ids=["XX", "XY", "XXY", "X0"],
)
@pytest.mark.parametrize("prefix", ["chr", ""])
def test_sex_chromosomes_are_told_where_x_and_y_agree(x: float, y: float, sex: GenomicSex, prefix: str) -> None:
    autosomes = [part(f"{prefix}1", 28, 0, 100), part(f"{prefix}1", 32, 100, 200), part(f"{prefix}2", 30)]
    assert genomic_sex([*autosomes, part(f"{prefix}X", x), part(f"{prefix}Y", y)]) == sex


def test_sex_is_not_told_of_a_panel_or_of_hardly_any_reads() -> None:
    assert genomic_sex([part("chr20", 30)]) == GENOMIC_SEX_UNSPECIFIED
    assert genomic_sex([part("chr1", 2), part("chrX", 1), part("chrY", 1)]) == GENOMIC_SEX_UNSPECIFIED
    assert genomic_sex([]) == GENOMIC_SEX_UNSPECIFIED


def test_a_contig_that_was_called_in_parts_is_covered_by_their_mean() -> None:
    together = RegionFigures(region=Shard(intervals=[Interval(contig="a", end=1), Interval(contig="b", end=1)]), mean_coverage=9)
    assert contigs([part("chr1", 10, 0, 300), part("chr1", 50, 300, 400), together]) == {"chr1": (400, 20.0)}


def test_a_regions_depth_is_over_all_its_bases_covered_or_not() -> None:
    found = region(Shard(intervals=[Interval(contig="a", end=100)]), AlignmentTally(positions_at_depth=[0] * 10 + [20]))
    assert (found.mean_coverage, found.covered_10x_fraction) == (2.0, 0.2)


@pytest.mark.parametrize(
    ("asked", "shortfall"),
    [
        (Thresholds(least_mapped=0.995), QUALITY_SHORTFALL_MAPPED),
        (Thresholds(most_duplicates=0.05), QUALITY_SHORTFALL_DUPLICATES),
        (Thresholds(least_q30=0.95), QUALITY_SHORTFALL_Q30),
        (Thresholds(least_coverage=40), QUALITY_SHORTFALL_MEAN_COVERAGE),
        (Thresholds(least_covered_10x=0.99), QUALITY_SHORTFALL_COVERED_10X),
        (Thresholds(most_contamination=0.0005), QUALITY_SHORTFALL_CONTAMINATION),
    ],
)
def test_each_threshold_is_asked_for_itself(asked: Thresholds, shortfall: int) -> None:
    assert shortfalls(GOOD, BEHIND, Thresholds()) == []
    assert shortfalls(GOOD, BEHIND, asked) == [shortfall]


def test_a_run_without_reads_is_below_every_bound_that_asks_for_some() -> None:
    assert QUALITY_SHORTFALL_MAPPED in shortfalls(Quality(), QualityFigures(), Thresholds())


@pytest.mark.parametrize(
    ("ordered", "fails"), [(SEX_MALE, True), (SEX_FEMALE, False), (SEX_OTHER, False), (SEX_UNSPECIFIED, False)]
)
def test_another_sex_than_the_orders_is_a_shortfall(ordered: Sex, fails: bool) -> None:
    behind = QualityFigures(regions=[part("chr1", 30), part("chrX", 30), part("chrY", 0)])
    assert (QUALITY_SHORTFALL_SEX in shortfalls(GOOD, behind, Thresholds(), ordered)) == fails


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_what_fails_beside_what_was_asked(language: Language) -> None:
    result = CallingResult(quality=GOOD, figures=BEHIND)
    made = Computation(sample_id="S<1>", reference="GRCh38", tools=["minimap2 2.31"])
    asked = Thresholds(least_coverage=40)
    fine = unescape(page(made, result, Thresholds(), [], [], language))
    failing = unescape(page(made, result, asked, shortfalls(GOOD, BEHIND, asked), [], language))
    assert "S&lt;1&gt;" in page(made, result, Thresholds(), [], [], language)
    assert LABELS[language]["passes"] in fine
    assert LABELS[language]["fails"] in failing
    assert "≥ 40×" in failing
    assert f"({LABELS[language]['fails_word']})" in failing


def test_both_languages_have_every_text() -> None:
    assert LABELS["en"].keys() == LABELS["fr"].keys()


def test_what_is_not_told_is_no_figure() -> None:
    behind = QualityFigures()
    behind.CopyFrom(BEHIND)
    behind.ClearField("reference_at_homozygous")
    told = json.loads(multiqc_files("S1", GOOD, behind)["casepath_general_mqc.json"])["data"]["S1"]
    assert "reference_at_homozygous" not in told
    assert told["gc"] == 40.0
