"""Events: CloudEvents 1.0 in Kafka binary mode (CloudEvents Kafka Protocol Binding, section 3.2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any
from uuid import UUID, uuid5

import protovalidate
from google.protobuf.message import DecodeError, Message

from casepath.topics import Topic
from chassis.encryption import Encryption, readable
from chassis.errors import Malformed
from chassis.framing import unframed

# In place of a field: what a topic's records are keyed by says whose they are.
KEY = "key"

ATTEMPT = "ce_attempt"

type Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Event:
    """What a handler wants published. Whoever publishes adds the envelope.

    `key` decides the partition and is opaque: no patient data. `id` is given only where several causes can lead to one and
    the same event (a gather barrier); else it is derived from the cause.
    """

    topic: Topic[Any]
    key: str
    data: Message
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """The context attributes of one event.

    `correlation_id` names the first input of a chain of events, `causation_id` the event just before this one; `attempt` is set
    where somebody asked, by telling an event again, that what failed of it be tried anew.
    """

    id: UUID
    type: str
    source: str
    time: datetime
    correlation_id: UUID
    causation_id: UUID | None
    traceparent: str = ""
    attempt: UUID | None = None

    def headers(self) -> list[tuple[str, bytes]]:
        pairs = {
            "ce_specversion": "1.0",
            "ce_id": str(self.id),
            "ce_type": self.type,
            "ce_source": self.source,
            "ce_time": self.time.astimezone(UTC).isoformat(),
            "ce_correlationid": str(self.correlation_id),
            "ce_causationid": str(self.causation_id) if self.causation_id else "",
            "traceparent": self.traceparent,
            ATTEMPT: str(self.attempt) if self.attempt else "",
        }
        return [(name, value.encode()) for name, value in pairs.items() if value]

    @classmethod
    def from_headers(cls, headers: Headers) -> "Envelope":
        """Raise Malformed when a required attribute is missing or is not of its type."""
        found = {name: value.decode("utf-8", "replace") for name, value in headers}
        try:
            causation, attempt = found.get("ce_causationid"), found.get(ATTEMPT)
            return cls(
                id=UUID(found["ce_id"]),
                type=found["ce_type"],
                source=found["ce_source"],
                time=datetime.fromisoformat(found["ce_time"]),
                correlation_id=UUID(found["ce_correlationid"]),
                causation_id=UUID(causation) if causation else None,
                traceparent=found.get("traceparent", ""),
                attempt=UUID(attempt) if attempt else None,
            )
        except KeyError as error:
            raise Malformed(f"the CloudEvents header {error} is missing") from None
        except ValueError:
            raise Malformed("a CloudEvents header is not of its type") from None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record ready for the producer, but for its encryption: `of` is the case or patient whose content the value is."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    of: str = ""


def now() -> datetime:
    return datetime.now(UTC)


def derived_id(cause: UUID, type_: str, index: int) -> UUID:
    """The id of the `index`-th event of a type that a cause leads to: a repeat has the same id."""
    return uuid5(cause, f"{type_}#{index}")


def sealed(
    events: Iterable[Event], *, cause: UUID, correlation: UUID, source: str, time: datetime, traceparent: str = ""
) -> list[Outgoing]:
    """Events with their envelopes, each checked against the rules of its contract.

    Raise Malformed when one breaks a rule: what is never published harms nobody downstream.
    """
    seen: dict[str, int] = {}
    records = []
    for event in events:
        type_ = event.topic.name
        index = seen.get(type_, 0)
        seen[type_] = index + 1
        check(event.data)
        envelope = Envelope(
            id=event.id or derived_id(cause, type_, index),
            type=type_,
            source=source,
            time=time,
            correlation_id=correlation,
            causation_id=cause,
            traceparent=traceparent,
        )
        of = whose(event.topic, event.key, event.data)
        records.append(Outgoing(type_, event.key.encode(), event.data.SerializeToString(), envelope.headers(), of))
    return records


def whose(topic: Topic[Any], key: str, data: Message) -> str:
    """The case or patient whose content a message is, as its topic declares; empty where it is nobody's."""
    if topic.of in ("", KEY):
        return key if topic.of else ""
    return str(attrgetter(topic.of)(data))


def check(message: Message) -> None:
    """Raise Malformed naming the fields and rules that a message breaks, never their values."""
    try:
        protovalidate.validate(message)
    except protovalidate.ValidationError as error:
        broken = ", ".join(sorted({violation_path(v) for v in error.violations}))
        raise Malformed(f"{message.DESCRIPTOR.full_name} breaks its contract at {broken}") from None


def violation_path(violation: protovalidate.Violation) -> str:
    path = ".".join(element.field_name or "" for element in violation.proto.field.elements) if violation.proto.field else ""
    return f"{path or 'message'} ({violation.proto.rule_id})"


async def read[M: Message](topic: Topic[M], value: bytes | None, encryption: Encryption | None) -> M:
    """The message in a value as it lies on a topic. Raise Erased or Unavailable besides what `opened` raises."""
    return opened(topic.message, None if value is None else await readable(encryption, value, topic.name))


def opened[M: Message](message: type[M], value: bytes | None) -> M:
    """The message in a record's value. Raise Malformed when it does not decode or breaks a rule."""
    if value is None:
        raise Malformed("the record has no value")
    try:
        decoded = message.FromString(unframed(value))
    except DecodeError:
        raise Malformed(f"the value is not a {message.DESCRIPTOR.full_name}") from None
    check(decoded)
    return decoded
