"""Lines of the ledger, kept for asking: SQLite, filled from the blocks; the blocks are what counts."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from audit.handlers import line_id
from casepath.audit.v1.audit_pb2 import OUTCOME_REFUSED, LedgerEntry
from casepath.records.v1.filing_pb2 import Entry
from chassis.views import read_end, view_at

VERSION = 1
SCHEMA = """
CREATE TABLE lines (
    line_id TEXT NOT NULL PRIMARY KEY,
    time INTEGER NOT NULL,
    user TEXT NOT NULL,
    refused INTEGER NOT NULL,
    purpose INTEGER NOT NULL,
    body BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX by_time ON lines (time, line_id);
CREATE INDEX by_user ON lines (user, time, line_id);
CREATE INDEX refused ON lines (time, line_id) WHERE refused;
CREATE INDEX for_a_purpose ON lines (time, line_id) WHERE purpose <> 0;
CREATE TABLE concerned (
    kind TEXT NOT NULL, identifier TEXT NOT NULL, time INTEGER NOT NULL, line_id TEXT NOT NULL,
    PRIMARY KEY (kind, identifier, time, line_id)
) WITHOUT ROWID;
CREATE TABLE following (block INTEGER NOT NULL);
INSERT INTO following VALUES (0);
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Lines, the newest first. Times are nanoseconds since 1970, `until` not included; `after` is the last page's `end`."""

    of: Entry | None = None
    user: str = ""
    refused: bool = False
    for_a_purpose: bool = False
    since: int = 0
    until: int = 2**63 - 1
    size: int = 50
    after: str = ""

    def holds(self, line: LedgerEntry) -> bool:
        access = line.access
        return (
            (self.of is None or self.of in access.entries)
            and self.user in ("", access.agent.user_id)
            and (not self.refused or access.outcome == OUTCOME_REFUSED)
            and (not self.for_a_purpose or access.purpose != 0)
            and self.since <= line.time.ToNanoseconds() < self.until
        )


@dataclass(frozen=True, slots=True)
class Page:
    """`end` is empty on the last page."""

    lines: list[LedgerEntry]
    end: str


class Lines(Protocol):
    """Each line once, whatever number of times the ledger has it."""

    def following(self) -> int:
        """The number of the first block that is not taken yet."""
        ...

    def take(self, block: int, lines: Sequence[LedgerEntry]) -> None:
        """The lines of a block; of one that was taken before nothing is taken again."""
        ...

    def page(self, asked: Asked) -> Page: ...


def key_of(line: LedgerEntry) -> tuple[int, str]:
    return line.time.ToNanoseconds(), line_id(line)


@dataclass(slots=True)
class MemoryLines:
    """A dictionary, for tests and as the plain statement of what is asked."""

    kept: dict[str, LedgerEntry] = field(default_factory=dict)
    next: int = 0

    def following(self) -> int:
        return self.next

    def take(self, block: int, lines: Sequence[LedgerEntry]) -> None:
        if block >= self.next:
            self.kept |= {line_id(line): line for line in lines}
            self.next = block + 1

    def page(self, asked: Asked) -> Page:
        after = read_end(asked.after, 1)
        found = sorted((line for line in self.kept.values() if asked.holds(line)), key=key_of, reverse=True)
        rest = [line for line in found if after is None or key_of(line) < after]
        shown = rest[: asked.size]
        return Page(shown, json.dumps(key_of(shown[-1])) if len(rest) > asked.size else "")


@dataclass(slots=True)
class SqliteLines:
    """One file that the processes of one machine share."""

    connection: sqlite3.Connection

    @classmethod
    def at(cls, path: Path) -> "SqliteLines":
        """Raise Unavailable where the file cannot be opened. One of another version is made anew, and filled from the ledger."""
        return cls(view_at(path, VERSION, SCHEMA))

    def close(self) -> None:
        self.connection.close()

    def following(self) -> int:
        (number,) = self.connection.execute("SELECT block FROM following").fetchone()
        return int(number)

    def take(self, block: int, lines: Sequence[LedgerEntry]) -> None:
        with self.connection:
            self.connection.execute("BEGIN IMMEDIATE")
            if block < self.following():
                return
            for line in lines:
                time, name = key_of(line)
                access = line.access
                refused = access.outcome == OUTCOME_REFUSED
                row = name, time, access.agent.user_id, refused, access.purpose, line.SerializeToString()
                self.connection.execute("INSERT OR IGNORE INTO lines VALUES (?, ?, ?, ?, ?, ?)", row)
                self.connection.executemany(
                    "INSERT OR IGNORE INTO concerned VALUES (?, ?, ?, ?)",
                    [(one.kind, one.identifier, time, name) for one in access.entries],
                )
            self.connection.execute("UPDATE following SET block = ?", (block + 1,))

    def page(self, asked: Asked) -> Page:
        table, of = "lines", "lines"
        terms: list[str] = []
        arguments: list[int | str] = []
        if asked.of is not None:
            # In this order, so that the lines of one patient are found first, whoever's they are.
            table, of = "concerned CROSS JOIN lines ON lines.line_id = concerned.line_id", "concerned"
            terms += ["concerned.kind = ?", "concerned.identifier = ?"]
            arguments += [asked.of.kind, asked.of.identifier]
        place = f"{of}.time", f"{of}.line_id"
        terms += [f"{of}.time >= ?", f"{of}.time < ?"]
        arguments += [asked.since, asked.until]
        if asked.user:
            terms.append("lines.user = ?")
            arguments.append(asked.user)
        if asked.refused:
            terms.append("lines.refused")
        if asked.for_a_purpose:
            terms.append("lines.purpose <> 0")
        if after := read_end(asked.after, 1):
            terms.append(f"({', '.join(place)}) < (?, ?)")
            arguments += after
        order = ", ".join(f"{name} DESC" for name in place)
        query = f"SELECT {', '.join(place)}, lines.body FROM {table} WHERE {' AND '.join(terms)} ORDER BY {order} LIMIT ?"  # noqa: S608
        rows = self.connection.execute(query, [*arguments, asked.size + 1]).fetchall()
        end = json.dumps(rows[asked.size - 1][:2]) if len(rows) > asked.size else ""
        return Page([LedgerEntry.FromString(row[2]) for row in rows[: asked.size]], end)
