"""The object store: content-addressed bytes, and shelves of named messages.

Objects are named by their digest, so writing one twice changes nothing. References to them travel on topics; they do not
(claim check). What is a case's or a patient's is encrypted by their key (`chassis.encryption`).
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypedDict

import obstore
from cachetools import TTLCache
from google.protobuf.message import Message
from obstore.exceptions import AlreadyExistsError, PreconditionError
from obstore.exceptions import BaseError as StoreError
from obstore.store import LocalStore, ObjectStore, from_url

from casepath.objects.v1.object_ref_pb2 import ObjectRef
from chassis.durable import flush
from chassis.encryption import HELD_SECONDS, LONGEST_HEAD, Encryption, Reading, Stream, begin_of, readable, segment_at, segments
from chassis.errors import Erased, NotFound, Unavailable
from chassis.file_lock import locked_folder

DOWNLOADED_AT_ONCE = 1 << 20
# Objects of which a process remembers how to read their segments; for no longer than their data keys.
STREAMS_KNOWN = 4096


class Writing(TypedDict, total=False):
    """By which a store tells one writing of an object from another: its ETag, and its version where it has these."""

    e_tag: str | None
    version: str | None


class Objects:
    """A local folder (file://) or a bucket (s3://, gs://, az://)."""

    def __init__(self, store: ObjectStore, folder: Path | None = None, encryption: Encryption | None = None) -> None:
        self.store = store
        self.folder = folder
        self.encryption = encryption
        self.streams: TTLCache[str, Stream] = TTLCache(STREAMS_KNOWN, HELD_SECONDS)

    @classmethod
    def at(cls, url: str, encryption: Encryption | None = None) -> "Objects":
        """Without `encryption` everything is stored as it is, and what is encrypted cannot be read."""
        if url.startswith("file://"):
            folder = Path(url.removeprefix("file://"))
            return cls(LocalStore(folder, mkdir=True), folder, encryption)
        return cls(from_url(url), encryption=encryption)

    async def put(self, content: bytes | Path, of: str = "", folder: str = "") -> ObjectRef:
        """Store bytes or a file under its digest, durably; in a `folder` of their own where they are removed together later.

        `of` is the case that they are of, if any. Raise Unavailable when the store cannot take it.
        """
        sha256, size = await asyncio.to_thread(digest, content)
        encryption = self.encryption if of else None
        of = of if encryption is not None else ""
        within = f"{folder}/" if folder else f"of/{of}/" if of else f"sha256/{sha256[:2]}/"
        ref = ObjectRef(path=f"{within}{sha256}", sha256=sha256, size=size, of=of)
        try:
            if not await self.keeps(ref):
                encrypted = await encryption.encrypting(of, parts_of(content), size, ref.path) if encryption is not None else None
                await self.write(ref.path, content if encrypted is None else encrypted)
        except OSError as error:
            raise Unavailable(f"the object store did not take {ref.path}: {type(error).__name__}") from error
        return ref

    async def keeps(self, ref: ObjectRef) -> bool:
        """Whether it is there and, where it is encrypted, not erased: what was is stored anew."""
        if not ref.of:
            return await self.has(ref.path)
        self.streams.pop(ref.path, None)
        try:
            await self.stream(ref)
        except NotFound:
            return False
        return True

    async def stream(self, ref: ObjectRef) -> Stream:
        """How to read an object that is encrypted. Raise as `get` does."""
        found = self.streams.get(ref.path)
        if found is None:
            if self.encryption is None:
                raise Unavailable(f"object {ref.path} is encrypted, and this process has no keys (CASEPATH_KEYS)")
            with asked(ref):
                beginning = await obstore.get_range_async(self.store, ref.path, start=0, length=LONGEST_HEAD)
            found = self.streams[ref.path] = await self.encryption.stream(bytes(beginning), ref.path)
        return found

    async def get(self, ref: ObjectRef) -> bytes:
        """Raise NotFound when it is not there, Erased when its key is not, Unavailable when the store fails or gives others."""
        content = await self.read(ref.path)
        if content is None:
            raise NotFound(f"object {ref.path} is not in the store")
        if ref.of:
            content = await readable(self.encryption, content, ref.path)
        if (await asyncio.to_thread(digest, content))[0] != ref.sha256:
            raise Unavailable(f"object {ref.path} does not have the bytes of its digest")
        return content

    async def ranges(self, ref: ObjectRef, starts: Sequence[int], lengths: Sequence[int]) -> list[bytes]:
        """Parts of an object, read without the rest, and so without its digest checked. Raise as `get` does."""
        if ref.of:
            return await self.decrypted_ranges(ref, starts, lengths)
        with asked(ref):
            found = await obstore.get_ranges_async(self.store, ref.path, starts=starts, lengths=lengths)
        return whole([bytes(part) for part in found], lengths, ref)

    async def decrypted_ranges(self, ref: ObjectRef, starts: Sequence[int], lengths: Sequence[int]) -> list[bytes]:
        """From the segments that they lie in."""
        stream, last = await self.stream(ref), segments(ref.size) - 1
        needed = [
            (segment_at(start), segment_at(min(start + length, ref.size) - 1) if length else segment_at(start))
            for start, length in zip(starts, lengths, strict=True)
        ]
        begins = [stream.begin_of(first) for first, _ in needed]
        ends = [min(stream.begin_of(end + 1), stream.stored_size(ref.size)) for _, end in needed]
        with asked(ref):
            found = await obstore.get_ranges_async(self.store, ref.path, starts=begins, ends=ends)
        parts = []
        for (first, end), start, length, content in zip(needed, starts, lengths, found, strict=True):
            plain = b"".join(stream.decrypted_from(first, end, last, bytes(content)))
            at = start - begin_of(first)
            parts.append(plain[at : at + length])
        return whole(parts, lengths, ref)

    @asynccontextmanager
    async def local(self, ref: ObjectRef, scratch: Path) -> AsyncIterator[Path]:
        """A local file with the object's bytes, for as long as it is needed. Raise as `get` does."""
        with TemporaryDirectory(dir=scratch) as folder:
            yield await self.as_file(ref, Path(folder))

    async def as_file(self, ref: ObjectRef, scratch: Path) -> Path:
        """A local file with the object's bytes: the store's own where that is one and not encrypted, else one in `scratch`.

        Whoever asks removes what is in `scratch`. Raise as `get` does.
        """
        if self.folder is not None and not ref.of:
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
        with partial.open("wb") as file:
            async for part in self.parts(ref):
                await asyncio.to_thread(file.write, part)
                found.update(part)
        if found.hexdigest() != ref.sha256:
            raise Unavailable(f"object {ref.path} does not have the bytes of its digest")
        partial.replace(path)

    async def parts(self, ref: ObjectRef) -> AsyncIterator[bytes]:
        """An object's bytes in order. Raise as `get` does."""
        stream = await self.stream(ref) if ref.of else None
        reading = Reading(stream) if stream is not None else None
        with asked(ref):
            result = await obstore.get_async(self.store, ref.path)
            async for chunk in result.stream(min_chunk_size=DOWNLOADED_AT_ONCE):
                yield bytes(chunk) if reading is None else reading.more(bytes(chunk))
        if reading is not None:
            yield reading.end()

    async def remove(self, folder: str) -> None:
        """Everything that was put in this folder. Raise Unavailable when the store fails; what was removed stays so."""
        with failing(f"did not remove {folder}"), suppress(FileNotFoundError):
            async for batch in obstore.list(self.store, folder):
                await obstore.delete_async(self.store, [str(meta["path"]) for meta in batch])

    async def has(self, path: str) -> bool:
        with failing(f"did not say whether it has {path}"):
            try:
                await obstore.head_async(self.store, path)
            except FileNotFoundError:
                return False
        return True

    async def read(self, path: str) -> bytes | None:
        content, _ = await self.found(path)
        return content

    async def found(self, path: str) -> tuple[bytes | None, Writing]:
        """What is there, and which writing of it that is; nothing, and none."""
        with failing(f"did not give {path}"):
            try:
                result = await obstore.get_async(self.store, path)
                content = bytes(await result.bytes_async())
            except FileNotFoundError:
                return None, {}
        writing: Writing = {}
        if e_tag := result.meta["e_tag"]:
            writing["e_tag"] = e_tag
        if version := result.meta["version"]:
            writing["version"] = version
        return content, writing

    async def replace(self, path: str, content: bytes, writing: Writing) -> bool:
        """Write in place of that writing (`found`) alone, or where nothing is; say whether it still was so. Raise Unavailable."""
        with failing(f"did not take {path}"):
            try:
                if not writing:
                    await self.write(path, content, "create")
                elif self.folder is None:
                    await obstore.put_async(self.store, path, content, mode=writing)
                else:
                    return await asyncio.to_thread(self.replace_file, self.folder / path, path, content, writing)
            except (AlreadyExistsError, PreconditionError, FileNotFoundError):
                return False
        return True

    def replace_file(self, file: Path, path: str, content: bytes, writing: Writing) -> bool:
        """A folder does not compare by itself: who replaces a file there has its folder locked meanwhile."""
        with locked_folder(file.parent):
            if obstore.head(self.store, path)["e_tag"] != writing["e_tag"]:
                return False
            obstore.put(self.store, path, content)
            flush(file)
        return True

    async def write(
        self, path: str, content: bytes | Path | Iterator[bytes], mode: Literal["overwrite", "create"] = "overwrite"
    ) -> None:
        """Visible only when whole: obstore writes aside and renames, or commits a multipart upload.

        Raise Unavailable, and AlreadyExistsError where something has the name and the mode is "create".
        """
        with failing(f"did not take {path}"):
            await obstore.put_async(self.store, path, content, mode=mode)
            if self.folder is not None:
                await asyncio.to_thread(flush, self.folder / path)

    async def delete(self, path: str) -> None:
        """What is not there is deleted."""
        with failing(f"did not remove {path}"), suppress(FileNotFoundError):
            await obstore.delete_async(self.store, path)

    async def names(self, prefix: str) -> set[str]:
        found: set[str] = set()
        with failing(f"did not list {prefix}"):
            async for batch in obstore.list(self.store, prefix):
                found.update(str(meta["path"]).removeprefix(prefix).lstrip("/") for meta in batch)
        return found

    async def folders(self, prefix: str) -> set[str]:
        with failing(f"did not list {prefix}"):
            listed = await obstore.list_with_delimiter_async(self.store, prefix)
        return {path.rstrip("/").rsplit("/", 1)[1] for path in listed["common_prefixes"]}


class Shelf[M: Message]:
    """Messages of one type, each under a name that is opaque. Writing again replaces.

    `of` says of a name and its message whose it is: a case's or a patient's is encrypted by their key. What was erased is not
    there.
    """

    def __init__(self, objects: Objects, kind: type[M], name: str, of: Callable[[str, M], str] | None = None) -> None:
        self.objects = objects
        self.kind = kind
        self.prefix = f"shelf/{name}"
        self.of = of

    async def put(self, name: str, message: M) -> None:
        path, content = await self.stored(name, message)
        await self.objects.write(path, content)

    async def create(self, name: str, message: M) -> bool:
        """Put it where nothing has this name; say whether that was so. Of two at once, one gets the name."""
        path, content = await self.stored(name, message)
        try:
            await self.objects.write(path, content, "create")
        except AlreadyExistsError:
            if await self.get(name) is not None:
                return False
            # What had the name was erased.
            await self.put(name, message)
        return True

    async def put_latest(self, name: str, message: M) -> None:
        """Put a message that says when it was recorded, unless what is kept was recorded later: that changes nothing."""
        await self.change(name, lambda kept: None if kept is not None and recorded(kept) > recorded(message) else message)

    async def change(self, name: str, made: Callable[[M | None], M | None]) -> None:
        """Have it be what is `made` of what is kept; None leaves it. Of several at once none undoes what another did, also where
        one was stopped in between."""
        while True:
            kept, writing = await self.objects.found(f"{self.prefix}/{name}")
            if kept is not None and not writing:
                raise Unavailable("the object store does not say which writing of an object it gives: by that it is replaced")
            wanted = made(await self.opened(name, kept))
            if wanted is None:
                return
            path, content = await self.stored(name, wanted)
            if await self.objects.replace(path, content, writing):
                return

    async def stored(self, name: str, message: M) -> tuple[str, bytes]:
        """Where a message lies, and as what."""
        path, content = f"{self.prefix}/{name}", message.SerializeToString()
        of = self.of(name, message) if self.of is not None else ""
        if of and self.objects.encryption is not None:
            content = await self.objects.encryption.encrypt(of, content, path)
        return path, content

    async def remove(self, name: str) -> None:
        """What is not there is removed."""
        await self.objects.delete(f"{self.prefix}/{name}")

    async def get(self, name: str) -> M | None:
        return await self.opened(name, await self.objects.read(f"{self.prefix}/{name}"))

    async def opened(self, name: str, content: bytes | None) -> M | None:
        if content is None:
            return None
        try:
            return self.kind.FromString(await readable(self.objects.encryption, content, f"{self.prefix}/{name}"))
        except Erased:
            return None

    async def all(self, folder: str = "") -> list[M]:
        """Every message below `folder`, in order of name."""
        beginning = f"{folder}/" if folder else ""
        found = [await self.get(f"{beginning}{name}") for name in sorted(await self.names(folder))]
        return [one for one in found if one is not None]

    async def folders(self) -> list[str]:
        """The first part of every name, in order."""
        return sorted(await self.objects.folders(self.prefix))

    async def names(self, folder: str = "") -> set[str]:
        """Names below `folder`, without it."""
        return await self.objects.names(f"{self.prefix}/{folder}" if folder else self.prefix)


def recorded(message: Message) -> int:
    """When a message says that it was recorded, in nanoseconds."""
    return int(attrgetter("recorded_at")(message).ToNanoseconds())


def by(field: str) -> Callable[[str, Message], str]:
    """A message is of the case or patient whom a field of it names."""
    named = attrgetter(field)
    return lambda _, message: str(named(message))


def by_folder(name: str, _: Message) -> str:
    """A message is of the case or patient whose id its name begins with."""
    return name.split("/", 1)[0]


def parts_of(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while part := file.read(DOWNLOADED_AT_ONCE):
            yield part


def whole(parts: list[bytes], lengths: Sequence[int], ref: ObjectRef) -> list[bytes]:
    """Raise Unavailable where one is shorter than it was asked for."""
    if [len(part) for part in parts] != list(lengths):
        raise Unavailable(f"object {ref.path} is shorter than it should be")
    return parts


def digest(content: bytes | Path) -> tuple[str, int]:
    """SHA-256 in hexadecimal, and the size in bytes."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest(), len(content)
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), content.stat().st_size


@contextmanager
def failing(what: str) -> Iterator[None]:
    """What a store raises as Unavailable; that something is there already is no failure."""
    try:
        yield
    except AlreadyExistsError:
        raise
    except (StoreError, OSError) as error:
        raise Unavailable(f"the object store {what}: {type(error).__name__}") from error


@contextmanager
def asked(ref: ObjectRef) -> Iterator[None]:
    """What a store raises for an object, as ours: NotFound, else Unavailable."""
    with failing(f"did not give {ref.path}"):
        try:
            yield
        except FileNotFoundError:
            raise NotFound(f"object {ref.path} is not in the store") from None
