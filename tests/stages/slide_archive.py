"""A slides read side with one real slide in it, served over HTTP and gRPC in this process."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import examples
from casepath.slides.v1.slide_pb2 import SlideIngested
from chassis.access import Gate, Signer
from chassis.access_log import AccessLog
from chassis.dicomweb.frames import Frames
from chassis.drop_folder import DropArea
from chassis.isolated import Isolated
from chassis.objects import Objects
from chassis.orders import ListedOrders
from chassis.publisher import MemoryPublisher
from slides.adapters.stow import Stow
from slides.catalogue import Catalogue
from slides.dicomweb import Dicomweb
from slides.inbox import Inbox
from slides.ingestion import Ingestion
from slides.scans import Scan
from slides.settings import SlideSettings


@dataclass(frozen=True, slots=True)
class Archive:
    ingestion: Ingestion
    publisher: MemoryPublisher
    catalogue: Catalogue
    frames: Frames
    inbox: Inbox
    signer: Signer
    gate: Gate
    folder: Path
    # Where audit would be told who looks.
    told: MemoryPublisher

    @property
    def accesses(self) -> AccessLog:
        return AccessLog(self.told, "slides")

    def web(self) -> Dicomweb:
        stow = Stow(self.inbox, self.folder)
        return Dicomweb(self.catalogue, self.frames, stow, self.gate, self.accesses, examples.NAMESPACE)

    def token(self, *roles: str) -> str:
        return self.signer.token("tester", roles, 600)

    async def take(self, source: Path, name: str) -> SlideIngested:
        """Ingest a file under a name, and give what was said of it."""
        path = self.ingestion.area.incoming / name
        path.write_bytes(source.read_bytes())
        await self.ingestion.take(Scan((path,)))
        return SlideIngested.FromString(self.publisher.records[-1].value)


@asynccontextmanager
async def archive_at(folder: Path, bucket: Objects | None = None) -> AsyncIterator[Archive]:
    objects, publisher, signer = bucket or Objects.at(f"file://{folder / 'objects'}"), MemoryPublisher(), Signer.fresh()
    (folder / "keys.json").write_text(signer.public_keys())
    catalogue = Catalogue(objects)
    area = DropArea.at(folder / "scanner")
    with Isolated() as isolated:
        ingestion = Ingestion(
            area,
            re.compile(SlideSettings.model_fields["slide_name"].default),
            examples.NAMESPACE,
            ListedOrders([examples.order()]),
            objects,
            catalogue,
            publisher,
            isolated,
            folder,
        )
        gate = Gate.at(folder / "keys.json")
        inbox = Inbox(area.incoming, examples.NAMESPACE)
        yield Archive(ingestion, publisher, catalogue, Frames(objects), inbox, signer, gate, folder, MemoryPublisher())
