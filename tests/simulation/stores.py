"""What a hospital's services keep things in, asked by processes that may fail at every question."""

from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from filing_world import MemoryArchive
from obstore.exceptions import AlreadyExistsError
from obstore.store import MemoryStore

from audit.adapters.audit_events import MemoryAuditEvents
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from chassis.errors import NotFound
from chassis.fhir import Resource
from chassis.objects import Objects, Writing
from records.adapters.fhir_server import Change, MemoryFhirServer
from results.adapters.mllp_sender import MemorySender
from simulation.faults import Process

NOWHERE = MemoryStore()


def at_once[T](work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine gives that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        found: T = done.value
        return found
    raise AssertionError("it waits")


class HeldObjects(Objects):
    """An object store in memory, `held` by path."""

    def __init__(self, process: Process, held: dict[str, bytes]) -> None:
        super().__init__(NOWHERE)
        self.process = process
        self.held = held

    async def has(self, path: str) -> bool:
        return await self.process.asks(lambda: path in self.held)

    async def found(self, path: str) -> tuple[bytes | None, Writing]:
        content = await self.process.asks(lambda: self.held.get(path))
        return content, {} if content is None else {"e_tag": content.hex()}

    async def replace(self, path: str, content: bytes, writing: Writing) -> bool:
        def replaced() -> bool:
            kept = self.held.get(path)
            if (None if kept is None else kept.hex()) != writing.get("e_tag"):
                return False
            self.held[path] = content
            return True

        return await self.process.asks(replaced)

    async def write(
        self, path: str, content: bytes | Path | Iterator[bytes], mode: Literal["overwrite", "create"] = "overwrite"
    ) -> None:
        def written() -> None:
            assert isinstance(content, bytes)
            if mode == "create" and path in self.held:
                raise AlreadyExistsError
            self.held[path] = content

        await self.process.asks(written)

    async def delete(self, path: str) -> None:
        await self.process.asks(lambda: self.held.pop(path, None))

    async def remove(self, folder: str) -> None:
        for name in sorted(await self.names(folder)):
            await self.delete(f"{folder}/{name}")

    async def names(self, prefix: str) -> set[str]:
        beginning = f"{prefix}/"
        return await self.process.asks(lambda: {path.removeprefix(beginning) for path in self.held if path.startswith(beginning)})

    async def folders(self, prefix: str) -> set[str]:
        return {name.split("/", 1)[0] for name in await self.names(prefix) if "/" in name}

    @asynccontextmanager
    async def local(self, ref: ObjectRef, scratch: Path) -> AsyncIterator[Path]:
        if not await self.has(ref.path):
            raise NotFound(f"object {ref.path} is not in the store")
        yield scratch


class AskedFhir:
    def __init__(self, process: Process, server: MemoryFhirServer) -> None:
        self.process = process
        self.server = server

    async def put(self, resource: Resource) -> str:
        return await self.process.asks(lambda: at_once(self.server.put(resource)))

    async def change(self, kind: str, identifier: str, change: Change) -> str | None:
        kept, version = await self.process.asks(lambda: self.server.found(kind, identifier))
        wanted = await change(kept)
        return await self.process.asks(lambda: self.server.changed(kind, identifier, kept, version, wanted))


class AskedArchive:
    def __init__(self, process: Process, archive: MemoryArchive) -> None:
        self.process = process
        self.archive = archive

    async def store(self, study: str, series: str, instance: str, file: Path, sha256: str) -> None:
        await self.process.asks(lambda: at_once(self.archive.store(study, series, instance, file, sha256)))


class AskedSender:
    def __init__(self, process: Process, sender: MemorySender) -> None:
        self.process = process
        self.sender = sender

    async def send(self, message: bytes) -> None:
        await self.process.asks(lambda: at_once(self.sender.send(message)))


class AskedAuditEvents:
    def __init__(self, process: Process, server: MemoryAuditEvents) -> None:
        self.process = process
        self.server = server

    async def put(self, events: Sequence[Resource]) -> None:
        await self.process.asks(lambda: at_once(self.server.put(events)))

    async def get(self, identifier: str) -> Resource | None:
        return await self.process.asks(lambda: at_once(self.server.get(identifier)))
