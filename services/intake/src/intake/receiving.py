"""One message in, its events published, its acknowledgement out."""

import secrets
from collections.abc import Callable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import Counter

from chassis.errors import Malformed, Retriable
from chassis.events import now
from chassis.publisher import Publisher, announce
from intake.handlers import TAKEN, events
from intake.messages import DATA_TYPE, INTERNAL, Refused, acknowledgement, check_header, decode, identity
from intake.precedence import Precedence

log: structlog.stdlib.BoundLogger = structlog.get_logger()

MESSAGES = Counter("casepath_hl7_messages_total", "HL7 v2 messages, by type and answer", ["type", "answer"])


def control_id() -> str:
    return secrets.token_hex(10)


class Receiver:
    """Answers AA only after the broker acknowledged; AE or AR with the reason otherwise."""

    def __init__(
        self,
        publisher: Publisher,
        namespace: UUID,
        zone: ZoneInfo,
        character_set: str,
        processing: str = "P",
        clock: Callable[[], datetime] = now,
        precedence: Precedence | None = None,
        unit_field: str = "MSH-6",
    ) -> None:
        self.publisher = publisher
        self.namespace = namespace
        self.zone = zone
        self.character_set = character_set
        self.processing = processing
        self.clock = clock
        self.precedence = precedence or Precedence()
        self.unit_field = unit_field

    async def answer(self, frame: bytes) -> bytes:
        with self.precedence.answering():
            return await self.answered(frame)

    async def answered(self, frame: bytes) -> bytes:
        kind, event_id, error = "unreadable", None, None
        try:
            message = decode(frame, self.character_set)
            kind = f"{message.type}^{message.trigger}" if (message.type, message.trigger) in TAKEN else "other"
            check_header(message, self.processing)
            cause = identity(message, self.namespace)
            found = events(message, self.namespace, self.zone, self.unit_field)
            published = await announce(self.publisher, found, cause=cause, source="intake")
            event_id = dict(published[0].headers)["ce_id"].decode()
        except Refused as refused:
            error = refused
        except Malformed as broken:
            error = Refused("AE", DATA_TYPE, "", str(broken))
        except Retriable:
            error = Refused("AR", INTERNAL, "", "the message could not be kept: send it again")
        answer = error.answer if error else "AA"
        MESSAGES.labels(kind, answer).inc()
        log.info("message", type=kind, answer=answer, error=str(error) if error else None, event_id=event_id)
        return acknowledgement(frame, answer, self.clock(), control_id(), error)
