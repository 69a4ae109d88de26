"""What records does with its topics: each event into the archives of record, then one event that says what is there."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from casepath.inference.v1.scoring_pb2 import SlideFailed, SlideScored
from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.intake.v1.patient_pb2 import PatientMerged, PatientRegistered, PatientsUnlinked
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.portal.v1.reading_pb2 import GenomicReportSigned, GenomicReportWithdrawn, ReportSigned, VariantsDisowned
from casepath.records.v1.filing_pb2 import Belonging, EntriesFiled, Entry
from casepath.sequencing.v1.pharmacogenomics_pb2 import PharmacogenomicReport, PharmacogenomicsReported
from casepath.sequencing.v1.sequencing_pb2 import VariantsCalled
from casepath.slides.v1.slide_pb2 import SlideIngested
from casepath.topics import (
    INFERENCE_SLIDE_FAILED,
    INFERENCE_SLIDE_SCORED,
    INTAKE_ORDER_PLACED,
    INTAKE_PATIENT_MERGED,
    INTAKE_PATIENT_REGISTERED,
    INTAKE_PATIENTS_UNLINKED,
    PORTAL_GENOMICS_SIGNED,
    PORTAL_GENOMICS_WITHDRAWN,
    PORTAL_REPORT_SIGNED,
    PORTAL_VARIANTS_DISOWNED,
    SEQUENCING_PHARMACOGENOMICS_REPORTED,
    SEQUENCING_VARIANTS_CALLED,
    SLIDES_SLIDE_INGESTED,
    Topic,
)
from chassis.at_once import at_once
from chassis.errors import Unavailable
from chassis.events import Event
from chassis.fhir import Resource, independent
from chassis.merges import Merges
from chassis.objects import Objects, Shelf, by
from chassis.orders import ShelvedOrders
from chassis.worker import Received, Route
from records.adapters.dicom_archive import DicomArchive
from records.adapters.fhir_server import FhirServer
from records.belonging import belonging_to, patient_of, retired, retired_patient, standing
from records.genomics import Acts, report_resource_id
from records.handlers import (
    case_moved,
    filed,
    of_disowning,
    of_failure,
    of_order,
    of_pharmacogenomics,
    of_registration,
    of_reports,
    of_score,
    of_study,
    of_survivor,
    of_variants,
)
from records.resources import disowned_quality, latest, variants_ids

# Of one event; a server has other things to do.
FILED_AT_ONCE = 4

type Still = Callable[[], Awaitable[bool]]


class Outdated(Unavailable):
    """What was to be filed was made of what has changed since: it is made anew."""


class Filing:
    """Files each event. What an event refers to is filed first: until its order is, an event waits."""

    def __init__(self, fhir: FhirServer, dicom: DicomArchive, objects: Objects, orders: ShelvedOrders, scratch: Path) -> None:
        self.fhir = fhir
        self.dicom = dicom
        self.objects = objects
        self.orders = orders
        self.scratch = scratch
        self.slides = Shelf(objects, SlideIngested, "records/slides", by("case_id"))
        # The entry of the study that a scan is in: it is there when the scan is filed, and not before.
        self.studies = Shelf(objects, Entry, "records/studies")
        self.results = Shelf(objects, SlideScored, "records/results", by("case_id"))
        self.reports = Shelf(objects, ReportSigned, "records/reports", by("case_id"))
        # What is filed of a sample's pharmacogenomics, by the id of its report.
        self.genomic = Shelf(objects, EntriesFiled, "records/pharmacogenomics")
        self.issued = Shelf(objects, PharmacogenomicsReported, "records/issued", by("case_id"))
        self.signatures = Shelf(objects, GenomicReportSigned, "records/signatures", by("case_id"))
        self.withdrawals = Shelf(objects, GenomicReportWithdrawn, "records/genomic-withdrawals", by("case_id"))
        # By the job that called the variants.
        self.disowned = Shelf(objects, VariantsDisowned, "records/disowned-variants", by("case_id"))
        self.merges = Merges(objects, "records")
        # Of each patient, as orders name them, what is filed, with its case; and their cases.
        self.belongings = Shelf(objects, Belonging, "records/belongings")
        self.cases = Shelf(objects, OrderPlaced, "records/cases", by("case_id"))

    def routes(self) -> list[Route[Any]]:
        return [
            Route(INTAKE_PATIENT_REGISTERED, self.registration),
            Route(INTAKE_PATIENT_MERGED, self.merge),
            Route(INTAKE_PATIENTS_UNLINKED, self.unlink),
            Route(INTAKE_ORDER_PLACED, self.order),
            Route(SLIDES_SLIDE_INGESTED, self.slide, batch=4),
            Route(INFERENCE_SLIDE_SCORED, self.score),
            Route(INFERENCE_SLIDE_FAILED, self.failure),
            Route(SEQUENCING_VARIANTS_CALLED, self.variants),
            Route(SEQUENCING_PHARMACOGENOMICS_REPORTED, self.pharmacogenomics),
            Route(PORTAL_REPORT_SIGNED, self.report),
            Route(PORTAL_GENOMICS_SIGNED, self.genomics_signed),
            Route(PORTAL_GENOMICS_WITHDRAWN, self.genomics_withdrawn),
            Route(PORTAL_VARIANTS_DISOWNED, self.variants_disowned),
        ]

    async def registration(self, received: Received[PatientRegistered]) -> Iterable[Event]:
        await self.put(of_registration(received.data))
        return ()

    async def merge(self, received: Received[PatientMerged]) -> Iterable[Event]:
        """What was filed for the retired patient is the survivor's; and what comes for them from now on, by `put`."""
        said = received.data
        # Before anybody knows of the merge: whoever files the retired patient from then on refers to the survivor.
        await self.put(of_survivor(said))
        await self.merges.merge(said)
        await self.have("Patient", said.retired_id, said.retired_id, lambda kept: kept or retired_patient(said))
        await self.belongings.put(belonging(said.retired_id, "Patient", said.retired_id), Belonging())
        patients = [said.retired_id]
        if await self.merges.merged.get(said.surviving.patient_id) is not None:
            # The survivor was retired before, and what is theirs went elsewhere.
            patients.append(said.surviving.patient_id)
        return await self.settled(patients, said.recorded_at, INTAKE_PATIENT_MERGED.name)

    async def unlink(self, received: Received[PatientsUnlinked]) -> Iterable[Event]:
        said = received.data
        await self.merges.unlink(said)
        return await self.settled([said.patient_id, said.other_id], said.recorded_at, INTAKE_PATIENTS_UNLINKED.name)

    async def settled(self, patients: Sequence[str], at: Timestamp, cause: str) -> list[Event]:
        """Have everything of these patients, and of those who are retired in their favour, filed for whom it is of now."""
        events: list[Event] = []
        for patient in patients:
            for one in await self.merges.standing_for(patient):
                events += await self.settle(one, at, cause)
        return events

    async def settle(self, patient: str, at: Timestamp, cause: str) -> list[Event]:
        by_case: dict[str, list[Entry]] = {}
        for name in sorted(await self.belongings.names(patient)):
            kind, identifier = name.split(".", 1)
            version = await self.have(kind, identifier, patient, lambda kept: kept)
            kept = await self.belongings.get(f"{patient}/{name}")
            if version is not None and kept is not None and kept.case_id:
                by_case.setdefault(kept.case_id, []).append(Entry(kind=kind, identifier=identifier, version=version))
        events = [filed(case, cause, entries) for case, entries in sorted(by_case.items())]
        survivor = await self.merges.surviving(patient)
        for order in await self.cases.all(patient):
            events.append(case_moved(order, survivor or order.patient, at))
        return events

    async def order(self, received: Received[OrderPlaced]) -> Iterable[Event]:
        order = received.data
        entries = await self.put(of_order(order), order.case_id)
        await self.orders.keep(received)
        await self.cases.put(f"{order.patient.patient_id}/{order.case_id}", order)
        events = [filed(order.case_id, INTAKE_ORDER_PLACED.name, entries)]
        # Asked after it is kept: a merge that comes now finds the case, or is found here.
        merge = await self.merges.merge_of(order.patient.patient_id)
        survivor = await self.merges.surviving(order.patient.patient_id)
        if merge is not None and survivor is not None:
            events.append(case_moved(order, survivor, merge.recorded_at))
        return events

    async def slide(self, received: Received[SlideIngested]) -> Iterable[Event]:
        slide = received.data
        order = await self.orders.expected(slide.case_id, SLIDES_SLIDE_INGESTED.name)
        study = f"{slide.case_id}/{slide.study_instance_uid}"
        entries = [
            await self.instance(slide.study_instance_uid, slide.series_instance_uid, one.sop_instance_uid, one.object)
            for one in slide.instances
        ]
        await self.slides.put(f"{study}/{slide.scan_id}", slide)
        entries += await self.put(await self.study(order, study), order.case_id)
        await self.studies.put(f"{study}/{slide.scan_id}", entries[-1])
        entries += await self.put_reports(order)
        return [filed(slide.case_id, SLIDES_SLIDE_INGESTED.name, entries)]

    async def instance(self, study: str, series: str, uid: str, object_: ObjectRef) -> Entry:
        """Have the archive hold a DICOM object."""
        async with self.objects.local(object_, self.scratch) as file:
            await self.dicom.store(study, series, uid, file, object_.sha256)
        return Entry(kind="Instance", identifier=uid)

    async def study(self, order: OrderPlaced, study: str) -> list[Resource]:
        """A study as it stands: its scans, and what was derived from them."""
        return of_study(order, await self.slides.all(study), await self.results.all(study))

    async def score(self, received: Received[SlideScored]) -> Iterable[Event]:
        scored = received.data
        order = await self.orders.expected(scored.case_id, INFERENCE_SLIDE_SCORED.name)
        study = f"{scored.case_id}/{scored.study_instance_uid}"
        if await self.studies.get(f"{study}/{scored.scan_id}") is None:
            raise Unavailable("the slide that was scored is not filed yet")
        entries = [
            await self.instance(scored.study_instance_uid, one.series_instance_uid, one.sop_instance_uid, one.object)
            for one in scored.instances
        ]
        if scored.instances:
            await self.results.put(f"{study}/{scored.job_id}", scored)
            entries += await self.put(await self.study(order, study), order.case_id)
        entries += await self.put(of_score(order, scored, received.envelope.time), order.case_id)
        return [filed(scored.case_id, INFERENCE_SLIDE_SCORED.name, entries)]

    async def failure(self, received: Received[SlideFailed]) -> Iterable[Event]:
        failed = received.data
        order = await self.orders.expected(failed.case_id, INFERENCE_SLIDE_FAILED.name)
        entries = await self.put(of_failure(order, failed, received.envelope.time), order.case_id)
        return [filed(failed.case_id, INFERENCE_SLIDE_FAILED.name, entries)]

    async def variants(self, received: Received[VariantsCalled]) -> Iterable[Event]:
        called = received.data
        order = await self.orders.expected(called.case_id, SEQUENCING_VARIANTS_CALLED.name)
        said = await self.disowned.get(called.job_id)

        async def still() -> bool:
            return await self.disowned.get(called.job_id) == said

        # Who disowns them changes the observation only where it is there: it is filed first, and then the report no more.
        entries = await self.put(of_variants(order, called, said), order.case_id, still)
        return [filed(called.case_id, SEQUENCING_VARIANTS_CALLED.name, entries)]

    async def variants_disowned(self, received: Received[VariantsDisowned]) -> Iterable[Event]:
        """What is filed of them is in error from now on. Of what others called nothing was filed, and now that."""
        said = received.data
        order = await self.orders.expected(said.case_id, PORTAL_VARIANTS_DISOWNED.name)
        await self.disowned.put(said.origin_id, said)
        measured = variants_ids(said.origin_id)[0]
        version = await self.have(
            "Observation", measured, said.patient_id, lambda kept: disowned_quality(kept, said) if kept is not None else None
        )
        entries = [Entry(kind="Observation", identifier=measured, version=version)] if version is not None else []
        entries += await self.put(of_disowning(order, said), order.case_id)
        return [filed(said.case_id, PORTAL_VARIANTS_DISOWNED.name, entries)]

    async def pharmacogenomics(self, received: Received[PharmacogenomicsReported]) -> Iterable[Event]:
        """What an earlier report of the sample said and this one does not is withdrawn."""
        issued = received.data
        order = await self.orders.expected(issued.case_id, SEQUENCING_PHARMACOGENOMICS_REPORTED.name)
        name = report_resource_id(issued)
        before = await self.genomic.get(name)
        acts = await self.acts(issued.report_id)
        entries = await self.put_genomics(order, issued, acts, before, before.entries if before else ())
        newest = EntriesFiled(case_id=issued.case_id, cause=issued.report_id, entries=entries)
        await self.genomic.put(name, newest)
        await self.issued.put(issued.report_id, issued)
        now = await self.acts(issued.report_id)
        if now != acts:
            # Signed or withdrawn meanwhile, and put off there until the report was known.
            entries = await self.put_genomics(order, issued, now, newest)
        return [filed(issued.case_id, SEQUENCING_PHARMACOGENOMICS_REPORTED.name, entries)]

    async def genomics_signed(self, received: Received[GenomicReportSigned]) -> Iterable[Event]:
        await self.signatures.create(received.data.report_id, received.data)
        return await self.done_with(PORTAL_GENOMICS_SIGNED, received.data)

    async def genomics_withdrawn(self, received: Received[GenomicReportWithdrawn]) -> Iterable[Event]:
        await self.withdrawals.create(received.data.report_id, received.data)
        return await self.done_with(PORTAL_GENOMICS_WITHDRAWN, received.data)

    async def done_with(self, topic: Topic[Any], said: GenomicReportSigned | GenomicReportWithdrawn) -> Iterable[Event]:
        """What is done with a report of which there is a newer one changes nothing of what is filed."""
        order = await self.orders.expected(said.case_id, topic.name)
        issued = await self.issued.get(said.report_id)
        newest = await self.genomic.get(report_resource_id(issued)) if issued is not None else None
        if issued is None or newest is None:
            raise Unavailable("the report is not filed yet")
        if newest.cause != said.report_id:
            return [filed(said.case_id, topic.name, newest.entries)]
        entries = await self.put_genomics(order, issued, await self.acts(said.report_id), newest)
        return [filed(said.case_id, topic.name, entries)]

    async def acts(self, report_id: str) -> Acts:
        return Acts(await self.signatures.get(report_id), await self.withdrawals.get(report_id))

    async def put_genomics(
        self,
        order: OrderPlaced,
        issued: PharmacogenomicsReported,
        acts: Acts,
        newest: EntriesFiled | None,
        before: Iterable[Entry] = (),
    ) -> list[Entry]:
        """As long as nobody signs or withdraws it, or files another report of the sample than `newest`."""

        async def still() -> bool:
            done, filed = await self.acts(issued.report_id), await self.genomic.get(report_resource_id(issued))
            return (done, filed) == (acts, newest)

        report = PharmacogenomicReport.FromString(await self.objects.get(issued.report))
        printed = {page.language: await self.objects.get(page.pdf) for page in issued.pages}
        return await self.put(of_pharmacogenomics(order, issued, report, printed, before, acts), order.case_id, still)

    async def report(self, received: Received[ReportSigned]) -> Iterable[Event]:
        """An addendum waits for what it adds to. The first report of a number counts."""
        report = received.data
        order = await self.orders.expected(report.case_id, PORTAL_REPORT_SIGNED.name)
        name = f"{report.case_id}/{report.number:04}"
        if await self.reports.get(name) is None:
            await self.reports.put(name, report)
        entries = await self.put_reports(order)
        if report.number > len((await self.standing(report.case_id))[0]):
            raise Unavailable("the report that an addendum adds to is not filed yet")
        return [filed(report.case_id, PORTAL_REPORT_SIGNED.name, entries)]

    async def put_reports(self, order: OrderPlaced) -> list[Entry]:
        """The case's report with its addenda, once there is one; again where a slide or an addendum came meanwhile."""
        while True:
            reports, studies = found = await self.standing(order.case_id)

            async def still() -> bool:
                return await self.standing(order.case_id) == found  # noqa: B023 - it is asked before the next turn

            try:
                entries = await self.put(of_reports(order, reports, studies), order.case_id, still) if reports else []
            except Outdated:
                continue
            if await still():
                return entries

    async def standing(self, case_id: str) -> tuple[list[ReportSigned], list[str]]:
        """The reports up to the first that is missing, and the studies of the case."""
        kept = await self.reports.all(case_id)
        reports = [one for number, one in enumerate(kept, start=1) if one.number == number]
        return reports, sorted({one.split("/")[0] for one in await self.slides.names(case_id)})

    async def put(self, found: Sequence[Resource], case_id: str = "", still: Still | None = None) -> list[Entry]:
        """File them as long as it is `still` so what they were made of. Raise Outdated from then on."""

        async def entry(one: Resource) -> Entry:
            return Entry(kind=one["resourceType"], identifier=one["id"], version=await self.put_one(one, case_id, still))

        parts = [await at_once(map(entry, part), FILED_AT_ONCE) for part in independent(found)]
        return [one for part in parts for one in part]

    async def put_one(self, one: Resource, case_id: str, still: Still | None) -> str:
        """File it for whom its patient is now; never in place of a newer one."""
        patient, kind, identifier = patient_of(one), one["resourceType"], one["id"]
        if not patient:
            return await self.fhir.put(one)
        await self.belongings.put(belonging(patient, kind, identifier), Belonging(case_id=case_id))

        def made(kept: Resource | None) -> Resource:
            return latest(kept, one)

        return await self.have(kind, identifier, patient, made, still) or ""

    async def have(
        self,
        kind: str,
        identifier: str,
        patient: str,
        made: Callable[[Resource | None], Resource | None],
        still: Still | None = None,
    ) -> str | None:
        """Have a resource of a patient be what `made` says of what is there, for whom that patient is now; give its version.

        Who that is, and whether it is `still` to be made so, is asked after the resource was read: a process that was stopped
        in between, and has been replaced, then overwrites nothing. Who it is, is asked again when it is written: a merge that
        came meanwhile may have looked before that. Raise Outdated.
        """
        while True:
            owner = ""

            async def of_now(kept: Resource | None) -> Resource | None:
                nonlocal owner
                if still is not None and not await still():
                    raise Outdated(f"what {kind} is made of changed meanwhile")
                owner = await self.owner(patient)
                wanted = made(kept)
                return None if wanted is None else owned(kind, owner, patient)(wanted)

            version = await self.fhir.change(kind, identifier, of_now)
            if await self.owner(patient) == owner:
                return version

    async def owner(self, patient: str) -> str:
        survivor = await self.merges.surviving(patient)
        return survivor.patient_id if survivor is not None else patient


def belonging(patient: str, kind: str, identifier: str) -> str:
    return f"{patient}/{kind}.{identifier}"


def owned(kind: str, owner: str, patient: str) -> Callable[[Resource], Resource]:
    """How a resource of a patient is written where that patient is `owner` now."""
    if kind != "Patient":
        return belonging_to(owner)
    return standing if owner == patient else retired(owner)
