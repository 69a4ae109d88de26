"""Signatures: each once, whoever signs at the same time and whatever dies in between."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from casepath.portal.v1.reading_pb2 import GenomicReportSigned, GenomicReportWithdrawn, ReportSigned
from chassis.errors import Rejected
from chassis.events import Event
from chassis.objects import Objects, Shelf, by
from chassis.publisher import Publisher, announce
from portal.handlers import genomics_signed, genomics_withdrawn, signed

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class AlreadySigned(Rejected):
    """Somebody signed it first."""


@dataclass(frozen=True, slots=True)
class Signatures[M: (ReportSigned, GenomicReportSigned, GenomicReportWithdrawn)]:
    """What is signed is written to the outbox, then takes its name, is published, and leaves the outbox.

    What is found in the outbox at start is published if it has its name, and else was never signed. `name` is opaque.
    """

    taken: Shelf[M]
    outbox: Shelf[M]
    publisher: Publisher
    name: Callable[[M], str]
    event: Callable[[M], Event]

    async def sign(self, report: M) -> str:
        """Sign it, and return its event's id. Raise AlreadySigned where its name is another's."""
        waiting = f"{self.name(report).replace('/', '-')}-{report.signer.user_id}"
        await self.outbox.put(waiting, report)
        if not await self.taken.create(self.name(report), report) and await self.taken.get(self.name(report)) != report:
            await self.outbox.remove(waiting)
            raise AlreadySigned("somebody signed it first")
        await self.send(waiting, report)
        return str(self.event(report).id)

    async def send(self, waiting: str, report: M) -> None:
        event = self.event(report)
        assert event.id is not None
        await announce(self.publisher, [event], cause=event.id, source="portal")
        await self.outbox.remove(waiting)
        log.info("signed", case_id=report.case_id, topic=event.topic.name)

    async def resume(self) -> int:
        """Publish what was signed and not published when the process ended; return how many."""
        count = 0
        for waiting in sorted(await self.outbox.names()):
            report = await self.outbox.get(waiting)
            if report is not None and await self.taken.get(self.name(report)) == report:
                await self.send(waiting, report)
                count += 1
            else:
                await self.outbox.remove(waiting)
        return count


class Reports(Signatures[ReportSigned]):
    """The report of a case and its addenda, by number."""

    def __init__(self, objects: Objects, publisher: Publisher) -> None:
        taken, outbox = (Shelf(objects, ReportSigned, f"portal/{name}", by("case_id")) for name in ("reports", "outbox"))
        super().__init__(taken, outbox, publisher, lambda report: f"{report.case_id}/{report.number:04}", signed)

    async def next_number(self, case_id: str) -> int:
        return len(await self.taken.names(case_id)) + 1


class GenomicReports(Signatures[GenomicReportSigned]):
    """What genomes say of drugs, by the report's id."""

    def __init__(self, objects: Objects, publisher: Publisher) -> None:
        taken, outbox = (
            Shelf(objects, GenomicReportSigned, f"portal/genomic-{name}", by("case_id")) for name in ("reports", "outbox")
        )
        super().__init__(taken, outbox, publisher, of_genomic_report, genomics_signed)


class GenomicWithdrawals(Signatures[GenomicReportWithdrawn]):
    """That they say so no more, by the report's id too."""

    def __init__(self, objects: Objects, publisher: Publisher) -> None:
        taken, outbox = (
            Shelf(objects, GenomicReportWithdrawn, f"portal/genomic-{name}", by("case_id"))
            for name in ("withdrawals", "withdrawals-outbox")
        )
        super().__init__(taken, outbox, publisher, of_genomic_report, genomics_withdrawn)


def of_genomic_report(said: GenomicReportSigned | GenomicReportWithdrawn) -> str:
    return f"{said.case_id}/{said.report_id}"
