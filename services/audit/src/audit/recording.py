"""What audit does with its topics: each event into the ledger, and each block of the ledger into the FHIR server."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from cachetools import LRUCache

from audit.adapters.audit_events import AuditEvents
from audit.adapters.ledger import Ledger
from audit.handlers import WRITES, audit_event, entry, write_of
from casepath.audit.v1.audit_pb2 import AccessRecorded, BlockSealed
from casepath.topics import AUDIT_ACCESS_RECORDED, AUDIT_BLOCK_SEALED, Topic
from chassis.errors import Unavailable
from chassis.events import Event
from chassis.worker import Received, Route

REMEMBERED = 10_000
# An access whose line cannot be written is never set aside: it waits for as long as Kafka keeps it.
FOR_EVER = float("inf")


class Recording:
    def __init__(self, ledger: Ledger, audit_events: AuditEvents) -> None:
        self.ledger = ledger
        self.audit_events = audit_events
        self.filed: LRUCache[int, bool] = LRUCache(REMEMBERED)

    def routes(self) -> list[Route[Any]]:
        return [
            *(Route(topic, partial(self.write, topic), FOR_EVER) for topic in WRITES),
            Route(AUDIT_ACCESS_RECORDED, self.access, FOR_EVER),
            Route(AUDIT_BLOCK_SEALED, self.file, FOR_EVER),
        ]

    async def write(self, topic: Topic[Any], received: Received[Any]) -> Iterable[Event]:
        return [told(await self.ledger.append(write_of(topic, received.data, received.envelope)))]

    async def access(self, received: Received[AccessRecorded]) -> Iterable[Event]:
        return [told(await self.ledger.append(entry(received.data, received.envelope)))]

    async def file(self, received: Received[BlockSealed]) -> Iterable[Event]:
        """A block is told by each event that is in it, and filed once."""
        number = received.data.number
        if number not in self.filed:
            block = await self.ledger.block(number)
            if block is None:
                raise Unavailable("the block is not in the ledger")
            await self.audit_events.put([audit_event(line) for line in block.entries])
            self.filed[number] = True
        return ()


def told(sealed: BlockSealed) -> Event:
    return Event(AUDIT_BLOCK_SEALED, "ledger", sealed)
