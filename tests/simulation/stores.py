"""What a hospital's services keep things in, asked by processes that may fail at every question."""

from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from filing_world import MemoryArchive

from audit.adapters.audit_events import MemoryAuditEvents
from chassis.fhir import Resource
from records.adapters.fhir_server import Change, MemoryFhirServer
from results.adapters.mllp_sender import MemorySender
from simulation.faults import Process


def at_once[T](work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine gives that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        found: T = done.value
        return found
    raise AssertionError("it waits")


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
