from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

import examples
from casepath.intake.v1.order_pb2 import URGENCY_ASAP, URGENCY_STAT, URGENCY_UNSPECIFIED, OrderPlaced
from casepath.intake.v1.patient_pb2 import (
    ENCOUNTER_STATUS_CANCELLED,
    ENCOUNTER_STATUS_FINISHED,
    ENCOUNTER_STATUS_IN_PROGRESS,
    SEX_FEMALE,
    PatientMerged,
    PatientRegistered,
    PatientsUnlinked,
)
from chassis.errors import Malformed
from chassis.events import Event, check
from chassis.publisher import MemoryPublisher
from intake.checking import kept
from intake.handlers import events
from intake.messages import Refused, decode, identity
from intake.receiving import Receiver

PARIS = ZoneInfo("Europe/Paris")
PID = "PID|1||ALT^^^OTHER^AN~P1^^^HOSP&1.2.250.1.999&ISO^PI||Exemple^Zoé^Anne||19700131|F"
ORDER = [
    "ORC|NW|PL1|S26-0001",
    "OBR|1|PL1|S26-0001|11529-5^Surgical pathology study^LN",
    "SPM|1|^T1||119376003^Tissue specimen^SCT||||SKIN^Peau^L|||||||||202603011000",
    "SAC|||A1",
    "SAC|||A2",
    "ORC|NW|PL2|S26-0001",
    "OBR|2|PL2|S26-0001|51969-4^Genetic analysis report^LN",
    "SPM|2|^B1||119297000^Blood specimen^SCT",
]


def text(kind: str, *segments: str, control: str = "C1", stamp: str = "20260301130000", charset: str = "UNICODE UTF-8") -> str:
    return "\r".join([f"MSH|^~\\&|HIS|HOSP|CASEPATH|LAB|{stamp}||{kind}|{control}|P|2.5.1||||||{charset}", *segments]) + "\r"


def read(content: str | bytes, unit_field: str = "MSH-6") -> list[Event]:
    frame = content.encode() if isinstance(content, str) else content
    found = events(decode(frame, "utf-8"), examples.NAMESPACE, PARIS, unit_field)
    for event in found:
        check(event.data)
    return found


def patient_of(content: str | bytes) -> PatientRegistered:
    (event,) = read(content)
    assert isinstance(event.data, PatientRegistered)
    return event.data


@pytest.mark.parametrize("trigger", ["A01", "A03", "A04", "A08", "A11", "A13", "A28", "A31"])
def test_an_admission_registers_the_patient(trigger: str) -> None:
    data = patient_of(text(f"ADT^{trigger}^ADT_A01", PID))
    assert data.trigger == trigger
    assert data.patient.patient_id == examples.PATIENT
    assert data.patient.identifier == "P1"
    assert (data.patient.family_name, list(data.patient.given_names)) == ("Exemple", ["Zoé", "Anne"])
    assert (data.patient.birth_date, data.patient.sex) == ("1970-01-31", SEX_FEMALE)
    assert data.recorded_at.ToDatetime(UTC) == datetime(2026, 3, 1, 12, tzinfo=UTC)


def visit(**fields: str) -> str:
    """PV1 with these fields, pv2="I"."""
    numbered = {int(name[2:]): text for name, text in fields.items()}
    return "|".join(["PV1", *(numbered.get(number, "") for number in range(1, max(numbered) + 1))])


STAY = {"pv2": "I", "pv3": "CHIR^12^1", "pv19": "V1^^^HOSP&1.2.250.1.999&ISO^VN", "pv44": "20260301130000"}


@pytest.mark.parametrize(
    ("trigger", "discharged", "status"),
    [
        ("A01", "", ENCOUNTER_STATUS_IN_PROGRESS),
        ("A08", "", ENCOUNTER_STATUS_IN_PROGRESS),
        ("A08", "20260303", ENCOUNTER_STATUS_FINISHED),
        ("A03", "20260303", ENCOUNTER_STATUS_FINISHED),
        ("A11", "", ENCOUNTER_STATUS_CANCELLED),
        ("A13", "20260303", ENCOUNTER_STATUS_IN_PROGRESS),
    ],
)
def test_a_visit_is_as_the_last_message_says(trigger: str, discharged: str, status: int) -> None:
    found = patient_of(text(f"ADT^{trigger}", PID, visit(**STAY, pv45=discharged))).encounter
    wanted = examples.encounter()
    wanted.status = status  # type: ignore[assignment]
    if status == ENCOUNTER_STATUS_FINISHED:
        wanted.discharged_at.FromDatetime(datetime(2026, 3, 2, 23, tzinfo=UTC))
    assert found == wanted


@pytest.mark.parametrize("pv1", ["PV1|1|I", visit(**{**STAY, "pv19": ""})])
def test_a_visit_without_a_number_is_none(pv1: str) -> None:
    assert not patient_of(text("ADT^A01", PID, pv1)).HasField("encounter")


@pytest.mark.parametrize(("changed", "place"), [({"pv19": "9" * 65}, "PV1-19"), ({"pv44": "yesterday"}, "PV1-44")])
def test_a_visit_that_cannot_be_read_is_refused_with_its_place(changed: dict[str, str], place: str) -> None:
    with pytest.raises(Refused) as caught:
        read(text("ADT^A01", PID, visit(**{**STAY, **changed})))
    assert (caught.value.answer, caught.value.place) == ("AE", place)


def test_a_message_with_separators_of_its_own_is_read_by_them() -> None:
    header = "MSH|#*!%|HIS|HOSP|CASEPATH|LAB|20260301130000||ADT#A01|C1|P|2.5.1||||||UNICODE UTF-8"
    data = patient_of("\r".join([header, "PID|1||P1###HOSP%1.2.250.1.999%ISO#PI||Exemple#Zoé||1970|F"]) + "\r")
    assert data.patient.patient_id == examples.PATIENT
    assert (data.patient.family_name, list(data.patient.given_names)) == ("Exemple", ["Zoé"])


def test_a_merge_names_who_survives_and_who_is_retired() -> None:
    (event,) = read(
        text(
            "ADT^A40^ADT_A39", "PID|1||P9^^^HOSP&1.2.250.1.999&ISO^PI||Exemple^Zoé||1970|F", "MRG|P1^^^HOSP&1.2.250.1.999&ISO^PI"
        )
    )
    merge = event.data
    assert isinstance(merge, PatientMerged)
    assert (merge.surviving.identifier, merge.retired_identifier) == ("P9", "P1")
    assert (merge.retired_id, event.key) == (examples.PATIENT, merge.surviving.patient_id)
    assert merge.recorded_at.ToDatetime(UTC) == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_several_merges_of_one_message_are_as_many_events() -> None:
    groups = [f"PID|1||P{n}^^^HOSP&1.2.250.1.999&ISO^PI||Exemple||1970|F\rMRG|P1{n}^^^HOSP&1.2.250.1.999&ISO^PI" for n in (2, 3)]
    found = [event.data for event in read(text("ADT^A40^ADT_A39", *groups))]
    pairs = [(one.surviving.identifier, one.retired_identifier) for one in found if isinstance(one, PatientMerged)]
    assert pairs == [("P2", "P12"), ("P3", "P13")]


def test_a_link_has_what_is_of_the_second_patient_be_of_the_first_as_a_merge_does() -> None:
    other = "PID|2||P9^^^HOSP&1.2.250.1.999&ISO^PI||Exemple||1970|F"
    (event,) = read(text("ADT^A24^ADT_A24", other, PID))
    merge = event.data
    assert isinstance(merge, PatientMerged)
    assert (merge.surviving.identifier, merge.retired_identifier, merge.retired_authority) == ("P9", "P1", "1.2.250.1.999")
    assert (merge.retired_id, event.key) == (examples.PATIENT, merge.surviving.patient_id)


def test_an_unlinking_names_both_patients() -> None:
    other = "PID|2||P9^^^HOSP&1.2.250.1.999&ISO^PI||Exemple||1970|F"
    (event,) = read(text("ADT^A37^ADT_A37", PID, other))
    assert isinstance(event.data, PatientsUnlinked)
    assert {event.data.patient_id, event.data.other_id} == {examples.PATIENT, examples.survivor().patient_id}


@pytest.mark.parametrize("control", ["CA", "DC", "OC"])
def test_one_service_of_an_accession_is_called_off(control: str) -> None:
    placed = ORDER[ORDER.index(next(line for line in ORDER if line.startswith("ORC|NW|PL2"))) :]
    (event,) = read(text("OML^O21", PID, ORDER[0].replace("NW", control), ORDER[1], *placed))
    assert isinstance(event.data, OrderPlaced)
    assert [(one.placer_order_number, one.called_off) for one in event.data.services] == [("PL1", True), ("PL2", False)]


def unit_of(content: str, unit_field: str) -> str:
    (event,) = read(content, unit_field)
    assert isinstance(event.data, OrderPlaced)
    return event.data.unit


@pytest.mark.parametrize(
    ("place", "unit"),
    [("MSH-4", "HOSP"), ("MSH-6", "LAB"), ("PV1-3", "CHIR"), ("ORC-21", "Clinique du Sud"), ("OBR-24", "SP")],
)
def test_an_order_says_whose_it_is_in_the_field_that_is_set(place: str, unit: str) -> None:
    orc = f"{ORDER[0]}{'|' * (21 - ORDER[0].count('|'))}Clinique du Sud"
    obr = f"{ORDER[1]}{'|' * (24 - ORDER[1].count('|'))}SP"
    assert unit_of(text("OML^O21", PID, "PV1|1|I|CHIR^12^1", orc, obr, *ORDER[2:]), place) == unit


def test_an_order_that_does_not_say_whose_it_is_is_nobodys() -> None:
    assert unit_of(text("OML^O21", PID, *ORDER), "OBR-24") == ""
    with pytest.raises(Refused) as caught:
        read(text("OML^O21", PID, *ORDER).replace("|LAB|", f"|{'L' * 65}|"))
    assert caught.value.place == "MSH-6"


@pytest.mark.parametrize(
    ("segments", "place"),
    [
        ([PID], "MRG"),
        (["MRG|P2^^^HOSP&1.2.250.1.999&ISO^PI"], "PID"),
        ([PID, "MRG|"], "MRG-1"),
        ([PID, "MRG|P1^^^HOSP&1.2.250.1.999&ISO^PI"], "MRG-1"),
        ([PID, f"MRG|{'9' * 65}"], "MRG-1"),
    ],
)
def test_a_merge_that_merges_nothing_is_refused_with_its_place(segments: list[str], place: str) -> None:
    with pytest.raises(Refused) as caught:
        read(text("ADT^A40^ADT_A39", *segments))
    assert (caught.value.answer, caught.value.place) == ("AE", place)


def test_an_order_becomes_one_case_with_its_services_specimens_and_slides() -> None:
    (event,) = read(text("OML^O21^OML_O21", PID, *ORDER))
    data = event.data
    assert isinstance(data, OrderPlaced)
    assert event.key == data.case_id == examples.CASE
    assert [service.service.code for service in data.services] == ["11529-5", "51969-4"]
    assert list(data.services[0].specimens[0].containers) == ["A1", "A2"]
    assert data.services[1].specimens[0].identifier == "B1"


def test_what_the_requester_says_of_the_patient_is_of_the_request_it_stands_under() -> None:
    request = "OBR|1|PL1|S26-0001|11529-5^Surgical pathology study^LN|||||||||Nodule du sein^gauche"
    reasons = "|" * 18 + "N63^Nodule du sein^I10~^Bilan d'extension"
    said = [
        "NTE|1||Antécédent de carcinome \\T\\ radiothérapie.\\.br\\Récidive ?~Urgent",
        "DG1|1||C50.9^Tumeur maligne du sein^I10",
        "DG1|2|||Mastectomie en 2019",
        "OBX|1|TX|22636-5^^LN||Non lu",
        "NTE|1||Du résultat, non de la demande",
    ]
    (event,) = read(text("OML^O21^OML_O21", PID, "NTE|1||Du patient", ORDER[0], request + reasons, *said, *ORDER[2:]))
    assert isinstance(event.data, OrderPlaced)
    first, second = event.data.services
    assert first.clinical_information.splitlines() == [
        "Nodule du sein^gauche",
        "Bilan d'extension",
        "Antécédent de carcinome & radiothérapie.",
        "Récidive ?",
        "Urgent",
        "Mastectomie en 2019",
    ]
    assert [(one.code, one.text, one.system) for one in first.reasons] == [
        ("N63", "Nodule du sein", "I10"),
        ("C50.9", "Tumeur maligne du sein", "I10"),
    ]
    assert list(first.specimens[0].containers) == ["A1", "A2"]
    assert not second.clinical_information
    assert not second.reasons


@pytest.mark.parametrize(
    ("note", "place"),
    [("NTE|1||a\\X0007\\b", "NTE-3"), ("NTE|1||" + "x" * 10_001, ""), ("DG1|1||" + "x" * 65, "DG1-3")],
)
def test_clinical_information_that_cannot_be_kept_whole_is_refused(note: str, place: str) -> None:
    with pytest.raises(Malformed) as caught:
        kept(read(text("OML^O21^OML_O21", PID, *ORDER[:2], note, *ORDER[2:])))
    assert getattr(caught.value, "place", "") == place


def test_two_accessions_in_one_message_are_two_cases() -> None:
    second = [segment.replace("S26-0001", "S26-0002") for segment in ORDER[5:]]
    found = read(text("OML^O21", PID, *ORDER[:5], *second))
    assert len({event.key for event in found}) == 2


@pytest.mark.parametrize(
    ("charset", "codec"), [("8859/1", "latin-1"), ("8859/15", "iso8859-15"), ("UNICODE UTF-8", "utf-8"), ("", "utf-8")]
)
def test_names_are_read_in_the_character_set_that_the_message_names(charset: str, codec: str) -> None:
    data = patient_of(text("ADT^A01", PID, charset=charset).encode(codec))
    assert data.patient.given_names[0] == "Zoé"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_feeds_between_segments_are_tolerated(ending: str) -> None:
    assert patient_of(text("ADT^A01", PID).replace("\r", ending)).patient.identifier == "P1"


@pytest.mark.parametrize(("written", "meant"), [("O\\T\\B", "O&B"), ("O\\E\\T\\E\\B", "O\\T\\B"), ("\\X41\\B", "AB")])
def test_escapes_are_resolved_once(written: str, meant: str) -> None:
    assert patient_of(text("ADT^A01", PID.replace("Exemple", written))).patient.family_name == meant


@pytest.mark.parametrize(
    ("content", "answer", "place"),
    [
        ("hello", "AR", "MSH"),
        (text("ADT^A01", PID, control=""), "AR", "MSH-10"),
        (text("ADT^A17", PID), "AR", "MSH-9"),
        (text("OML^O33", PID), "AR", "MSH-9"),
        (text("SIU^S12", PID), "AR", "MSH-9"),
        (text("ADT^A01", PID, charset="KLINGON"), "AR", "MSH-18"),
        (text("ADT^A01"), "AE", "PID"),
        (text("ADT^A01", PID.replace("Exemple", "")), "AE", "PID-5"),
        (text("ADT^A01", "PID|1||||Exemple"), "AE", "PID-3"),
        (text("ADT^A01", PID.replace("19700131", "31/01/1970")), "AE", "PID-7"),
        (text("ADT^A01", PID.replace("19700131", "19701331")), "AE", "PID-7"),
        (text("ADT^A01", PID, stamp="yesterday"), "AE", "MSH-7"),
        (text("ADT^A01", PID.replace("P1^", "P" * 65 + "^")), "AE", "PID-3"),
        (text("OML^O21", PID), "AE", "OBR"),
        (text("OML^O21", PID, "ORC|NW|PL1|S1"), "AE", "OBR"),
        (text("OML^O21", PID, "ORC|NW|PL1", "OBR|1|PL1||X^Y^L"), "AE", "OBR-3"),
        (text("OML^O21", PID, "OBR|1|PL1|S1|"), "AE", "OBR-4"),
        (text("OML^O21", PID, "OBR|1|PL1|S1|X^Y^L", "SAC|||A1"), "AE", "SPM"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_place(content: str, answer: str, place: str) -> None:
    with pytest.raises(Refused) as caught:
        read(content)
    assert (caught.value.answer, caught.value.place) == (answer, place)


def test_bytes_of_another_character_set_are_refused() -> None:
    with pytest.raises(Refused, match="declared character set"):
        read(text("ADT^A01", PID).encode("latin-1"))


def test_a_resend_with_a_new_time_is_the_same_input_and_a_reused_control_id_is_not() -> None:
    def id_of(content: str) -> object:
        return identity(decode(content.encode(), "utf-8"), examples.NAMESPACE)

    first = id_of(text("ADT^A01", PID))
    assert id_of(text("ADT^A01", PID, stamp="20260301140000")) == first
    assert id_of(text("ADT^A01", PID, control="C2")) != first
    assert id_of(text("ADT^A01", PID.replace("Exemple", "Autre"))) != first


def receiver(publisher: MemoryPublisher) -> Receiver:
    return Receiver(publisher, examples.NAMESPACE, PARIS, "utf-8", clock=lambda: examples.NOON)


async def test_a_message_is_acknowledged_to_its_sender_after_it_was_published() -> None:
    publisher = MemoryPublisher()
    answer = (await receiver(publisher).answer(text("ADT^A01^ADT_A01", PID).encode())).decode()
    assert answer.startswith("MSH|^~\\&|CASEPATH|LAB|HIS|HOSP|20260301120000+0000||ACK^A01^ACK|")
    assert "\rMSA|AA|C1\r" in answer
    assert [record.topic for record in publisher.records] == ["intake.registration.received.v1"]


async def test_a_refusal_says_where_and_why_and_repeats_nothing_of_the_patient() -> None:
    publisher = MemoryPublisher()
    answer = (await receiver(publisher).answer(text("ADT^A01", PID.replace("19700131", "Exemple")).encode())).decode()
    assert "\rMSA|AE|C1\rERR||PID^1^7|102^Data type error^HL70357|E||||" in answer
    assert "Exemple" not in answer
    assert publisher.records == []


async def test_a_resend_publishes_the_same_event_id() -> None:
    publisher = MemoryPublisher()
    for stamp in ("20260301130000", "20260301130500"):
        await receiver(publisher).answer(text("OML^O21", PID, *ORDER, stamp=stamp).encode())
    ids = {dict(record.headers)["ce_id"] for record in publisher.records}
    assert len(publisher.records) == 2
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("segments", "urgency"),
    [
        (["TQ1|1||||||||S"], URGENCY_STAT),
        (["TQ1|1||||||||A", "TQ1|2||||||||R"], URGENCY_ASAP),
        (["TQ1|1||||||||?"], URGENCY_UNSPECIFIED),
        ([], URGENCY_UNSPECIFIED),
    ],
)
def test_the_most_urgent_that_an_order_says_counts(segments: list[str], urgency: int) -> None:
    (event,) = read(text("OML^O21", PID, ORDER[0], *segments, *ORDER[1:]).encode())
    assert isinstance(event.data, OrderPlaced)
    assert event.data.urgency == urgency
