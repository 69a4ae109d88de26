"""Whose cases somebody opens, and for how long a reason opens another."""

from datetime import timedelta

import pytest

import examples
from casepath.cases.v1.cases_pb2 import Case
from casepath.portal.v1.reading_pb2 import GlassBroken
from chassis.accounts import Account
from chassis.errors import Malformed
from chassis.events import check
from portal.handlers import OPEN_FOR, glass_broken
from portal.relation import NotRelated, opened_for, relation


def case(**more: object) -> Case:
    return Case(case_id=examples.CASE, order=examples.order(), **more)  # type: ignore[arg-type]


def somebody(*units: str, name: str = "u9") -> Account:
    return Account(name, "Dr Alix Martin", ("pathologist",), "", "", units)


@pytest.mark.parametrize(
    ("which", "units"),
    [
        (case(), ("LAB-SUD", examples.UNIT)),
        (case(), ("*",)),
        (Case(case_id=examples.CASE), ("*",)),
        (case(assignee=examples.reader("u9")), ()),
        (case(reader=examples.reader("u9")), ("LAB-SUD",)),
    ],
)
def test_a_case_is_open_to_its_unit_and_to_whom_it_is_given(which: Case, units: tuple[str, ...]) -> None:
    assert opened_for(which, somebody(*units), examples.NOON) == ""


@pytest.mark.parametrize(
    ("which", "units"),
    [
        (case(), ()),
        (case(), ("LAB-SUD",)),
        (case(assignee=examples.reader("u2")), ("LAB-SUD",)),
        (Case(case_id=examples.CASE), (examples.UNIT,)),
        (Case(case_id=examples.CASE), ("",)),
        (case(openings=[examples.glass_broken("u2")]), ()),
    ],
)
def test_a_case_is_shut_to_everybody_else(which: Case, units: tuple[str, ...]) -> None:
    with pytest.raises(NotRelated, match="say why"):
        opened_for(which, somebody(*units), examples.NOON)


def test_a_reason_opens_a_case_for_a_while_and_is_told_with_each_look() -> None:
    event = glass_broken(examples.CASE, "  Frozen section, asked for now ", examples.reader("u9"), examples.NOON)
    check(event.data)
    assert isinstance(event.data, GlassBroken)
    opened = case(openings=[event.data])
    assert opened_for(opened, somebody(), examples.NOON) == "Frozen section, asked for now"
    assert opened_for(opened, somebody(), examples.NOON + OPEN_FOR - timedelta(seconds=1))
    with pytest.raises(NotRelated):
        opened_for(opened, somebody(), examples.NOON + OPEN_FOR)


@pytest.mark.parametrize("reason", ["", "   x       ", "x" * 501])
def test_a_reason_that_says_nothing_opens_nothing(reason: str) -> None:
    with pytest.raises(Malformed, match="reason"):
        glass_broken(examples.CASE, reason, examples.reader("u9"), examples.NOON)


def test_a_relation_names_units_or_every_one() -> None:
    assert list(relation(somebody("LAB", "LAB-SUD")).units) == ["LAB", "LAB-SUD"]
    assert not relation(somebody("LAB")).every_unit
    assert relation(somebody("*")).every_unit
