"""What may be asked of the region's data, and what may be answered."""

import pytest

from chassis.errors import Rejected
from hub.cohorts import answer, differs_too_little, persons, read_cohort


def test_values_are_parameters_and_never_a_part_of_the_query() -> None:
    wanted = read_cohort('{"criteria": [{"table": "measurement", "code": "x\'; drop table person; --", "least": 0.5}]}')
    query, parameters = persons(wanted, "warehouse")
    assert "drop" not in query
    assert parameters == ["warehouse", "x'; drop table person; --", 0.5]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "invalid json"),
        ('{"name": "Dupont"}', "name"),
        ('{"criteria": [{"table": "person"}]}', "table"),
        ('{"sex": "x"}', "sex"),
        ('{"criteria": [{"table": "note", "word": "a"}]}', "word"),
    ],
)
def test_what_is_no_cohort_is_told_by_its_field(text: str, told: str) -> None:
    with pytest.raises(Rejected, match=told):
        read_cohort(text)


@pytest.mark.parametrize(
    "criterion",
    [
        '{"table": "note"}',
        '{"table": "note", "word": "carcinome", "code": "x"}',
        '{"table": "specimen"}',
        '{"table": "specimen", "code": "x", "least": 1}',
        '{"table": "measurement", "word": "carcinome"}',
    ],
)
def test_a_criterion_asks_for_what_its_table_has(criterion: str) -> None:
    with pytest.raises(Rejected):
        persons(read_cohort(f'{{"criteria": [{criterion}]}}'), "warehouse")


@pytest.mark.parametrize(("count", "told"), [(0, None), (9, None), (10, 10), (12, 10), (13, 15), (104, 105)])
def test_a_small_count_is_not_told_and_another_is_rounded(count: int, told: int | None) -> None:
    assert answer(count) == told


def test_two_answers_that_differ_by_a_few_tell_of_them() -> None:
    assert differs_too_little([(1, 0)])
    assert differs_too_little([(0, 9)])
    assert not differs_too_little([(0, 0), (10, 25)])
