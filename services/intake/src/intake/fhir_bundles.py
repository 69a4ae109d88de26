"""From a FHIR R4 transaction to events: Patient, ServiceRequest and Specimen as hospital systems send them. Pure.

A server may send the same by itself, as notifications of a topic-based subscription by REST-hook with full resources
(Subscriptions R5 Backport 1.1, R4 notification bundle).

What HL7 v2 says in PID, ORC, OBR, SPM and SAC is said here by Patient, ServiceRequest and Specimen (HL7 v2-to-FHIR, segment
maps); the same patient and accession have the same ids, whichever way they come.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from fhir.resources.R4B.bundle import Bundle
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import ValidationError

from casepath.intake.v1.order_pb2 import (
    URGENCY_ASAP,
    URGENCY_ROUTINE,
    URGENCY_STAT,
    URGENCY_UNSPECIFIED,
    Code,
    OrderPlaced,
    RequestedService,
    Specimen,
    Urgency,
)
from casepath.intake.v1.patient_pb2 import (
    SEX_FEMALE,
    SEX_MALE,
    SEX_OTHER,
    SEX_UNSPECIFIED,
    Patient,
    PatientRegistered,
)
from casepath.topics import INTAKE_ORDER_RECEIVED, INTAKE_REGISTRATION_RECEIVED
from chassis.errors import Malformed
from chassis.events import Event
from chassis.fhir import Resource
from chassis.identity import case_id, patient_id
from chassis.ins import AUTHORITIES
from intake.handlers import LONGEST_IDENTIFIER, LONGEST_TEXT, proto_time
from intake.ins import QUALIFIED, is_ins

KEPT = ("Patient", "ServiceRequest", "Specimen", "Condition")
# What comes with an order and says nothing that is kept.
BESIDE = ("Practitioner", "PractitionerRole", "Organization", "Location", "Encounter", "Coverage", "Provenance")
SEXES = {"female": SEX_FEMALE, "male": SEX_MALE, "other": SEX_OTHER}
URGENCIES: Mapping[str, Urgency] = {
    "routine": URGENCY_ROUTINE,
    "urgent": URGENCY_ASAP,
    "asap": URGENCY_ASAP,
    "stat": URGENCY_STAT,
}
PLACED, CALLED_OFF = ("active",), ("revoked", "entered-in-error")
# HL7 table 0396, from FHIR's names of the systems.
SYSTEMS = {"http://loinc.org": "LN", "http://snomed.info/sct": "SCT", "http://hl7.org/fhir/sid/icd-10": "I10"}
# HL7 table 0203.
ACCESSION, FILLER, PLACER, INTERNAL = "ACSN", "FILL", "PLAC", ("PI", "MR")
# ADT^A31, update person information, is what a Patient says.
TRIGGER = "A31"
RELIABILITY = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability"


# Of a notification: what its first entry is, what says that something happened, and what only asks for an answer.
NOTIFICATION = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription-status-r4"
EVENT, EMPTY = "event-notification", ("handshake", "heartbeat")


class NotTaken(Malformed):
    """`place` is a FHIRPath into what was sent, `code` one of FHIR's issue types; the text never holds what was there."""

    def __init__(self, code: str, place: str, text: str) -> None:
        super().__init__(f"{place}: {text}" if place else text)
        self.code = code
        self.place = place
        self.text = text


@dataclass(frozen=True, slots=True)
class Entry:
    """A resource of a bundle, and where it is in it."""

    resource: Resource
    place: str

    @property
    def kind(self) -> str:
        return str(self.resource["resourceType"])

    def refuse(self, code: str, element: str, text: str) -> NotTaken:
        return NotTaken(code, f"{self.place}.{element}", text)


def read(content: bytes) -> Resource:
    """A transaction of FHIR R4, or a notification. Raise NotTaken where it is neither."""
    try:
        bundle = Bundle.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise NotTaken("structure", place, "not as FHIR R4 has it") from None
    except (LookupError, ValueError, TypeError, AttributeError):
        # What fhir.resources raises where a resource is of no type that it knows.
        raise NotTaken("structure", "", "not as FHIR R4 has it") from None
    found: Resource = bundle.model_dump(mode="json", exclude_none=True)
    if found.get("type") != "transaction" and notified(found) is None:
        raise NotTaken(
            "not-supported", "Bundle.type", "only transactions, and notifications of a topic's subscription, are taken"
        )
    return found


def notified(bundle: Resource) -> str | None:
    """What a notification is for (its SubscriptionStatus.type); None where the bundle is none."""
    first = bundle.get("entry", [{}])[0].get("resource", {})
    if bundle.get("type") != "history" or NOTIFICATION not in first.get("meta", {}).get("profile", ()):
        return None
    return next((str(one.get("valueCode", "")) for one in first.get("parameter", ()) if one.get("name") == "type"), "")


def events(bundle: Resource, namespace: UUID) -> list[Event]:
    """What a transaction, or a notification, says happened: all of it, or NotTaken. A handshake and a heartbeat say nothing."""
    kind = notified(bundle)
    if kind in EMPTY:
        return []
    if kind not in (None, EVENT):
        raise NotTaken(
            "not-supported", "Bundle.entry[0].resource.parameter", f"a notification is one of {', '.join((EVENT, *EMPTY))}"
        )
    found: dict[str, Entry] = {}
    entries: list[Entry] = []
    for number, one in enumerate(bundle.get("entry", ())):
        if kind is not None and not number:
            continue
        entry = taken(one, f"Bundle.entry[{number}]")
        if entry is not None:
            entries.append(entry)
            found |= dict.fromkeys(names_of(one), entry)
    people: dict[int, Patient] = {}
    made: list[Event] = []
    for one in entries:
        if one.kind == "Patient":
            person = people[id(one)] = patient(one, namespace)
            at = said_at(one, required=False)
            if at is not None:
                data = PatientRegistered(patient=person, trigger=TRIGGER, recorded_at=at)
                made.append(Event(INTAKE_REGISTRATION_RECEIVED, person.patient_id, data))
    orders = [ordered(one, found, people) for one in entries if one.kind == "ServiceRequest"]
    for (accession, _), members in groupby(sorted(orders, key=by_accession), key=by_accession):
        made.append(placed(accession, list(members), namespace))
    if not made:
        raise NotTaken("required", "Bundle.entry", "there is neither a ServiceRequest nor a Patient with meta.lastUpdated")
    return made


def taken(one: Resource, place: str) -> Entry | None:
    """Raise NotTaken for what would be lost."""
    if "resource" not in one:
        raise NotTaken("required", f"{place}.resource", "a transaction's entry without a resource is not taken")
    entry = Entry(one["resource"], f"{place}.resource")
    method = one.get("request", {}).get("method")
    if method not in ("POST", "PUT"):
        raise NotTaken("not-supported", f"{place}.request.method", "only POST and PUT are taken")
    if entry.kind in BESIDE:
        return None
    if entry.kind not in KEPT:
        raise NotTaken("not-supported", entry.place, f"only {', '.join(KEPT)} are kept")
    return entry


def names_of(one: Resource) -> list[str]:
    """By which references an entry can be meant (FHIR R4 section 3.1.0.11.2)."""
    resource = one["resource"]
    named = [str(one.get("fullUrl", ""))]
    if "id" in resource:
        named.append(f"{resource['resourceType']}/{resource['id']}")
    return [name for name in named if name]


@dataclass(frozen=True, slots=True)
class Ordered:
    """One ServiceRequest."""

    accession: str
    person: Patient
    service: RequestedService
    recorded_at: datetime
    urgency: Urgency
    unit: str


def by_accession(one: Ordered) -> tuple[str, str]:
    return one.accession, one.person.patient_id


def placed(accession: str, orders: Sequence[Ordered], namespace: UUID) -> Event:
    """What was said of one accession; each service with when that was."""
    latest = max(orders, key=lambda one: one.recorded_at)
    case = case_id(namespace, accession)
    for one in orders:
        if one.recorded_at != latest.recorded_at:
            one.service.recorded_at.CopyFrom(proto_time(one.recorded_at))
    data = OrderPlaced(
        case_id=case,
        patient=latest.person,
        accession=accession,
        services=[one.service for one in orders],
        recorded_at=proto_time(latest.recorded_at),
        urgency=max(one.urgency for one in orders),
        unit=next((one.unit for one in orders if one.unit), ""),
    )
    return Event(INTAKE_ORDER_RECEIVED, case, data)


def ordered(entry: Entry, found: Mapping[str, Entry], people: Mapping[int, Patient]) -> Ordered:
    request = entry.resource
    status = request.get("status")
    if status not in (*PLACED, *CALLED_OFF):
        raise entry.refuse("business-rule", "status", "only active, revoked and entered-in-error orders are taken")
    if request.get("intent") not in ("order", "original-order", "instance-order", "filler-order"):
        raise entry.refuse("business-rule", "intent", "only what is ordered is taken, not what is proposed or planned")
    subject = meant(entry, "subject", request.get("subject"), found, "Patient")
    accession = identifier(entry, (ACCESSION, FILLER))
    if not accession:
        raise entry.refuse("required", "identifier", "no accession: an identifier of type ACSN or FILL")
    code = coded(entry, "code", request.get("code"))
    if code is None:
        raise entry.refuse("required", "code", "it does not say what is ordered")
    specimens = [
        specimen(meant(entry, f"specimen[{number}]", one, found, "Specimen"))
        for number, one in enumerate(request.get("specimen", ()))
    ]
    reasons, information = clinical(entry, found)
    service = RequestedService(
        service=code,
        reasons=reasons,
        clinical_information=information,
        placer_order_number=identifier(entry, (PLACER,)),
        specimens=specimens,
        called_off=status in CALLED_OFF,
    )
    at = said_at(entry)
    assert at is not None
    return Ordered(
        accession,
        people[id(subject)],
        service,
        at.ToDatetime(UTC),
        URGENCIES.get(request.get("priority", ""), URGENCY_UNSPECIFIED),
        unit(entry),
    )


def clinical(entry: Entry, found: Mapping[str, Entry]) -> tuple[list[Code], str]:
    """Why it is requested, in code and in words."""
    reasons: list[Code] = []
    lines: list[str] = []
    for number, one in enumerate([*entry.resource.get("reasonCode", ()), *conditions(entry, found)]):
        reason = coded(entry, f"reasonCode[{number}]", one) if one.get("coding") else None
        if reason is not None:
            reasons.append(reason)
        text = str(one.get("text", ""))
        if reason is None or len(text) > LONGEST_TEXT:
            lines.append(text)
    lines += [str(one.get("text", "")) for one in entry.resource.get("note", ())]
    return reasons, "\n".join(filter(None, map(str.strip, lines)))


def conditions(entry: Entry, found: Mapping[str, Entry]) -> Iterator[Resource]:
    """What is said of those referred to; of one that is elsewhere, what the reference says."""
    for one in entry.resource.get("reasonReference", ()):
        there = found.get(str(one.get("reference", "")))
        if there is not None and there.kind == "Condition":
            yield there.resource.get("code", {})
        else:
            yield {"text": one.get("display", "")}


def meant(entry: Entry, element: str, reference: Any, found: Mapping[str, Entry], kind: str) -> Entry:
    """What is referred to, which has to be in the same transaction."""
    name = (reference or {}).get("reference", "")
    one = found.get(name)
    if one is None or one.kind != kind:
        raise entry.refuse("not-found", element, f"it refers to no {kind} of this transaction")
    return one


def said_at(entry: Entry, required: bool = True) -> Timestamp | None:
    """meta.lastUpdated, or when it was ordered. Raise NotTaken where neither is there and one has to be."""
    stated = entry.resource.get("meta", {}).get("lastUpdated") or entry.resource.get("authoredOn")
    if stated is None:
        if required:
            raise entry.refuse("required", "meta.lastUpdated", "neither meta.lastUpdated nor authoredOn says when")
        return None
    stamped = moment(str(stated))
    if stamped is None:
        raise entry.refuse("value", "authoredOn", "a day alone does not say which of two messages is the later")
    return proto_time(stamped)


def moment(text: str) -> datetime | None:
    """A FHIR dateTime; None where it is a day, a month or a year."""
    return datetime.fromisoformat(text) if "T" in text else None


def patient(entry: Entry, namespace: UUID) -> Patient:
    person = entry.resource
    stated = [one for one in person.get("identifier", ()) if one.get("value")]
    internal = [one for one in stated if set(types_of(one)) & set(INTERNAL)]
    national = [one for one in stated if oid(one.get("system", "")) in AUTHORITIES and one not in internal]
    local = [*internal, *(one for one in stated if one not in national)]
    if not local:
        raise entry.refuse("required", "identifier", "no identifier that the hospital assigned")
    chosen = local[0]
    number, authority = bounded(entry, "identifier.value", chosen["value"]), oid(chosen.get("system", ""))
    names = person.get("name", ())
    name: Resource = next((one for one in names if one.get("use") == "official"), next(iter(names), {}))
    if not name.get("family"):
        raise entry.refuse("required", "name.family", "the patient has no name")
    ins, ins_authority = qualified(entry, national)
    return Patient(
        patient_id=patient_id(namespace, authority, number),
        identifier=number,
        assigning_authority=authority,
        family_name=name["family"],
        given_names=name.get("given", ()),
        birth_date=str(person.get("birthDate", "")),
        sex=SEXES.get(person.get("gender", ""), SEX_UNSPECIFIED),
        ins=ins,
        ins_authority=ins_authority,
    )


def qualified(entry: Entry, national: Sequence[Resource]) -> tuple[str, str]:
    """INS and the OID of who assigned it, where the identity is qualified (FR Core: identityStatus VALI)."""
    reliability = [one for one in entry.resource.get("extension", ()) if one.get("url") == RELIABILITY]
    codes = {part.get("valueCoding", {}).get("code") for one in reliability for part in one.get("extension", ())}
    if not national or QUALIFIED not in codes:
        return "", ""
    number, authority = str(national[0]["value"]), oid(national[0]["system"])
    if not is_ins(number, authority):
        raise entry.refuse("value", "identifier", "the INS is not 15 characters with their key")
    return number, authority


def specimen(entry: Entry) -> Specimen:
    found = entry.resource
    numbers = [one["value"] for one in found.get("identifier", ()) if one.get("value")]
    if not numbers:
        raise entry.refuse("required", "identifier", "a specimen has no identifier")
    collection = found.get("collection", {})
    made = Specimen(
        identifier=bounded(entry, "identifier.value", numbers[0]),
        type=coded(entry, "type", found.get("type")),
        site=coded(entry, "collection.bodySite", collection.get("bodySite")),
        containers=[
            bounded(entry, "container.identifier", name["value"])
            for one in found.get("container", ())
            for name in one.get("identifier", ())[:1]
            if name.get("value")
        ],
    )
    collected = moment(str(collection.get("collectedDateTime", "")))
    if collected is not None:
        made.collected_at.CopyFrom(proto_time(collected))
    return made


def coded(entry: Entry, element: str, concept: Any) -> Code | None:
    if not concept:
        return None
    coding: Resource = next(iter(concept.get("coding", ())), {})
    text = str(concept.get("text") or coding.get("display") or "")[:LONGEST_TEXT]
    code = str(coding.get("code") or text)
    if not code:
        return None
    system = str(coding.get("system", ""))
    return Code(code=bounded(entry, element, code), text=text, system=SYSTEMS.get(system, system)[:LONGEST_IDENTIFIER])


def identifier(entry: Entry, kinds: Iterable[str]) -> str:
    """The first identifier of one of these types, in their order."""
    stated = [one for one in entry.resource.get("identifier", ()) if one.get("value")]
    for kind in kinds:
        for one in stated:
            if kind in types_of(one):
                return bounded(entry, "identifier.value", one["value"])
    return ""


def unit(entry: Entry) -> str:
    """Who is to do it: the first performer's identifier, or its name."""
    performer: Resource = next(iter(entry.resource.get("performer", ())), {})
    stated = performer.get("identifier", {}).get("value") or performer.get("display") or ""
    return bounded(entry, "performer", stated)


def types_of(one: Resource) -> list[str]:
    return [str(coding.get("code", "")) for coding in one.get("type", {}).get("coding", ())]


def oid(system: str) -> str:
    """An assigning authority as HL7 v2 has it: an OID without FHIR's prefix, else the system's URI."""
    return system.removeprefix("urn:oid:")


def bounded(entry: Entry, element: str, text: str) -> str:
    if len(text) > LONGEST_IDENTIFIER:
        raise entry.refuse("too-long", element, f"longer than {LONGEST_IDENTIFIER} characters")
    return text
