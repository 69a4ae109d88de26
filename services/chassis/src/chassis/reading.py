"""Reading what a topic holds now, outside any service."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord
from google.protobuf.message import DecodeError, Message

from casepath.topics import Topic
from chassis.encryption import readable
from chassis.errors import Erased, Malformed
from chassis.events import Outgoing
from chassis.framing import unframed
from chassis.kafka import Kafka
from chassis.kafka_rights import group_of
from chassis.publisher import started

# Whoever reads what is there waits for nothing new, and a broker answers nothing else on a connection while a fetch of it waits.
LONGEST_WAIT_MILLISECONDS = 20


@asynccontextmanager
async def reading(kafka: Kafka, topic: str, partitions: int, group: str | None = None) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer that has all partitions of a topic; it begins where the group, if one is named, has come."""
    async with assigned(kafka, places({topic: partitions}), group) as consumer:
        yield consumer


@asynccontextmanager
async def assigned(kafka: Kafka, given: Sequence[TopicPartition], group: str | None = None) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer that has these partitions; it begins where the group, if one is named, has come."""
    consumer = AIOKafkaConsumer(
        **kafka.client(),
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=LONGEST_WAIT_MILLISECONDS,
    )
    await started(consumer, kafka.bootstrap)
    try:
        consumer.assign(given)
        yield consumer
    finally:
        await consumer.stop()


async def until_now(consumer: AIOKafkaConsumer) -> AsyncIterator[ConsumerRecord]:
    """The records up to the ends that its partitions have at the beginning; nothing is committed."""
    for partition, end in (await consumer.end_offsets(list(consumer.assignment()))).items():
        while await consumer.position(partition) < end:
            for records in (await consumer.getmany(partition, timeout_ms=1000)).values():
                for record in records:
                    yield record


async def everything(kafka: Kafka, topics: Mapping[str, int]) -> AsyncIterator[ConsumerRecord]:
    """Every record that topics hold, of which it is said how many partitions each has; partition by partition, in order."""
    async with assigned(kafka, places(topics)) as consumer:
        async for record in until_now(consumer):
            yield record


def places(topics: Mapping[str, int]) -> list[TopicPartition]:
    return [TopicPartition(name, number) for name, count in topics.items() for number in range(count)]


def whole(topics: Iterable[Topic[Any]]) -> dict[str, int]:
    """All their partitions."""
    return {topic.name: topic.partitions for topic in topics}


async def held(kafka: Kafka, topic: str, partitions: int) -> list[ConsumerRecord]:
    """Every record that a topic holds, in order within each partition."""
    return [record async for record in everything(kafka, {topic: partitions})]


async def message_of[M: Message](kafka: Kafka, record: ConsumerRecord, kind: type[M]) -> M | None:
    """What a record holds; None where it was erased. Raise Malformed, or Unavailable where the keys cannot be had."""
    value = await value_of(kafka, record)
    try:
        return None if value is None else kind.FromString(unframed(value))
    except DecodeError:
        raise Malformed(f"the value is not a {kind.DESCRIPTOR.full_name}") from None


async def value_of(kafka: Kafka, record: ConsumerRecord) -> bytes | None:
    """What a record, or a dead letter, holds in clear. Gives and raises as `message_of` does."""
    try:
        return await readable(kafka.encryption, record.value or b"", record.topic.removesuffix(".dlq"))
    except Erased:
        return None


async def come_to(kafka: Kafka, topics: Iterable[Topic[Any]], service: str) -> dict[str, dict[int, int]]:
    """Up to where a service has done its work, by topic and partition."""
    found: dict[str, dict[int, int]] = {}
    async with assigned(kafka, places(whole(topics)), group_of(service)) as consumer:
        for place in consumer.assignment():
            found.setdefault(place.topic, {})[place.partition] = await consumer.committed(place) or 0
    return found


def header(record: ConsumerRecord, name: str) -> str:
    """Empty where there is none."""
    return str(dict(record.headers).get(name, b"").decode("utf-8", "replace"))


def as_it_was(record: ConsumerRecord) -> Outgoing:
    """To be published once more."""
    return Outgoing(record.topic, record.key or b"", record.value or b"", list(record.headers))
