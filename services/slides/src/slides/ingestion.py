"""One scan, from the drop folder to its event; or to quarantine, and back when its reason is mended.

The order of steps makes a crash harmless at each of them: objects are named by content, the shelf keeps the first
conversion of a scan, the event's id comes from the scan, and the scan leaves incoming/ last.
"""

import asyncio
import re
import tempfile
from pathlib import Path
from uuid import UUID, uuid5

import structlog

from casepath.slides.v1.frames_pb2 import StoredInstance
from casepath.slides.v1.slide_pb2 import (
    QUARANTINE_REASON_CONVERTER_FAILED,
    QUARANTINE_REASON_NO_BARCODE,
    QUARANTINE_REASON_OTHER_CONTENT,
    Instance,
    QuarantineReason,
    ScanQuality,
    SlideIngested,
)
from chassis.drop_folder import DropArea
from chassis.isolated import Crashed, Isolated, allowance
from chassis.objects import Objects
from chassis.orders import Orders
from chassis.publisher import Publisher, announce
from chassis.quarantine import Held, move
from slides.adapters.dicomizer import Conversion, WrittenInstance, convert
from slides.barcode import label_of
from slides.catalogue import Catalogue, joined
from slides.handlers import ingested, ingested_event, matched, quarantined_event, scan_id
from slides.quarantine import REMEDIES, Quarantined
from slides.scans import Scan, scan_digest

log: structlog.stdlib.BoundLogger = structlog.get_logger()

SECONDS_PER_MEGABYTE = 2.0


class Ingestion:
    """Takes complete scans out of the area's incoming/, one after the other."""

    def __init__(
        self,
        area: DropArea,
        name: re.Pattern[str],
        namespace: UUID,
        orders: Orders,
        objects: Objects,
        catalogue: Catalogue,
        publisher: Publisher,
        isolated: Isolated,
        scratch: Path,
    ) -> None:
        self.area = area
        self.name = name
        self.namespace = namespace
        self.orders = orders
        self.objects = objects
        self.catalogue = catalogue
        self.publisher = publisher
        self.isolated = isolated
        self.scratch = scratch

    async def take(self, scan: Scan) -> None:
        """Bring one scan to its end. Raise Unavailable, leaving it where it is, when a store or the broker is down."""
        sha256, size = await asyncio.to_thread(lambda: scan_digest(scan.files()))
        id_ = scan_id(self.namespace, sha256)
        try:
            slide = await self.ingest(scan, sha256, size, id_)
        except Quarantined as error:
            await self.set_aside(scan, sha256, id_, error)
            return
        await announce(self.publisher, [ingested_event(slide)], cause=uuid5(id_, slide.case_id), source="slides")
        await asyncio.to_thread(move, [*scan.entries, scan.sidecar], self.area.filed / str(id_))
        log.info(
            "scan",
            outcome="ingested",
            scan_id=str(id_),
            case_id=slide.case_id,
            instances=len(slide.instances),
            flags=len(slide.quality.flags),
        )

    async def ingest(self, scan: Scan, sha256: str, size: int, id_: UUID) -> SlideIngested:
        label = await asyncio.to_thread(label_of, scan, self.name)
        if not (label.accession and label.slide_id):
            raise Quarantined(QUARANTINE_REASON_NO_BARCODE)
        order, specimen = matched(await self.orders.find(label.accession), label.slide_id)
        shelf_name = f"{order.case_id}/{sha256}"
        before = await self.catalogue.scans.get(shelf_name)
        if before is not None:
            return before
        with tempfile.TemporaryDirectory(dir=self.scratch) as scratch:
            work = Conversion(
                sources=tuple(await asyncio.to_thread(scan.sources)),
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
            stored = [await self.stored(one, order.case_id, label.slide_id, id_) for one in converted.instances]
        first = stored[0]
        known = await self.catalogue.of_study(first.study_instance_uid, first.series_instance_uid)
        stored = agreed(stored, known)
        for one in stored:
            await self.catalogue.put(one)
        slide = ingested(
            order,
            label.slide_id,
            id_,
            sha256,
            converted.vendor,
            first.study_instance_uid,
            first.series_instance_uid,
            [await self.indexed(one) for one in joined(stored, known)],
            ScanQuality.FromString(converted.quality) if converted.quality else None,
        )
        await self.catalogue.scans.put(shelf_name, slide)
        return slide

    async def stored(self, written: WrittenInstance, case_id: str, slide_id: str, scan: UUID) -> StoredInstance:
        index = written.index
        instance = Instance(
            sop_instance_uid=written.sop_instance_uid,
            flavor=written.flavor,
            object=await self.objects.put(written.path, case_id),
            transfer_syntax_uid=written.transfer_syntax_uid,
            frames=written.frames,
            rows=written.rows,
            columns=written.columns,
            total_rows=written.total_rows,
            total_columns=written.total_columns,
            microns_per_pixel=written.microns_per_pixel,
        )
        return StoredInstance(
            case_id=case_id,
            slide_id=slide_id,
            scan_id=str(scan),
            study_instance_uid=written.study_instance_uid,
            series_instance_uid=written.series_instance_uid,
            instance=instance,
            offsets=index.offsets,
            lengths=index.lengths,
            metadata=index.metadata,
            tile_columns=index.columns,
            tile_rows=index.rows,
            icc_profile=index.icc_profile,
        )

    async def indexed(self, stored: StoredInstance) -> Instance:
        """An instance as it is announced: with where its frames lie, for whoever reads it without its neighbours."""
        told = Instance()
        told.CopyFrom(stored.instance)
        told.index.CopyFrom(await self.objects.put(stored.SerializeToString(deterministic=True), stored.case_id))
        return told

    async def set_aside(self, scan: Scan, sha256: str, id_: UUID, error: Quarantined) -> None:
        """Announce, then move the scan to quarantine/<scan>/ with its reason beside it."""
        reason = QuarantineReason.Name(error.reason)
        await announce(self.publisher, [quarantined_event(id_, sha256, error)], cause=uuid5(id_, reason), source="slides")
        short = reason.removeprefix("QUARANTINE_REASON_")
        entries = [*scan.entries, scan.sidecar]
        await asyncio.to_thread(self.area.quarantine.hold, str(id_), entries, short, REMEDIES[error.reason], error.detail)
        log.warning("scan", outcome="quarantined", scan_id=str(id_), reason=short, detail=error.detail)

    async def resume(self) -> int:
        """Put back into incoming/ each scan whose reason may be mended: its order came, or somebody put a sidecar."""
        return await self.area.resume(self.mended)

    async def mended(self, held: Held) -> bool:
        if held.reason != "NO_MATCHING_ORDER":
            return False
        scan = Scan(tuple(path for path in held.files if path.exists() and not path.name.endswith(".json")))
        try:
            label = await asyncio.to_thread(label_of, scan, self.name)
            matched(await self.orders.find(label.accession), label.slide_id)
        except Quarantined:
            return False
        return True


def agreed(new: list[StoredInstance], known: list[StoredInstance]) -> list[StoredInstance]:
    """What counts of a scan's instances: its first conversion. Raise Quarantined where a UID has other bytes already."""
    before = {one.instance.sop_instance_uid: one for one in known}
    found = []
    for one in new:
        kept = before.get(one.instance.sop_instance_uid, one)
        if kept.scan_id != one.scan_id and kept.instance.object.sha256 != one.instance.object.sha256:
            raise Quarantined(QUARANTINE_REASON_OTHER_CONTENT)
        found.append(kept if kept.scan_id == one.scan_id else one)
    return found


def is_scan(path: Path) -> bool:
    """Anything but a sidecar: what is not a slide is quarantined with that reason, not passed over in silence."""
    return path.suffix != ".json" and path.is_file()
