"""Reads, and variants that others called, from the drop folder to their event; or to quarantine, and back when their order comes.

A crash at any step is harmless: objects are named by content, the event's id comes from the run and its case, and the files
leave incoming/ last.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid5

import structlog
from prometheus_client import Gauge

from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.sequencing.v1.sequencing_pb2 import (
    REJECTION_REASON_DAMAGED_ALIGNMENTS,
    REJECTION_REASON_DAMAGED_VARIANTS,
    REJECTION_REASON_MALFORMED_RECORD,
    REJECTION_REASON_NO_MATCHING_ORDER,
    ReadGroup,
    RejectionReason,
)
from chassis.drop_folder import DropArea
from chassis.events import Event
from chassis.isolated import Crashed, Isolated, allowance
from chassis.objects import Objects, digest
from chassis.orders import Orders
from chassis.publisher import Publisher, announce
from chassis.quarantine import Held, move
from sequencing.adapters.alignment_file import check_alignments
from sequencing.adapters.fastq import check_pairs
from sequencing.adapters.received_variants import check_variants
from sequencing.dropped import BASE_CALLS, SAMPLE_SHEET, Dropped, Kind, Names, Sheet, grouped, named_alone, sample_sheet
from sequencing.handlers import (
    alignment_groups,
    fastq_group,
    matched,
    received,
    received_event,
    rejected_event,
    run_id,
    variants_received,
)
from sequencing.references import Reference
from sequencing.rejection import REMEDIES, ReadsUnfit

log: structlog.stdlib.BoundLogger = structlog.get_logger()

SECONDS_PER_MEGABYTE = 4.0
WAITING = Gauge("casepath_reads_waiting", "Read files whose mate has not come")


# What an order that comes, or is placed again, mends.
AWAITING_ORDER = ("NO_MATCHING_ORDER", "ORDER_CALLED_OFF")


class Ingestion:
    """Takes complete samples out of the area's incoming/, one after the other."""

    def __init__(
        self,
        area: DropArea,
        names: Names,
        reference: Reference,
        namespace: UUID,
        orders: Orders,
        objects: Objects,
        publisher: Publisher,
        isolated: Isolated,
    ) -> None:
        self.area = area
        self.names = names
        self.reference = reference
        self.namespace = namespace
        self.orders = orders
        self.objects = objects
        self.publisher = publisher
        self.isolated = isolated
        self.alone: set[Path] = set()

    def unit(self, path: Path) -> str:
        """What is handed over together: a run folder, or a sample's lanes."""
        top = path.relative_to(self.area.incoming).parts[0]
        if (self.area.incoming / top / SAMPLE_SHEET).exists():
            return top
        sample = self.names.sample(path.name)
        return f"{path.parent}/{'_'.join(sample)}" if sample else str(path)

    def accepts(self, path: Path) -> bool:
        """Whether a file is an input: not the rest of a run folder."""
        if not path.is_file():
            return False
        inside = path.parent != self.area.incoming and self.unit(path) == path.relative_to(self.area.incoming).parts[0]
        return not inside or path.name == SAMPLE_SHEET or path.name.endswith((".fastq", ".fastq.gz", *BASE_CALLS))

    def grouped(self, paths: Sequence[Path]) -> list[Dropped]:
        """What is complete among the files; a read without its mate is said once, and left to wait."""
        sheets = {path.parent: read_sheet(path) for path in paths if path.name == SAMPLE_SHEET}
        found = grouped([path for path in paths if path.name != SAMPLE_SHEET], self.names, sheets)
        WAITING.set(len(found.alone))
        if found.alone - self.alone:
            log.warning("reads", outcome="waiting for the other file", files=len(found.alone))
        self.alone = found.alone
        return found.inputs

    async def take(self, dropped: Dropped) -> None:
        """Bring one sample to its end. Raise Unavailable, leaving its files there, when a store or the broker is down."""
        digests = [await asyncio.to_thread(digest, path) for path in dropped.files]
        run = run_id(self.namespace, [sha256 for sha256, _ in digests])
        try:
            seconds = allowance(sum(size for _, size in digests), SECONDS_PER_MEGABYTE)
            order = self.matched(dropped, await self.orders.find(dropped.accession))
            if dropped.kind == Kind.VARIANTS:
                taken = await self.ingest_variants(dropped, order, run, seconds)
            else:
                taken = await self.ingest_reads(dropped, order, run, seconds)
        except ReadsUnfit as error:
            await self.set_aside(dropped, run, error)
            return
        await announce(self.publisher, [taken], cause=uuid5(run, taken.key), source="sequencing")
        await asyncio.to_thread(move, dropped.files, self.area.filed / str(run))
        log.info(dropped.kind.value, outcome="received", run_id=str(run), case_id=taken.key)

    def matched(self, dropped: Dropped, order: OrderPlaced | None) -> OrderPlaced:
        if dropped.wrong or not dropped.sample:
            raise ReadsUnfit(dropped.wrong or REJECTION_REASON_NO_MATCHING_ORDER)
        return matched(order, dropped.sample)

    async def ingest_variants(self, dropped: Dropped, order: OrderPlaced, run: UUID, seconds: float) -> Event:
        try:
            records = await self.isolated.run(check_variants, dropped.files, seconds)
        except Crashed:
            raise ReadsUnfit(REJECTION_REASON_DAMAGED_VARIANTS) from None
        variants, *outside = [await self.objects.put(path, order.case_id) for path in dropped.files]
        return variants_received(order, dropped.sample, run, records, variants, outside[0] if outside else None)

    async def ingest_reads(self, dropped: Dropped, order: OrderPlaced, run: UUID, seconds: float) -> Event:
        groups: list[ReadGroup] = []
        reads = 0
        for lane in dropped.lanes:
            try:
                if len(lane.files) == 1:
                    checked = await self.isolated.run(check_alignments, (lane.files[0], self.reference.fasta), seconds)
                    file = await self.objects.put(lane.files[0], order.case_id)
                    groups += alignment_groups(file, checked.groups, dropped.sample)
                    reads += checked.reads
                else:
                    reads += (await self.isolated.run(check_pairs, (lane.files[0], lane.files[1]), seconds)).reads
                    files = [await self.objects.put(path, order.case_id) for path in lane.files]
                    groups.append(fastq_group(files, lane.lane, dropped.sample))
            except Crashed:
                damaged = REJECTION_REASON_DAMAGED_ALIGNMENTS if len(lane.files) == 1 else REJECTION_REASON_MALFORMED_RECORD
                raise ReadsUnfit(damaged) from None
        return received_event(received(order, dropped.sample, run, groups, max(reads // 2, 1), self.reference.name))

    async def set_aside(self, dropped: Dropped, run: UUID, error: ReadsUnfit) -> None:
        """Announce, then move the files to quarantine/<run>/ with the reason beside them."""
        reason = RejectionReason.Name(error.reason)
        await announce(self.publisher, [rejected_event(run, error)], cause=uuid5(run, reason), source="sequencing")
        short = reason.removeprefix("REJECTION_REASON_")
        detail = f"file {error.file}, record {error.record}, line {error.line}" if error.file else ""
        remedy = REMEDIES[error.reason]
        files = [await asyncio.to_thread(path.replace, named_alone(path, dropped)) for path in dropped.files]
        await asyncio.to_thread(self.area.quarantine.hold, str(run), files, short, remedy, detail)
        log.warning(dropped.kind.value, outcome="rejected", run_id=str(run), reason=short, detail=detail)

    async def resume(self) -> int:
        """Put back into incoming/ each pair whose order has come, or that somebody changed."""
        return await self.area.resume(self.mended)

    async def mended(self, held: Held) -> bool:
        if held.reason not in AWAITING_ORDER:
            return False
        for dropped in grouped(held.files, self.names, {}).inputs:
            try:
                matched(await self.orders.find(dropped.accession), dropped.sample)
            except ReadsUnfit:
                return False
        return bool(held.files)


def read_sheet(path: Path) -> Sheet | ReadsUnfit:
    try:
        return sample_sheet(path.read_text(errors="replace"))
    except ReadsUnfit as error:
        return error
