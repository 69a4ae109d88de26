"""Counts of cohorts: an answer that would tell of a few, by itself or beside an earlier one, is refused."""

from collections.abc import Sequence
from typing import Any

import duckdb

from chassis.errors import Rejected
from hub.cohorts import Cohort, answer, differs_too_little, persons

# Earlier questions to the same snapshot that a new one is compared with.
MOST_ASKED = 200


class Refused(Rejected):
    """An answer would tell of a few persons."""


def count(database: duckdb.DuckDBPyConnection, cohort: Cohort, asked: Sequence[Cohort], smallest: int) -> str:
    """How many persons a cohort has, as it may be told to who has `asked` those before. Raise Refused."""
    if len(asked) >= MOST_ASKED:
        raise Refused(f"{MOST_ASKED} questions were asked of this snapshot: ask of the next one")
    query, parameters = persons(cohort)
    size = one(database, f"select count(*) from ({query})", parameters)  # noqa: S608 - a query of ours
    told = answer(size, smallest)
    if differs_too_little((differences(database, cohort, earlier) for earlier in asked if earlier != cohort), smallest):
        raise Refused("this and an earlier answer together would tell of a few persons: ask for another cohort")
    return told


def differences(database: duckdb.DuckDBPyConnection, cohort: Cohort, earlier: Cohort) -> tuple[int, int]:
    """How many persons are in one cohort alone, and in the other alone."""
    (left, mine), (right, theirs) = persons(cohort), persons(earlier)
    return (
        one(database, f"select count(*) from ({left} except {right})", [*mine, *theirs]),  # noqa: S608 - queries of ours
        one(database, f"select count(*) from ({right} except {left})", [*theirs, *mine]),  # noqa: S608 - queries of ours
    )


def one(database: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[Any]) -> int:
    found = database.execute(query, list(parameters)).fetchone()
    return int(found[0]) if found else 0
