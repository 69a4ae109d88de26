"""Publishing to Kafka: idempotent producer, acks=all, acknowledged before it returns."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self
from uuid import UUID

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, OutOfOrderSequenceNumber

from chassis.encryption import is_encrypted
from chassis.errors import Rejected, Unavailable
from chassis.events import Event, Outgoing, now, sealed
from chassis.kafka import Kafka
from chassis.telemetry import PUBLISHED, traceparent, tracer

if TYPE_CHECKING:
    from chassis.schema_registry import Framing

REQUEST_TIMEOUT_MS = 15_000
# Seconds between attempts to reach a broker at start; the last attempt is followed by none.
START_DELAYS = (0.5, 1, 2, 4, 8, 15, 30, 0)


class Publisher(Protocol):
    """Where records go. Returns when every record is acknowledged; raises Unavailable, or Rejected for one that is too large."""

    async def publish(self, records: Sequence[Outgoing]) -> None: ...


class Client(Protocol):
    """What is started and stopped."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class KafkaPublisher:
    """The broker."""

    def __init__(self, kafka: Kafka, client: str) -> None:
        self.kafka = kafka
        self.client = client
        self.producer: AIOKafkaProducer | None = None
        self.renewing = asyncio.Lock()
        self.framing = framing_of(kafka.registry) if kafka.registry else None

    async def __aenter__(self) -> Self:
        self.producer = await self.begun()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.producer is not None:
            await self.producer.stop()

    async def publish(self, records: Sequence[Outgoing]) -> None:
        producer = self.producer
        if producer is None:
            raise Unavailable("the publisher is not started")
        framed = await asyncio.gather(*map(self.framed, records))
        try:
            try:
                await sent(producer, framed)
            except OutOfOrderSequenceNumber:
                await sent(await self.renewed(producer), framed)
        except MessageSizeTooLargeError as error:
            raise Rejected("a record is larger than the broker takes") from error
        except KafkaError as error:
            raise Unavailable(f"the broker did not acknowledge: {type(error).__name__}") from error
        for record in records:
            PUBLISHED.labels(record.topic).inc()

    async def renewed(self, old: AIOKafkaProducer) -> AIOKafkaProducer:
        """Another producer instead of one whose sequence the broker does not follow.

        aiokafka 0.14 counts a batch that the broker refused, too large or of a time that it does not take, as if it had been
        taken, and everything that it sends to that partition thereafter is out of order (aiokafka issue 1017).
        """
        async with self.renewing:
            if self.producer is None or self.producer is old:
                self.producer = await self.begun()
                await old.stop()
            return self.producer

    async def begun(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            **self.kafka.client(),
            client_id=self.client,
            enable_idempotence=True,
            acks="all",
            linger_ms=1,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )
        await started(producer, self.kafka.bootstrap)
        return producer

    async def framed(self, record: Outgoing) -> Outgoing:
        """As it is sent: what was read from a topic is framed and encrypted already."""
        if is_encrypted(record.value):
            return record
        value, encryption = record.value, self.kafka.encryption
        if self.framing is not None:
            value = await asyncio.to_thread(self.framing.head, record.topic) + value
        if encryption is not None and record.of:
            value = await encryption.encrypt(record.of, value, record.topic)
        return replace(record, value=value)


async def sent(producer: AIOKafkaProducer, records: Sequence[Outgoing]) -> None:
    """All of them, whatever becomes of one. Raise what the first met."""
    sending = [await producer.send(one.topic, one.value, key=one.key, headers=one.headers) for one in records]
    for ended in await asyncio.gather(*sending, return_exceptions=True):
        if isinstance(ended, BaseException):
            raise ended


def framing_of(registry: str) -> "Framing":
    # Only where it is needed: it takes twice as long as all else that a process imports of the chassis.
    from chassis.schema_registry import Framing

    return Framing.at(registry)


class MemoryPublisher:
    """A list, for tests and for running a stage without a broker."""

    def __init__(self) -> None:
        self.records: list[Outgoing] = []

    async def publish(self, records: Sequence[Outgoing]) -> None:
        self.records += records


async def announce(publisher: Publisher, events: Iterable[Event], *, cause: UUID, source: str) -> list[Outgoing]:
    """Publish the events of an input that came from outside Kafka (a file, a message); `cause` names that input."""
    with tracer().start_as_current_span(f"receive {source}"):
        records = sealed(events, cause=cause, correlation=cause, source=source, time=now(), traceparent=traceparent())
        await publisher.publish(records)
    return records


async def started(client: Client, bootstrap: str) -> None:
    """Start a client, waiting for a broker that is not up yet for a minute. Raise Unavailable after that."""
    for delay in START_DELAYS:
        try:
            await client.start()
        except KafkaError as error:
            if not delay:
                await client.stop()
                raise Unavailable(f"no broker answers at {bootstrap}") from error
            await asyncio.sleep(delay)
        else:
            return
