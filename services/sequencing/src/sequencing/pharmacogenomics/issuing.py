"""Reports of what a file of variants says of drugs: made, kept, and made again only where it would say otherwise."""

from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.portal.v1.reading_pb2 import GenomicReportWithdrawn
from casepath.sequencing.v1.pharmacogenomics_pb2 import (
    WITHHOLDING_REASON_UNREADABLE,
    PharmacogenomicReport,
    PharmacogenomicsReported,
    VariantSource,
    WithholdingReason,
)
from chassis.events import Event
from chassis.identity import sample_key
from chassis.isolated import Crashed, Isolated, allowance
from chassis.objects import Objects, Shelf, by
from chassis.orders import ShelvedOrders
from sequencing.disowned import Disowned
from sequencing.handlers import report_id, reported, withheld
from sequencing.pharmacogenomics.definitions import tables_sha256
from sequencing.pharmacogenomics.making import Made, Making, make
from sequencing.pharmacogenomics.messages import changed_drugs, named
from sequencing.pharmacogenomics.page import subject_of
from sequencing.printed_pages import stored_pages

log: structlog.stdlib.BoundLogger = structlog.get_logger()

SECONDS_PER_MEGABYTE = 2.0


class Issuing:
    """Issues a report of each file of variants. Of one sample the newest counts; what it takes the place of is kept."""

    def __init__(self, objects: Objects, orders: ShelvedOrders, process: Isolated, scratch: Path) -> None:
        self.objects = objects
        self.orders = orders
        self.process = process
        self.scratch = scratch
        self.reports = Shelf(objects, PharmacogenomicsReported, "sequencing/pharmacogenomics", by("case_id"))
        self.newest = Shelf(objects, PharmacogenomicsReported, "sequencing/pharmacogenomics-newest", by("case_id"))
        # By the id of the report.
        self.withdrawals = Shelf(objects, GenomicReportWithdrawn, "sequencing/pharmacogenomics-withdrawals", by("case_id"))
        self.disowned = Disowned(objects)
        self.sources = Shelf(objects, VariantSource, "sequencing/pharmacogenomics-sources", by("case_id"))

    async def issue(self, source: VariantSource) -> Event:
        """A file that gave a report before gives that one again, also where another came since."""
        sample, id_ = sample_key(source.case_id, source.sample_id), str(report_id(source, tables_sha256()))
        newest = await self.newest.get(sample)
        if newest is not None and newest.report_id == id_:
            await self.reports.put(f"{sample}/{id_}", newest)
            return reported(newest)
        known = await self.reports.get(f"{sample}/{id_}")
        if known is not None:
            return reported(known)
        made = await self.make(source, newest)
        if made.withheld:
            reason = WithholdingReason.Name(made.withheld)
            log.warning("pharmacogenomics", outcome="withheld", reason=reason, case_id=source.case_id)
            return withheld(source, made.withheld)
        message = await self.store(source, made, newest)
        await self.keep(source, message)
        return reported(message)

    async def make(self, source: VariantSource, newest: PharmacogenomicsReported | None) -> Made:
        """Raise Unavailable while the case's order is not here."""
        order = await self.orders.expected(source.case_id, "a file of variants")
        with TemporaryDirectory(dir=self.scratch) as name:
            folder = Path(name)
            making = Making(
                variants=await self.objects.as_file(source.variants, folder),
                index=await self.file(source.variants_index, folder),
                outside_calls=await self.file(source.outside_calls, folder),
                subject=subject_of(order, source.sample_id),
                before=await self.objects.get(newest.report) if newest is not None else b"",
            )
            try:
                return await self.process.run(make, making, allowance(source.variants.size, SECONDS_PER_MEGABYTE))
            except Crashed:
                return Made(withheld=WITHHOLDING_REASON_UNREADABLE)

    async def file(self, ref: ObjectRef, folder: Path) -> Path | None:
        return await self.objects.as_file(ref, folder) if ref.path else None

    async def store(self, source: VariantSource, made: Made, newest: PharmacogenomicsReported | None) -> PharmacogenomicsReported:
        report = PharmacogenomicReport.FromString(made.report)
        return PharmacogenomicsReported(
            case_id=source.case_id,
            patient_id=source.patient_id,
            sample_id=source.sample_id,
            report_id=str(report_id(source, tables_sha256())),
            report=await self.objects.put(made.report, source.case_id),
            pages=await stored_pages(self.objects, made.pages, source.case_id),
            genes=report.genes,
            changed_drugs=changed_drugs(report),
            tables_sha256=tables_sha256(),
            definitions=made.definitions,
            amends=newest.report_id if newest is not None else "",
            amended_drugs=named(made.amended),
            variants_sha256=source.variants.sha256,
        )

    async def keep(self, source: VariantSource, message: PharmacogenomicsReported) -> None:
        """Until the newest is kept, a repeat makes the same."""
        sample = sample_key(source.case_id, source.sample_id)
        await self.sources.put(sample, source)
        await self.newest.put(sample, message)
        await self.reports.put(f"{sample}/{message.report_id}", message)

    async def withdrawn(self, said: GenomicReportWithdrawn) -> None:
        """Other tables amend it no more: what they made of the same file would be of the wrong patient again."""
        await self.withdrawals.put(said.report_id, said)
