import pytest

import examples
from advice.handlers import LONGEST_SUMMARY, Known, Speaker, cards
from advice.labels import LABELS
from advice.prescriptions import Asked, Medication

KNOWN = Known(examples.pharmacogenomics_reported(), examples.pharmacogenomic_report())
ENGLISH, FRENCH = Speaker("en", "https://portal.example"), Speaker("fr")


def asking(*names: str, hook: str = "order-sign") -> Asked:
    return Asked(hook, "i", "", (examples.PATIENT,), tuple(Medication(frozenset(), (name,)) for name in names))


def test_a_drug_that_should_be_dosed_otherwise_gives_a_warning_that_quotes_and_says_why() -> None:
    (card,) = cards(asking("Fluorouracil"), [KNOWN], False, ENGLISH)
    assert card["summary"] == "fluorouracil: DPYD Intermediate Metabolizer"
    assert card["indicator"] == "warning"
    assert "> Reduce starting dose by 50%." in card["detail"]
    assert "**CPIC, Strong**" in card["detail"]
    assert "Not tested in DPYD: c.1024G>A" in card["detail"]
    assert card["source"]["label"].endswith(", 47")
    assert card["links"][0]["url"] == (f"https://portal.example/cases/{examples.CASE}/treatment/{KNOWN.issued.report_id}")


def test_a_drug_whose_gene_was_not_called_is_said_to_be_unanswered_and_never_safe() -> None:
    (card,) = cards(asking("codéine 30 mg"), [KNOWN], False, FRENCH)
    assert card["summary"] == "codéine : pas de conseil, CYP2D6 non connu"
    assert "Il n'est pas tenu pour normal." in card["detail"]


def test_a_drug_that_no_guideline_names_gives_no_card() -> None:
    assert cards(asking("paracetamol"), [KNOWN], False, ENGLISH) == []
    assert cards(asking("fluorouracil"), [], False, ENGLISH) == []


def test_advice_of_no_change_is_silent_unless_alleles_were_not_tested() -> None:
    report = examples.pharmacogenomic_report()
    report.advice[0].changes = False
    (card,) = cards(asking("fluorouracil"), [Known(KNOWN.issued, report)], False, ENGLISH)
    assert (card["indicator"], card["summary"]) == ("info", "fluorouracil: not every allele of DPYD was tested")
    del report.advice[0].grounds[0].not_excluded[:]
    assert cards(asking("fluorouracil"), [Known(KNOWN.issued, report)], False, ENGLISH) == []


def test_a_drug_that_is_ordered_twice_gives_one_card_and_the_same_on_asking_again() -> None:
    twice = cards(asking("fluorouracil", "Fluorouracile"), [KNOWN, KNOWN], False, ENGLISH)
    assert len(twice) == 1
    assert twice == cards(asking("fluorouracil", "Fluorouracile"), [KNOWN, KNOWN], False, ENGLISH)


def test_of_a_patient_it_says_how_many_drugs_are_concerned_or_that_nothing_is_known() -> None:
    (card,) = cards(asking(hook="patient-view"), [KNOWN], False, FRENCH)
    assert "pour 1 médicaments" in card["summary"]
    assert "fluorouracile" in card["detail"]
    (card,) = cards(asking(hook="patient-view"), [], True, ENGLISH)
    assert "says nothing of the patient's genome" in card["detail"]
    assert cards(asking(hook="patient-view"), [], False, ENGLISH) == []


@pytest.mark.parametrize("speaker", [ENGLISH, FRENCH])
def test_summaries_are_as_short_as_the_standard_asks(speaker: Speaker) -> None:
    report = examples.pharmacogenomic_report()
    report.advice[0].grounds[0].phenotype = report.advice[0].grounds[0].phenotype_fr = "x" * 300
    (card,) = cards(asking("fluorouracil"), [Known(KNOWN.issued, report)], False, speaker)
    assert len(card["summary"]) <= LONGEST_SUMMARY


def test_both_languages_have_every_text() -> None:
    assert LABELS["en"].keys() == LABELS["fr"].keys()
