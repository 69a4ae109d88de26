"""Signed reports: each number of a case once, whoever signs at the same time and whatever dies in between."""

from collections.abc import Sequence

import structlog

from casepath.portal.v1.reading_pb2 import ReportSigned
from chassis.errors import Rejected
from chassis.objects import Objects, Shelf
from chassis.publisher import Publisher, announce
from portal.handlers import report_event_id, signed

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class AlreadySigned(Rejected):
    """Somebody signed this number of the report first."""


class Reports:
    """A report is written to the outbox, then takes its number, is published, and leaves the outbox.

    What is found in the outbox at start is published if it has its number, and else was never signed.
    """

    def __init__(self, objects: Objects, publisher: Publisher) -> None:
        self.taken = Shelf(objects, ReportSigned, "portal/reports")
        self.outbox = Shelf(objects, ReportSigned, "portal/outbox")
        self.publisher = publisher

    async def next_number(self, case_id: str) -> int:
        return len(await self.taken.names(case_id)) + 1

    async def sign(self, report: ReportSigned) -> str:
        """Sign it, and return its event's id. Raise AlreadySigned where its number is another's."""
        waiting = f"{report.case_id}-{report.number:04}-{report.signer.user_id}"
        await self.outbox.put(waiting, report)
        if not await self.taken.create(name_of(report), report) and await self.taken.get(name_of(report)) != report:
            await self.outbox.remove(waiting)
            raise AlreadySigned("somebody signed it first")
        await self.send(waiting, report)
        return str(report_event_id(report))

    async def send(self, waiting: str, report: ReportSigned) -> None:
        await announce(self.publisher, [signed(report)], cause=report_event_id(report), source="portal")
        await self.outbox.remove(waiting)
        log.info("signed", case_id=report.case_id, number=report.number)

    async def resume(self) -> int:
        """Publish what was signed and not published when the process ended; return how many."""
        count = 0
        for waiting in sorted(await self.outbox.names()):
            report = await self.outbox.get(waiting)
            if report is not None and await self.taken.get(name_of(report)) == report:
                await self.send(waiting, report)
                count += 1
            else:
                await self.outbox.remove(waiting)
        return count

    async def of_case(self, case_id: str) -> Sequence[ReportSigned]:
        return await self.taken.all(case_id)


def name_of(report: ReportSigned) -> str:
    return f"{report.case_id}/{report.number:04}"
