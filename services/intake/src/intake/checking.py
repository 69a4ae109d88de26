"""Whether a message in a file would be taken, for `casepath contract check`: read as it would be, and published nowhere."""

from collections.abc import Iterable
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.errors import Malformed
from chassis.events import Event, check
from chassis.json_text import json_of
from intake import fhir_bundles
from intake.handlers import events
from intake.messages import check_header, decode
from intake.settings import IntakeSettings

# Ids are derived under a deployment's secret; what is checked does not depend on it.
ANY_NAMESPACE = UUID(int=0)
FRAME_BEGIN, FRAME_END = b"\x0b", b"\x1c\r"


def default(name: str) -> str:
    return str(IntakeSettings.model_fields[name].default)


def hl7_v2(content: bytes) -> list[Event] | None:
    """What an HL7 v2 message leads to where intake's settings are the default ones; None where it is none. Raise Refused.

    Segments may end as text files' lines do.
    """
    frame = content.removeprefix(FRAME_BEGIN).removesuffix(FRAME_END)
    if not frame.startswith(b"MSH"):
        return None
    message = decode(b"\r".join(frame.splitlines()) + b"\r", default("character_set"))
    check_header(message, default("processing_id"))
    return kept(events(message, ANY_NAMESPACE, ZoneInfo(default("time_zone")), default("unit_field")))


def fhir_r4(content: bytes) -> list[Event] | None:
    """What a transaction leads to; None where it is no JSON of FHIR. Raise NotTaken."""
    try:
        parsed = json_of(content, "not JSON")
    except Malformed:
        return None
    if not isinstance(parsed, dict) or "resourceType" not in parsed:
        return None
    return kept(fhir_bundles.events(fhir_bundles.read(content), ANY_NAMESPACE))


def kept(found: Iterable[Event]) -> list[Event]:
    """Events that keep their contracts. Raise Malformed."""
    checked = list(found)
    for event in checked:
        check(event.data)
    return checked
