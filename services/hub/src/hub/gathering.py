"""Facts from the topic into the table, in batches; and snapshots of what holds.

The table remembers up to where it has each partition, in the commit that has the rows: what was read before a crash is read again
and is there once. One process writes at a time.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from casepath.topics import DEIDENTIFICATION_FACTS_RELEASED
from chassis.errors import Rejected, Unavailable
from chassis.events import Outgoing, read
from chassis.kafka import Kafka
from chassis.kafka_rights import group_of
from chassis.publisher import Publisher, started
from chassis.stopping import either
from chassis.telemetry import RECORDS, SECONDS
from chassis.worker import set_aside
from hub.adapters.warehouse import Warehouse, version_name
from hub.facts import Row
from hub.handlers import rows
from hub.vocabulary import mapped

log: structlog.stdlib.BoundLogger = structlog.get_logger()

TOPIC = DEIDENTIFICATION_FACTS_RELEASED
SERVICE = "hub"
# A batch ends with so many records, or when nothing more comes in this time.
MOST_RECORDS = 20_000
GATHER_SECONDS = 1.0
POLL_MILLISECONDS = 200
RETRY_SECONDS = 2.0
# Records between two turns of others.
TURN = 500


class Gathering:
    """`topics` has whose facts each topic may have, empty: anybody's. `publisher` takes what is no fact, as a dead letter."""

    def __init__(self, warehouse: Warehouse, topics: Mapping[str, str], publisher: Publisher, kafka: Kafka) -> None:
        self.warehouse = warehouse
        self.topics = topics
        self.publisher = publisher
        self.kafka = kafka
        self.ready = asyncio.Event()
        # Whoever writes to the tables; and whether anything came in since the last snapshot.
        self.writing = asyncio.Lock()
        self.fresh = asyncio.Event()
        # All is gathered that there was when it began: half of it would be a snapshot in which most have gone.
        self.caught_up = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        consumer = AIOKafkaConsumer(
            **self.kafka.client(), group_id=group_of(SERVICE), client_id=group_of(SERVICE), enable_auto_commit=False
        )
        await started(consumer, self.kafka.bootstrap)
        try:
            partitions = [TopicPartition(topic, number) for topic in self.topics for number in range(TOPIC.partitions)]
            consumer.assign(partitions)
            offsets = await asyncio.to_thread(self.warehouse.offsets)
            for one in partitions:
                consumer.seek(one, offsets.get(place(one.topic, one.partition), 0))
            if await asyncio.to_thread(self.warehouse.behind):
                self.fresh.set()
            ends = await consumer.end_offsets(partitions)
            self.ready.set()
            log.info("gathering", topics=sorted(self.topics), gathered=sum(offsets.values()))
            while not stop.is_set():
                batch = await self.batch(consumer, stop)
                ended = await self.take(batch, stop) if batch else {}
                if ended:
                    await consumer.commit(ended)
                if not stop.is_set() and not self.caught_up.is_set() and await reached(consumer, ends):
                    self.caught_up.set()
        finally:
            await consumer.stop()

    async def batch(self, consumer: AIOKafkaConsumer, stop: asyncio.Event) -> list[ConsumerRecord]:
        found: list[ConsumerRecord] = []
        until = time.monotonic() + GATHER_SECONDS
        while not stop.is_set() and len(found) < MOST_RECORDS and time.monotonic() < until:
            polled = await consumer.getmany(timeout_ms=POLL_MILLISECONDS, max_records=MOST_RECORDS - len(found))
            found += [record for records in polled.values() for record in records]
        return found

    async def take(self, batch: Sequence[ConsumerRecord], stop: asyncio.Event) -> dict[TopicPartition, int]:
        """Have a batch in the table, and give up to where: nowhere once it is to stop. What is no fact is set aside first."""
        began = time.monotonic()
        made, dead = await self.decoded(batch)
        ended = {TopicPartition(record.topic, record.partition): record.offset + 1 for record in batch}
        places = {place(one.topic, one.partition): offset for one, offset in ended.items()}
        while not stop.is_set():
            try:
                if dead:
                    await self.publisher.publish(dead)
                async with self.writing:
                    await asyncio.to_thread(self.warehouse.gather, made, places)
                break
            except Unavailable as error:
                log.warning("put off", error=str(error))
                await asyncio.sleep(RETRY_SECONDS)
        else:
            return {}
        RECORDS.labels(TOPIC.name, "done").inc(len(batch) - len(dead))
        RECORDS.labels(TOPIC.name, "dead_letter").inc(len(dead))
        taken = time.monotonic() - began
        SECONDS.labels(TOPIC.name).observe(taken)
        log.info("gathered", records=len(batch), rows=len(made), dead_letters=len(dead), seconds=round(taken, 3))
        self.fresh.set()
        return ended

    async def decoded(self, batch: Sequence[ConsumerRecord]) -> tuple[list[Row], list[Outgoing]]:
        made: list[Row] = []
        dead: list[Outgoing] = []
        for number, record in enumerate(batch):
            if number % TURN == 0:
                # Health is answered meanwhile.
                await asyncio.sleep(0)
            try:
                fact = await read(TOPIC, record.value, self.kafka.encryption)
                if self.topics[record.topic] not in ("", fact.hospital):
                    raise Rejected("a hospital sent facts in another's name")
                made += rows(fact, record.partition, record.offset)
            except Rejected as error:
                # One topic of dead letters, whichever hospital it came from.
                dead.append(set_aside(replace(record, topic=TOPIC.name), SERVICE, str(error), type(error).__name__))
        return made, dead


async def reached(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> bool:
    return all([await consumer.position(place) >= end for place, end in ends.items()])


def place(topic: str, partition: int) -> str:
    """Under which the table remembers up to where it has a partition."""
    return f"{topic}/{partition}"


class Snapshots:
    """Takes a snapshot where anything came in since the last one, and forgets old ones and who was withdrawn."""

    def __init__(self, gathering: Gathering, vocabulary: Path | None, seconds: float, kept: int) -> None:
        self.gathering = gathering
        self.vocabulary = vocabulary
        self.seconds = seconds
        self.kept = kept
        # After each snapshot.
        self.taken = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Raise Misconfigured where the vocabulary cannot be read."""
        await asyncio.to_thread(mapped, self.vocabulary)
        await either(stop, self.gathering.caught_up)
        while not stop.is_set():
            await either(stop, self.gathering.fresh)
            if stop.is_set():
                return
            self.gathering.fresh.clear()
            await self.take()
            try:
                await asyncio.wait_for(stop.wait(), self.seconds)
            except TimeoutError:
                continue

    async def take(self) -> None:
        began = time.monotonic()
        async with self.gathering.writing:
            counts, gone = await asyncio.to_thread(self.made)
        self.taken.set()
        log.info("snapshot", **counts, withdrawn=len(gone), seconds=round(time.monotonic() - began, 3))

    def made(self) -> tuple[dict[str, int], list[str]]:
        """In a thread: a vocabulary is read anew, and may be large."""
        warehouse = self.gathering.warehouse
        counts = warehouse.take_snapshot(version_name(), mapped(self.vocabulary))
        return counts, warehouse.expire(self.kept)
