"""The worker loop against a bare consume, publish and commit loop on the same broker and messages.

Ours decodes, checks the contract, derives ids, and writes a log line for each record; the bare loop copies bytes.
"""

import asyncio
from collections.abc import Iterable
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

import examples
from bench.measuring import ROUNDS, seconds_async, told
from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.records.v1.filing_pb2 import EntriesFiled
from casepath.topics import Topic
from chassis.events import Event
from chassis.kafka import Kafka
from chassis.worker import Route, Worker, pure
from kafka.broker import committed, new_topic, orders, publisher, running
from waiting import eventually_async

RECORDS = 2000


async def filled(kafka: Kafka) -> Topic[OrderPlaced]:
    topic = await new_topic(kafka, OrderPlaced, partitions=1)
    headers = examples.envelope(topic.name).headers()
    async with AIOKafkaProducer(**kafka.client()) as producer:
        for message in orders(RECORDS):
            await producer.send(topic.name, message.SerializeToString(), key=b"k", headers=headers)
        await producer.flush()
    return topic


async def ours(kafka: Kafka, source: Topic[OrderPlaced], out: Topic[EntriesFiled]) -> None:
    def handle(_: OrderPlaced) -> Iterable[Event]:
        return [Event(out, examples.CASE, examples.filed())]

    group = f"bench-{uuid4().hex}"

    async def done() -> bool:
        return await committed(kafka, group, source.name) >= RECORDS

    async with publisher(kafka) as one:
        worker = Worker([Route(source, pure(handle))], one, kafka=kafka, service="bench", group=group)
        async with running(worker):
            await eventually_async(done, 300)


async def bare(kafka: Kafka, source: Topic[OrderPlaced], out: Topic[EntriesFiled]) -> None:
    value = examples.filed().SerializeToString()
    consumer = AIOKafkaConsumer(
        source.name,
        **kafka.client(),
        group_id=f"bench-{uuid4().hex}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    producer = AIOKafkaProducer(**kafka.client(), enable_idempotence=True, acks="all", linger_ms=1)
    async with consumer, producer:
        seen = 0
        while seen < RECORDS:
            for records in (await consumer.getmany(timeout_ms=200, max_records=100)).values():
                sent = [await producer.send(out.name, value, key=b"k", headers=list(record.headers)) for record in records]
                await asyncio.gather(*sent)
                await consumer.commit()
                seen += len(records)


async def test_the_worker_loop(kafka: Kafka) -> None:
    source, out = await filled(kafka), await new_topic(kafka, EntriesFiled, partitions=1)
    rates: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        mine = await seconds_async(lambda: ours(kafka, source, out))
        theirs = await seconds_async(lambda: bare(kafka, source, out))
        rates.append((RECORDS / mine, RECORDS / theirs))
    told(
        f"Take {RECORDS} records, publish one each, commit",
        "records/s",
        [a for a, _ in rates],
        [b for _, b in rates],
        "bare aiokafka loop",
    )
