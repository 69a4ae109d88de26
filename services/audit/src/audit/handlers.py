"""From an event to its line in the ledger, and from a line to a FHIR AuditEvent (HL7 FHIR R4, section 6.4). Pure."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from casepath.audit.v1.audit_pb2 import (
    ACTION_CREATED,
    ACTION_DELETED,
    ACTION_EXECUTED,
    ACTION_READ,
    ACTION_UPDATED,
    OUTCOME_DONE,
    PURPOSE_BREAK_THE_GLASS,
    PURPOSE_UNSPECIFIED,
    AccessRecorded,
    Action,
    Agent,
    LedgerEntry,
)
from casepath.deidentification.v1.release_pb2 import ObjectionRecorded, ReleaseRecorded
from casepath.intake.v1.identity_pb2 import IdentityDisputed
from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.intake.v1.patient_pb2 import PatientMerged, PatientRegistered, PatientsUnlinked
from casepath.portal.v1.reading_pb2 import (
    GenomicReportSigned,
    GenomicReportWithdrawn,
    GlassBroken,
    IdentityDecided,
    ReportSigned,
    VariantsDisowned,
)
from casepath.records.v1.erasure_pb2 import CaseErased, ErasureDecided, PatientErased
from casepath.records.v1.filing_pb2 import CaseMoved, EntriesFiled, Entry
from casepath.topics import (
    DEIDENTIFICATION_OBJECTION_RECORDED,
    DEIDENTIFICATION_RELEASE_RECORDED,
    INTAKE_PATIENT_MERGED,
    INTAKE_PATIENTS_UNLINKED,
    PORTAL_ANNOTATIONS_SAVED,
    PORTAL_CASE_ASSIGNED,
    PORTAL_FINDING_REVIEWED,
    PORTAL_GLASS_BROKEN,
    PORTAL_IDENTITY_DECIDED,
    PORTAL_READING_BEGUN,
    RECORDS_CASE_ERASED,
    RECORDS_CASE_MOVED,
    RECORDS_ERASURE_DECIDED,
    RECORDS_PATIENT_ERASED,
    RESULTS_RESULT_DELIVERED,
    TOPICS,
    Topic,
)
from chassis.access_log import case_entry, patient_entry
from chassis.events import Envelope
from chassis.fhir import Resource, instant, resource

# Whatever is keyed by a case or a patient says that something of them was written.
WRITES: tuple[Topic[Any], ...] = tuple(topic for topic in TOPICS if topic.key in ("case id", "patient id"))
CHANGES = {
    topic.name
    for topic in (
        DEIDENTIFICATION_OBJECTION_RECORDED,
        INTAKE_PATIENT_MERGED,
        INTAKE_PATIENTS_UNLINKED,
        PORTAL_ANNOTATIONS_SAVED,
        PORTAL_CASE_ASSIGNED,
        PORTAL_FINDING_REVIEWED,
        PORTAL_IDENTITY_DECIDED,
        PORTAL_READING_BEGUN,
        RECORDS_CASE_MOVED,
    )
}
ERASURES = {RECORDS_ERASURE_DECIDED.name, RECORDS_PATIENT_ERASED.name, RECORDS_CASE_ERASED.name}
# Fields in which an event names the person whose act it is.
ACTORS = ("by", "reader", "reviewer", "author", "signer")

LETTERS = {ACTION_CREATED: "C", ACTION_READ: "R", ACTION_UPDATED: "U", ACTION_EXECUTED: "E", ACTION_DELETED: "D"}
DICOM_TERMS = "http://dicom.nema.org/resources/ontology/DCM"
PATIENT_RECORD = {"system": DICOM_TERMS, "code": "110110", "display": "Patient Record"}
AUTHENTICATION = {"system": DICOM_TERMS, "code": "110114", "display": "User Authentication"}
OVERRIDE = {"system": DICOM_TERMS, "code": "110127", "display": "Emergency Override Started"}
BREAK_THE_GLASS = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "BTG",
    "display": "break the glass",
}
PERSON = {"system": "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code": "1", "display": "Person"}
SYSTEM_OBJECT = {"system": "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code": "2", "display": "System Object"}
# FHIR R4 value set audit-event-outcome: success, and minor failure, which is what a refusal is.
SUCCESS, REFUSED = "0", "4"
IP_ADDRESS = "2"
# Cases, and what DICOM has.
OF_NO_RESOURCE = ("Case", "Study", "Instance")


def write_of(topic: Topic[Any], data: Message, envelope: Envelope) -> LedgerEntry:
    """What an event says was written, and by whom: a person where it names one, else the service that published it."""
    access = AccessRecorded(
        agent=Agent(user_id=person_of(data) or envelope.source),
        action=action_of(topic.name),
        outcome=OUTCOME_DONE,
        service=envelope.source,
        operation=topic.name,
        entries=concerned(data),
        reason=reason_of(data),
        purpose=PURPOSE_BREAK_THE_GLASS if isinstance(data, GlassBroken) else PURPOSE_UNSPECIFIED,
    )
    return entry(access, envelope)


def reason_of(data: Message) -> str:
    if isinstance(data, ReleaseRecorded):
        return (
            f"withdrawn from project {data.project}" if data.withdrawn else f"released to project {data.project}: {data.content}"
        )
    return data.reason if isinstance(data, GlassBroken | ErasureDecided) else ""


def person_of(data: Message) -> str:
    """Whose act an event is, where it names somebody."""
    if isinstance(data, ErasureDecided):
        return data.decided_by
    if isinstance(data, ObjectionRecorded):
        return data.recorded_by
    person = next((getattr(data, name) for name in ACTORS if name in data.DESCRIPTOR.fields_by_name), None)
    return person.user_id if person is not None else ""


def entry(access: AccessRecorded, envelope: Envelope) -> LedgerEntry:
    time = Timestamp()
    time.FromDatetime(envelope.time)
    return LedgerEntry(event_id=str(envelope.id), time=time, access=access)


def action_of(topic: str) -> Action:
    if topic in (RESULTS_RESULT_DELIVERED.name, DEIDENTIFICATION_RELEASE_RECORDED.name):
        # The hospital's system, or a project of research, was given something to read.
        return ACTION_READ
    if topic in ERASURES:
        return ACTION_DELETED
    return ACTION_UPDATED if topic in CHANGES else ACTION_CREATED


def concerned(data: Any) -> list[Entry]:
    """Whom and what an event is of, by opaque ids."""
    match data:
        case PatientRegistered():
            return patients(data.patient.patient_id)
        case PatientMerged():
            return patients(data.surviving.patient_id, data.retired_id)
        case PatientsUnlinked():
            return patients(data.patient_id, data.other_id)
        case OrderPlaced():
            return [case_entry(data.case_id), *patients(data.patient.patient_id)]
        case CaseMoved():
            return [case_entry(data.case_id), *patients(data.patient.patient_id, data.ordered_for)]
        case ReportSigned() | GenomicReportSigned() | GenomicReportWithdrawn() | VariantsDisowned():
            return [case_entry(data.case_id), *patients(data.patient_id)]
        case IdentityDisputed():
            named = [case_entry(data.order.case_id)] if data.HasField("order") else []
            return [*named, *patients(data.known.patient_id, data.stated.patient_id)]
        case PatientErased():
            return [*patients(data.patient_id), *map(case_entry, data.case_ids)]
        case CaseErased():
            return [case_entry(data.case_id), *patients(data.patient_id)]
        case IdentityDecided() | ErasureDecided() | ObjectionRecorded():
            return patients(data.patient_id)
        case EntriesFiled():
            return [case_entry(data.case_id), *data.entries]
        case _:
            return [case_entry(data.case_id)]


def patients(*ids: str) -> list[Entry]:
    return [patient_entry(one) for one in dict.fromkeys(ids)]


def line_id(line: LedgerEntry) -> str:
    """Of a line: one that says the same is the same. An event that is told again at another time is another line."""
    return str(uuid5(UUID(line.event_id), line.SerializeToString(deterministic=True).hex()))


def audit_event(line: LedgerEntry) -> Resource:
    """The line as an AuditEvent. Whom and what it is of is named by identifier: what is filed later may be named before."""
    access = line.access
    done = access.outcome == OUTCOME_DONE
    who: Resource = {"requestor": True}
    if access.agent.user_id:
        who["who"] = {"identifier": {"system": "urn:casepath:user", "value": access.agent.user_id}}
    else:
        who["altId"] = "unknown"
    if access.agent.roles:
        who["role"] = [{"text": role} for role in access.agent.roles]
    if access.agent.address:
        who["network"] = {"address": access.agent.address, "type": IP_ADDRESS}
    return resource(
        "AuditEvent",
        line_id(line),
        type=AUTHENTICATION if access.action == ACTION_EXECUTED else PATIENT_RECORD,
        subtype=[
            {"system": "urn:casepath:operation", "code": access.operation},
            *([OVERRIDE] if access.operation == PORTAL_GLASS_BROKEN.name else []),
        ],
        action=LETTERS[access.action],
        recorded=instant(line.time),
        outcome=SUCCESS if done else REFUSED,
        outcomeDesc=access.reason,
        purposeOfEvent=[{"coding": [BREAK_THE_GLASS]}] if access.purpose == PURPOSE_BREAK_THE_GLASS else [],
        agent=[who],
        source={"observer": {"identifier": {"system": "urn:casepath:service", "value": access.service}}},
        entity=[entity(one) for one in access.entries],
    )


def entity(one: Entry) -> Resource:
    if one.kind == "Patient":
        return {"what": named("Patient", one), "type": PERSON}
    return {"what": named("" if one.kind in OF_NO_RESOURCE else one.kind, one), "type": SYSTEM_OBJECT}


def named(kind: str, one: Entry) -> Resource:
    identifier = {"system": f"urn:casepath:{one.kind.lower()}", "value": one.identifier}
    return {"type": kind, "identifier": identifier} if kind else {"identifier": identifier}


def same(kept: Resource, wanted: Resource) -> bool:
    """Whether a FHIR server has it as it was filed; what the server itself adds is left out."""
    return {name: value for name, value in kept.items() if name not in ("meta", "text")} == wanted


def about(lines: Sequence[LedgerEntry], kind: str, identifier: str) -> list[LedgerEntry]:
    return [line for line in lines if any((one.kind, one.identifier) == (kind, identifier) for one in line.access.entries)]
