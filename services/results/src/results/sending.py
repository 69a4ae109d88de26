"""What results does with its topics: each report to the hospital's system, until that has it."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from casepath.portal.v1.reading_pb2 import GenomicReportSigned, GenomicReportWithdrawn, ReportSigned
from casepath.sequencing.v1.pharmacogenomics_pb2 import PharmacogenomicsReported
from casepath.topics import (
    INTAKE_ORDER_PLACED,
    PORTAL_GENOMICS_SIGNED,
    PORTAL_GENOMICS_WITHDRAWN,
    PORTAL_REPORT_SIGNED,
    RECORDS_CASE_MOVED,
    SEQUENCING_PHARMACOGENOMICS_REPORTED,
)
from chassis.errors import Unavailable
from chassis.events import Event
from chassis.objects import Objects, Shelf, by
from chassis.orders import ShelvedOrders
from chassis.worker import Received, Route
from results.adapters.mllp_sender import Sender
from results.handlers import Parties, delivered, pharmacogenomics, pharmacogenomics_withdrawn, signed_report

# A system that is down for a while, over a holiday too, gets what it missed; Kafka keeps it that long.
STORE_AND_FORWARD_SECONDS = 30 * 24 * 3600.0


class Sending:
    def __init__(self, objects: Objects, orders: ShelvedOrders, sender: Sender, parties: Parties) -> None:
        self.objects = objects
        self.orders = orders
        self.sender = sender
        self.parties = parties
        self.reports = Shelf(objects, ReportSigned, "results/reports", by("case_id"))
        self.issued = Shelf(objects, PharmacogenomicsReported, "results/issued", by("case_id"))
        self.withdrawals = Shelf(objects, GenomicReportWithdrawn, "results/genomic-withdrawals", by("case_id"))

    def routes(self) -> list[Route[Any]]:
        return [
            Route(INTAKE_ORDER_PLACED, self.orders.keep),
            Route(RECORDS_CASE_MOVED, self.orders.move),
            Route(PORTAL_REPORT_SIGNED, self.report, retry_for=STORE_AND_FORWARD_SECONDS, batch=1),
            Route(PORTAL_GENOMICS_SIGNED, self.genomic_signed, retry_for=STORE_AND_FORWARD_SECONDS, batch=1),
            Route(PORTAL_GENOMICS_WITHDRAWN, self.genomic_withdrawn, retry_for=STORE_AND_FORWARD_SECONDS, batch=1),
            Route(SEQUENCING_PHARMACOGENOMICS_REPORTED, self.genomic, retry_for=STORE_AND_FORWARD_SECONDS, batch=1),
        ]

    async def report(self, received: Received[ReportSigned]) -> Iterable[Event]:
        """An addendum waits for what it adds to. What was withdrawn since is sent no more: a repeat would bring it back."""
        report, cause = received.data, received.envelope.id
        order = await self.orders.expected(report.case_id, "a report")
        name = f"{report.case_id}/{report.number:04}"
        if await self.reports.get(name) is None:
            await self.reports.put(name, report)
        kept = await self.reports.all(report.case_id)
        before = [one for one in kept if one.number <= report.number]
        if len(before) < report.number:
            raise Unavailable("the report that an addendum adds to has not come yet")
        if not any(one.withdraws and one.number > report.number for one in kept):
            await self.sender.send(signed_report(self.parties, order, before, cause))
        return [delivered(report.case_id, cause, PORTAL_REPORT_SIGNED.name)]

    async def genomic(self, received: Received[PharmacogenomicsReported]) -> Iterable[Event]:
        issued, cause = received.data, received.envelope.id
        await self.issued.put(issued.report_id, issued)
        at = Timestamp()
        at.FromDatetime(received.envelope.time)
        await self.send_genomic(issued, at, cause)
        return [delivered(issued.case_id, cause, SEQUENCING_PHARMACOGENOMICS_REPORTED.name)]

    async def genomic_signed(self, received: Received[GenomicReportSigned]) -> Iterable[Event]:
        """The report again, final now. It waits for the report."""
        said, cause = received.data, received.envelope.id
        await self.send_genomic(await self.expected(said.report_id), said.signed_at, cause, said)
        return [delivered(said.case_id, cause, PORTAL_GENOMICS_SIGNED.name)]

    async def genomic_withdrawn(self, received: Received[GenomicReportWithdrawn]) -> Iterable[Event]:
        """That it is to be deleted. It waits for the report."""
        said, cause = received.data, received.envelope.id
        await self.withdrawals.create(said.report_id, said)
        issued, order = await self.expected(said.report_id), await self.orders.expected(said.case_id, "a report")
        await self.sender.send(pharmacogenomics_withdrawn(self.parties, order, issued, said, cause))
        return [delivered(said.case_id, cause, PORTAL_GENOMICS_WITHDRAWN.name)]

    async def expected(self, report_id: str) -> PharmacogenomicsReported:
        """Raise Unavailable while the report is not here."""
        issued = await self.issued.get(report_id)
        if issued is None:
            raise Unavailable("the report has not come yet")
        return issued

    async def send_genomic(
        self, issued: PharmacogenomicsReported, at: Timestamp, cause: UUID, signature: GenomicReportSigned | None = None
    ) -> None:
        """Unless it was withdrawn: a repeat would bring it back."""
        order = await self.orders.expected(issued.case_id, "a report")
        if await self.withdrawals.get(issued.report_id) is not None:
            return
        printed = {page.language: await self.objects.get(page.pdf) for page in issued.pages}
        await self.sender.send(pharmacogenomics(self.parties, order, issued, printed, at, cause, signature))
