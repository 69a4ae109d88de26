"""The keys of cases and patients: each wraps the data keys of what is theirs, and is destroyed where that is to be erased.

Of a subject's key there are generations. To destroy it is to begin a new generation and lose all before it, so that what comes
later can be kept again.
"""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from chassis.durable import flush_one
from chassis.errors import Erased, Malformed, Misconfigured, Unavailable

KEY = 32
GENERATION = 4


class Keys(Protocol):
    """Who wraps. `of` is the opaque id of a case or patient, a UUID."""

    async def wrap(self, of: str, data_key: bytes) -> bytes:
        """A data key, under the subject's key of now, which is made where there is none. Raise Unavailable."""
        ...

    async def unwrap(self, of: str, wrapped: bytes) -> bytes:
        """Raise Erased where the key was destroyed, Malformed where it never wrapped this, Unavailable where it cannot be had."""
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
    key: bytes

    def __bytes__(self) -> bytes:
        return self.number.to_bytes(GENERATION) + self.key

    @classmethod
    def read(cls, content: bytes) -> "Generation":
        if len(content) != GENERATION + KEY:
            raise Unavailable("a key's file is not whole")
        return cls(int.from_bytes(content[:GENERATION]), content[GENERATION:])


class FileKeys:
    """A folder that the processes of one machine, or pods with one volume, share: a file for each subject (RFC 3394 wraps).

    Whoever can read the folder can read everything. A backup of it undoes erasures since: see docs/runbook.md.
    """

    def __init__(self, folder: Path) -> None:
        """Raise Misconfigured where the folder is not there: a new one would open nothing."""
        if not folder.is_dir():
            raise Misconfigured(f"CASEPATH_KEYS names {folder}, and there is no such folder")
        self.folder = folder

    async def wrap(self, of: str, data_key: bytes) -> bytes:
        found = self.current(of)
        if found is None:
            found = await asyncio.to_thread(self.made, of)
        return found.number.to_bytes(GENERATION) + aes_key_wrap(found.key, data_key)

    async def unwrap(self, of: str, wrapped: bytes) -> bytes:
        found, number = self.current(of), int.from_bytes(wrapped[:GENERATION])
        if found is None or number > found.number:
            raise Unavailable("a key that was used is not in the folder of keys: is CASEPATH_KEYS what it was?")
        if number < found.number:
            raise Erased("its key was destroyed")
        try:
            return aes_key_unwrap(found.key, wrapped[GENERATION:])
        except InvalidUnwrap:
            raise Malformed("its data key is not one that its owner's key wrapped") from None

    async def destroy(self, of: str) -> bool:
        return await asyncio.to_thread(self.lose, of)

    async def close(self) -> None:
        """A folder holds nothing open."""

    def file(self, of: str) -> Path:
        try:
            name = str(UUID(of))
        except ValueError:
            raise Malformed("a key is of a case or patient, by their id") from None
        return self.folder / name[:2] / name

    def current(self, of: str) -> Generation | None:
        try:
            return Generation.read(self.file(of).read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(f"a key cannot be read: {type(error).__name__}") from error

    def made(self, of: str) -> Generation:
        """The first generation. Of two processes that make one at once, the first counts."""
        file = self.file(of)
        with self.written(Generation(1, os.urandom(KEY)), file.parent) as made, suppress(FileExistsError):
            os.link(made, file)
        found = self.current(of)
        if found is None:
            raise Unavailable("a key that was made is gone")
        flush_one(file.parent)
        return found

    def lose(self, of: str) -> bool:
        file, found = self.file(of), self.current(of)
        if found is None:
            return False
        with self.written(Generation(found.number + 1, os.urandom(KEY)), file.parent) as made, file.open("r+b") as old:
            made.replace(file)
            # The bytes of before, as far as the file system writes in place.
            old.write(bytes(GENERATION + KEY))
            os.fsync(old.fileno())
            flush_one(file.parent)
        return True

    @contextmanager
    def written(self, generation: Generation, folder: Path) -> Iterator[Path]:
        """A file of its own with it, for as long as it keeps this name. Raise Unavailable where the folder does not take it."""
        partial = None
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=folder, prefix=".")
            partial = Path(name)
            with os.fdopen(descriptor, "wb") as file:
                file.write(bytes(generation))
                file.flush()
                os.fsync(descriptor)
            yield partial
        except OSError as error:
            raise Unavailable(f"the folder of keys does not take one: {type(error).__name__}") from error
        finally:
            if partial is not None:
                partial.unlink(missing_ok=True)
