"""HL7 v2 messages: decoding, reading fields, acknowledging (HL7 v2.5.1 chapters 2, 3, 4 and 7)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import hl7

from chassis.errors import Malformed
from intake.grammar import NotAMessage, check_lines

# HL7 table 0211, as Python names the codecs.
CHARACTER_SETS = {
    "ASCII": "ascii",
    "8859/1": "iso8859-1",
    "8859/2": "iso8859-2",
    "8859/9": "iso8859-9",
    "8859/15": "iso8859-15",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UNICODE": "utf-8",
}
SEGMENT_MISSING = "100", "Segment sequence error"
FIELD_MISSING = "101", "Required field missing"
DATA_TYPE = "102", "Data type error"
TABLE_VALUE = "103", "Table value not found"
UNSUPPORTED_TYPE = "200", "Unsupported message type"
UNSUPPORTED_EVENT = "201", "Unsupported event code"
UNSUPPORTED_PROCESSING = "202", "Unsupported processing id"
UNSUPPORTED_VERSION = "203", "Unsupported version id"
INTERNAL = "207", "Application internal error"
STAMP = re.compile(r"^(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\.\d{1,6})?([+-]\d{4})?$", re.ASCII)
LINE = re.compile(r"\r\n?|\n")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Refused(Malformed):
    """A message that is answered AE (its content is wrong) or AR (it is not ours to read).

    `code` is of HL7 table 0357; `place` is a segment and field, "PID-3". The text never holds what the field held.
    """

    def __init__(self, answer: str, code: tuple[str, str], place: str, text: str) -> None:
        super().__init__(f"{place}: {text}" if place else text)
        self.answer = answer
        self.code = code
        self.place = place
        self.text = text


@dataclass(frozen=True)
class Message:
    """A parsed message with its segments in order, MSH first; `body` is the text of what comes after MSH."""

    parsed: hl7.Message
    body: str

    def segments(self, *names: str) -> Iterator[hl7.Segment]:
        return (segment for segment in self.parsed if not names or str(segment[0]) in names)

    def first(self, name: str) -> hl7.Segment:
        """Raise Refused when there is none."""
        for segment in self.segments(name):
            return segment
        raise Refused("AE", SEGMENT_MISSING, name, "the segment is missing")

    def value(self, segment: hl7.Segment, field: int, component: int = 1, repeat: int = 1, part: int = 1) -> str:
        """A field's text with escapes resolved; empty where it is absent or is the HL7 null ("").

        Raise Refused where it holds control characters: neither FHIR strings nor DICOM values take them.
        """
        try:
            raw = segment.extract_field(1, field, repeat, component, part)
        except (LookupError, TypeError):
            return ""
        text = "" if raw is None else str(raw)
        if CONTROL.search(text):
            raise Refused("AE", DATA_TYPE, f"{segment[0]}-{field}", "a control character")
        return "" if text == '""' else text.strip()

    def text(self, segment: hl7.Segment, field: int) -> str:
        """A field of text whole, in lines: what looks like components is words. Raise Refused as `value` does."""
        try:
            repetitions = [str(one) for one in segment[field]]
        except LookupError:
            return ""
        lines = [LINE.sub("\n", self.parsed.unescape(one)).strip() for one in repetitions]
        if any(CONTROL.search(line.replace("\n", "").replace("\t", "")) for line in lines):
            raise Refused("AE", DATA_TYPE, f"{segment[0]}-{field}", "a control character")
        return "\n".join(line for line in lines if line and line != '""')

    def required(self, segment: hl7.Segment, field: int, component: int = 1) -> str:
        """Raise Refused naming the field when it is empty."""
        text = self.value(segment, field, component)
        if not text:
            raise Refused("AE", FIELD_MISSING, f"{segment[0]}-{field}", "a required field is empty")
        return text

    def repeats(self, segment: hl7.Segment, field: int) -> int:
        try:
            return len(segment(field))
        except (LookupError, TypeError):
            return 0

    @property
    def header(self) -> hl7.Segment:
        return self.parsed[0]

    @cached_property
    def type(self) -> str:
        return self.value(self.header, 9, 1)

    @cached_property
    def trigger(self) -> str:
        return self.value(self.header, 9, 2)

    @cached_property
    def control_id(self) -> str:
        return self.value(self.header, 10)


def first_line(frame: bytes) -> bytes:
    return re.split(rb"[\r\n]", frame, maxsplit=1)[0]


def decode(frame: bytes, default: str) -> Message:
    """The message in an MLLP frame, in the character set that its MSH-18 names. Raise Refused when it is none."""
    if not frame.startswith(b"MSH") or len(frame) < 9:
        raise Refused("AR", SEGMENT_MISSING, "MSH", "the message does not begin with MSH")
    separator = frame[3:4]
    header = first_line(frame).split(separator)
    named = header[17].split(b"~")[0].decode("ascii", "replace").strip() if len(header) > 17 else ""
    codec = CHARACTER_SETS.get(named.upper(), "") if named else default
    if not codec:
        raise Refused("AR", DATA_TYPE, "MSH-18", "the character set is not one of those that casepath reads")
    try:
        text = frame.decode(codec)
        # Segments end in CR; senders that write files end them in LF or both.
        lines = re.sub(r"[\r\n]+", "\r", text).strip("\r")
        check_lines(lines.split("\r"))
        parsed = hl7.parse(f"{lines}\r")
    except UnicodeDecodeError:
        raise Refused("AE", DATA_TYPE, "MSH-18", "the bytes are not of the declared character set") from None
    except NotAMessage as broken:
        raise Refused("AR", SEGMENT_MISSING, broken.segment, str(broken)) from None
    except (hl7.ParseException, LookupError, ValueError, TypeError, AttributeError, AssertionError):
        # What hl7 raises where a message is not one.
        raise Refused("AR", SEGMENT_MISSING, "", "the message cannot be parsed") from None
    message = Message(parsed, lines.partition("\r")[2])
    if not message.control_id:
        raise Refused("AR", FIELD_MISSING, "MSH-10", "a required field is empty")
    return message


def check_header(message: Message, processing: str) -> None:
    """Raise Refused where MSH-11 does not ask for `processing` (HL7 table 0103: P, T or D), or MSH-12 is not version 2."""
    if message.required(message.header, 11) != processing:
        raise Refused("AR", UNSUPPORTED_PROCESSING, "MSH-11", f"only messages of processing id {processing} are taken here")
    if not message.required(message.header, 12).startswith("2."):
        raise Refused("AR", UNSUPPORTED_VERSION, "MSH-12", "only HL7 version 2 is taken")


def identity(message: Message, namespace: UUID) -> UUID:
    """The id of a message as an input: the same for a resend of one MSH-10, though its MSH-7 be new.

    The body counts too, for senders that count MSH-10 from one again.
    """
    sender = "|".join(message.value(message.header, field) for field in (3, 4))
    return uuid5(namespace, f"hl7|{sender}|{message.control_id}|{message.body}")


def time_stamp(text: str, place: str, zone: ZoneInfo) -> datetime:
    """An HL7 TS or DTM. Raise Refused when it is not one."""
    match = STAMP.match(text)
    if not match:
        raise Refused("AE", DATA_TYPE, place, "not a time stamp (YYYYMMDDHHMMSS)")
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        stamp = datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            round(float(fraction or 0) * 1_000_000) % 1_000_000,
            tzinfo=datetime.strptime(offset, "%z").tzinfo if offset else zone,
        )
    except ValueError:
        raise Refused("AE", DATA_TYPE, place, "not a time that exists") from None
    return stamp.astimezone(UTC)


def partial_date(text: str, place: str) -> str:
    """An HL7 date of year, month or day precision as ISO 8601. Raise Refused when it is not one."""
    if not text:
        return ""
    match = STAMP.match(text)
    if not match:
        raise Refused("AE", DATA_TYPE, place, "not a date (YYYYMMDD)")
    time_stamp(text, place, ZoneInfo("UTC"))
    return "-".join(part for part in match.groups()[:3] if part)


def acknowledgement(frame: bytes, answer: str, now: datetime, control_id: str, error: Refused | None = None) -> bytes:
    """The ACK of a frame, readable or not (HL7 v2.5.1 section 2.9.2). `answer` is AA, AE or AR."""
    fields = first_line(frame).decode("ascii", "replace").split("|") if frame.startswith(b"MSH|") else []
    fields += [""] * (18 - len(fields))
    trigger = fields[8].split("^")[1] if "^" in fields[8] else ""
    header = [
        "MSH",
        "^~\\&",
        fields[4] or "CASEPATH",
        fields[5],
        fields[2],
        fields[3],
        now.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000"),
        "",
        f"ACK^{trigger}^ACK" if trigger else "ACK",
        control_id,
        fields[10] or "P",
        fields[11] or "2.5.1",
    ]
    lines = ["|".join(header), f"MSA|{answer}|{fields[9]}"]
    if error is not None:
        segment, _, field = error.place.partition("-")
        location = f"{segment}^1^{field}" if field else segment
        code, meaning = error.code
        lines.append(f"ERR||{location}|{code}^{meaning}^HL70357|E||||{error.text}")
    return ("\r".join(lines) + "\r").encode("ascii", "replace")
