"""What things are called in one study, and on which days they were: by its key, so that rows of two studies cannot be joined."""

import hashlib
from dataclasses import dataclass

import duckdb
from pydicom.uid import UID

# A name is of 60 bits: as many hexadecimal digits of SHA-256 of the key, what sort of thing it is, and its id.
DIGITS = 15
# Of a UID there are more, behind the root for those that anybody may make (PS3.5 B.2).
UID_DIGITS, UID_ROOT = 28, "2.25."
# Days are 1 to so many earlier.
MOST_EARLIER = 365
RENAMED = """
create or replace temp macro renamed(sort, id) as
    cast('0x' || substr(sha256('{key}' || sort || cast(id as varchar)), 1, {digits}) as bigint)
"""
EARLIER = "create or replace temp macro earlier(person) as cast(renamed('days', person) % {most} + 1 as integer)"
MOVED = "create or replace temp macro moved(day, person) as day - earlier(person)"


@dataclass(frozen=True, slots=True)
class Names:
    key: bytes

    def name(self, sort: str, one: str) -> int:
        """As `renamed` says it in SQL."""
        return int(self.digest(sort, one)[:DIGITS], 16)

    def uid(self, one: str) -> str:
        """UIDs of the standard are what they are."""
        return f"{UID_ROOT}{int(self.digest('uid', one)[:UID_DIGITS], 16)}" if UID(one).is_private else one

    def digest(self, sort: str, one: str) -> str:
        return hashlib.sha256(f"{self.key.hex()}{sort}{one}".encode()).hexdigest()

    def told_to(self, database: duckdb.DuckDBPyConnection) -> None:
        """`renamed(sort, id)`, `earlier(person)` and `moved(day, person)` for queries."""
        database.execute(RENAMED.format(key=self.key.hex(), digits=DIGITS))
        database.execute(EARLIER.format(most=MOST_EARLIER))
        database.execute(MOVED)
