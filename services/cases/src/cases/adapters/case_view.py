"""Assembled cases, kept for asking: SQLite, written by the fold and read by the queries."""

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from casepath.cases.v1.cases_pb2 import Case
from chassis.errors import Unavailable

SCHEMA = "CREATE TABLE IF NOT EXISTS cases (case_id TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID"


class CaseView(Protocol):
    """Cases by id. `changed` is set, and replaced by a new event, at each change in this process."""

    changed: asyncio.Event

    def put(self, case: Case) -> None: ...

    def get(self, case_id: str) -> Case | None: ...

    def page(self, after: str, size: int) -> Sequence[Case]: ...


class MemoryCaseView:
    """A dictionary, for tests of the queries."""

    def __init__(self) -> None:
        self.cases: dict[str, Case] = {}
        self.changed = asyncio.Event()

    def put(self, case: Case) -> None:
        self.cases[case.case_id] = case
        self.changed, waiting = asyncio.Event(), self.changed
        waiting.set()

    def get(self, case_id: str) -> Case | None:
        return self.cases.get(case_id)

    def page(self, after: str, size: int) -> Sequence[Case]:
        return [self.cases[name] for name in sorted(self.cases) if name > after][:size]


@dataclass(slots=True)
class SqliteCaseView:
    """One file that the processes of one machine share."""

    connection: sqlite3.Connection
    changed: asyncio.Event

    @classmethod
    def at(cls, path: Path) -> "SqliteCaseView":
        """Raise Unavailable where the file cannot be opened."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, isolation_level=None, timeout=10)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise Unavailable(f"the view of cases cannot be opened: {type(error).__name__}") from error
        return cls(connection, asyncio.Event())

    def close(self) -> None:
        self.connection.close()

    def put(self, case: Case) -> None:
        body = case.SerializeToString(deterministic=True)
        self.connection.execute(
            "INSERT INTO cases VALUES (?, ?) ON CONFLICT (case_id) DO UPDATE SET body = excluded.body", (case.case_id, body)
        )
        self.changed, waiting = asyncio.Event(), self.changed
        waiting.set()

    def get(self, case_id: str) -> Case | None:
        row = self.connection.execute("SELECT body FROM cases WHERE case_id = ?", (case_id,)).fetchone()
        return Case.FromString(row[0]) if row else None

    def page(self, after: str, size: int) -> Sequence[Case]:
        rows = self.connection.execute("SELECT body FROM cases WHERE case_id > ? ORDER BY case_id LIMIT ?", (after, size))
        return [Case.FromString(body) for (body,) in rows]
