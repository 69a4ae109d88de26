"""What is known of each patient: the newest report of each of their samples."""

from collections.abc import Iterable, Sequence
from typing import Any

from cachetools import LRUCache

from advice.handlers import Known
from casepath.portal.v1.reading_pb2 import GenomicReportWithdrawn
from casepath.sequencing.v1.pharmacogenomics_pb2 import (
    PharmacogenomicReport,
    PharmacogenomicsReported,
    PharmacogenomicsWithheld,
)
from casepath.topics import (
    PORTAL_GENOMICS_WITHDRAWN,
    SEQUENCING_PHARMACOGENOMICS_REPORTED,
    SEQUENCING_PHARMACOGENOMICS_WITHHELD,
)
from chassis.events import Event
from chassis.identity import sample_key
from chassis.merges import Merges
from chassis.objects import Objects, Shelf, by
from chassis.worker import Received, Route

# Reports in memory; one is some 100 KB.
REMEMBERED = 1000


class Patients:
    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self.issued = Shelf(objects, PharmacogenomicsReported, "advice/reported", by("case_id"))
        self.withheld = Shelf(objects, PharmacogenomicsWithheld, "advice/withheld", by("case_id"))
        self.withdrawals = Shelf(objects, GenomicReportWithdrawn, "advice/withdrawals", by("case_id"))
        self.merges = Merges(objects, "advice")
        self.reports: LRUCache[str, PharmacogenomicReport] = LRUCache(REMEMBERED)

    def routes(self) -> list[Route[Any]]:
        return [
            Route(SEQUENCING_PHARMACOGENOMICS_REPORTED, self.keep),
            Route(SEQUENCING_PHARMACOGENOMICS_WITHHELD, self.keep_withheld),
            Route(PORTAL_GENOMICS_WITHDRAWN, self.keep_withdrawn),
            *self.merges.routes(),
        ]

    async def keep(self, received: Received[PharmacogenomicsReported]) -> Iterable[Event]:
        data = received.data
        await self.issued.put(f"{data.patient_id}/{sample_key(data.case_id, data.sample_id)}", data)
        return ()

    async def keep_withheld(self, received: Received[PharmacogenomicsWithheld]) -> Iterable[Event]:
        data = received.data
        await self.withheld.put(f"{data.patient_id}/{sample_key(data.case_id, data.sample_id)}", data)
        return ()

    async def keep_withdrawn(self, received: Received[GenomicReportWithdrawn]) -> Iterable[Event]:
        """It may come before the report."""
        await self.withdrawals.put(received.data.report_id, received.data)
        return ()

    async def of(self, patients: Sequence[str]) -> tuple[list[Known], bool]:
        """Under any of these ids, and those of patients who were merged with them; and whether one was withheld or withdrawn.

        Raise Unavailable where the store fails: silence would be taken for nothing known.
        """
        known: list[Known] = []
        untold = False
        for patient in await self.merges.one_person(dict.fromkeys(patients)):
            issued = await self.issued.all(patient)
            holding = [one for one in issued if await self.withdrawals.get(one.report_id) is None]
            known += [Known(one, await self.report(one)) for one in holding]
            untold = untold or len(holding) < len(issued) or bool(await self.withheld.names(patient))
        return known, untold

    async def report(self, issued: PharmacogenomicsReported) -> PharmacogenomicReport:
        found = self.reports.get(issued.report.sha256)
        if found is None:
            found = PharmacogenomicReport.FromString(await self.objects.get(issued.report))
            self.reports[issued.report.sha256] = found
        return found
