"""Reads from the drop folder to their event; or to quarantine, and back when their order comes.

A crash at any step is harmless: objects are named by content, the event's id comes from the run and its case, and the files
leave incoming/ last.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

import structlog
from prometheus_client import Gauge

from casepath.sequencing.v1.sequencing_pb2 import (
    REJECTION_REASON_MALFORMED_RECORD,
    REJECTION_REASON_NO_MATCHING_ORDER,
    ReadsReceived,
    RejectionReason,
)
from chassis.drop_folder import DropArea
from chassis.isolated import Crashed, Isolated, allowance
from chassis.objects import Objects, digest
from chassis.orders import Orders
from chassis.publisher import Publisher, announce
from chassis.quarantine import Held, move
from sequencing.adapters.fastq import check_pairs
from sequencing.handlers import matched, received, received_event, rejected_event, run_id
from sequencing.rejection import REMEDIES, ReadsUnfit

log: structlog.stdlib.BoundLogger = structlog.get_logger()

SECONDS_PER_MEGABYTE = 2.0
WAITING = Gauge("casepath_reads_waiting", "Read files whose mate has not come")


@dataclass(frozen=True, slots=True)
class Dropped:
    """Files that belong together: a pair in the order of their reads, or one file whose name says nothing."""

    files: tuple[Path, ...]
    accession: str = ""
    sample: str = ""


def grouped(paths: Sequence[Path], name: re.Pattern[str]) -> tuple[list[Dropped], set[Path]]:
    """Pairs that are complete and files whose names do not match; and reads that wait for their mates."""
    found: list[Dropped] = []
    halves: dict[tuple[Path, str, str], dict[str, Path]] = defaultdict(dict)
    for path in paths:
        match = name.fullmatch(path.name)
        if match is None:
            found.append(Dropped((path,)))
        else:
            halves[path.parent, match["accession"], match["sample"]][match["read"]] = path
    alone: set[Path] = set()
    for (_, accession, sample), reads in halves.items():
        if len(reads) == 2:
            found.append(Dropped((reads["1"], reads["2"]), accession, sample))
        else:
            alone |= set(reads.values())
    return found, alone


class Ingestion:
    """Takes complete pairs out of the area's incoming/, one after the other."""

    def __init__(
        self,
        area: DropArea,
        name: re.Pattern[str],
        reference: str,
        namespace: UUID,
        orders: Orders,
        objects: Objects,
        publisher: Publisher,
        isolated: Isolated,
    ) -> None:
        self.area = area
        self.name = name
        self.reference = reference
        self.namespace = namespace
        self.orders = orders
        self.objects = objects
        self.publisher = publisher
        self.isolated = isolated
        self.alone: set[Path] = set()

    def grouped(self, paths: Sequence[Path]) -> list[Dropped]:
        """What is complete among the files; a read without its mate is said once, and left to wait."""
        found, alone = grouped(paths, self.name)
        WAITING.set(len(alone))
        if alone - self.alone:
            log.warning("reads", outcome="waiting for the other file", files=len(alone))
        self.alone = alone
        return found

    async def take(self, dropped: Dropped) -> None:
        """Bring one pair to its end. Raise Unavailable, leaving the files where they are, when a store or the broker is down."""
        digests = [await asyncio.to_thread(digest, path) for path in dropped.files]
        run = run_id(self.namespace, (digests[0][0], digests[-1][0]))
        try:
            reads = await self.ingest(dropped, sum(size for _, size in digests), run)
        except ReadsUnfit as error:
            await self.set_aside(dropped, run, error)
            return
        await announce(self.publisher, [received_event(reads)], cause=uuid5(run, reads.case_id), source="sequencing")
        await asyncio.to_thread(move, dropped.files, self.area.filed / str(run))
        log.info("reads", outcome="received", run_id=str(run), case_id=reads.case_id, pairs=reads.pairs)

    async def ingest(self, dropped: Dropped, size: int, run: UUID) -> ReadsReceived:
        if len(dropped.files) != 2:
            raise ReadsUnfit(REJECTION_REASON_NO_MATCHING_ORDER)
        order = matched(await self.orders.find(dropped.accession), dropped.sample)
        first, second = dropped.files
        try:
            tally = await self.isolated.run(check_pairs, (first, second), allowance(size, SECONDS_PER_MEGABYTE))
        except Crashed:
            raise ReadsUnfit(REJECTION_REASON_MALFORMED_RECORD) from None
        stored = (await self.objects.put(first), await self.objects.put(second))
        return received(order, dropped.sample, run, stored, tally.pairs, self.reference)

    async def set_aside(self, dropped: Dropped, run: UUID, error: ReadsUnfit) -> None:
        """Announce, then move the files to quarantine/<run>/ with the reason beside them."""
        reason = RejectionReason.Name(error.reason)
        await announce(self.publisher, [rejected_event(run, error)], cause=uuid5(run, reason), source="sequencing")
        short = reason.removeprefix("REJECTION_REASON_")
        detail = f"file {error.file}, record {error.record}, line {error.line}" if error.file else ""
        remedy = REMEDIES[error.reason]
        await asyncio.to_thread(self.area.quarantine.hold, str(run), dropped.files, short, remedy, detail)
        log.warning("reads", outcome="rejected", run_id=str(run), reason=short, detail=detail)

    async def resume(self) -> int:
        """Put back into incoming/ each pair whose order has come, or that somebody changed."""
        return await self.area.resume(self.mended)

    async def mended(self, held: Held) -> bool:
        if held.reason != "NO_MATCHING_ORDER":
            return False
        for dropped in grouped(held.files, self.name)[0]:
            try:
                matched(await self.orders.find(dropped.accession), dropped.sample)
            except ReadsUnfit:
                return False
        return bool(held.files)
