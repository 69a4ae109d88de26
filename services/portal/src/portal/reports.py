"""Signatures: each once, whoever signs at the same time and whatever dies in between."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from google.protobuf.message import Message

from casepath.portal.v1.reading_pb2 import GenomicReportSigned, GenomicReportWithdrawn, ReportSigned, VariantsDisowned
from chassis.errors import Rejected
from chassis.events import Event
from chassis.objects import Objects, Shelf, by
from chassis.publisher import Publisher, announce
from portal.handlers import genomics_signed, genomics_withdrawn, signed, variants_disowned

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class AlreadySigned(Rejected):
    """Somebody signed it first."""


@dataclass(frozen=True, slots=True)
class Signatures[M: (ReportSigned, GenomicReportSigned, GenomicReportWithdrawn, VariantsDisowned)]:
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
        kept = shelves(objects, ReportSigned, "reports", "outbox")
        super().__init__(*kept, publisher, lambda report: f"{report.case_id}/{report.number:04}", signed)

    async def next_number(self, case_id: str) -> int:
        return len(await self.taken.names(case_id)) + 1


class Genomics:
    """What biologists sign: a report on genes and medicines, that it holds no more, and that variants are another patient's."""

    def __init__(self, objects: Objects, publisher: Publisher) -> None:
        self.reports = Signatures(
            *shelves(objects, GenomicReportSigned, "genomic-reports", "genomic-outbox"), publisher, of_report, genomics_signed
        )
        self.withdrawals = Signatures(
            *shelves(objects, GenomicReportWithdrawn, "genomic-withdrawals", "genomic-withdrawals-outbox"),
            publisher,
            of_report,
            genomics_withdrawn,
        )
        self.disownings = Signatures(
            *shelves(objects, VariantsDisowned, "disowned-variants", "disowned-variants-outbox"),
            publisher,
            lambda said: f"{said.case_id}/{said.origin_id}",
            variants_disowned,
        )

    async def resume(self) -> None:
        await self.reports.resume()
        await self.withdrawals.resume()
        await self.disownings.resume()


def shelves[M: Message](objects: Objects, kind: type[M], taken: str, outbox: str) -> tuple[Shelf[M], Shelf[M]]:
    first, second = (Shelf(objects, kind, f"portal/{name}", by("case_id")) for name in (taken, outbox))
    return first, second


def of_report(said: GenomicReportSigned | GenomicReportWithdrawn) -> str:
    return f"{said.case_id}/{said.report_id}"
