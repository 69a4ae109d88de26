"""Records that were set aside: those that wait, sending them round again, and letting them wait no longer."""

import re
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from casepath.audit.v1.audit_pb2 import ACTION_DELETED, ACTION_EXECUTED, OUTCOME_DONE, Action
from casepath.topics import DEAD_LETTER_PARTITIONS, TOPICS, Topic
from chassis.access_log import AccessLog, Asker
from chassis.errors import Rejected
from chassis.events import Outgoing
from chassis.kafka import Kafka
from chassis.kafka_rights import DEAD_LETTERS_GROUP
from chassis.publisher import Publisher
from chassis.reading import as_it_was, header, reading, until_now

# What a key should be; another is not repeated, since it could be anything.
OPAQUE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CONSUMED = {topic.name: topic for topic in TOPICS if topic.consumers}


@dataclass(frozen=True, slots=True)
class Acting:
    """Who sends letters round or discards them; `accesses` is told before it is done."""

    asker: Asker
    accesses: AccessLog
    publisher: Publisher

    async def tell(self, action: Action, operation: str, topic: Topic[Any], of: Iterable[ConsumerRecord], reason: str) -> None:
        await self.accesses.tell(self.asker, action, OUTCOME_DONE, f"{operation} {topic.name}", entries(topic, of), reason)


@asynccontextmanager
async def waiting(topic: Topic[Any], kafka: Kafka) -> AsyncIterator[tuple[AIOKafkaConsumer, list[ConsumerRecord]]]:
    """The dead letters of a topic that were not replayed, in order, with the consumer that can commit them.

    The group's committed offsets say what was replayed; what lies behind them is waiting.
    """
    async with reading(kafka, topic.dead_letters, DEAD_LETTER_PARTITIONS, DEAD_LETTERS_GROUP) as consumer:
        yield consumer, [record async for record in until_now(consumer)]


async def replay(topic: Topic[Any], kafka: Kafka, acting: Acting) -> int:
    """Publish the waiting dead letters of a topic to it again; give how many. Raise Unavailable where it cannot be told."""
    async with waiting(topic, kafka) as (consumer, records):
        # Several consumers may have set the same record aside: once for all of them is enough.
        again = {
            (record.key, record.value, kept := tuple(pair for pair in record.headers if is_of_event(pair[0]))): Outgoing(
                topic.name, record.key or b"", record.value or b"", list(kept)
            )
            for record in records
        }
        if records:
            await acting.tell(ACTION_EXECUTED, "dlq replay", topic, records, "")
        await acting.publisher.publish(list(again.values()))
        await done(consumer, records)
    return len(again)


async def discard(topic: Topic[Any], events: Collection[str], reason: str, kafka: Kafka, acting: Acting) -> tuple[int, int]:
    """Let the dead letters of these events wait no longer; give how many they were, and how many go on waiting.

    Kafka keeps what was discarded for as long as the topic keeps its records. Raise Rejected where one of them does not wait,
    Unavailable where it cannot be told.
    """
    async with waiting(topic, kafka) as (consumer, records):
        given_up = [record for record in records if event_of(record) in events]
        if unknown := sorted(set(events) - {event_of(record) for record in given_up}):
            raise Rejected(f"no dead letter of {topic.name} that waits is of {', '.join(unknown)}")
        await acting.tell(ACTION_DELETED, "dlq discard", topic, given_up, reason)
        # A group's offsets say what waits no longer, one after the other: those that go on waiting do so behind the others.
        kept = [as_it_was(record) for record in records if event_of(record) not in events]
        await acting.publisher.publish(kept)
        await done(consumer, records)
    return len(given_up), len(kept)


def entries(topic: Topic[Any], records: Iterable[ConsumerRecord]) -> Sequence[tuple[str, str]]:
    """Whose letters they are, as the ledger names them, where a topic's key says so."""
    kind = {"case id": "Case", "patient id": "Patient"}.get(topic.key)
    keys = {(record.key or b"").decode("ascii", "replace") for record in records}
    return [(kind, key) for key in sorted(keys) if OPAQUE.fullmatch(key)] if kind else []


async def done(consumer: AIOKafkaConsumer, records: Iterable[ConsumerRecord]) -> None:
    ends = {TopicPartition(record.topic, record.partition): record.offset + 1 for record in records}
    if ends:
        await consumer.commit(ends)


def event_of(record: ConsumerRecord) -> str:
    return header(record, "ce_id")


def is_of_event(name: str) -> bool:
    return not name.startswith("error")
