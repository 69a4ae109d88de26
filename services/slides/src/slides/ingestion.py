"""One scanned file, from the drop folder to its event; or to quarantine, and back when its reason is mended.

The order of steps makes a crash harmless at each of them: objects are named by content, the shelf keeps the first
conversion of a scan, the event's id comes from the scan, and the file leaves incoming/ last.
"""

import asyncio
import re
import tempfile
from pathlib import Path
from uuid import UUID, uuid5

import structlog

from casepath.slides.v1.slide_pb2 import (
    QUARANTINE_REASON_CONVERTER_FAILED,
    QUARANTINE_REASON_NO_BARCODE,
    Instance,
    QuarantineReason,
    SlideIngested,
)
from chassis.drop_folder import DropArea
from chassis.isolated import Crashed, Isolated, allowance
from chassis.objects import Objects, Shelf, digest
from chassis.orders import Orders
from chassis.publisher import Publisher, announce
from chassis.quarantine import Held, move
from slides.adapters.dicomizer import Conversion, WrittenInstance, convert
from slides.barcode import Label, read_label, sidecar_of
from slides.handlers import ingested, ingested_event, matched, quarantined_event, scan_id
from slides.quarantine import REMEDIES, Quarantined

log: structlog.stdlib.BoundLogger = structlog.get_logger()

SECONDS_PER_MEGABYTE = 2.0


class Ingestion:
    """Takes complete files out of the area's incoming/, one after the other."""

    def __init__(
        self,
        area: DropArea,
        name: re.Pattern[str],
        namespace: UUID,
        orders: Orders,
        objects: Objects,
        publisher: Publisher,
        isolated: Isolated,
        scratch: Path,
    ) -> None:
        self.area = area
        self.name = name
        self.namespace = namespace
        self.orders = orders
        self.objects = objects
        self.publisher = publisher
        self.isolated = isolated
        self.scratch = scratch
        self.scans = Shelf(objects, SlideIngested, "slides/scans")

    async def take(self, path: Path) -> None:
        """Bring one file to its end. Raise Unavailable, leaving the file where it is, when a store or the broker is down."""
        sha256, size = await asyncio.to_thread(digest, path)
        scan = scan_id(self.namespace, sha256)
        try:
            slide = await self.ingest(path, sha256, size, scan)
        except Quarantined as error:
            await self.set_aside(path, sha256, scan, error)
            return
        await announce(self.publisher, [ingested_event(slide)], cause=uuid5(scan, slide.case_id), source="slides")
        await asyncio.to_thread(move, [path, sidecar_of(path)], self.area.filed / str(scan))
        log.info("scan", outcome="ingested", scan_id=str(scan), case_id=slide.case_id, instances=len(slide.instances))

    async def ingest(self, path: Path, sha256: str, size: int, scan: UUID) -> SlideIngested:
        label = await asyncio.to_thread(self.label, path)
        if not (label.accession and label.slide_id):
            raise Quarantined(QUARANTINE_REASON_NO_BARCODE)
        order, specimen = matched(await self.orders.find(label.accession), label.slide_id)
        shelf_name = f"{order.case_id}/{sha256}"
        before = await self.scans.get(shelf_name)
        if before is not None:
            return before
        with tempfile.TemporaryDirectory(dir=self.scratch) as scratch:
            work = Conversion(
                source=path,
                out=Path(scratch) / "dicom",
                identity=self.namespace,
                name=f"{order.case_id}|{sha256}",
                slide_id=label.slide_id,
                order=order.SerializeToString(),
                specimen=specimen.SerializeToString(),
                microns_per_pixel=label.microns_per_pixel,
            )
            try:
                converted = await self.isolated.run(convert, work, allowance(size, SECONDS_PER_MEGABYTE))
            except Crashed as error:
                raise Quarantined(QUARANTINE_REASON_CONVERTER_FAILED, str(error)) from None
            instances = [await self.stored(instance) for instance in converted.instances]
        first = converted.instances[0]
        slide = ingested(
            order,
            label.slide_id,
            scan,
            sha256,
            converted.vendor,
            first.study_instance_uid,
            first.series_instance_uid,
            instances,
        )
        await self.scans.put(shelf_name, slide)
        return slide

    def label(self, path: Path) -> Label:
        sidecar = sidecar_of(path)
        return read_label(path, sidecar.read_text() if sidecar.exists() else None, self.name)

    async def stored(self, written: WrittenInstance) -> Instance:
        return Instance(
            sop_instance_uid=written.sop_instance_uid,
            flavor=written.flavor,
            object=await self.objects.put(written.path),
            transfer_syntax_uid=written.transfer_syntax_uid,
            frames=written.frames,
            rows=written.rows,
            columns=written.columns,
            total_rows=written.total_rows,
            total_columns=written.total_columns,
            microns_per_pixel=written.microns_per_pixel,
        )

    async def set_aside(self, path: Path, sha256: str, scan: UUID, error: Quarantined) -> None:
        """Announce, then move the file to quarantine/<scan>/ with its reason beside it."""
        reason = QuarantineReason.Name(error.reason)
        cause = uuid5(scan, reason)
        await announce(self.publisher, [quarantined_event(scan, sha256, error)], cause=cause, source="slides")
        short = reason.removeprefix("QUARANTINE_REASON_")
        files = [path, sidecar_of(path)]
        await asyncio.to_thread(self.area.quarantine.hold, str(scan), files, short, REMEDIES[error.reason], error.detail)
        log.warning("scan", outcome="quarantined", scan_id=str(scan), reason=short, detail=error.detail)

    async def resume(self) -> int:
        """Put back into incoming/ each scan whose reason may be mended: its order came, or somebody put a sidecar."""
        return await self.area.resume(self.mended)

    async def mended(self, held: Held) -> bool:
        if held.reason != "NO_MATCHING_ORDER":
            return False
        try:
            label = await asyncio.to_thread(self.label, held.files[0])
            matched(await self.orders.find(label.accession), label.slide_id)
        except Quarantined:
            return False
        return True


def is_scan(path: Path) -> bool:
    """Anything but a sidecar: what is not a slide is quarantined with that reason, not passed over in silence."""
    return path.suffix != ".json" and path.is_file()
