"""Files of SQLite that a service keeps for asking: several processes of one machine share one, and it can be made anew."""

import sqlite3
from pathlib import Path

from chassis.errors import Malformed, Unavailable
from chassis.json_text import json_of


def view_at(path: Path, version: int, schema: str) -> sqlite3.Connection:
    """Raise Unavailable where the file cannot be opened. A file of another version is made anew, empty."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = connected(path)
        (found,) = connection.execute("PRAGMA user_version").fetchone()
        if found != version:
            connection.close()
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            connection = connected(path)
            connection.executescript(f"{schema}\nPRAGMA user_version = {version};")
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"{path.name} cannot be opened: {type(error).__name__}") from error
    return connection


def connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    # What is removed is overwritten: it may have been erased.
    connection.execute("PRAGMA secure_delete=ON")
    return connection


def read_end(end: str, numbers: int) -> tuple[*tuple[int, ...], str] | None:
    """Where a page ended, as its JSON says: so many numbers, and a name. None where it is empty, before the first page.

    Raise Malformed where it is not what a page gave.
    """
    if not end:
        return None
    refusal = "page_token is not one that an answer gave"
    match json_of(end, refusal):
        case [*first, str(name)] if len(first) == numbers and all(type(one) is int and one.bit_length() < 64 for one in first):
            return (*first, name)
        case _:
            raise Malformed(refusal)
