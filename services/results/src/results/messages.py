"""Writing HL7 v2 messages (HL7 v2.5.1 chapters 2, 3, 4 and 7). Pure."""

import base64
from collections.abc import Iterable, Sequence
from datetime import UTC

from google.protobuf.timestamp_pb2 import Timestamp

from casepath.intake.v1.patient_pb2 import SEX_FEMALE, SEX_MALE, SEX_OTHER, Patient
from chassis.ins import AUTHORITIES

SEXES = {SEX_FEMALE: "F", SEX_MALE: "M", SEX_OTHER: "O"}
# Section 2.7; the escape character itself first.
ESCAPES = (
    ("\\", "\\E\\"),
    ("|", "\\F\\"),
    ("^", "\\S\\"),
    ("&", "\\T\\"),
    ("~", "\\R\\"),
    ("\r\n", "\n"),
    ("\r", "\n"),
    ("\n", "\\.br\\"),
)


def escaped(text: str) -> str:
    for plain, written in ESCAPES:
        text = text.replace(plain, written)
    return text


def components(*values: str) -> str:
    return "^".join(map(escaped, values)).rstrip("^")


def segment(name: str, fields: dict[int, str]) -> str:
    """`fields` by their numbers, written already."""
    last = max(fields, default=0)
    return "|".join([name, *(fields.get(number, "") for number in range(1, last + 1))])


def header(sender: Sequence[str], receiver: Sequence[str], sent_at: Timestamp, control_id: str) -> str:
    """MSH of an ORU^R01; sender and receiver are application and facility."""
    fields = {
        2: escaped(sender[0]),
        3: escaped(sender[1]),
        4: escaped(receiver[0]),
        5: escaped(receiver[1]),
        6: moment(sent_at),
        8: "ORU^R01^ORU_R01",
        9: control_id,
        10: "P",
        11: "2.5.1",
        17: "UNICODE UTF-8",
    }
    # MSH-1 is the separator itself: what stands after it is MSH-2.
    return segment("MSH", {1: "^~\\&", **fields})


def identification(person: Patient) -> str:
    """PID."""
    dotted = bool(person.assigning_authority) and all(part.isdigit() for part in person.assigning_authority.split("."))
    authority = f"&{person.assigning_authority}&ISO" if dotted else escaped(person.assigning_authority)
    return segment(
        "PID",
        {
            1: "1",
            3: f"{escaped(person.identifier)}^^^{authority}^PI{national(person)}",
            5: components(person.family_name, *person.given_names[:1], " ".join(person.given_names[1:])),
            7: person.birth_date.replace("-", ""),
            8: SEXES.get(person.sex, "U"),
            **({32: "VALI"} if person.ins else {}),
        },
    )


def national(person: Patient) -> str:
    """The INS as another repetition of PID-3 (ANS, "Intégration de l'INS dans les standards"); ours are qualified."""
    if not person.ins:
        return ""
    return f"~{person.ins}^^^ASIP-SANTE-{AUTHORITIES[person.ins_authority]}&{person.ins_authority}&ISO^INS"


def embedded_document(content: bytes, subtype: str) -> str:
    """OBX-5 of type ED: a document as Base64 (section 2.A.24)."""
    return f"^application^{subtype}^Base64^{base64.b64encode(content).decode('ascii')}"


def moment(at: Timestamp) -> str:
    return at.ToDatetime(UTC).strftime("%Y%m%d%H%M%S+0000")


def written(segments: Iterable[str]) -> bytes:
    return ("\r".join(segments) + "\r").encode()
