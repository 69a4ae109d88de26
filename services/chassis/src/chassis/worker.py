"""The worker loop: records in, events out, at least once, in order within a partition.

Each assigned partition has a lane. While a lane works through its batch the partition is paused and the loop goes on
polling, so that work of any length keeps the membership of the group (a plain await would lose it). A record ends in one
of two ways: its events are acknowledged by the broker, or it is in `<topic>.dlq` with its error. Only then is its offset
committed. A retriable error holds the lane at that record; other partitions go on.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import ConsumerRecord
from cachetools import LRUCache
from google.protobuf.message import Message

from casepath.topics import Topic
from chassis.encryption import Encryption
from chassis.errors import Erased, Rejected, Retriable, defect_and_place
from chassis.events import Envelope, Event, Headers, Outgoing, now, read, sealed
from chassis.kafka import Kafka
from chassis.kafka_rights import group_of
from chassis.machine_faults import passing_faults
from chassis.publisher import Publisher, started
from chassis.telemetry import IN_FLIGHT, LAG, RECORDS, RETRIES, SECONDS, consuming, traceparent

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# How long records of an idle partition may wait: not at all while every lane is idle, else until the next look.
POLL_SECONDS = 0.2
BUSY_POLL_SECONDS = 0.02
REJOIN_SECONDS = 10.0
REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Received[M: Message]:
    """One input, decoded and checked."""

    data: M
    envelope: Envelope


class Consumer(Protocol):
    """One member of a consumer group, as aiokafka's is."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def subscribe(self, topics: Sequence[str], *, listener: ConsumerRebalanceListener) -> None: ...

    async def getmany(self, *, timeout_ms: int, max_records: int) -> Mapping[TopicPartition, list[ConsumerRecord]]: ...

    def assignment(self) -> set[TopicPartition]: ...

    def highwater(self, partition: TopicPartition) -> int | None: ...

    def pause(self, *partitions: TopicPartition) -> None: ...

    def resume(self, *partitions: TopicPartition) -> None: ...

    def seek(self, partition: TopicPartition, offset: int) -> None: ...

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None: ...


type Handle[M: Message] = Callable[[Received[M]], Awaitable[Iterable[Event]]]


@dataclass(frozen=True, slots=True)
class Route[M: Message]:
    """Which handler takes a topic's records.

    `retry_for` bounds, in seconds, how long a retriable error may hold a record before it becomes a dead letter, so that one
    record whose condition never comes does not hold its neighbours for ever. `batch` bounds how many records are redone
    after a crash.
    """

    topic: Topic[M]
    handle: Handle[M]
    retry_for: float = 900.0
    batch: int = 100


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays in seconds: doubling from `first` to `longest`, with jitter so that many do not come back at once."""

    first: float = 0.2
    longest: float = 15.0

    def delay(self, attempt: int) -> float:
        return float(min(self.longest, self.first * 2 ** min(attempt, 20)) * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret


def pure[M: Message](handler: Callable[[M], Iterable[Event]]) -> Handle[M]:
    """A handler that needs nothing but the message."""

    async def handle(received: Received[M]) -> Iterable[Event]:
        return handler(received.data)

    return handle


async def outcome(
    route: Route[Any],
    record: ConsumerRecord,
    service: str,
    encryption: Encryption | None = None,
    clock: Callable[[], datetime] = now,
) -> list[Outgoing]:
    """What one record leads to: its events, or itself as a dead letter. Raise Retriable to be asked again.

    A record of which the key was destroyed leads to nothing, and neither does what it refers to.
    """
    try:
        envelope = Envelope.from_headers(record.headers)
        received = Received(await read(route.topic, record.value, encryption), envelope)
        with consuming(route.topic.name, envelope.traceparent), passing_faults():
            events = await route.handle(received)
            return sealed(
                events,
                cause=envelope.id,
                correlation=envelope.correlation_id,
                source=service,
                time=clock(),
                traceparent=traceparent(),
            )
    except Retriable:
        raise
    except Erased:
        return []
    except Rejected as error:
        return [set_aside(record, service, str(error), type(error).__name__)]
    except Exception as error:  # noqa: BLE001 - a defect must not stop the partition; the record is kept with what failed
        return [set_aside(record, service, f"unexpected {defect_and_place(error)}", "Defect")]


def dead_letter(
    topic: str, key: bytes | None, value: bytes | None, headers: Headers, service: str, error: str, kind: str
) -> Outgoing:
    """A record as it came, with why it was set aside and by whom."""
    kept = [(name, content) for name, content in headers if not name.startswith("error")]
    added = [("error", error), ("error_type", kind), ("error_service", service)]
    return Outgoing(f"{topic}.dlq", key or b"", value or b"", [*kept, *((name, text.encode()) for name, text in added)])


def set_aside(record: ConsumerRecord, service: str, error: str, kind: str) -> Outgoing:
    return dead_letter(record.topic, record.key, record.value, record.headers, service, error, kind)


@dataclass(slots=True)
class Settled:
    """A record and what it led to."""

    record: ConsumerRecord
    outgoing: list[Outgoing]
    attempts: int
    seconds: float
    published: bool = False

    def report(self) -> None:
        """The record's one canonical log line, and its metrics."""
        record = self.record
        dead = next((out for out in self.outgoing if out.topic == f"{record.topic}.dlq"), None)
        ending = "dead_letter" if dead else "done"
        RECORDS.labels(record.topic, ending).inc()
        SECONDS.labels(record.topic).observe(self.seconds)
        log.info(
            "record",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            event_id=dict(record.headers).get("ce_id", b"").decode("ascii", "replace"),
            outcome=ending,
            error=dict(dead.headers)["error"].decode() if dead else None,
            published=[out.topic for out in self.outgoing],
            attempts=self.attempts,
            seconds=round(self.seconds, 4),
        )


class Worker(ConsumerRebalanceListener):  # type: ignore[misc]
    """Runs routes as one member of the service's consumer group, until `stop` is set."""

    def __init__(
        self,
        routes: Sequence[Route[Any]],
        publisher: Publisher,
        *,
        kafka: Kafka,
        service: str,
        group: str | None = None,
        backoff: Backoff | None = None,
        grace: float = 20.0,
        session_timeout_ms: int = 10_000,
        consumer: Consumer | None = None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self.routes = {route.topic.name: route for route in routes}
        self.publisher = publisher
        self.service = service
        self.backoff = backoff or Backoff()
        self.grace = grace
        self.kafka = kafka
        self.assigned = asyncio.Event()
        self.lanes: dict[TopicPartition, asyncio.Task[None]] = {}
        self.stopping: set[TopicPartition] = set()
        # Up to where each partition is done since it was assigned.
        self.done: dict[TopicPartition, int] = {}
        self.clock = clock
        # Events for which nobody waits again: a repeat of one would hold its neighbours as long as the first did.
        self.given_up: LRUCache[bytes, bool] = LRUCache(REMEMBERED)
        self.consumer: Consumer = consumer or AIOKafkaConsumer(
            **kafka.client(),
            group_id=group or group_of(service),
            client_id=group_of(service),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            session_timeout_ms=session_timeout_ms,
            heartbeat_interval_ms=session_timeout_ms // 5,
            max_poll_interval_ms=300_000,
            # By default a rebalance goes on after the session's timeout without whoever still finishes what it holds.
            rebalance_timeout_ms=int((grace + REJOIN_SECONDS) * 1000),
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; then finish or release what is held, and leave the group."""
        await started(self.consumer, self.kafka.bootstrap)
        self.consumer.subscribe(list(self.routes), listener=self)
        batch = min(route.batch for route in self.routes.values())
        try:
            while not stop.is_set():
                # While lanes work, look for a lane that ends rather than wait for records alone.
                timeout = 0 if self.lanes else int(POLL_SECONDS * 1000)
                for tp, records in (await self.consumer.getmany(timeout_ms=timeout, max_records=batch)).items():
                    self.consumer.pause(tp)
                    self.lanes[tp] = asyncio.create_task(self.lane(tp, records), name=f"lane {tp.topic}/{tp.partition}")
                if self.lanes:
                    await asyncio.wait(self.lanes.values(), timeout=BUSY_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                for tp, lane in [(tp, lane) for tp, lane in self.lanes.items() if lane.done()]:
                    del self.lanes[tp]
                    lane.result()
                    if tp in self.consumer.assignment():
                        self.consumer.resume(tp)
        finally:
            await self.release(set(self.lanes))
            await self.consumer.stop()

    async def lane(self, tp: TopicPartition, records: list[ConsumerRecord]) -> None:
        """Work through one partition's batch, and commit up to what is done."""
        route = self.routes[tp.topic]
        self.done.setdefault(tp, records[0].offset)
        settled: list[Settled] = []
        done = None
        try:
            for record in records:
                if tp in self.stopping:
                    break
                settled.append(await self.settle(route, record, settled))
            await self.publish(settled)
        finally:
            published = [one for one in settled if one.published]
            if published:
                self.done[tp] = done = published[-1].record.offset + 1
                await self.commit(tp, done)
        if done != records[-1].offset + 1:
            self.consumer.seek(tp, done if done is not None else records[0].offset)

    async def settle(self, route: Route[Any], record: ConsumerRecord, before: list[Settled]) -> Settled:
        """Bring one record to its end, however many attempts that takes. A wait first publishes what came before it."""
        time = asyncio.get_running_loop().time
        began = time()
        attempt = 0
        event = dict(record.headers).get("ce_id", b"")
        with IN_FLIGHT.labels(record.topic).track_inprogress():
            while True:
                try:
                    outgoing = await outcome(route, record, self.service, self.kafka.encryption, self.clock)
                    break
                except Retriable as error:
                    if time() - began > route.retry_for or event in self.given_up:
                        self.given_up[event] = True
                        reason = f"gave up after {attempt + 1} attempts: {error}"
                        outgoing = [set_aside(record, self.service, reason, type(error).__name__)]
                        break
                    await self.publish(before)
                    await self.put_off(record, attempt, error)
                    attempt += 1
        return Settled(record, outgoing, attempt + 1, time() - began)

    async def publish(self, settled: list[Settled]) -> None:
        """Have the broker acknowledge what records led to, together; then each is done, with its one log line."""
        waiting = [one for one in settled if not one.published]
        attempt = 0
        while waiting:
            try:
                await self.publisher.publish([out for one in waiting for out in one.outgoing])
                break
            except Rejected:
                # One of them is too large for the broker: find it by publishing each alone.
                for one in waiting:
                    await self.publish_alone(one)
                break
            except Retriable as error:
                await self.put_off(waiting[0].record, attempt, error)
                attempt += 1
        for one in waiting:
            one.published = True
            one.report()

    async def publish_alone(self, one: Settled) -> None:
        attempt = 0
        while True:
            try:
                await self.publisher.publish(one.outgoing)
                return
            except Rejected as error:
                one.outgoing = [set_aside(one.record, self.service, str(error), type(error).__name__)]
            except Retriable as error:
                await self.put_off(one.record, attempt, error)
                attempt += 1

    async def put_off(self, record: ConsumerRecord, attempt: int, error: Retriable) -> None:
        RETRIES.labels(record.topic).inc()
        delay = self.backoff.delay(attempt)
        log.warning(
            "put off",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            error=str(error),
            attempt=attempt + 1,
            seconds=round(delay, 2),
        )
        await asyncio.sleep(delay)

    def lag(self, tp: TopicPartition) -> float:
        """Records after the last one that is done; none as long as nothing was to be done."""
        return max(0, (self.consumer.highwater(tp) or 0) - self.done[tp]) if tp in self.done else 0

    async def commit(self, tp: TopicPartition, offset: int) -> None:
        """A commit that fails is no loss: the records come again, and a repeat changes nothing."""
        try:
            await self.consumer.commit({tp: offset})
        except (CommitFailedError, IllegalStateError, KafkaError) as error:
            log.warning("offset not committed", topic=tp.topic, partition=tp.partition, error=type(error).__name__)

    async def release(self, partitions: set[TopicPartition]) -> None:
        """Let lanes finish the record in hand within the grace; cancel those that cannot. Their records come again."""
        lanes = {tp: lane for tp, lane in self.lanes.items() if tp in partitions}
        if not lanes:
            return
        self.stopping |= set(lanes)
        try:
            await asyncio.wait(lanes.values(), timeout=self.grace)
            for lane in lanes.values():
                lane.cancel()
            await asyncio.gather(*lanes.values(), return_exceptions=True)
        finally:
            self.stopping -= set(lanes)
            for tp in lanes:
                self.lanes.pop(tp, None)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await self.release(set(revoked))
        for tp in revoked:
            self.done.pop(tp, None)
            with suppress(KeyError):
                LAG.remove(tp.topic, str(tp.partition))

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.assigned.set()
        for tp in assigned:
            LAG.labels(tp.topic, str(tp.partition)).set_function(partial(self.lag, tp))
        log.info("assigned", partitions=len(assigned))
