"""Provisioning and publishing on a real broker."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest
from aiokafka.admin import NewTopic

import examples
from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.topics import INFERENCE_DRIFT_DETECTED, TOPICS, Topic
from chassis.encryption import is_encrypted
from chassis.errors import Rejected, Unavailable
from chassis.events import Event, Outgoing, opened
from chassis.kafka import Kafka
from chassis.provision import differences, wanted_topics
from chassis.publisher import KafkaPublisher, announce
from chassis.reading import held
from chassis.worker import Received, Route, outcome
from kafka.broker import administering, new_topic, records_on


async def test_a_cluster_that_was_provisioned_differs_in_nothing(kafka: Kafka) -> None:
    assert (await differences(kafka)).lines() == []


async def test_every_declared_topic_is_there_with_its_partitions(kafka: Kafka) -> None:
    async with administering(kafka) as admin:
        described = await admin.describe_topics([topic.topic for topic in wanted_topics(1)])
    partitions = {one["topic"]: len(one["partitions"]) for one in described}
    assert partitions == {topic.topic: topic.num_partitions for topic in wanted_topics(1)}
    assert all(partitions[topic.name] == topic.partitions for topic in TOPICS)


async def test_an_undeclared_topic_is_not_created_by_publishing_to_it(kafka: Kafka) -> None:
    undeclared = Topic("test.undeclared.v1", OrderPlaced, "case id", "", ("test",), (), 1)
    async with KafkaPublisher(kafka, "test") as publisher:
        with pytest.raises(Unavailable):
            await announce(publisher, [Event(undeclared, "k", examples.order())], cause=examples.NAMESPACE, source="test")


async def test_a_broker_that_is_not_there_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.publisher.START_DELAYS", (0.0,))
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1"):
        async with KafkaPublisher(Kafka("127.0.0.1:1"), "test"):
            pass


async def test_after_a_record_that_the_broker_refuses_others_are_published(kafka: Kafka) -> None:
    topic = f"test.{uuid4().hex}.v1"
    async with administering(kafka) as admin:
        await admin.create_topics([NewTopic(topic, 1, 1, topic_configs={"max.message.bytes": "1000"})])
    async with KafkaPublisher(kafka, "test") as publisher:
        await publisher.publish([Outgoing(topic, b"k", b"before", [])])
        with pytest.raises(Rejected, match="larger than the broker takes"):
            await publisher.publish([Outgoing(topic, b"k", b"x" * 2000, [])])
        await asyncio.gather(*(publisher.publish([Outgoing(topic, b"k", b"%d" % number, [])]) for number in range(3)))
    assert {record.value for record in await records_on(kafka, topic)} == {b"before", b"0", b"1", b"2"}


async def test_with_a_registry_records_are_in_confluents_wire_format(kafka: Kafka) -> None:
    topic, message = INFERENCE_DRIFT_DETECTED, examples.drift_detected()
    before = len(await records_on(kafka, topic.name))
    async with KafkaPublisher(replace(kafka, registry="mock://broker"), "test") as publisher:
        await announce(publisher, [Event(topic, message.model.name, message)], cause=uuid4(), source="test")
    *_, record = (await records_on(kafka, topic.name))[before:]
    assert record.value[:1] == b"\0"
    assert opened(topic.message, record.value) == message


async def test_what_is_a_cases_lies_on_the_broker_encrypted_and_a_consumer_reads_it_until_it_is_erased(kafka: Kafka) -> None:
    order = examples.order()
    order.case_id = str(uuid4())
    topic = replace(await new_topic(kafka, OrderPlaced, 1), of="key")
    encryption = kafka.encryption
    assert encryption is not None
    async with KafkaPublisher(kafka, "test") as publisher:
        await announce(publisher, [Event(topic, order.case_id, order)], cause=uuid4(), source="test")
    (record,) = await held(kafka, topic.name, 1)
    assert is_encrypted(record.value)
    taken: list[OrderPlaced] = []

    async def take(received: Received[OrderPlaced]) -> list[Event]:
        taken.append(received.data)
        return []

    route = Route(topic, take)
    assert await outcome(route, record, "test", encryption) == []
    assert taken == [order]
    with pytest.raises(Unavailable, match="CASEPATH_KEYS"):
        await outcome(route, record, "test")
    # A dead letter that is replayed is encrypted already.
    async with KafkaPublisher(kafka, "test") as publisher:
        await publisher.publish([Outgoing(topic.name, record.key, record.value, list(record.headers), order.case_id)])
    _, again = await held(kafka, topic.name, 1)
    assert again.value == record.value
    await encryption.destroy(order.case_id)
    assert await outcome(route, again, "test", encryption) == []
    assert taken == [order]
