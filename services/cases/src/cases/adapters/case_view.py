"""Assembled cases, kept for asking: SQLite, written by the fold and read by the queries."""

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from casepath.cases.v1.cases_pb2 import (
    CASE_STATE_AI_FAILED,
    CASE_STATE_IN_READING,
    CASE_STATE_READY,
    CASE_STATE_WAITING_FOR_AI,
    CASE_STATE_WAITING_FOR_SCAN,
    SORT_DUE,
    SORT_NEWEST,
    SORT_UNSPECIFIED,
    Case,
    CaseState,
    Sort,
    WorklistEntry,
)
from cases.working_time import WorkingTime
from cases.worklist import entry
from chassis.views import read_end, view_at

OPEN_STATES: tuple[CaseState, ...] = (
    CASE_STATE_WAITING_FOR_SCAN,
    CASE_STATE_WAITING_FOR_AI,
    CASE_STATE_AI_FAILED,
    CASE_STATE_READY,
    CASE_STATE_IN_READING,
)
# A search looks at this many matches, the newest first.
MOST_MATCHES = 1000
VERSION = 3
# Cases elsewhere of one accession: more than one where laboratories number alike.
MOST_ELSEWHERE = 5
# Orders begin with what makes them total, so that a page begins exactly where the last one ended.
ORDERS: dict[Sort, tuple[str, str]] = {
    SORT_UNSPECIFIED: ("rank", "due"),
    SORT_DUE: ("due", "rank"),
    SORT_NEWEST: ("age", "rank"),
}
SCHEMA = """
CREATE TABLE cases (
    number INTEGER PRIMARY KEY,
    case_id TEXT NOT NULL UNIQUE,
    state INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    due INTEGER NOT NULL,
    age INTEGER NOT NULL,
    assignee TEXT NOT NULL,
    unit TEXT NOT NULL,
    accession TEXT NOT NULL,
    words TEXT NOT NULL,
    entry BLOB NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX by_rank ON cases (state, rank, due, case_id);
CREATE INDEX by_due ON cases (state, due, rank, case_id);
CREATE INDEX by_age ON cases (state, age, rank, case_id);
CREATE INDEX by_unit_rank ON cases (unit, state, rank, due, case_id);
CREATE INDEX by_unit_due ON cases (unit, state, due, rank, case_id);
CREATE INDEX by_unit_age ON cases (unit, state, age, rank, case_id);
CREATE INDEX by_accession ON cases (accession);
CREATE INDEX by_assignee ON cases (assignee, state, rank, due, case_id);
CREATE TABLE counts (
    unit TEXT NOT NULL, assignee TEXT NOT NULL, state INTEGER NOT NULL, cases INTEGER NOT NULL,
    PRIMARY KEY (unit, assignee, state)
) WITHOUT ROWID;
CREATE INDEX counts_by_assignee ON counts (assignee, unit);
CREATE TABLE revision (number INTEGER NOT NULL);
INSERT INTO revision VALUES (0);
CREATE VIRTUAL TABLE search USING fts5 (
    words, content='cases', content_rowid='number', tokenize="unicode61 remove_diacritics 2", prefix='2 3'
);
CREATE TRIGGER inserted AFTER INSERT ON cases BEGIN
    INSERT INTO counts VALUES (new.unit, new.assignee, new.state, 1)
        ON CONFLICT (unit, assignee, state) DO UPDATE SET cases = cases + 1;
    INSERT INTO search (rowid, words) VALUES (new.number, new.words);
    UPDATE revision SET number = number + 1;
END;
CREATE TRIGGER updated AFTER UPDATE ON cases BEGIN
    UPDATE counts SET cases = cases - 1
        WHERE unit = old.unit AND assignee = old.assignee AND state = old.state;
    INSERT INTO counts VALUES (new.unit, new.assignee, new.state, 1)
        ON CONFLICT (unit, assignee, state) DO UPDATE SET cases = cases + 1;
    UPDATE revision SET number = number + 1;
END;
CREATE TRIGGER removed AFTER DELETE ON cases BEGIN
    UPDATE counts SET cases = cases - 1
        WHERE unit = old.unit AND assignee = old.assignee AND state = old.state;
    INSERT INTO search (search, rowid, words) VALUES ('delete', old.number, old.words);
    UPDATE revision SET number = number + 1;
END;
CREATE TRIGGER renamed AFTER UPDATE OF words ON cases WHEN old.words <> new.words BEGIN
    INSERT INTO search (search, rowid, words) VALUES ('delete', old.number, old.words);
    INSERT INTO search (rowid, words) VALUES (new.number, new.words);
END;
"""
UPSERT = """
INSERT INTO cases (case_id, state, rank, due, age, assignee, unit, accession, words, entry, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (case_id) DO UPDATE SET
    state = excluded.state, rank = excluded.rank, due = excluded.due, age = excluded.age,
    assignee = excluded.assignee, unit = excluded.unit, accession = excluded.accession, words = excluded.words,
    entry = excluded.entry, body = excluded.body
WHERE body <> excluded.body
"""


@dataclass(frozen=True, slots=True)
class Related:
    """Whose cases: those of these units, or of all where `units` is None, and those that are given to this person."""

    person: str = ""
    units: tuple[str, ...] | None = None

    def to(self, unit: str, assignee: str) -> bool:
        return self.units is None or (unit != "" and unit in self.units) or (assignee != "" and assignee == self.person)


EVERYBODY = Related()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page of the worklist. `assignee` None is anybody's case, empty is nobody's. `after` is the last page's `end`."""

    states: tuple[CaseState, ...] = OPEN_STATES
    assignee: str | None = None
    search: str = ""
    sort: Sort = SORT_UNSPECIFIED
    size: int = 50
    after: str = ""
    relation: Related = EVERYBODY


@dataclass(frozen=True, slots=True)
class Page:
    """`end` is empty on the last page."""

    entries: list[WorklistEntry]
    end: str


class CaseView(Protocol):
    """Cases by id, and as a worklist. `changed` is set, and replaced by a new event, at each change in this process."""

    changed: asyncio.Event

    def put(self, case: Case) -> None: ...

    def put_all(self, cases: Iterable[Case]) -> int: ...

    def remove(self, case_id: str) -> None:
        """Leave no trace of a case; what is not there is removed."""
        ...

    def get(self, case_id: str) -> Case | None: ...

    def page(self, after: str, size: int) -> Sequence[Case]: ...

    def worklist(self, wanted: Wanted) -> Page: ...

    def counts(self, relation: Related = EVERYBODY) -> dict[CaseState, int]: ...

    def elsewhere(self, relation: Related, accession: str) -> Sequence[str]:
        """Ids of cases outside the relation that have this accession."""
        ...

    def revision(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Row:
    """What a case is found and ordered by. Smaller ranks come first."""

    case_id: str
    state: CaseState
    rank: int
    due: int
    age: int
    assignee: str
    unit: str
    accession: str
    words: str
    entry: WorklistEntry

    def key(self, sort: Sort) -> tuple[int, int, str]:
        first, second = ({"rank": self.rank, "due": self.due, "age": self.age}[name] for name in ORDERS[sort])
        return first, second, self.case_id


def row_of(case: Case, working: WorkingTime) -> Row:
    found = entry(case, working)
    person = found.patient
    return Row(
        case_id=case.case_id,
        state=found.state,
        rank=-(found.priority * 10 + found.urgency),
        due=found.due_at.ToMilliseconds(),
        age=-found.ordered_at.ToMilliseconds(),
        assignee=found.assignee.user_id,
        unit=found.unit,
        accession=found.accession,
        words=" ".join([found.accession, person.family_name, *person.given_names, person.identifier]),
        entry=found,
    )


class MemoryCaseView:
    """A dictionary, for tests of the queries and as the plain statement of what the worklist is."""

    def __init__(self, working: WorkingTime) -> None:
        self.working = working
        self.cases: dict[str, Case] = {}
        self.changed = asyncio.Event()
        self.changes = 0

    def put(self, case: Case) -> None:
        if self.cases.get(case.case_id) == case:
            return
        self.cases[case.case_id] = case
        self.tell()

    def put_all(self, cases: Iterable[Case]) -> int:
        before = list(cases)
        for case in before:
            self.put(case)
        return len(before)

    def remove(self, case_id: str) -> None:
        if self.cases.pop(case_id, None) is not None:
            self.tell()

    def tell(self) -> None:
        self.changes += 1
        self.changed, waiting = asyncio.Event(), self.changed
        waiting.set()

    def get(self, case_id: str) -> Case | None:
        return self.cases.get(case_id)

    def page(self, after: str, size: int) -> Sequence[Case]:
        return [self.cases[name] for name in sorted(self.cases) if name > after][:size]

    def worklist(self, wanted: Wanted) -> Page:
        after = read_end(wanted.after, 2)
        beginnings = words_of(wanted.search)
        rows = sorted((row_of(case, self.working) for case in self.cases.values()), key=lambda row: row.key(wanted.sort))
        found = [
            row
            for row in rows
            if row.state in wanted.states
            and wanted.relation.to(row.unit, row.assignee)
            and (wanted.assignee is None or row.assignee == wanted.assignee)
            and all(any(word.startswith(one) for word in words_of(row.words)) for one in beginnings)
            and (after is None or row.key(wanted.sort) > after)
        ]
        shown = found[: wanted.size]
        end = json.dumps(shown[-1].key(wanted.sort)) if len(found) > wanted.size else ""
        return Page([row.entry for row in shown], end)

    def counts(self, relation: Related = EVERYBODY) -> dict[CaseState, int]:
        rows = [row_of(case, self.working) for case in self.cases.values()]
        states = [row.state for row in rows if relation.to(row.unit, row.assignee)]
        return {state: states.count(state) for state in sorted(set(states))}

    def elsewhere(self, relation: Related, accession: str) -> Sequence[str]:
        rows = [row_of(case, self.working) for case in self.cases.values()]
        found = [row.case_id for row in rows if row.accession == accession and not relation.to(row.unit, row.assignee)]
        return sorted(found)[:MOST_ELSEWHERE] if accession else []

    def revision(self) -> int:
        return self.changes


def words_of(text: str) -> list[str]:
    """Words as the full-text index has them, but for accents."""
    return "".join(letter if letter.isalnum() else " " for letter in text.lower()).split()


@dataclass(slots=True)
class SqliteCaseView:
    """One file that the processes of one machine share."""

    connection: sqlite3.Connection
    working: WorkingTime
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def at(cls, path: Path, working: WorkingTime) -> "SqliteCaseView":
        """Raise Unavailable where the file cannot be opened. A file of another version is made anew, and filled on recovery."""
        return cls(view_at(path, VERSION, SCHEMA), working)

    def close(self) -> None:
        self.connection.close()

    def put(self, case: Case) -> None:
        row = row_of(case, self.working)
        body = case.SerializeToString(deterministic=True)
        values = (
            row.state,
            row.rank,
            row.due,
            row.age,
            row.assignee,
            row.unit,
            row.accession,
            row.words,
            row.entry.SerializeToString(),
            body,
        )
        if self.connection.execute(UPSERT, (row.case_id, *values)).rowcount:
            self.tell()

    def put_all(self, cases: Iterable[Case]) -> int:
        """All in one transaction; return how many."""
        count = 0
        with self.connection:
            self.connection.execute("BEGIN")
            for case in cases:
                self.put(case)
                count += 1
        return count

    def remove(self, case_id: str) -> None:
        if self.connection.execute("DELETE FROM cases WHERE case_id = ?", (case_id,)).rowcount:
            # The index keeps words of what was removed until its parts are merged, and the log of writes until it is begun anew.
            self.connection.execute("INSERT INTO search (search) VALUES ('optimize')")
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.tell()

    def tell(self) -> None:
        self.changed, waiting = asyncio.Event(), self.changed
        waiting.set()

    def get(self, case_id: str) -> Case | None:
        row = self.connection.execute("SELECT body FROM cases WHERE case_id = ?", (case_id,)).fetchone()
        return Case.FromString(row[0]) if row else None

    def page(self, after: str, size: int) -> Sequence[Case]:
        rows = self.connection.execute("SELECT body FROM cases WHERE case_id > ? ORDER BY case_id LIMIT ?", (after, size))
        return [Case.FromString(body) for (body,) in rows]

    def worklist(self, wanted: Wanted) -> Page:
        """Each state's and unit's next cases by its index, and of those the first.

        What it costs does not grow with the number of cases.
        """
        first, second = ORDERS[wanted.sort]
        terms: list[str] = []
        values: list[int | str] = []
        if words_of(wanted.search):
            terms.append("number IN (SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid DESC LIMIT ?)")
            values += [" ".join(f'"{word}"*' for word in words_of(wanted.search)), MOST_MATCHES]
        if wanted.assignee is not None:
            terms.append("assignee = ?")
            values.append(wanted.assignee)
        if after := read_end(wanted.after, 2):
            terms.append(f"({first}, {second}, case_id) > (?, ?, ?)")
            values += after
        order = f"ORDER BY {first}, {second}, case_id LIMIT ?"
        parts: list[str] = []
        arguments: list[int | str] = []
        for state in wanted.states:
            for relates, whose in relations(wanted.relation, bool(wanted.search)):
                each = " AND ".join([*relates, "state = ?", *terms])
                parts.append(f"SELECT * FROM (SELECT {first}, {second}, case_id, entry FROM cases WHERE {each} {order})")  # noqa: S608
                arguments += [*whose, state, *values, wanted.size + 1]
        query = " UNION ALL ".join(parts) + f" {order}"
        rows = self.connection.execute(query, [*arguments, wanted.size + 1]).fetchall() if parts else []
        end = json.dumps(rows[wanted.size - 1][:3]) if len(rows) > wanted.size else ""
        return Page([WorklistEntry.FromString(row[3]) for row in rows[: wanted.size]], end)

    def counts(self, relation: Related = EVERYBODY) -> dict[CaseState, int]:
        found: Counter[CaseState] = Counter()
        if relation.units is None:
            found.update(dict(self.connection.execute("SELECT state, sum(cases) FROM counts GROUP BY state")))
        else:
            marks = ", ".join("?" * len(relation.units))
            kept = f"SELECT state, sum(cases) FROM counts WHERE unit IN ({marks}) GROUP BY state"  # noqa: S608
            found.update(dict(self.connection.execute(kept, relation.units)))
            given = f"SELECT state, sum(cases) FROM counts WHERE assignee = ? AND unit NOT IN ({marks}) GROUP BY state"  # noqa: S608
            found.update(dict(self.connection.execute(given, (relation.person, *relation.units))))
        return {state: cases for state, cases in sorted(found.items()) if cases}

    def elsewhere(self, relation: Related, accession: str) -> Sequence[str]:
        if not accession or relation.units is None:
            return []
        query = "SELECT case_id, unit, assignee FROM cases WHERE accession = ? ORDER BY case_id LIMIT 100"
        found = [case_id for case_id, *whose in self.connection.execute(query, (accession,)) if not relation.to(*whose)]
        return found[:MOST_ELSEWHERE]

    def revision(self) -> int:
        (number,) = self.connection.execute("SELECT number FROM revision").fetchone()
        return int(number)


def relations(relation: Related, few: bool) -> list[tuple[list[str], list[str]]]:
    """Terms of a query, with their values, of which each case of the relation fulfils one and no more.

    Where `few` cases are looked at anyway, one term says it all: no index is needed for each unit.
    """
    if relation.units is None:
        return [([], [])]
    marks = ", ".join("?" * len(relation.units))
    if few:
        return [([f"(unit IN ({marks}) OR assignee = ?)"], [*relation.units, relation.person])]
    given = ["assignee = ?", f"unit NOT IN ({marks})"], [relation.person, *relation.units]
    return [*((["unit = ?"], [unit]) for unit in relation.units), given]
