"""What records does with its topics: each event into the archives of record, then one event that says what is there."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from casepath.inference.v1.scoring_pb2 import SlideFailed, SlideScored
from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.intake.v1.patient_pb2 import PatientRegistered
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.portal.v1.reading_pb2 import ReportSigned
from casepath.records.v1.filing_pb2 import EntriesFiled, Entry
from casepath.sequencing.v1.pharmacogenomics_pb2 import PharmacogenomicReport, PharmacogenomicsReported
from casepath.sequencing.v1.sequencing_pb2 import VariantsCalled
from casepath.slides.v1.slide_pb2 import SlideIngested
from casepath.topics import (
    INFERENCE_SLIDE_FAILED,
    INFERENCE_SLIDE_SCORED,
    INTAKE_ORDER_PLACED,
    INTAKE_PATIENT_REGISTERED,
    PORTAL_REPORT_SIGNED,
    SEQUENCING_PHARMACOGENOMICS_REPORTED,
    SEQUENCING_VARIANTS_CALLED,
    SLIDES_SLIDE_INGESTED,
    Topic,
)
from chassis.errors import Unavailable
from chassis.events import Event
from chassis.objects import Objects, Shelf
from chassis.orders import ShelvedOrders
from chassis.worker import Received, Route
from records.adapters.dicom_archive import DicomArchive
from records.adapters.fhir_server import FhirServer
from records.genomics import report_resource_id
from records.handlers import (
    filed,
    of_failure,
    of_order,
    of_pharmacogenomics,
    of_registration,
    of_reports,
    of_score,
    of_study,
    of_variants,
)
from records.resources import Resource


class Filing:
    """Files each event. What an event refers to is filed first: until its order is, an event waits."""

    def __init__(self, fhir: FhirServer, dicom: DicomArchive, objects: Objects, orders: ShelvedOrders, scratch: Path) -> None:
        self.fhir = fhir
        self.dicom = dicom
        self.objects = objects
        self.orders = orders
        self.scratch = scratch
        self.slides = Shelf(objects, SlideIngested, "records/slides")
        # The entry of the study that a scan is in: it is there when the scan is filed, and not before.
        self.studies = Shelf(objects, Entry, "records/studies")
        self.results = Shelf(objects, SlideScored, "records/results")
        self.reports = Shelf(objects, ReportSigned, "records/reports")
        # What is filed of a sample's pharmacogenomics, by the id of its report.
        self.genomic = Shelf(objects, EntriesFiled, "records/pharmacogenomics")

    def routes(self) -> list[Route[Any]]:
        return [
            Route(INTAKE_PATIENT_REGISTERED, self.registration),
            Route(INTAKE_ORDER_PLACED, self.order),
            Route(SLIDES_SLIDE_INGESTED, self.slide, batch=4),
            Route(INFERENCE_SLIDE_SCORED, self.score),
            Route(INFERENCE_SLIDE_FAILED, self.failure),
            Route(SEQUENCING_VARIANTS_CALLED, self.variants),
            Route(SEQUENCING_PHARMACOGENOMICS_REPORTED, self.pharmacogenomics),
            Route(PORTAL_REPORT_SIGNED, self.report),
        ]

    async def registration(self, received: Received[PatientRegistered]) -> Iterable[Event]:
        await self.put(of_registration(received.data))
        return ()

    async def order(self, received: Received[OrderPlaced]) -> Iterable[Event]:
        order = received.data
        entries = await self.put(of_order(order))
        await self.orders.keep(received)
        return [filed(order.case_id, INTAKE_ORDER_PLACED.name, entries)]

    async def slide(self, received: Received[SlideIngested]) -> Iterable[Event]:
        slide = received.data
        order = await self.filed_order(slide.case_id, SLIDES_SLIDE_INGESTED)
        study = f"{slide.case_id}/{slide.study_instance_uid}"
        entries = [
            await self.instance(slide.study_instance_uid, slide.series_instance_uid, one.sop_instance_uid, one.object)
            for one in slide.instances
        ]
        await self.slides.put(f"{study}/{slide.scan_id}", slide)
        entries += await self.put(await self.study(order, study))
        await self.studies.put(f"{study}/{slide.scan_id}", entries[-1])
        return [filed(slide.case_id, SLIDES_SLIDE_INGESTED.name, entries)]

    async def instance(self, study: str, series: str, uid: str, object_: ObjectRef) -> Entry:
        """Have the archive hold a DICOM object."""
        file = await self.objects.as_file(object_, self.scratch)
        await self.dicom.store(study, series, uid, file, object_.sha256)
        return Entry(kind="Instance", identifier=uid)

    async def study(self, order: OrderPlaced, study: str) -> list[Resource]:
        """A study as it stands: its scans, and what was derived from them."""
        return of_study(order, await self.slides.all(study), await self.results.all(study))

    async def score(self, received: Received[SlideScored]) -> Iterable[Event]:
        scored = received.data
        order = await self.filed_order(scored.case_id, INFERENCE_SLIDE_SCORED)
        study = f"{scored.case_id}/{scored.study_instance_uid}"
        if await self.studies.get(f"{study}/{scored.scan_id}") is None:
            raise Unavailable("the slide that was scored is not filed yet")
        entries = [
            await self.instance(scored.study_instance_uid, one.series_instance_uid, one.sop_instance_uid, one.object)
            for one in scored.instances
        ]
        if scored.instances:
            await self.results.put(f"{study}/{scored.job_id}", scored)
            entries += await self.put(await self.study(order, study))
        entries += await self.put(of_score(order, scored))
        return [filed(scored.case_id, INFERENCE_SLIDE_SCORED.name, entries)]

    async def failure(self, received: Received[SlideFailed]) -> Iterable[Event]:
        failed = received.data
        order = await self.filed_order(failed.case_id, INFERENCE_SLIDE_FAILED)
        return [filed(failed.case_id, INFERENCE_SLIDE_FAILED.name, await self.put(of_failure(order, failed)))]

    async def variants(self, received: Received[VariantsCalled]) -> Iterable[Event]:
        called = received.data
        order = await self.filed_order(called.case_id, SEQUENCING_VARIANTS_CALLED)
        return [filed(called.case_id, SEQUENCING_VARIANTS_CALLED.name, await self.put(of_variants(order, called)))]

    async def pharmacogenomics(self, received: Received[PharmacogenomicsReported]) -> Iterable[Event]:
        """What an earlier report of the sample said and this one does not is withdrawn."""
        issued = received.data
        order = await self.filed_order(issued.case_id, SEQUENCING_PHARMACOGENOMICS_REPORTED)
        report = PharmacogenomicReport.FromString(await self.objects.get(issued.report))
        printed = {page.language: await self.objects.get(page.pdf) for page in issued.pages}
        name = report_resource_id(issued)
        before = await self.genomic.get(name)
        entries = await self.put(of_pharmacogenomics(order, issued, report, printed, before.entries if before else ()))
        await self.genomic.put(name, EntriesFiled(case_id=issued.case_id, cause=issued.report_id, entries=entries))
        return [filed(issued.case_id, SEQUENCING_PHARMACOGENOMICS_REPORTED.name, entries)]

    async def report(self, received: Received[ReportSigned]) -> Iterable[Event]:
        """An addendum waits for what it adds to. The first report of a number counts."""
        report = received.data
        order = await self.filed_order(report.case_id, PORTAL_REPORT_SIGNED)
        name = f"{report.case_id}/{report.number:04}"
        if await self.reports.get(name) is None:
            await self.reports.put(name, report)
        reports = await self.reports.all(report.case_id)
        if [one.number for one in reports] != list(range(1, len(reports) + 1)):
            raise Unavailable("the report that an addendum adds to is not filed yet")
        studies = sorted({one.split("/")[0] for one in await self.slides.names(report.case_id)})
        entries = await self.put(of_reports(order, reports, studies))
        return [filed(report.case_id, PORTAL_REPORT_SIGNED.name, entries)]

    async def put(self, found: Sequence[Resource]) -> list[Entry]:
        return [Entry(kind=one["resourceType"], identifier=one["id"], version=await self.fhir.put(one)) for one in found]

    async def filed_order(self, case_id: str, topic: Topic[Any]) -> OrderPlaced:
        order = await self.orders.of_case(case_id)
        if order is None:
            raise Unavailable(f"the order that a record of {topic.name} belongs to is not filed yet")
        return order
