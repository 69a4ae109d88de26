"""What records of knowledge bases say, quoted."""

import pytest

from casepath.sequencing.v1.known_variants_pb2 import RESPECT_GERMLINE
from chassis.errors import Malformed
from chassis.notable_variants import notable
from sequencing.known_variants.page import zygosity
from sequencing.known_variants.snapshots import names_of, release_of, source_of
from sequencing.known_variants.statements import civic, clinvar

FIELDS = ("SYMBOL", "CIViC Entity Type", "CIViC Entity ID", "CIViC Entity Variant Origin", "CIViC Entity Status")
CIVIC = (*FIELDS, "CIViC Entity Significance", "CIViC Assertion AMP Category")


def test_who_disagrees_is_quoted_with_a_conflict() -> None:
    info = {
        "CLNSIG": "Conflicting_classifications_of_pathogenicity",
        "CLNSIGCONF": "Uncertain_significance(3)|Likely_benign(2)",
        "CLNREVSTAT": "criteria_provided,_conflicting_classifications",
        "GENEINFO": "BRCA2:675|ZAR1L:646799",
    }
    (said,) = clinvar("38123", info, "2026-09-05")
    assert said.significance == ("Conflicting classifications of pathogenicity: Uncertain significance(3); Likely benign(2)")
    assert (said.accession, list(said.genes), said.respect) == ("VCV000038123", ["BRCA2", "ZAR1L"], RESPECT_GERMLINE)
    assert notable([said])


@pytest.mark.parametrize(
    ("significance", "shown"),
    [
        ("Benign", False),
        ("Benign/Likely_benign", False),
        ("not_provided", False),
        ("Benign|drug_response", True),
        ("Uncertain_significance", True),
        ("a_word_of_next_year", True),
    ],
)
def test_only_what_is_wholly_benign_or_silent_is_left_to_the_file(significance: str, shown: bool) -> None:
    assert notable(clinvar("1", {"CLNSIG": significance}, "2026-09-05")) == shown


def test_a_record_about_a_haplotype_alone_says_nothing_of_the_variant() -> None:
    assert clinvar("1", {"CLNSIGINCL": "2:Pathogenic"}, "2026-09-05") == []


def test_an_assertion_is_quoted_with_its_tier_and_what_is_only_submitted_is_not() -> None:
    lines = [
        "EGFR|assertion|6|SOMATIC|accepted|SENSITIVITYRESPONSE|TIER_I_LEVEL_A",
        "EGFR|evidence|7|SOMATIC|submitted|RESISTANCE|",
    ]
    (said,) = civic(lines, CIVIC, "2026-11-01")
    assert (said.accession, said.significance, said.review) == ("AID6", "SENSITIVITYRESPONSE", "TIER I LEVEL A")


@pytest.mark.parametrize(("genotype", "name"), [("0/1", "het"), ("1|1", "hom"), ("1", "hemi"), ("./1", "unclear")])
def test_a_genotype_that_is_partly_called_is_said_to_be_so(genotype: str, name: str) -> None:
    assert zygosity(genotype) == name


def test_contigs_are_found_with_and_without_chr() -> None:
    names = names_of(["chr1", "chrM"])
    assert (names["1"], names["chr1"], names["MT"]) == ("chr1", "chr1", "chrM")
    assert names_of(["1", "MT"])["chrM"] == "MT"


def test_a_download_without_source_or_day_is_refused() -> None:
    assert release_of(["##fileDate=20261101"]) == "2026-11-01"
    with pytest.raises(Malformed, match="fileDate"):
        release_of(["##source=ClinVar"])
    with pytest.raises(Malformed, match="ClinVar"):
        source_of(["##source=dbSNP"])
