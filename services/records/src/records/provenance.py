"""Where a result comes from (FHIR R4 section 6.3), and a signed report as the document that was signed. Pure."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha1
from uuid import UUID, uuid5

from google.protobuf.timestamp_pb2 import Timestamp

from casepath.inference.v1.scoring_pb2 import Model
from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.portal.v1.reading_pb2 import Reader, ReportSigned, VariantsDisowned
from chassis.fhir import Resource, instant, resource
from chassis.signed_reports import Part
from records.resources import (
    accession,
    ai_device_id,
    coded,
    imaging_study_id,
    own,
    reference,
    requests_of,
    signed_text,
    signer,
    variants_ids,
)

PARTICIPANTS = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
PATHOLOGY = coded("http://loinc.org", "11526-1", "Pathology study")


def of_model(order: OrderPlaced, job_id: str, model: Model, made: Sequence[Resource], study_uid: str, at: datetime) -> Resource:
    """That a model made these resources, from a study where it read one."""
    study = reference("ImagingStudy", imaging_study_id(order.case_id, study_uid)) if study_uid else None
    return resource(
        "Provenance",
        str(uuid5(UUID(job_id), f"Provenance|{made[0]['status']}")),
        target=[reference(one["resourceType"], one["id"]) for one in made],
        recorded=at.isoformat(timespec="milliseconds"),
        activity=own("ai-slide-screening", "AI slide screening"),
        agent=[
            {
                "type": coded(PARTICIPANTS, "performer", "Performer"),
                "who": reference("Device", ai_device_id(model)),
            }
        ],
        entity=[{"role": "source", "what": study}] if study else None,
    )


def of_signature(order: OrderPlaced, report: ReportSigned) -> Resource:
    """Who signed a document, and when."""
    target = reference("DocumentReference", document_id(order, report.number))
    return signed_by(uuid5(UUID(order.case_id), f"Provenance|pathology|{report.number}"), target, report.signer, report.signed_at)


def of_disowning(said: VariantsDisowned) -> Resource:
    """Who found that variants are another patient's, and when."""
    target = reference("DiagnosticReport", variants_ids(said.origin_id)[1])
    return signed_by(uuid5(UUID(said.origin_id), "Provenance|disowned"), target, said.signer, said.signed_at)


def signed_by(id_: UUID, target: Resource, who: Reader, at: Timestamp) -> Resource:
    return resource(
        "Provenance",
        str(id_),
        target=[target],
        recorded=instant(at),
        activity=coded("http://terminology.hl7.org/CodeSystem/v3-DocumentCompletion", "LA", "legally authenticated"),
        agent=[{"type": coded(PARTICIPANTS, "author", "Author"), "who": signer(who)}],
    )


def document_id(order: OrderPlaced, number: int) -> str:
    return str(uuid5(UUID(order.case_id), f"DocumentReference|pathology|{number}"))


def related(order: OrderPlaced, part: Part) -> list[Resource]:
    """What a document adds to, or all that it takes the place of."""
    number = part.signed.number
    before = [reference("DocumentReference", document_id(order, one)) for one in range(number - part.addendum, number)]
    if part.signed.withdraws:
        return [{"code": "replaces", "target": one} for one in before]
    return [{"code": "appends", "target": one} for one in before[-1:]]


def document(order: OrderPlaced, part: Part) -> Resource:
    """A report, an addendum or a withdrawal with the words that were signed, which never change (FHIR R4 section 11.1)."""
    report, content = part.signed, signed_text(part).encode()
    in_error = not part.holds and not report.withdraws
    return resource(
        "DocumentReference",
        document_id(order, report.number),
        identifier=[accession(order.accession)],
        status="entered-in-error" if in_error else "current",
        docStatus="entered-in-error" if in_error else "final",
        type=PATHOLOGY,
        subject=reference("Patient", report.patient_id),
        date=instant(report.signed_at),
        author=[signer(report.signer)],
        relatesTo=related(order, part),
        content=[
            {
                "attachment": {
                    "contentType": "text/plain; charset=utf-8",
                    "data": b64encode(content).decode(),
                    "size": len(content),
                    # FHIR R4 gives SHA-1 here: against damage, not against anybody.
                    "hash": b64encode(sha1(content, usedforsecurity=False).digest()).decode(),
                }
            }
        ],
        context={"related": requests_of(order)},
    )
