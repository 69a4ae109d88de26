"""Codes of diagnoses, as they are typed and shown."""

import pytest

from casepath.intake.v1.order_pb2 import Code
from chassis.errors import Malformed
from chassis.signed_reports import named
from portal.diagnoses import MOST, read_codes, typed


@pytest.mark.parametrize(
    ("word", "code", "system"),
    [
        ("BHGSA7A0", "BHGSA7A0", "ADICAP"),
        ("bhgsa7a0", "BHGSA7A0", "ADICAP"),
        ("C50.9", "C50.9", "I10"),
        ("c509", "C50.9", "I10"),
        ("C61", "C61", "I10"),
        ("U07.10", "U07.10", "I10"),
        ("8500/3", "8500/3", "ICDO3"),
        ("408643008", "408643008", "SCT"),
    ],
)
def test_the_system_of_a_code_is_told_by_its_shape(word: str, code: str, system: str) -> None:
    assert read_codes(word) == [Code(code=code, system=system)]


@pytest.mark.parametrize("word", ["CARCINOME", "CARCINOM", "C5", "8500", "8500/33", "0123456", "C50.9/3", "ÉHGSA7A0", "12345"])
def test_what_has_no_such_shape_is_refused_by_name(word: str) -> None:
    with pytest.raises(Malformed, match=f"{word} is no code of ADICAP"):
        read_codes(f"C61 {word}")


def test_each_is_taken_once_in_order_whatever_stands_between() -> None:
    assert typed(read_codes(" 8500/3, c509;C50.9\nBHGSA7A0 ")) == "8500/3 C50.9 BHGSA7A0"
    assert read_codes("  ") == []


def test_they_are_shown_with_their_systems() -> None:
    assert named(read_codes("BHGSA7A0 8500/3")) == "ADICAP BHGSA7A0, CIM-O-3 8500/3"
    assert named([Code(code="x", system="99LOCAL")]) == "99LOCAL x"


def test_there_are_not_more_than_a_report_has() -> None:
    assert len(read_codes(" ".join(f"C{number}" for number in range(10, 10 + MOST)))) == MOST
    with pytest.raises(Malformed, match="at most"):
        read_codes(" ".join(f"C{number}" for number in range(10, 11 + MOST)))
