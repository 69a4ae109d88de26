"""Who is asked for, as criteria, and what may be answered: no small number, and none that two answers would give. Pure.

A cohort is everybody who meets all criteria. Values are parameters of the query, never a part of it.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chassis.errors import Rejected, wrong_fields

SMALLEST = 10
# Answers are rounded to this, so that one person more or less is seldom seen.
STEP = 5


class Criterion(BaseModel):
    """Something said of a person: a diagnosis, procedure, specimen, measurement (a model's score, a gene) or word of a report."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    table: Literal["condition_occurrence", "procedure_occurrence", "specimen", "measurement", "note"]
    # By concept, or by the code that the hospital sent.
    concept_id: int | None = Field(default=None, ge=1)
    code: str | None = Field(default=None, max_length=64)
    least: float | None = None
    most: float | None = None
    value: str | None = Field(default=None, max_length=200)
    word: str | None = Field(default=None, min_length=3, max_length=100)


class Cohort(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    sex: Literal["female", "male"] | None = None
    born_from: int | None = Field(default=None, ge=1850, le=2200)
    born_to: int | None = Field(default=None, ge=1850, le=2200)
    criteria: list[Criterion] = Field(default=[], max_length=20)


COLUMNS = {
    "condition_occurrence": ("condition_concept_id", "condition_source_value"),
    "procedure_occurrence": ("procedure_concept_id", "procedure_source_value"),
    "specimen": ("specimen_concept_id", "specimen_source_value"),
    "measurement": ("measurement_concept_id", "measurement_source_value"),
}


def read_cohort(text: str) -> Cohort:
    """Raise Rejected naming each field that is wrong."""
    return declared(Cohort, text, "cohort")


def declared[M: BaseModel](kind: type[M], text: str, name: str) -> M:
    """What JSON says, as a model. Raise Rejected naming each field that is wrong."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise Rejected(f"this is no {name}: {wrong_fields(error)}") from None


def persons(cohort: Cohort, project: str) -> tuple[str, list[Any]]:
    """The query that gives the ids of a cohort's persons in a project, and its parameters."""
    conditions, parameters = ["project = ?"], list[Any]([project])

    def also(condition: str, *values: Any) -> None:
        conditions.append(condition)
        parameters.extend(values)

    if cohort.sex is not None:
        also("gender_source_value = ?", cohort.sex)
    if cohort.born_from is not None:
        also("year_of_birth >= ?", cohort.born_from)
    if cohort.born_to is not None:
        also("year_of_birth <= ?", cohort.born_to)
    for one in cohort.criteria:
        met, values = meets(one)
        also(f"person_id in (select person_id from {one.table} where {met})", *values)  # noqa: S608 - as below
    return f"select person_id from person where {' and '.join(conditions)}", parameters  # noqa: S608 - names of ours, values as parameters


def meets(one: Criterion) -> tuple[str, list[Any]]:
    """Raise Rejected where a criterion asks for what its table has not."""
    conditions, values = ["true"], list[Any]()
    if one.table == "note":
        if one.word is None or any(each is not None for each in (one.concept_id, one.code, one.least, one.most, one.value)):
            raise Rejected("of a note a word is asked for, and nothing else")
        return "contains(lower(note_text), lower(?))", [one.word]
    if one.word is not None:
        raise Rejected(f"a word is asked for in notes, not in {one.table}")
    concept, source = COLUMNS[one.table]
    named: list[tuple[str, int | str | None]] = [(concept, one.concept_id), (source, one.code)]
    for column, code in named:
        if code is not None:
            conditions.append(f"{column} = ?")
            values.append(code)
    measured = [("value_as_number >= ?", one.least), ("value_as_number <= ?", one.most), ("value_source_value = ?", one.value)]
    for condition, value in measured:
        if value is not None:
            if one.table != "measurement":
                raise Rejected(f"a value is asked for in measurements, not in {one.table}")
            conditions.append(condition)
            values.append(value)
    if not values:
        raise Rejected(f"a criterion of {one.table} asks for a concept or a code")
    return " and ".join(conditions), values


def answer(count: int, smallest: int = SMALLEST) -> int | None:
    """A count as it may be told, rounded; None where it is of fewer than the smallest cell."""
    return None if count < smallest else round(count / STEP) * STEP


def differs_too_little(differences: Iterable[Sequence[int]], smallest: int = SMALLEST) -> bool:
    """Whether two answers would tell of a few: those who are in one alone are some, and fewer than the smallest cell."""
    return any(0 < size < smallest for pair in differences for size in pair)
