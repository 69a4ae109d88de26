"""A patient's history as records hears it, and stores that fail or end the process at named points."""

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal
from uuid import uuid5

from google.protobuf import json_format
from google.protobuf.message import Message
from memory_objects import at_once
from obstore.store import ObjectStore

import examples
from casepath.slides.v1.slide_pb2 import Instance, SlideIngested
from casepath.topics import TOPICS
from chassis.events import Event
from chassis.fhir import Resource
from chassis.objects import Objects, Writing
from chassis.orders import ShelvedOrders
from chassis.worker import Received
from records.adapters.dicom_archive import DicomArchive
from records.adapters.fhir_server import Change, FhirServer
from records.filing import Filing

UUIDS = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
UIDS = re.compile(r"\b2\.25\.[0-9.]+\b")
# An accession, and patients' numbers.
NUMBERS = re.compile(r'"(S26-0001|P[0-9])"')
BY_MESSAGE = {topic.message: topic.name for topic in TOPICS}


class Crash(Exception):
    """The process ends here: whatever it did before stays, and nothing after it is done."""


class Points:
    """Every moment before something is asked of a store, counted from 0; the process ends where `ends` says so."""

    def __init__(self, ends: Callable[[int], bool] = lambda _: False) -> None:
        self.ends = ends
        self.passed = 0

    async def through[T](self, work: Callable[[], Awaitable[T]]) -> T:
        self.passed += 1
        if self.ends(self.passed - 1):
            raise Crash
        return await work()

    async def asks[T](self, act: Callable[[], T]) -> T:
        return await self.through(partial(at_once, act))


class PointedObjects(Objects):
    """A real store, asked by a process that ends at a point."""

    def __init__(self, store: ObjectStore, folder: Path | None, points: Points) -> None:
        super().__init__(store, folder)
        self.points = points

    async def found(self, path: str) -> tuple[bytes | None, Writing]:
        return await self.points.through(lambda: super(PointedObjects, self).found(path))

    async def replace(self, path: str, content: bytes, writing: Writing) -> bool:
        return await self.points.through(lambda: super(PointedObjects, self).replace(path, content, writing))

    async def write(
        self, path: str, content: bytes | Path | Iterator[bytes], mode: Literal["overwrite", "create"] = "overwrite"
    ) -> None:
        await self.points.through(lambda: super(PointedObjects, self).write(path, content, mode))


class PointedFhir:
    def __init__(self, server: FhirServer, points: Points) -> None:
        self.server = server
        self.points = points

    async def put(self, resource: Resource) -> str:
        return await self.points.through(lambda: self.server.put(resource))

    async def change(self, kind: str, identifier: str, change: Change) -> str | None:
        async def pointed(kept: Resource | None) -> Resource | None:
            wanted = await change(kept)
            await self.points.through(nothing)
            return wanted

        return await self.points.through(lambda: self.server.change(kind, identifier, pointed))


async def nothing() -> None:
    return


class PointedArchive:
    def __init__(self, archive: DicomArchive, points: Points) -> None:
        self.archive = archive
        self.points = points

    async def store(self, study: str, series: str, instance: str, file: Path, sha256: str) -> None:
        await self.points.through(lambda: self.archive.store(study, series, instance, file, sha256))


class MemoryArchive:
    """What is stored, by its UID."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}

    async def store(self, study: str, series: str, instance: str, file: Path, sha256: str) -> None:
        assert self.held.setdefault(instance, sha256) == sha256


def filing(objects: Objects, fhir: FhirServer, archive: DicomArchive, points: Points, scratch: Path) -> Filing:
    """A process that has just started; `objects` end it at the same points."""
    orders = ShelvedOrders(objects, "records", examples.NAMESPACE)
    return Filing(PointedFhir(fhir, points), PointedArchive(archive, points), objects, orders, scratch)


async def handle(to: Filing, message: Message) -> list[Event]:
    routes: dict[Any, Any] = {route.topic.message: route for route in to.routes()}
    return list(await routes[type(message)].handle(Received(message, examples.envelope(BY_MESSAGE[type(message)]))))


def renamed[M: Message](message: M, world: str) -> M:
    """The same message of another patient and case: ids, numbers and UIDs are of that world alone."""
    text = json_format.MessageToJson(message)
    text = UUIDS.sub(lambda found: str(uuid5(examples.NAMESPACE, f"{world}|{found[0]}")), text)
    text = UIDS.sub(lambda found: f"2.25.{uuid5(examples.NAMESPACE, f'{world}|{found[0]}').int}", text)
    text = NUMBERS.sub(lambda found: f'"{found[1]}-{world}"', text)
    return json_format.Parse(text, type(message)())


def plain_file(slide: SlideIngested, instance: Instance) -> bytes:
    return instance.sop_instance_uid.encode()


async def history(
    objects: Objects, world: str = "0", file: Callable[[SlideIngested, Instance], bytes] = plain_file
) -> Sequence[Message]:
    """A visit with two slides, variants that are disowned, a genomic report that is signed and withdrawn, an order that is partly
    called off, a report with an addendum, and a merge.
    """
    off = examples.order(examples.NOON + timedelta(hours=1))
    off.services[1].called_off = True
    off.services[0].recorded_at.CopyFrom(examples.stamp())
    slides = [examples.ingested(), examples.ingested("A2", examples.RUN)]
    for slide in slides:
        slide.instances[1].sop_instance_uid = f"{slide.instances[0].sop_instance_uid}.2"
    slides = [renamed(slide, world) for slide in slides]
    for slide in slides:
        for instance in slide.instances:
            instance.object.CopyFrom(await objects.put(file(slide, instance)))
    issued = examples.pharmacogenomics_reported(await objects.put(examples.pharmacogenomic_report().SerializeToString()))
    for page in issued.pages:
        page.pdf.CopyFrom(await objects.put(b"%PDF"))
    said: list[Message] = [
        examples.registered(),
        examples.order(),
        examples.scored(),
        examples.failed("A2", examples.RUN),
        examples.variants_called(),
        issued,
        off,
        examples.genomics_signed(),
        examples.genomics_withdrawn(),
        # By a clock that is behind: whoever looked them up later did not know of it.
        examples.variants_disowned(examples.NOON - timedelta(hours=1)),
        examples.report_signed(),
        examples.report_signed(2, "HER2 négatif."),
        examples.merged(examples.NOON + timedelta(hours=2)),
    ]
    registered, order, *rest = (renamed(message, world) for message in said)
    return [registered, order, *slides, *rest]
