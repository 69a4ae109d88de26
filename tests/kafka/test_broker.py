"""Provisioning and publishing on a real broker."""

from dataclasses import replace
from uuid import uuid4

import pytest

import examples
from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.topics import INFERENCE_DRIFT_DETECTED, TOPICS, Topic
from chassis.errors import Unavailable
from chassis.events import Event, opened
from chassis.kafka import Kafka
from chassis.provision import provision, wanted_topics
from chassis.publisher import KafkaPublisher, announce
from kafka.broker import administering, records_on


async def test_provisioning_again_creates_nothing(kafka: Kafka) -> None:
    assert await provision(kafka) == []


async def test_every_declared_topic_is_there_with_its_partitions(kafka: Kafka) -> None:
    async with administering(kafka) as admin:
        described = await admin.describe_topics([topic.topic for topic in wanted_topics(1)])
    partitions = {one["topic"]: len(one["partitions"]) for one in described}
    assert partitions == {topic.topic: topic.num_partitions for topic in wanted_topics(1)}
    assert all(partitions[topic.name] == topic.partitions for topic in TOPICS)


async def test_an_undeclared_topic_is_not_created_by_publishing_to_it(kafka: Kafka) -> None:
    undeclared = Topic("test.undeclared.v1", OrderPlaced, "case id", ("test",), (), 1)
    async with KafkaPublisher(kafka, "test") as publisher:
        with pytest.raises(Unavailable):
            await announce(publisher, [Event(undeclared, "k", examples.order())], cause=examples.NAMESPACE, source="test")


async def test_a_broker_that_is_not_there_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.publisher.START_DELAYS", (0.0,))
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1"):
        async with KafkaPublisher(Kafka("127.0.0.1:1"), "test"):
            pass


async def test_with_a_registry_records_are_in_confluents_wire_format(kafka: Kafka) -> None:
    topic, message = INFERENCE_DRIFT_DETECTED, examples.drift_detected()
    before = len(await records_on(kafka, topic.name))
    async with KafkaPublisher(replace(kafka, registry="mock://broker"), "test") as publisher:
        await announce(publisher, [Event(topic, message.model.name, message)], cause=uuid4(), source="test")
    *_, record = (await records_on(kafka, topic.name))[before:]
    assert record.value[:1] == b"\0"
    assert opened(topic.message, record.value) == message
