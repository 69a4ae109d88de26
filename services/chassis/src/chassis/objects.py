"""The object store: content-addressed bytes, and shelves of named messages.

Objects are named by their digest, so writing one twice changes nothing. References to them travel on topics; they do not
(claim check).
"""

import asyncio
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import obstore
from google.protobuf.message import Message
from obstore.exceptions import AlreadyExistsError
from obstore.exceptions import BaseError as StoreError
from obstore.store import LocalStore, ObjectStore, from_url

from casepath.objects.v1.object_ref_pb2 import ObjectRef
from chassis.errors import NotFound, Unavailable

DOWNLOADED_AT_ONCE = 1 << 20


class Objects:
    """A local folder (file://) or a bucket (s3://, gs://, az://)."""

    def __init__(self, store: ObjectStore, folder: Path | None = None) -> None:
        self.store = store
        self.folder = folder

    @classmethod
    def at(cls, url: str) -> "Objects":
        if url.startswith("file://"):
            folder = Path(url.removeprefix("file://"))
            return cls(LocalStore(folder, mkdir=True), folder)
        return cls(from_url(url))

    async def put(self, content: bytes | Path, folder: str = "") -> ObjectRef:
        """Store bytes or a file under its digest, durably; in a `folder` of their own where they are removed together later.

        Raise Unavailable when the store cannot take it.
        """
        sha256, size = await asyncio.to_thread(digest, content)
        path = f"{folder}/{sha256}" if folder else f"sha256/{sha256[:2]}/{sha256}"
        ref = ObjectRef(path=path, sha256=sha256, size=size)
        try:
            if not await self.has(ref.path):
                await self.write(ref.path, content)
        except (StoreError, OSError) as error:
            raise Unavailable(f"the object store did not take {ref.path}: {type(error).__name__}") from error
        return ref

    async def get(self, ref: ObjectRef) -> bytes:
        """Raise NotFound when it is not there, Unavailable when the store fails or gives other bytes."""
        content = await self.read(ref.path)
        if content is None:
            raise NotFound(f"object {ref.path} is not in the store")
        if (await asyncio.to_thread(digest, content))[0] != ref.sha256:
            raise Unavailable(f"object {ref.path} does not have the bytes of its digest")
        return content

    async def ranges(self, ref: ObjectRef, starts: Sequence[int], lengths: Sequence[int]) -> list[bytes]:
        """Parts of an object, read without the rest, and so without its digest checked. Raise as `get` does."""
        with asked(ref):
            found = await obstore.get_ranges_async(self.store, ref.path, starts=starts, lengths=lengths)
        parts = [bytes(part) for part in found]
        if [len(part) for part in parts] != list(lengths):
            raise Unavailable(f"object {ref.path} is shorter than it should be")
        return parts

    async def as_file(self, ref: ObjectRef, scratch: Path) -> Path:
        """A local file with the object's bytes: the store's own file where the store is a folder."""
        if self.folder is not None:
            path = self.folder / ref.path
            if not path.exists():
                raise NotFound(f"object {ref.path} is not in the store")
            return path
        path = scratch / ref.sha256
        if not path.exists():
            await self.download(ref, path)
        return path

    async def download(self, ref: ObjectRef, path: Path) -> None:
        """In parts: an object may be larger than memory."""
        partial, found = path.with_suffix(".partial"), hashlib.sha256()
        with asked(ref):
            result = await obstore.get_async(self.store, ref.path)
            with partial.open("wb") as file:
                async for chunk in result.stream(min_chunk_size=DOWNLOADED_AT_ONCE):
                    await asyncio.to_thread(file.write, chunk)
                    found.update(chunk)
        if found.hexdigest() != ref.sha256:
            raise Unavailable(f"object {ref.path} does not have the bytes of its digest")
        partial.replace(path)

    async def remove(self, folder: str) -> None:
        """Everything that was put in this folder. Raise Unavailable when the store fails; what was removed stays so."""
        try:
            async for batch in obstore.list(self.store, folder):
                await obstore.delete_async(self.store, [str(meta["path"]) for meta in batch])
        except FileNotFoundError:
            return
        except (StoreError, OSError) as error:
            raise Unavailable(f"the object store did not remove {folder}: {type(error).__name__}") from error

    async def has(self, path: str) -> bool:
        try:
            await obstore.head_async(self.store, path)
        except FileNotFoundError:
            return False
        return True

    async def read(self, path: str) -> bytes | None:
        try:
            result = await obstore.get_async(self.store, path)
            return bytes(await result.bytes_async())
        except FileNotFoundError:
            return None
        except (StoreError, OSError) as error:
            raise Unavailable(f"the object store did not give {path}: {type(error).__name__}") from error

    async def write(self, path: str, content: bytes | Path, mode: Literal["overwrite", "create"] = "overwrite") -> None:
        """Visible only when whole: obstore writes aside and renames, or commits a multipart upload.

        Raise AlreadyExistsError where something has the name and the mode is "create".
        """
        await obstore.put_async(self.store, path, content, mode=mode)
        if self.folder is not None:
            await asyncio.to_thread(flush, self.folder / path)

    async def names(self, prefix: str) -> set[str]:
        found: set[str] = set()
        async for batch in obstore.list(self.store, prefix):
            found.update(str(meta["path"]).removeprefix(prefix).lstrip("/") for meta in batch)
        return found


class Shelf[M: Message]:
    """Messages of one type, each under a name that is opaque. Writing again replaces."""

    def __init__(self, objects: Objects, kind: type[M], name: str) -> None:
        self.objects = objects
        self.kind = kind
        self.prefix = f"shelf/{name}"

    async def put(self, name: str, message: M) -> None:
        try:
            await self.objects.write(f"{self.prefix}/{name}", message.SerializeToString())
        except (StoreError, OSError) as error:
            raise Unavailable(f"the object store did not take {self.prefix}: {type(error).__name__}") from error

    async def create(self, name: str, message: M) -> bool:
        """Put it where nothing has this name; say whether that was so. Of two at once, one gets the name."""
        try:
            await self.objects.write(f"{self.prefix}/{name}", message.SerializeToString(), "create")
        except AlreadyExistsError:
            return False
        except (StoreError, OSError) as error:
            raise Unavailable(f"the object store did not take {self.prefix}: {type(error).__name__}") from error
        return True

    async def remove(self, name: str) -> None:
        """What is not there is removed."""
        try:
            await obstore.delete_async(self.objects.store, f"{self.prefix}/{name}")
        except FileNotFoundError:
            return
        except (StoreError, OSError) as error:
            raise Unavailable(f"the object store did not remove from {self.prefix}: {type(error).__name__}") from error

    async def get(self, name: str) -> M | None:
        content = await self.objects.read(f"{self.prefix}/{name}")
        return None if content is None else self.kind.FromString(content)

    async def all(self, folder: str = "") -> list[M]:
        """Every message below `folder`, in order of name."""
        beginning = f"{folder}/" if folder else ""
        found = [await self.get(f"{beginning}{name}") for name in sorted(await self.names(folder))]
        return [one for one in found if one is not None]

    async def folders(self) -> list[str]:
        """The first part of every name, in order."""
        try:
            listed = await obstore.list_with_delimiter_async(self.objects.store, self.prefix)
        except (StoreError, OSError) as error:
            raise Unavailable(f"the object store did not list {self.prefix}: {type(error).__name__}") from error
        return sorted(path.rstrip("/").rsplit("/", 1)[1] for path in listed["common_prefixes"])

    async def names(self, folder: str = "") -> set[str]:
        """Names below `folder`, without it."""
        return await self.objects.names(f"{self.prefix}/{folder}" if folder else self.prefix)


def digest(content: bytes | Path) -> tuple[str, int]:
    """SHA-256 in hexadecimal, and the size in bytes."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest(), len(content)
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), content.stat().st_size


@contextmanager
def asked(ref: ObjectRef) -> Iterator[None]:
    """What a store raises for an object, as ours: NotFound, else Unavailable."""
    try:
        yield
    except FileNotFoundError:
        raise NotFound(f"object {ref.path} is not in the store") from None
    except (StoreError, OSError) as error:
        raise Unavailable(f"the object store did not give {ref.path}: {type(error).__name__}") from error


def settle(partial: Path, target: Path) -> None:
    """Give a file that is whole its name, durably."""
    partial.replace(target)
    flush(target)


def flush(path: Path) -> None:
    """Make a file and its name survive a power cut."""
    for target in (path, path.parent):
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
