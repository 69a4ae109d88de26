"""Topics of one test, and what is on them."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import ConsumerRecord
from google.protobuf.message import Message

import examples
from casepath.topics import Topic
from chassis.events import Event, sealed
from chassis.kafka import Kafka
from chassis.publisher import KafkaPublisher
from chassis.reading import held, value_of
from chassis.worker import Worker


async def new_topic[M: Message](kafka: Kafka, message: type[M], partitions: int = 2) -> Topic[M]:
    """A topic of this test alone, with its dead letters."""
    topic = Topic(f"test.{uuid4().hex}.v1", message, "case id", "", ("test",), ("test",), partitions)
    async with administering(kafka) as admin:
        await admin.create_topics([NewTopic(topic.name, partitions, 1), NewTopic(topic.dead_letters, 1, 1)])
    return topic


async def publish(kafka: Kafka, topic: Topic[Any], messages: Iterable[Message], partition: int = 0) -> list[UUID]:
    """Publish messages to one partition, each with a cause of its own; return their event ids."""
    ids = []
    async with AIOKafkaProducer(**kafka.client()) as producer:
        for number, message in enumerate(messages):
            cause = uuid5(UUID(int=partition), f"{topic.name}|{number}")
            (record,) = sealed(
                [Event(topic, "k", message)], cause=cause, correlation=cause, source="test", time=datetime.now(UTC)
            )
            await producer.send_and_wait(topic.name, record.value, key=b"k", partition=partition, headers=record.headers)
            ids.append(UUID(dict(record.headers)["ce_id"].decode()))
    return ids


async def publish_raw(
    kafka: Kafka, topic: str, value: bytes, headers: Sequence[tuple[str, bytes]] = (), partition: int = 0
) -> None:
    async with AIOKafkaProducer(**kafka.client()) as producer:
        await producer.send_and_wait(topic, value, key=b"k", partition=partition, headers=list(headers))


@asynccontextmanager
async def administering(kafka: Kafka) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**kafka.client())
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def records_on(kafka: Kafka, topic: str) -> list[ConsumerRecord]:
    """Every record that a topic holds now; where the keys are given as it was before, without what was erased."""
    async with administering(kafka) as admin:
        (described,) = await admin.describe_topics([topic])
    found = await held(kafka, topic, len(described["partitions"]))
    if kafka.encryption is None:
        return found
    return [replace(record, value=value) for record in found if (value := await value_of(kafka, record)) is not None]


async def committed(kafka: Kafka, group: str, topic: str) -> int:
    """The sum of a group's committed offsets over a topic's partitions."""
    async with administering(kafka) as admin:
        offsets = await admin.list_consumer_group_offsets(group)
    return sum(meta.offset for tp, meta in offsets.items() if tp.topic == topic and meta.offset > 0)


@asynccontextmanager
async def running(*workers: Worker) -> AsyncIterator[asyncio.Event]:
    """Workers at work; they are asked to stop at the end, and must end well."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for worker in workers:
            group.create_task(worker.run(stop))
        try:
            yield stop
        finally:
            stop.set()


@asynccontextmanager
async def publisher(kafka: Kafka) -> AsyncIterator[KafkaPublisher]:
    async with KafkaPublisher(kafka, "test") as one:
        yield one


def said(record: ConsumerRecord) -> dict[str, str]:
    return {name: value.decode() for name, value in record.headers}


def orders(count: int) -> list[Message]:
    """Orders that differ."""
    made = []
    for number in range(count):
        order = examples.order()
        order.accession = f"S26-{number:04}"
        made.append(order)
    return list(made)
