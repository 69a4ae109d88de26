from math import inf

import pytest

import examples
from casepath.cases.v1.cases_pb2 import Case, Sample, Slide
from casepath.portal.v1.reading_pb2 import FindingReviewed, ReportSigned
from chassis.errors import Malformed, NotFound
from chassis.events import check
from portal.handlers import (
    checked_geojson,
    disowned,
    disowning,
    genomic_withdrawal,
    genomics_signed,
    genomics_withdrawn,
    of_another,
    report,
    reviewed,
    signed,
    undecided,
    unread,
    variants_disowned,
    withdrawal,
)
from portal.treatment import stands_on

SIZE = 1000, 800


def case() -> Case:
    slide = Slide(slide_id="A1", ingested=examples.ingested(), scored=examples.scored())
    return Case(case_id=examples.CASE, order=examples.order(), slides=[slide, Slide(slide_id="A2")])


def test_a_decision_names_the_slide_of_its_finding() -> None:
    event = reviewed(case(), examples.finding().finding_id, "corrected", " Mitose ", examples.reader())
    assert isinstance(event.data, FindingReviewed)
    assert (event.data.slide_id, event.data.correction) == ("A1", "Mitose")
    check(event.data)


@pytest.mark.parametrize(("verdict", "correction"), [("perhaps", ""), ("", ""), ("corrected", " "), ("accepted", "x")])
def test_a_decision_that_says_nothing_or_too_much_is_refused(verdict: str, correction: str) -> None:
    with pytest.raises(Malformed):
        reviewed(case(), examples.finding().finding_id, verdict, correction, examples.reader())


def test_a_finding_of_another_case_cannot_be_decided() -> None:
    with pytest.raises(NotFound):
        reviewed(case(), examples.SCAN, "accepted", "", examples.reader())


def test_a_signed_report_holds_what_was_decided_and_open_at_that_moment() -> None:
    one = case()
    one.reviews.append(examples.reviewed())
    said = report(one, 1, "  Carcinome. ", (), examples.reader(), examples.NOON)
    check(said)
    assert said.text == "Carcinome."
    assert list(said.scan_ids) == [examples.SCAN]
    assert list(said.reviews) == [examples.reviewed()]
    assert signed(said).id == signed(report(one, 1, "Autre.", (), examples.reader("u2"), examples.NOON)).id


def test_a_report_of_genes_is_withdrawn_for_a_reason() -> None:
    reported = examples.pharmacogenomics_reported()
    with pytest.raises(Malformed, match="10 to 500"):
        genomic_withdrawal(reported, "erreur", examples.reader(), examples.NOON)
    said = genomic_withdrawal(reported, " Prélèvement d'un autre patient. ", examples.reader(), examples.NOON)
    assert (said.report_id, said.reason) == (reported.report_id, "Prélèvement d'un autre patient.")
    assert genomics_withdrawn(said).id != genomics_signed(examples.genomics_signed()).id


def test_variants_are_disowned_by_who_called_them_with_all_their_files_for_a_reason() -> None:
    one, called, received = Case(case_id=examples.CASE), examples.variants_called(), examples.variants_received()
    received.variants.CopyFrom(examples.ref("received"))
    called.genomic_variants.CopyFrom(examples.ref("gvcf"))
    sample = one.samples.add(sample_id="B1", called=called, variants=received, reported=examples.pharmacogenomics_reported())
    why = "Prélèvement d'un autre patient."
    ours = disowning(one, called.job_id, why, examples.reader(), examples.NOON)
    theirs = disowning(one, received.run_id, why, examples.reader(), examples.NOON)
    for said in (ours, theirs):
        check(said)
    assert set(ours.variants_sha256) == {called.variants.sha256, called.genomic_variants.sha256}
    assert list(theirs.variants_sha256) == [received.variants.sha256]
    assert variants_disowned(ours).id != variants_disowned(theirs).id
    sample.disowned.append(ours)
    assert of_another(sample, called.genomic_variants.sha256)
    assert not of_another(sample, received.variants.sha256)
    assert (disowned(sample, called.job_id), disowned(sample, received.run_id)) == (ours, None)
    with pytest.raises(Malformed, match="10 to 500"):
        disowning(one, called.job_id, "erreur", examples.reader(), examples.NOON)
    with pytest.raises(NotFound):
        disowning(one, examples.SCAN, why, examples.reader(), examples.NOON)


def test_a_report_of_disowned_variants_is_withdrawn_with_them_once() -> None:
    said, reported = examples.variants_disowned(), examples.pharmacogenomics_reported()
    assert stands_on(Sample(reported=reported), said)
    assert not stands_on(Sample(reported=reported, withdrawn=examples.genomics_withdrawn()), said)
    reported.variants_sha256 = examples.ref("another").sha256
    assert not stands_on(Sample(reported=reported), said)
    assert not stands_on(Sample(), said)


def test_a_withdrawal_takes_back_what_stands_for_a_reason_and_decisions_count_again_afterwards() -> None:
    one = case()
    one.reviews.append(examples.reviewed())
    why = " Signé sur le mauvais dossier. "
    with pytest.raises(Malformed, match="no report is signed"):
        withdrawal(one, 1, why, examples.reader(), examples.NOON)
    one.reports.append(report(one, 1, "Carcinome.", (), examples.reader(), examples.NOON))
    assert not report(one, 2, "HER2 négatif.", (), examples.reader(), examples.NOON).reviews
    with pytest.raises(Malformed, match="a reason"):
        withdrawal(one, 2, "Erreur", examples.reader(), examples.NOON)
    said = withdrawal(one, 2, why, examples.reader(), examples.NOON)
    check(said)
    assert (said.number, said.text, said.withdraws) == (2, "Signé sur le mauvais dossier.", True)
    one.reports.append(said)
    assert list(report(one, 3, "Bénin.", (), examples.reader(), examples.NOON).reviews) == [examples.reviewed()]
    with pytest.raises(Malformed, match="no report is signed"):
        withdrawal(one, 3, why, examples.reader(), examples.NOON)


def test_a_report_without_text_is_not_signed() -> None:
    with pytest.raises(Malformed):
        report(case(), 1, " \n", (), examples.reader(), examples.NOON)


def test_what_is_undecided_and_unread_is_known() -> None:
    one = case()
    assert undecided(one) == 1
    assert [slide.slide_id for slide in unread(one)] == ["A1", "A2"]
    one.reviews.append(examples.reviewed())
    assert undecided(one) == 0


def feature(kind: str, coordinates: object) -> object:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": {}}


def test_geojson_of_every_kind_on_the_slide_is_taken() -> None:
    features = [feature("Point", [1, 2]), feature("LineString", [[1, 2], [3, 4]]), feature("Polygon", [[[1, 2], [3, 4], [1, 2]]])]
    assert checked_geojson({"type": "FeatureCollection", "features": features}, *SIZE) == 3


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {"type": "Feature"},
        {"type": "FeatureCollection"},
        {"type": "FeatureCollection", "features": [None]},
        {"type": "FeatureCollection", "features": [feature("Circle", [1, 2])]},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": ["Point"], "coordinates": [1, 2]}}]},
        {"type": "FeatureCollection", "features": [feature("Point", [1])]},
        {"type": "FeatureCollection", "features": [feature("Point", [inf, 2])]},
        {"type": "FeatureCollection", "features": [feature("Point", ["1", 2])]},
        {"type": "FeatureCollection", "features": [feature("Polygon", [])]},
        {"type": "FeatureCollection", "features": [feature("Point", [1, 1_000_000])]},
        {"type": "FeatureCollection", "features": [feature("Point", [1, 2])] * 2001},
    ],
)
def test_what_is_no_geojson_of_the_slide_is_refused(document: object) -> None:
    with pytest.raises(Malformed):
        checked_geojson(document, *SIZE)


def test_a_report_event_is_one_for_its_number() -> None:
    first, second = ReportSigned(case_id=examples.CASE, number=1), ReportSigned(case_id=examples.CASE, number=2)
    assert signed(first).id != signed(second).id
