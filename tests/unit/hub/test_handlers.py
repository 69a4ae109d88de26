"""What a fact says, as rows."""

from json import loads

import examples
from casepath.deidentification.v1.release_pb2 import (
    WITHDRAWAL_REASON_OBJECTED,
    FactReleased,
    PharmacogenomicFact,
    ReportFact,
    ReviewFact,
    ScoreFact,
    ScoreOutcome,
    VariantsFact,
    Withdrawal,
)
from casepath.inference.v1.scoring_pb2 import FAILURE_REASON_UNREADABLE, Finding
from casepath.portal.v1.reading_pb2 import VERDICT_REJECTED
from hub.facts import CONDITION, GENE, MEASUREMENT, NOTE, PERSON, PROCEDURE, RETRACTED, VARIANT, WITHDRAWAL
from hub.handlers import FAILED, NOT_CALLED, rows


def of(**content: object) -> FactReleased:
    fact = examples.fact_released()
    fact.ClearField("case")
    for name, one in content.items():
        getattr(fact, name).CopyFrom(one)
    return fact


def test_a_report_says_its_words_and_each_diagnosis_by_a_name_of_its_own() -> None:
    said = ReportFact(case_id=examples.CASE, number=2, signed_on="2025-03-09", text="Carcinome.")
    for code, system in (("C50.9", "I10"), ("8500/3", "ICDO3")):
        said.diagnoses.add(code=code, system=system)
    note, first, second = rows(of(report=said), 3, 7)
    assert (note.domain, note.text, note.code) == (NOTE, "Carcinome.", "")
    assert [(one.domain, one.code, one.system, one.text, one.value, one.day) for one in (first, second)] == [
        (CONDITION, "C50.9", "I10", "", 2, note.day),
        (CONDITION, "8500/3", "ICDO3", "", 2, note.day),
    ]
    assert len({note.row_id, first.row_id, second.row_id}) == 3


def test_known_variants_are_quoted_by_gene_beside_that_they_were_looked_up_at_all() -> None:
    said = VariantsFact(case_id=examples.CASE, sample_id=examples.CASE, file_id=examples.SCAN, looked_up=41, known=3, notable=1)
    said.snapshots.extend(examples.variants_annotated().snapshots)
    (nothing,) = rows(of(variants=said), 3, 7)
    assert (nothing.domain, nothing.code, nothing.value) == (MEASUREMENT, "known-variants", 1)
    assert loads(nothing.extra)["snapshots"] == ["ClinVar 2026-09-05"]
    said.variants.append(examples.known_variants().variants[0])
    said.variants[0].statements[0].genes.append("WRAP53")
    _, first, second = rows(of(variants=said), 3, 7)
    assert [(one.domain, one.code, one.system, one.value_text) for one in (first, second)] == [
        (VARIANT, "TP53", "HGNC", "Pathogenic"),
        (VARIANT, "WRAP53", "HGNC", "Pathogenic"),
    ]
    assert first.row_id != second.row_id
    assert first.text == ""
    about = loads(first.extra)
    assert (about["variant"], about["reference"], about["genotype"]) == ("chr17:7675088:C:T", "GRCh38", "0/1")
    assert about["name"] == "NC_000017.11:g.7675088C>T"
    said.withdraws = True
    assert [one.domain for one in rows(of(variants=said), 3, 7)] == [RETRACTED]


def test_a_case_says_who_and_what_was_ordered() -> None:
    person, procedure = rows(examples.fact_released(), 3, 7)
    assert (person.domain, person.value, person.value_text) == (PERSON, 1970.0, "female")
    assert (procedure.domain, procedure.code, procedure.system) == (PROCEDURE, "11529-5", "LN")
    assert {(one.partition, one.offset) for one in (person, procedure)} == {(3, 7)}
    assert person.person_id > 0


def test_the_same_fact_has_the_same_ids_wherever_it_lies() -> None:
    ids = [[one.row_id for one in rows(examples.fact_released(), 0, offset)] for offset in (1, 2)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2


def test_a_run_that_failed_has_no_value_and_never_one_of_zero() -> None:
    score = ScoreFact(case_id=examples.CASE, scan_id=examples.SCAN, job_id=examples.SCAN, model=examples.model())
    score.failed = FAILURE_REASON_UNREADABLE
    (row,) = rows(of(score=score), 0, 0)
    assert (row.domain, row.value, row.value_text) == (MEASUREMENT, None, FAILED)
    assert loads(row.extra)["reason"] == "FAILURE_REASON_UNREADABLE"


def test_a_gene_that_was_not_called_says_so() -> None:
    called, not_called = examples.dpyd(), examples.dpyd()
    called.diplotypes[:] = ["*1/*2A"]
    del not_called.diplotypes[:], not_called.components[:]
    not_called.gene, not_called.reason = "CYP2D6", "not covered"
    fact = PharmacogenomicFact(case_id=examples.CASE, sample_id=examples.SCAN, genes=[called, not_called])
    said = rows(of(pharmacogenomics=fact), 0, 0)
    assert [(row.domain, row.code) for row in said] == [(GENE, "DPYD"), (GENE, "CYP2D6")]
    assert said[0].value_text == called.diplotypes[0]
    assert said[1].value_text == NOT_CALLED


def test_a_withdrawal_says_of_whom_and_why() -> None:
    (row,) = rows(of(withdrawal=Withdrawal(reason=WITHDRAWAL_REASON_OBJECTED)), 0, 0)
    assert (row.domain, row.case_id, row.value_text) == (WITHDRAWAL, "", "WITHDRAWAL_REASON_OBJECTED")


def test_a_region_and_what_was_said_of_it_are_found_by_its_name() -> None:
    name = examples.SCAN
    box = Finding(finding_id=name, column=2, row=3, columns=4, rows=5, score=0.8)
    score = ScoreFact(case_id=examples.CASE, slide_id=name, scan_id=name, job_id=name, model=examples.model())
    score.scored.CopyFrom(ScoreOutcome(score=0.9, tile_microns=64, regions=[box]))
    _, region = rows(of(score=score), 0, 0)
    assert (region.code, region.value, region.item) == ("finding", 0.8, name)
    assert {"left": 128, "top": 192, "width": 256, "height": 320}.items() <= loads(region.extra).items()
    review = ReviewFact(case_id=examples.CASE, slide_id=name, finding_id=name, verdict=VERDICT_REJECTED, correction="Pli")
    (said,) = rows(of(review=review), 0, 0)
    assert (said.code, said.value_text, said.item, said.value) == ("finding-review", "rejected", name, None)
    assert loads(said.extra)["correction"] == "Pli"
