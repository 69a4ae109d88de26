"""A logistic regression over the rows of several hubs, none of which leave: each gives sums, and whoever asks adds them up.

As DataSHIELD has it (Gaye et al. 2014, IJE 43:1929): Fisher scoring needs of each place the slope and curvature of its own
log-likelihood alone. What sums could tell of a few is refused where the rows are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from chassis.errors import Malformed
from hub.cohorts import Criterion, declared, meets
from hub.studies.workspace import LOCKED

# Persons for each coefficient, at least (DataSHIELD's nfilter.glm is a third of them).
PERSONS_A_COEFFICIENT = 3
CENTRE, DECADE = 1950, 10.0
MOST_STEPS = 30
CLOSE = 1e-8
LARGEST = 20.0

type Floats = NDArray[np.float64]


class Design(BaseModel):
    """Whether a person has the outcome, by what else is said of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    outcome: Criterion
    predictors: list[Criterion] = Field(default=[], max_length=20)
    sex: bool = False
    # Years of birth, in decades from 1950; who has none is left out.
    born: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """The sealed rows of one hub, and the smallest number that is told of."""

    file: Path
    design: Design
    coefficients: tuple[float, ...]
    least: int


@dataclass(frozen=True, slots=True)
class Sums:
    names: tuple[str, ...]
    persons: int
    gradient: tuple[float, ...]
    # The Fisher information, row by row.
    information: tuple[float, ...]
    log_likelihood: float


@dataclass(frozen=True, slots=True)
class Fitted:
    names: tuple[str, ...]
    coefficients: Floats
    errors: Floats
    persons: int
    steps: int


def read_design(text: str) -> Design:
    """Raise Rejected naming each field that is wrong."""
    design = declared(Design, text, "design of a regression")
    for criterion in (design.outcome, *design.predictors):
        meets(criterion)
    return design


def sums(place: Place) -> Sums:
    """Raise Malformed where the rows have not what is asked for, or the sums would tell of a few."""
    try:
        with duckdb.connect(str(place.file), read_only=True, config=LOCKED) as database:
            names, rows, outcome = matrix(database, place.design)
    except duckdb.Error as error:
        raise Malformed(f"the study's rows do not have what is asked for: {str(error).splitlines()[0][:200]}") from None
    at = np.array(place.coefficients or [0.0] * len(names))
    if len(at) != len(names):
        raise Malformed(f"there are {len(names)} coefficients: {', '.join(names)}")
    tells_of_nobody(names, rows, outcome, place.least)
    logits = rows @ at
    given = np.exp(-np.logaddexp(0, -logits))
    weights = given * (1 - given)
    if weights.sum() ** 2 < place.least * (weights**2).sum():
        raise Malformed(f"at these coefficients fewer than {place.least} persons count")
    information = rows.T @ (weights[:, None] * rows)
    return Sums(
        names,
        len(rows),
        tuple((rows.T @ (outcome - given)).tolist()),
        tuple(information.ravel().tolist()),
        float((outcome * logits - np.logaddexp(0, logits)).sum()),
    )


def matrix(database: duckdb.DuckDBPyConnection, design: Design) -> tuple[tuple[str, ...], Floats, Floats]:
    """A row for each person: 1, and what is said of them; and whether they have the outcome."""
    columns, names, parameters = ["1.0"], ["intercept"], list[Any]()
    if design.sex:
        columns.append("cast(gender_source_value = 'female' as double)")
        names.append("female")
    if design.born:
        columns.append(f"(year_of_birth - {CENTRE}) / {DECADE}")
        names.append("born (decades from 1950)")
    for one in (*design.predictors, design.outcome):
        met, values = meets(one)
        columns.append(f"cast(person_id in (select person_id from {one.table} where {met}) as double)")  # noqa: S608 - names of ours
        names.append(" ".join(str(part) for part in (one.table, one.concept_id, one.code, one.value, one.word) if part))
        parameters += values
    listed = ", ".join(f"{column} as c{number}" for number, column in enumerate(columns))
    known = "where year_of_birth is not null" if design.born else ""
    found = database.execute(f"select {listed} from person {known}", parameters).fetchnumpy()  # noqa: S608 - names of ours
    whole = np.column_stack([np.asarray(found[f"c{number}"], np.float64) for number in range(len(columns))])
    return tuple(names[:-1]), whole[:, :-1], whole[:, -1]


def tells_of_nobody(names: Sequence[str], rows: Floats, outcome: Floats, least: int) -> None:
    """Raise Malformed where a sum would be one of a few persons."""
    if len(rows) < max(least, PERSONS_A_COEFFICIENT * len(names)):
        raise Malformed(f"{len(names)} coefficients want at least {max(least, PERSONS_A_COEFFICIENT * len(names))} persons")
    for name, column in zip(names, rows.T, strict=True):
        if not np.isin(column, (0, 1)).all():
            continue
        for has in (0, 1):
            for ends in (0, 1):
                few = int(((column == has) & (outcome == ends)).sum())
                if 0 < few < least:
                    raise Malformed(f"{name}: a group of fewer than {least} persons would be told of")


def fit(places: Sequence[Callable[[tuple[float, ...]], Sums]]) -> Fitted:
    """Ask each place at each step. Raise Malformed where it comes to no end: an outcome that a predictor gives away."""
    first = [place(()) for place in places]
    names = first[0].names
    if any(one.names != names for one in first):
        raise Malformed("the places do not say the same of their persons")
    at, told = np.zeros(len(names)), first
    for step in range(1, MOST_STEPS + 1):
        gradient = np.sum([one.gradient for one in told], axis=0)
        information = np.sum([one.information for one in told], axis=0).reshape(len(names), len(names))
        try:
            moved = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            raise Malformed("a predictor is the same for everybody, or two say the same: leave one out") from None
        at = at + moved
        if np.abs(at).max() > LARGEST:
            raise Malformed("there is no largest likelihood: a predictor gives the outcome away")
        if np.abs(moved).max() < CLOSE:
            errors = np.sqrt(np.diag(np.linalg.inv(information)))
            return Fitted(names, at, errors, sum(one.persons for one in told), step)
        told = [place(tuple(at.tolist())) for place in places]
    raise Malformed(f"the coefficients do not settle in {MOST_STEPS} steps")
