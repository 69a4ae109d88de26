"""Counts of cohorts: an answer that would tell of a few, by itself or beside an earlier one, is refused."""

from collections.abc import Sequence
from typing import Any

import duckdb

from casepath.hub.v1.studies_pb2 import KnownCode
from chassis.errors import Rejected
from hub.cohorts import COLUMNS, Cohort, answer, differs_too_little, persons

# Earlier questions to the same snapshot that a new one is compared with.
MOST_ASKED = 200
# Codes of a table that are offered.
MOST_CODES = 500
TEXTS = {
    "procedure_occurrence": "any_value(procedure_source_text)",
    "measurement": "any_value(measurement_source_text)",
}


class Refused(Rejected):
    """An answer would tell of a few persons."""


def count(
    database: duckdb.DuckDBPyConnection, project: str, cohort: Cohort, asked: Sequence[Cohort], smallest: int
) -> int | None:
    """How many persons of a project a cohort has, as it may be told to who has `asked` those before (`cohorts.answer`).

    Raise Refused.
    """
    if len(asked) >= MOST_ASKED:
        raise Refused(f"{MOST_ASKED} questions were asked of this snapshot: ask of the next one")
    query, parameters = persons(cohort, project)
    size = one(database, f"select count(*) from ({query})", parameters)  # noqa: S608 - a query of ours
    told = answer(size, smallest)
    pairs = (differences(database, project, cohort, earlier) for earlier in asked if earlier != cohort)
    # Of two cohorts that are both too small to be told nothing is known, so neither is of their difference.
    telling = (pair for pair in pairs if told is not None or size - pair[0] + pair[1] >= smallest)
    if differs_too_little(telling, smallest):
        raise Refused("this and an earlier answer together would tell of a few persons: ask for another cohort")
    return told


def differences(database: duckdb.DuckDBPyConnection, project: str, cohort: Cohort, earlier: Cohort) -> tuple[int, int]:
    """How many persons are in one cohort alone, and in the other alone."""
    (left, mine), (right, theirs) = persons(cohort, project), persons(earlier, project)
    return (
        one(database, f"select count(*) from ({left} except {right})", [*mine, *theirs]),  # noqa: S608 - queries of ours
        one(database, f"select count(*) from ({right} except {left})", [*theirs, *mine]),  # noqa: S608 - queries of ours
    )


def codes(database: duckdb.DuckDBPyConnection, project: str, smallest: int) -> list[KnownCode]:
    """What can be asked for: codes that no fewer persons of a project have than are told of, the most frequent first."""
    found = []
    for table, (_, source) in COLUMNS.items():
        text = TEXTS.get(table, "''")
        query = f"""
            select {source}, {text}, count(distinct person_id) as persons from {table}
            where {source} <> '' and person_id in (select person_id from person where project = ?)
            group by {source} having persons >= ? order by persons desc, {source} limit {MOST_CODES}
        """  # noqa: S608 - names of ours, values as parameters
        kind = f"RESEARCH_TABLE_{table.upper()}"
        rows = database.execute(query, [project, smallest]).fetchall()
        found += [KnownCode(table=kind, code=code, text=said or "") for code, said, _ in rows]
    return found


def one(database: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[Any]) -> int:
    found = database.execute(query, list(parameters)).fetchone()
    return int(found[0] or 0) if found else 0
