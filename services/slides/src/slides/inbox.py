"""Where scans land that come over a network, before they are ingested: kept durably, then answered."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO
from uuid import UUID, uuid4, uuid5

from casepath.slides.v1.frames_pb2 import SlideHeader
from chassis.durable import flush, settle
from chassis.errors import Rejected, Unavailable
from slides.scans import sidecar_of

# Of what is copied at a time.
CHUNK = 1 << 20


class Incomplete(Rejected):
    """What came is not what its sender announced."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """The drop folder, for senders that do not share a file system with it."""

    incoming: Path
    namespace: UUID

    async def file(self, header: SlideHeader, chunks: AsyncIterator[bytes]) -> int:
        """Keep a file with its sidecar, and return its size. Raise Incomplete where its digest is another than announced."""
        target = self.incoming / f"{header.sha256[:32]}{header.suffix}"
        partial = self.incoming / f".{uuid4().hex}.partial"
        found, size = sha256(), 0
        try:
            with partial.open("wb") as file:
                async for chunk in chunks:
                    await asyncio.to_thread(file.write, chunk)
                    found.update(chunk)
                    size += len(chunk)
            if found.hexdigest() != header.sha256:
                raise Incomplete("the file's SHA-256 is not the one announced: send it again")
            await asyncio.to_thread(kept, partial, target, header)
        except OSError as error:
            raise Unavailable(f"the file cannot be kept: {type(error).__name__} {error.errno}") from error
        finally:
            partial.unlink(missing_ok=True)
        return size

    def instance(self, series: str, sop: str, content: bytes | BinaryIO) -> None:
        """Keep a DICOM file (PS3.10) in its series' folder, under names that say nothing of whose it is."""
        folder = self.incoming / str(uuid5(self.namespace, f"series|{series}"))
        folder.mkdir(parents=True, exist_ok=True)
        name = str(uuid5(self.namespace, f"instance|{sop}"))
        partial = folder / f".{name}.partial"
        with partial.open("wb") as file:
            if isinstance(content, bytes):
                file.write(content)
            else:
                shutil.copyfileobj(content, file)
        receipt = self.receipt(name)
        receipt.parent.mkdir(parents=True, exist_ok=True)
        receipt.write_text(folder.name)
        flush(receipt)
        settle(partial, folder / f"{name}.dcm")

    def keeps(self, sop: str) -> bool:
        """Whether an instance that came by its UID is here still: waiting, filed, or set aside for a person."""
        name = str(uuid5(self.namespace, f"instance|{sop}"))
        receipt = self.receipt(name)
        if not receipt.exists():
            return False
        below = f"{receipt.read_text()}/{name}.dcm"
        area = self.incoming.parent
        # Twice: it may be on its way from one to the next.
        return any((self.incoming / below).exists() or any(area.glob(f"*/*/{below}")) for _ in range(2))

    def receipt(self, name: str) -> Path:
        """Says in which series' folder an instance came."""
        return self.incoming.parent / "received" / name[:2] / name


def kept(partial: Path, target: Path, header: SlideHeader) -> None:
    """The sidecar first: a file without one would be taken for one that nobody labelled."""
    said: dict[str, str | float] = {"accession": header.accession, "slide": header.slide_id}
    if header.microns_per_pixel:
        said["microns_per_pixel"] = header.microns_per_pixel
    sidecar = sidecar_of(target)
    sidecar.write_text(json.dumps(said))
    flush(sidecar)
    settle(partial, target)
