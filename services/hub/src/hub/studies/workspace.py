"""Asking a sealed database: one SELECT, in a process of its own, that reaches nothing else. Pure but for reading that file."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from chassis.errors import Malformed

# Nothing outside the file can be reached, and nobody can change that.
LOCKED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "memory_limit": "2GB",
    "threads": 1,
    "lock_configuration": True,
}
SECONDS = 60.0
MOST_SHOWN = 200
MOST_EXPORTED = 10_000
LONGEST_VALUE = 2000
# What an export may not have: names of persons and cases, which join it to rows.
NAMES = re.compile(r"(^|_)(person|case|note|image|specimen|measurement|procedure)(_occurrence)?_id$")
COUNT = re.compile(r"^[0-9]+$")


@dataclass(frozen=True, slots=True)
class Question:
    file: Path
    query: str
    most: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows as text. `cut`: there were more."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    cut: bool


def answer(question: Question) -> Answer:
    """Raise Malformed where it is not one SELECT that the database can answer."""
    try:
        statements = duckdb.extract_statements(question.query)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise Malformed("ask one SELECT: nothing is written here")
        with duckdb.connect(str(question.file), read_only=True, config=LOCKED) as database:
            found = database.execute(statements[0])
            columns = tuple(one[0] for one in found.description or ())
            rows = found.fetchmany(question.most + 1)
    except duckdb.Error as error:
        raise Malformed(f"the database says: {str(error).splitlines()[0][:300]}") from None
    shown = tuple(tuple("" if value is None else str(value)[:LONGEST_VALUE] for value in row) for row in rows[: question.most])
    return Answer(columns, shown, len(rows) > question.most)


def exported(found: Answer) -> bytes:
    """As CSV (RFC 4180). Raise Malformed where it is too much for a person to review, or names persons."""
    if found.cut:
        raise Malformed(f"an export has at most {MOST_EXPORTED} rows: somebody reads it whole")
    if named := [one for one in found.columns if NAMES.search(one)]:
        raise Malformed(f"an export tells no persons apart: leave out {', '.join(named)}")
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(found.columns)
    writer.writerows(found.rows)
    return text.getvalue().encode()


def small(found: Answer, least: int, most: int = 100) -> list[str]:
    """Whole numbers below the least that is told of, for who reviews: they may count a few persons, or not."""
    named: Sequence[str] = [
        f"row {number}, {column}: {value}"
        for number, row in enumerate(found.rows, start=1)
        for column, value in zip(found.columns, row, strict=True)
        if COUNT.match(value) and 0 < int(value) < least
    ]
    return list(named[:most])
