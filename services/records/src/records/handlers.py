"""From an event to what is to be filed, and from what was filed to an event. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from casepath.inference.v1.scoring_pb2 import SlideFailed, SlideScored
from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.intake.v1.patient_pb2 import Patient, PatientMerged, PatientRegistered
from casepath.portal.v1.reading_pb2 import ReportSigned, VariantsDisowned
from casepath.records.v1.filing_pb2 import CaseMoved, EntriesFiled, Entry
from casepath.sequencing.v1.pharmacogenomics_pb2 import PharmacogenomicReport, PharmacogenomicsReported
from casepath.sequencing.v1.sequencing_pb2 import VariantsCalled
from casepath.slides.v1.slide_pb2 import SlideIngested
from casepath.topics import RECORDS_CASE_MOVED, RECORDS_ENTRIES_FILED
from chassis.events import Event
from chassis.fhir import Resource
from chassis.signed_reports import parts
from records import genomics, provenance, resources


def of_registration(registered: PatientRegistered) -> list[Resource]:
    found = [resources.patient(registered.patient, registered.recorded_at)]
    if registered.HasField("encounter"):
        found.append(resources.encounter(registered.patient.patient_id, registered.encounter, registered.recorded_at))
    return found


def of_survivor(merge: PatientMerged) -> list[Resource]:
    return [resources.patient(merge.surviving, merge.recorded_at)]


def of_order(order: OrderPlaced) -> list[Resource]:
    """What is referred to comes before what refers to it: FHIR servers check references."""
    specimens = {one.identifier: resources.specimen(order, one) for service in order.services for one in service.specimens}
    return [
        resources.patient(order.patient, order.recorded_at),
        *specimens.values(),
        *(resources.service_request(order, service) for service in order.services),
    ]


def of_study(order: OrderPlaced, slides: Sequence[SlideIngested], results: Sequence[SlideScored]) -> list[Resource]:
    return [resources.imaging_study(order, slides, results)]


def of_score(order: OrderPlaced, scored: SlideScored, at: datetime) -> list[Resource]:
    device, *made = resources.slide_score(order, scored)
    origin = provenance.of_model(order, scored.job_id, scored.model, made, scored.study_instance_uid, at)
    return [device, *made, origin]


def of_failure(order: OrderPlaced, failed: SlideFailed, at: datetime) -> list[Resource]:
    device, *made = resources.slide_failure(order, failed)
    return [device, *made, provenance.of_model(order, failed.job_id, failed.model, made, "", at)]


def of_variants(order: OrderPlaced, called: VariantsCalled, said: VariantsDisowned | None = None) -> list[Resource]:
    """`said` where they are another patient's."""
    observation, report = resources.variants(order, called)
    if said is None:
        return [observation, report]
    return [resources.disowned_quality(observation, said), *of_disowning(order, said)]


def of_disowning(order: OrderPlaced, said: VariantsDisowned) -> list[Resource]:
    """What is filed of variants that are another patient's, whoever called them."""
    return [resources.disowned_variants(order, said), provenance.of_disowning(said)]


def of_pharmacogenomics(
    order: OrderPlaced,
    issued: PharmacogenomicsReported,
    report: PharmacogenomicReport,
    printed: Mapping[str, bytes],
    filed_before: Iterable[Entry],
    acts: genomics.Acts = genomics.NOTHING_DONE,
) -> list[Resource]:
    return genomics.pharmacogenomics(order, issued, report, printed, filed_before, acts)


def of_reports(order: OrderPlaced, reports: Sequence[ReportSigned], studies: Sequence[str]) -> list[Resource]:
    """The report as it stands, and each part of it as the document that was signed."""
    signed = parts(reports)
    return [
        *resources.signed_report(order, signed, studies),
        *(provenance.document(order, part) for part in signed),
        *(provenance.of_signature(order, report) for report in reports),
    ]


def case_moved(order: OrderPlaced, patient: Patient, at: Timestamp) -> Event:
    data = CaseMoved(case_id=order.case_id, ordered_for=order.patient.patient_id, patient=patient, recorded_at=at)
    return Event(RECORDS_CASE_MOVED, order.case_id, data)


def filed(case_id: str, cause: str, entries: Sequence[Entry]) -> Event:
    return Event(RECORDS_ENTRIES_FILED, case_id, EntriesFiled(case_id=case_id, cause=cause, entries=entries))
