"""From an HL7 message to events. Pure."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import batched, groupby, takewhile
from uuid import UUID
from zoneinfo import ZoneInfo

import hl7
from google.protobuf.timestamp_pb2 import Timestamp

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
    ENCOUNTER_CLASS_EMERGENCY,
    ENCOUNTER_CLASS_INPATIENT,
    ENCOUNTER_CLASS_OUTPATIENT,
    ENCOUNTER_CLASS_PREADMISSION,
    ENCOUNTER_CLASS_UNSPECIFIED,
    ENCOUNTER_STATUS_CANCELLED,
    ENCOUNTER_STATUS_FINISHED,
    ENCOUNTER_STATUS_IN_PROGRESS,
    ENCOUNTER_STATUS_UNSPECIFIED,
    SEX_FEMALE,
    SEX_MALE,
    SEX_OTHER,
    SEX_UNSPECIFIED,
    Encounter,
    EncounterClass,
    EncounterStatus,
    Patient,
    PatientMerged,
    PatientRegistered,
    PatientsUnlinked,
)
from casepath.topics import (
    INTAKE_ORDER_RECEIVED,
    INTAKE_PATIENT_MERGED,
    INTAKE_PATIENTS_UNLINKED,
    INTAKE_REGISTRATION_RECEIVED,
)
from chassis.events import Event
from chassis.identity import case_id, encounter_id, patient_id
from intake.ins import BIRTH_PLACE, LEGAL_NAME, QUALIFIED, is_ins
from intake.ins import TYPE as INS
from intake.messages import (
    DATA_TYPE,
    FIELD_MISSING,
    SEGMENT_MISSING,
    TABLE_VALUE,
    UNSUPPORTED_EVENT,
    UNSUPPORTED_TYPE,
    Message,
    Refused,
    partial_date,
    time_stamp,
)

SEXES = {"F": SEX_FEMALE, "M": SEX_MALE, "O": SEX_OTHER, "A": SEX_OTHER}
# What each says of the visit that it names; the others leave that to whether there is a discharge (PV1-45).
ADMISSIONS: Mapping[str, EncounterStatus] = {
    "A01": ENCOUNTER_STATUS_IN_PROGRESS,
    "A03": ENCOUNTER_STATUS_FINISHED,
    "A04": ENCOUNTER_STATUS_UNSPECIFIED,
    "A08": ENCOUNTER_STATUS_UNSPECIFIED,
    "A11": ENCOUNTER_STATUS_CANCELLED,
    "A13": ENCOUNTER_STATUS_IN_PROGRESS,
    "A28": ENCOUNTER_STATUS_UNSPECIFIED,
    "A31": ENCOUNTER_STATUS_UNSPECIFIED,
}
# HL7 table 0004.
ENCOUNTERS: Mapping[str, EncounterClass] = {
    "I": ENCOUNTER_CLASS_INPATIENT,
    "B": ENCOUNTER_CLASS_INPATIENT,
    "O": ENCOUNTER_CLASS_OUTPATIENT,
    "R": ENCOUNTER_CLASS_OUTPATIENT,
    "E": ENCOUNTER_CLASS_EMERGENCY,
    "P": ENCOUNTER_CLASS_PREADMISSION,
}
# HL7 table 0119: a new order and a changed one; and what calls one off, by the placer (CA, DC) or the filler (OC).
PLACED, CALLED_OFF = frozenset({"NW", "XO"}), frozenset({"CA", "DC", "OC"})
MERGE, LINK, UNLINK = "A40", "A24", "A37"
ORDERS = frozenset({("OML", "O21"), ("ORM", "O01")})
TAKEN = ORDERS | {("ADT", trigger) for trigger in (*ADMISSIONS, MERGE, LINK, UNLINK)}
# HL7 table 0485; preoperative and timing critical are as good as as soon as possible.
URGENCIES = {"S": URGENCY_STAT, "A": URGENCY_ASAP, "P": URGENCY_ASAP, "T": URGENCY_ASAP, "R": URGENCY_ROUTINE}
# Of a request (HL7 v2.5.1 section 4.4.6): notes and diagnoses, before observations and specimens.
SAID_OF_REQUEST, AFTER_REQUEST = ("NTE", "DG1"), ("OBX", "SPM", "SAC")
# Where these say something in words, and why in code.
WORDS, REASONS = {"OBR": 13, "NTE": 3, "DG1": 4}, {"OBR": 31, "DG1": 3}
LONGEST_TEXT = 199
PRIORITIES = (("TQ1", 9, 1), ("OBR", 27, 6), ("ORC", 7, 6))
# Keep our limits in step with the contract: a longer value is the sender's error, said with its place.
LONGEST_IDENTIFIER = 64
PLACE = re.compile(r"[0-9][0-9AB][0-9]{3}")


def events(message: Message, namespace: UUID, zone: ZoneInfo, unit_field: str = "MSH-6") -> list[Event]:
    """What a message says happened; of an order, `unit_field` names whose it is.

    Raise Refused with the place and reason when it cannot be taken.
    """
    kind, trigger = message.type, message.trigger
    if kind == "ADT":
        if trigger == MERGE:
            return list(merges(message, namespace, zone))
        if trigger == LINK:
            return [linking(message, namespace, zone)]
        if trigger == UNLINK:
            return [unlinking(message, namespace, zone)]
        if trigger not in ADMISSIONS:
            taken = ", ".join(sorted([*ADMISSIONS, MERGE, LINK, UNLINK]))
            raise Refused("AR", UNSUPPORTED_EVENT, "MSH-9", f"of ADT only {taken} are taken")
        return [registration(message, namespace, zone)]
    if (kind, trigger) in ORDERS:
        return list(orders(message, namespace, zone, unit_field))
    if kind in {"OML", "ORM"}:
        raise Refused("AR", UNSUPPORTED_EVENT, "MSH-9", "only OML^O21 and ORM^O01 are taken")
    raise Refused("AR", UNSUPPORTED_TYPE, "MSH-9", "only ADT, OML and ORM are taken")


def registration(message: Message, namespace: UUID, zone: ZoneInfo) -> Event:
    person = patient(message, namespace)
    data = PatientRegistered(
        patient=person,
        trigger=message.trigger,
        recorded_at=recorded_at(message, zone),
        encounter=encounter(message, namespace, zone),
    )
    return Event(INTAKE_REGISTRATION_RECEIVED, person.patient_id, data)


def encounter(message: Message, namespace: UUID, zone: ZoneInfo) -> Encounter | None:
    """The visit that PV1 names; None where it has no number."""
    pv1 = next(iter(message.segments("PV1")), None)
    number = message.value(pv1, 19) if pv1 is not None else ""
    if pv1 is None or not number:
        return None
    authority = message.value(pv1, 19, 4, part=2) or message.value(pv1, 19, 4)
    admitted, discharged = (
        proto_time(time_stamp(text, f"PV1-{field}", zone)) if (text := message.value(pv1, field)) else None for field in (44, 45)
    )
    status = ADMISSIONS[message.trigger] or (ENCOUNTER_STATUS_FINISHED if discharged else ENCOUNTER_STATUS_IN_PROGRESS)
    return Encounter(
        encounter_id=encounter_id(namespace, authority, bounded(number, "PV1-19")),
        number=number,
        authority=authority,
        **{"class": ENCOUNTERS.get(message.value(pv1, 2).upper(), ENCOUNTER_CLASS_UNSPECIFIED)},
        status=status,
        unit=bounded(message.value(pv1, 3), "PV1-3"),
        admitted_at=admitted,
        discharged_at=None if status == ENCOUNTER_STATUS_IN_PROGRESS else discharged,
    )


def merges(message: Message, namespace: UUID, zone: ZoneInfo) -> Iterable[Event]:
    """One event for each PID with its MRG (HL7 v2.5.1 section 3.3.40)."""
    stamped = recorded_at(message, zone)
    pairs = list(batched(message.segments("PID", "MRG"), 2))
    if not pairs:
        raise Refused("AE", SEGMENT_MISSING, "MRG", "the message merges nothing")
    for pid, *rest in pairs:
        if str(pid[0]) != "PID":
            raise Refused("AE", SEGMENT_MISSING, "PID", "an MRG has no PID before it")
        if [str(segment[0]) for segment in rest] != ["MRG"]:
            raise Refused("AE", SEGMENT_MISSING, "MRG", "a PID has no MRG behind it")
        person = patient_in(message, pid, namespace)
        retired, authority = identified(message, rest[0], 1)
        merge = merged(person, patient_id(namespace, authority, retired), retired, authority, stamped)
        if merge.retired_id == person.patient_id:
            raise Refused("AE", DATA_TYPE, "MRG-1", "a patient cannot be merged into itself")
        yield Event(INTAKE_PATIENT_MERGED, person.patient_id, merge)


def merged(surviving: Patient, retired_id: str, identifier: str, authority: str, at: Timestamp) -> PatientMerged:
    return PatientMerged(
        surviving=surviving,
        retired_id=retired_id,
        retired_identifier=identifier,
        retired_authority=authority,
        recorded_at=at,
    )


def linking(message: Message, namespace: UUID, zone: ZoneInfo) -> Event:
    """Of the two PIDs of an A24, which are of one person (HL7 v2.5.1 section 3.3.24): as the second merged into the first, until
    an A37 takes them apart."""
    one, other = (patient_in(message, pid, namespace) for pid in two_patients(message))
    if one.patient_id == other.patient_id:
        raise Refused("AE", DATA_TYPE, "PID-3", "a patient cannot be linked to itself")
    merge = merged(one, other.patient_id, other.identifier, other.assigning_authority, recorded_at(message, zone))
    return Event(INTAKE_PATIENT_MERGED, one.patient_id, merge)


def two_patients(message: Message) -> list[hl7.Segment]:
    pids = list(message.segments("PID"))
    if len(pids) != 2:
        raise Refused("AE", SEGMENT_MISSING, "PID", "who links or unlinks names two patients")
    return pids


def unlinking(message: Message, namespace: UUID, zone: ZoneInfo) -> Event:
    """Of the two PIDs of an A37 (HL7 v2.5.1 section 3.3.37)."""
    named = (identified(message, pid, 3) for pid in two_patients(message))
    one, other = (patient_id(namespace, authority, name) for name, authority in named)
    if one == other:
        raise Refused("AE", DATA_TYPE, "PID-3", "a patient cannot be unlinked from itself")
    data = PatientsUnlinked(patient_id=one, other_id=other, recorded_at=recorded_at(message, zone))
    return Event(INTAKE_PATIENTS_UNLINKED, one, data)


def orders(message: Message, namespace: UUID, zone: ZoneInfo, unit_field: str) -> Iterable[Event]:
    """One event for each accession, in the order in which they come.

    An ORM^O01 is read as an OML^O21 is: it has specimens and containers where its sender adds SPM and SAC.
    """
    person = patient(message, namespace)
    groups = list(order_groups(message))
    for segment in message.segments("ORC"):
        if message.required(segment, 1) not in PLACED | CALLED_OFF:
            text = "only new orders (NW), changed ones (XO) and what calls them off (CA, DC, OC) are taken"
            raise Refused("AE", TABLE_VALUE, "ORC-1", text)
    if not groups:
        raise Refused("AE", SEGMENT_MISSING, "OBR", "the message orders nothing")
    stamped = recorded_at(message, zone)
    read = [(accession_of(message, group), service(message, group, zone)) for group in groups]
    urgencies: dict[str, Urgency] = {}
    units: dict[str, str] = {}
    for group, (accession, _) in zip(groups, read, strict=True):
        units[accession] = units.get(accession) or unit(message, group, unit_field)
        urgencies[accession] = max(urgencies.get(accession, URGENCY_UNSPECIFIED), urgency(message, group))
    for accession, members in groupby(sorted(read, key=lambda pair: pair[0]), key=lambda pair: pair[0]):
        case = case_id(namespace, accession)
        data = OrderPlaced(
            case_id=case,
            patient=person,
            accession=accession,
            services=[service for _, service in members],
            recorded_at=stamped,
            urgency=urgencies[accession],
            unit=units[accession],
        )
        yield Event(INTAKE_ORDER_RECEIVED, case, data)


def order_groups(message: Message) -> Iterable[list[hl7.Segment]]:
    """The segments of each ORC/OBR group (HL7 v2.5.1 section 4.4.6)."""
    group: list[hl7.Segment] = []
    for segment in message.segments("ORC", "TQ1", "OBR", *SAID_OF_REQUEST, *AFTER_REQUEST):
        name = str(segment[0])
        if name in (*SAID_OF_REQUEST, "OBX") and not group:
            continue
        begins = name == "ORC" or (name == "OBR" and any(str(held[0]) == "OBR" for held in group))
        if begins and group:
            yield group
            group = []
        group.append(segment)
    if group:
        yield group


def accession_of(message: Message, group: list[hl7.Segment]) -> str:
    """OBR-3, else ORC-3: the filler's number."""
    for name in ("OBR", "ORC"):
        for segment in group:
            if str(segment[0]) == name and (number := message.value(segment, 3)):
                return bounded(number, f"{name}-3")
    raise Refused("AE", DATA_TYPE, "OBR-3", "no accession: OBR-3 and ORC-3 are both empty")


def service(message: Message, group: list[hl7.Segment], zone: ZoneInfo) -> RequestedService:
    requests = [segment for segment in group if str(segment[0]) == "OBR"]
    if not requests:
        raise Refused("AE", SEGMENT_MISSING, "OBR", "an ORC has no OBR")
    specimens: list[Specimen] = []
    for segment in group:
        name = str(segment[0])
        if name == "SPM":
            specimens.append(specimen(message, segment, zone))
        elif name == "SAC":
            if not specimens:
                raise Refused("AE", SEGMENT_MISSING, "SPM", "a SAC has no SPM before it")
            specimens[-1].containers.append(bounded(message.required(segment, 3), "SAC-3"))
    placer = message.value(requests[0], 2) or next(
        (message.value(segment, 2) for segment in group if str(segment[0]) == "ORC"), ""
    )
    reasons, information = clinical(message, group)
    return RequestedService(
        service=code(message, requests[0], 4),
        placer_order_number=placer,
        specimens=specimens,
        reasons=reasons,
        clinical_information=information,
        called_off=any(message.value(segment, 1) in CALLED_OFF for segment in group if str(segment[0]) == "ORC"),
    )


def clinical(message: Message, group: list[hl7.Segment]) -> tuple[list[Code], str]:
    """Why a service is requested, in code and in words: what is said before its results and specimens is said of it."""
    reasons: list[Code] = []
    lines: list[str] = []
    for segment in takewhile(lambda one: str(one[0]) not in AFTER_REQUEST, group):
        name = str(segment[0])
        if name in WORDS:
            lines.append(message.text(segment, WORDS[name]))
        if name in REASONS:
            field = REASONS[name]
            for repeat in range(1, message.repeats(segment, field) + 1):
                identifier, text, system = (message.value(segment, field, component, repeat) for component in (1, 2, 3))
                if identifier:
                    reasons.append(Code(code=bounded(identifier, f"{name}-{field}"), text=text[:LONGEST_TEXT], system=system))
                if not identifier or len(text) > LONGEST_TEXT:
                    lines.append(text)
    return reasons, "\n".join(filter(None, lines))


def unit(message: Message, group: list[hl7.Segment], place: str) -> str:
    """The first that the group says at this place, else the message; empty where neither does."""
    name, _, field = place.partition("-")
    segments = (segment for segment in (*group, *message.segments("MSH", "PV1")) if str(segment[0]) == name)
    said = (message.value(segment, int(field)) for segment in segments)
    return bounded(next(filter(None, said), ""), place)


def urgency(message: Message, group: list[hl7.Segment]) -> Urgency:
    """The most urgent that the group says: TQ1-9, or the sixth component of OBR-27 and ORC-7."""
    said = [
        message.value(segment, field, component).upper()
        for segment in group
        for name, field, component in PRIORITIES
        if str(segment[0]) == name
    ]
    return max((URGENCIES.get(code, URGENCY_UNSPECIFIED) for code in said), default=URGENCY_UNSPECIFIED)


def specimen(message: Message, segment: hl7.Segment, zone: ZoneInfo) -> Specimen:
    # SPM-2 is EIP: placer-assigned & filler-assigned; the filler's is what the laboratory prints.
    identifier = message.value(segment, 2, 2) or message.required(segment, 2)
    collected = message.value(segment, 17)
    return Specimen(
        identifier=bounded(identifier, "SPM-2"),
        type=optional_code(message, segment, 4),
        site=optional_code(message, segment, 8),
        collected_at=proto_time(time_stamp(collected, "SPM-17", zone)) if collected else None,
    )


def patient(message: Message, namespace: UUID) -> Patient:
    """Of the one PID. A second is of prior results, or of another message: what follows it would be filed for the first."""
    pid = message.first("PID")
    if len(list(message.segments("PID"))) > 1:
        raise Refused("AE", SEGMENT_MISSING, "PID", "more than one patient: leave out prior results, send one message for each")
    return patient_in(message, pid, namespace)


def identified(message: Message, segment: hl7.Segment, field: int) -> tuple[str, str]:
    """Identifier and assigning authority. Of several the one of type PI or MR counts, else the first that is not empty."""
    named = {r: text for r in range(1, message.repeats(segment, field) + 1) if (text := message.value(segment, field, 1, r))}
    if not named:
        raise Refused("AE", FIELD_MISSING, f"{segment[0]}-{field}", "a required field is empty")
    chosen = next((r for r in named if message.value(segment, field, 5, r) in {"PI", "MR"}), min(named))
    authority = message.value(segment, field, 4, chosen, 2) or message.value(segment, field, 4, chosen, 1)
    return bounded(named[chosen], f"{segment[0]}-{field}"), authority


def patient_in(message: Message, pid: hl7.Segment, namespace: UUID) -> Patient:
    identifier, authority = identified(message, pid, 3)
    message.required(pid, 5)
    # The name at birth is the one that tells people apart; where none is said to be it, the first.
    name = repeat_of_type(message, pid, 5, 7, LEGAL_NAME) or 1
    given = [one for one in (message.value(pid, 5, 2, name), *message.value(pid, 5, 3, name).split()) if one]
    ins, ins_authority = national(message, pid)
    return Patient(
        patient_id=patient_id(namespace, authority, identifier),
        identifier=identifier,
        assigning_authority=authority,
        family_name=message.value(pid, 5, 1, name),
        given_names=given,
        birth_date=partial_date(message.value(pid, 7), "PID-7"),
        sex=SEXES.get(message.value(pid, 8).upper(), SEX_UNSPECIFIED),
        ins=ins,
        ins_authority=ins_authority,
        birth_place=birth_place(message, pid),
    )


def repeat_of_type(message: Message, segment: hl7.Segment, field: int, component: int, wanted: str) -> int | None:
    """Which repetition of a field has this type in this component."""
    repeats = range(1, message.repeats(segment, field) + 1)
    return next((r for r in repeats if message.value(segment, field, component, r) == wanted), None)


def national(message: Message, pid: hl7.Segment) -> tuple[str, str]:
    """INS and the OID of who assigned it; empty where there is none, or the identity is not qualified.

    Raise Refused where it is none: a wrong one leads to somebody else.
    """
    repeat = repeat_of_type(message, pid, 3, 5, INS)
    if repeat is None or message.value(pid, 32) != QUALIFIED:
        return "", ""
    number, authority = message.value(pid, 3, 1, repeat), message.value(pid, 3, 4, repeat, 2)
    if not is_ins(number, authority):
        raise Refused("AE", DATA_TYPE, "PID-3", "the INS is not 15 characters with their key, or its OID is none of the INS's")
    return number, authority


def birth_place(message: Message, pid: hl7.Segment) -> str:
    """INSEE's code, where it is said and is one."""
    repeat = repeat_of_type(message, pid, 11, 7, BIRTH_PLACE)
    code = message.value(pid, 11, 9, repeat) if repeat else ""
    return code if PLACE.fullmatch(code) else ""


def code(message: Message, segment: hl7.Segment, field: int) -> Code:
    message.required(segment, field)
    found = optional_code(message, segment, field)
    assert found is not None
    return found


def optional_code(message: Message, segment: hl7.Segment, field: int) -> Code | None:
    identifier, text = message.value(segment, field, 1), message.value(segment, field, 2)
    if not identifier and not text:
        return None
    return Code(code=bounded(identifier or text, f"{segment[0]}-{field}"), text=text, system=message.value(segment, field, 3))


def recorded_at(message: Message, zone: ZoneInfo) -> Timestamp:
    return proto_time(time_stamp(message.required(message.header, 7), "MSH-7", zone))


def proto_time(stamp: datetime) -> Timestamp:
    converted = Timestamp()
    converted.FromDatetime(stamp)
    return converted


def bounded(text: str, place: str) -> str:
    if len(text) > LONGEST_IDENTIFIER:
        raise Refused("AE", DATA_TYPE, place, f"longer than {LONGEST_IDENTIFIER} characters")
    return text
