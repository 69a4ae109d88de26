"""Reports that would say otherwise by the tables of now: found when the service starts, and issued again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import structlog

from casepath.sequencing.v1.pharmacogenomics_pb2 import PharmacogenomicsReported, VariantSource
from chassis.errors import Retriable
from chassis.publisher import Publisher, announce
from sequencing.handlers import reported
from sequencing.pharmacogenomics.definitions import tables_sha256
from sequencing.pharmacogenomics.issuing import Issuing

log: structlog.stdlib.BoundLogger = structlog.get_logger()

RETRY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Affected:
    """A sample whose report is of other tables. `message` is the new report; None where it says what the old one said."""

    source: VariantSource
    before: PharmacogenomicsReported
    message: PharmacogenomicsReported | None


async def affected(issuing: Issuing) -> AsyncIterator[Affected]:
    """Each sample whose newest report is of other tables than those of now, with what they make of it."""
    for sample in sorted(await issuing.sources.names()):
        before = await issuing.newest.get(sample)
        if before is None or before.tables_sha256 == tables_sha256():
            continue
        source = await issuing.sources.get(sample)
        if source is None:
            continue
        made = await issuing.make(source, before)
        if made.withheld:
            log.warning("reissue", outcome="withheld", case_id=source.case_id)
        elif made.same:
            yield Affected(source, before, None)
        else:
            yield Affected(source, before, await issuing.store(source, made, before))


class Reissue:
    """Runs once over all samples, then waits."""

    def __init__(self, issuing: Issuing, publisher: Publisher) -> None:
        self.issuing = issuing
        self.publisher = publisher

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.all(stop)
                await stop.wait()
            except Retriable as error:
                log.warning("reissue", outcome="put off", error=str(error))
                try:
                    await asyncio.wait_for(stop.wait(), RETRY_SECONDS)
                except TimeoutError:
                    continue

    async def all(self, stop: asyncio.Event) -> None:
        checked = amended = 0
        async for one in affected(self.issuing):
            if stop.is_set():
                return
            await self.settle(one)
            checked += 1
            amended += one.message is not None
        if checked:
            log.info("reissue", outcome="done", checked=checked, amended=amended)

    async def settle(self, one: Affected) -> None:
        """An amended report is told before it is kept: until then a restart makes it again, with the same id."""
        if one.message is None:
            unchanged = PharmacogenomicsReported()
            unchanged.CopyFrom(one.before)
            unchanged.tables_sha256 = tables_sha256()
            await self.issuing.keep(one.source, unchanged)
            return
        event = reported(one.message)
        await announce(self.publisher, [event], cause=UUID(one.message.report_id), source="sequencing")
        await self.issuing.keep(one.source, one.message)
