"""What is known of each patient: the newest report of each of their samples."""

from collections.abc import Iterable, Sequence
from typing import Any

from cachetools import LRUCache

from advice.handlers import Known
from casepath.sequencing.v1.pharmacogenomics_pb2 import (
    PharmacogenomicReport,
    PharmacogenomicsReported,
    PharmacogenomicsWithheld,
)
from casepath.topics import (
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
        self.merges = Merges(objects, "advice")
        self.reports: LRUCache[str, PharmacogenomicReport] = LRUCache(REMEMBERED)

    def routes(self) -> list[Route[Any]]:
        return [
            Route(SEQUENCING_PHARMACOGENOMICS_REPORTED, self.keep),
            Route(SEQUENCING_PHARMACOGENOMICS_WITHHELD, self.keep_withheld),
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

    async def of(self, patients: Sequence[str]) -> tuple[list[Known], list[PharmacogenomicsWithheld]]:
        """Under any of these ids, and those of patients who were merged with them.

        Raise Unavailable where the store fails: silence would be taken for nothing known.
        """
        known: list[Known] = []
        withheld: list[PharmacogenomicsWithheld] = []
        for patient in await self.merges.one_person(dict.fromkeys(patients)):
            known += [Known(issued, await self.report(issued)) for issued in await self.issued.all(patient)]
            withheld += await self.withheld.all(patient)
        return known, withheld

    async def report(self, issued: PharmacogenomicsReported) -> PharmacogenomicReport:
        found = self.reports.get(issued.report.sha256)
        if found is None:
            found = PharmacogenomicReport.FromString(await self.objects.get(issued.report))
            self.reports[issued.report.sha256] = found
        return found
