"""A cohort as somebody fills it in."""

import json

import pytest

from chassis.errors import Malformed
from hub.cohorts import read_cohort
from portal.cohort_form import cohort_of, lines_of
from portal.language import translator

FILLED = {
    "sex": "female",
    "born_from": "1950",
    "born_to": "",
    "table-1": "measurement",
    "code-1": "slide-score",
    "least-1": "0,5",
    "table-2": "note",
    "word-2": "carcinome",
    "table-3": "",
    "title": "Another field",
}


def test_what_is_filled_in_is_a_cohort_as_the_hub_takes_one() -> None:
    cohort = read_cohort(cohort_of(FILLED))
    assert (cohort.sex, cohort.born_from, cohort.born_to) == ("female", 1950, None)
    assert [(one.table, one.code, one.least, one.word) for one in cohort.criteria] == [
        ("measurement", "slide-score", 0.5, None),
        ("note", None, None, "carcinome"),
    ]
    assert json.loads(cohort_of({})) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"born_from": "x"},
        {"born_from": "inf"},
        {"born_to": "1e999"},
        {"table-1": "measurement", "most-1": "many"},
        {"table-1": "measurement", "least-1": "nan"},
        {"code-1": "DPYD"},
    ],
)
def test_what_cannot_be_a_cohort_is_said(wrong: dict[str, str]) -> None:
    with pytest.raises(Malformed):
        cohort_of(wrong)


def test_a_cohort_is_read_again_in_the_readers_language() -> None:
    assert list(lines_of(cohort_of(FILLED), translator("fr"))) == [
        "Femme",
        "né(e) de 1950 à …",
        "Mesures (scores, gènes) : slide-score ≥ 0.5",
        "Comptes rendus : « carcinome »",
    ]
    assert list(lines_of("{}", translator("en"))) == []
