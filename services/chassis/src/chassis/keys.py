"""The keys of cases and patients: each wraps the data keys of what is theirs, and is destroyed where that is to be erased.

Of a subject's key there are generations. To destroy it is to begin a new generation and lose all before it, so that what comes
later can be kept again.
"""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.errors import Erased, Malformed, Misconfigured, Unavailable

KEY = 32
# Bytes of a generation's number, before what it wrapped.
GENERATION = 4
NONCE = 12
FILE = "keys.sqlite"
# A byte for each time that a key was destroyed, by which the processes of the folder tell that one was.
LOSSES = "losses"
SECONDS_FOR_OTHERS = 30.0
MOST_AT_ONCE = 1000
SCHEMA = "CREATE TABLE IF NOT EXISTS keys (of BLOB PRIMARY KEY, generation INTEGER NOT NULL, key BLOB NOT NULL) WITHOUT ROWID"


class Keys(Protocol):
    """Who wraps. `of` is the opaque id of a case or patient, a UUID."""

    async def wrap(self, of: str, data_key: bytes) -> bytes:
        """A data key, under the subject's key of now, which is made where there is none. Raise Unavailable."""
        ...

    async def unwrap(self, of: str, wrapped: bytes) -> bytes:
        """Raise Erased where the key was destroyed, Malformed where it never wrapped this, Unavailable where it cannot be had."""
        ...

    def losses(self) -> int:
        """Another number after a key was destroyed, as far as that can be told without asking anybody. Raise Unavailable."""
        ...

    async def destroy(self, of: str) -> bool:
        """Lose every generation until now; say whether there was one. Raise Unavailable where they may not be lost."""
        ...

    async def close(self) -> None:
        """Let go of what is held to reach them."""
        ...


@dataclass(frozen=True, slots=True)
class Generation:
    number: int
    key: bytes = field(repr=False)


class FileKeys:
    """A file of SQLite in a folder that the processes of one machine share; AES-256-GCM wraps.

    Keys that are made at once are written together, and are on disk before anything is encrypted by them. Whoever can read the
    folder can read everything. A backup of it undoes erasures since: see docs/runbook.md.
    """

    def __init__(self, folder: Path) -> None:
        """Raise Misconfigured where the folder is not there: a new one would open nothing."""
        if not folder.is_dir():
            raise Misconfigured(f"CASEPATH_KEYS names {folder}, and there is no such folder")
        self.file, self.lost = folder / FILE, folder / LOSSES
        with unavailable():
            for file in (self.file, self.lost):
                file.touch(mode=0o600)
            self.reading, self.writing = opened(self.file), opened(self.file)
        self.alone = threading.Lock()
        # Keys that were asked for while others are being written.
        self.asked: dict[bytes, asyncio.Future[Generation | None]] = {}
        self.batch: asyncio.Task[None] | None = None

    async def wrap(self, of: str, data_key: bytes) -> bytes:
        subject = subject_of(of)
        found = self.current(subject)
        while found is None:
            # None again where another process made it.
            found = await self.make(subject) or self.current(subject)
        nonce = os.urandom(NONCE)
        return found.number.to_bytes(GENERATION) + nonce + AESGCM(found.key).encrypt(nonce, data_key, subject)

    async def unwrap(self, of: str, wrapped: bytes) -> bytes:
        subject, number = subject_of(of), int.from_bytes(wrapped[:GENERATION])
        found = self.current(subject)
        if found is None or number > found.number:
            raise Unavailable("a key that was used is not in the folder of keys: is CASEPATH_KEYS what it was?")
        if number < found.number:
            raise Erased("its key was destroyed")
        try:
            return AESGCM(found.key).decrypt(wrapped[GENERATION:][:NONCE], wrapped[GENERATION + NONCE :], subject)
        except (InvalidTag, ValueError):
            raise Malformed("its data key is not one that its owner's key wrapped") from None

    def losses(self) -> int:
        # Asked before each use of a data key.
        try:
            return self.lost.stat().st_size
        except OSError as error:
            raise unusable(error) from error

    async def destroy(self, of: str) -> bool:
        while self.batch is not None:
            await self.batch
        return await asyncio.to_thread(self.lose, subject_of(of))

    async def close(self) -> None:
        self.reading.close()
        self.writing.close()

    def current(self, subject: bytes) -> Generation | None:
        with unavailable():
            row = self.reading.execute("SELECT generation, key FROM keys WHERE of = ?", (subject,)).fetchone()
        return Generation(*row) if row else None

    async def make(self, subject: bytes) -> Generation | None:
        """Have a first generation made, with whatever else is asked for until the ones before it are written."""
        made = self.asked.get(subject)
        if made is None:
            made = self.asked[subject] = asyncio.get_running_loop().create_future()
        if self.batch is None:
            self.batch = asyncio.create_task(self.make_asked())
        return await asyncio.shield(made)

    async def make_asked(self) -> None:
        try:
            while self.asked:
                asked, self.asked = self.asked, {}
                try:
                    written = await asyncio.to_thread(self.write, list(asked))
                except Unavailable as error:
                    for future in asked.values():
                        future.set_exception(error)
                        # Whoever asked may be gone: it is not for the event loop to tell then.
                        future.exception()
                else:
                    for subject, future in asked.items():
                        future.set_result(written.get(subject))
        finally:
            self.batch = None

    def write(self, subjects: Sequence[bytes]) -> dict[bytes, Generation]:
        """The keys that this process made: of two that make one at once, the first counts.

        One statement for many: a thread waits for its turn in Python after each.
        """
        written: dict[bytes, Generation] = {}
        for start in range(0, len(subjects), MOST_AT_ONCE):
            some = subjects[start : start + MOST_AT_ONCE]
            values = [value for subject in some for value in (subject, os.urandom(KEY))]
            marks = ", ".join(["(?, 1, ?)"] * len(some))
            with self.alone, unavailable():
                made = self.writing.execute(f"INSERT OR IGNORE INTO keys VALUES {marks} RETURNING of, key", values)  # noqa: S608
                written |= {of: Generation(1, key) for of, key in made.fetchall()}
        return written

    def lose(self, subject: bytes) -> bool:
        """The bytes of before are overwritten as far as the file system writes in place."""
        with self.alone, unavailable():
            change = "UPDATE keys SET generation = generation + 1, key = ? WHERE of = ?"
            if not self.writing.execute(change, (os.urandom(KEY), subject)).rowcount:
                return False
            with self.lost.open("ab") as lost:
                lost.write(b".")
            # The log of writes has the page of before until its content is in the file, and it is begun anew.
            (busy, *_) = self.writing.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise Unavailable("a destroyed key is still in the log of the file of keys, which others read")
        return True


def subject_of(of: str) -> bytes:
    try:
        return UUID(of).bytes
    except ValueError:
        raise Malformed("a key is of a case or patient, by their id") from None


def opened(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None, timeout=SECONDS_FOR_OTHERS, check_same_thread=False)
    for setting in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {setting}")
    connection.execute(SCHEMA)
    return connection


@contextmanager
def unavailable() -> Iterator[None]:
    """What SQLite and the file system raise, as ours."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise unusable(error) from error


def unusable(error: Exception) -> Unavailable:
    return Unavailable(f"the file of keys cannot be used: {type(error).__name__}")
