"""Who may read and write which topic: every principal, topic and operation is tried on the real broker."""

import asyncio
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import GroupAuthorizationFailedError, KafkaConnectionError, KafkaError, TopicAuthorizationFailedError
from aiokafka.errors import IncompatibleBrokerVersion as Incompatible
from aiokafka.protocol.fetch import FetchRequest
from confluent_kafka import KafkaError as Code
from confluent_kafka import Producer

from casepath.topics import TOPICS
from chassis.kafka import Kafka
from chassis.kafka_rights import OPERATOR, Operation, Resource, group_of, principals, rights
from chassis.provision import differences
from conftest import Platform

NAMES = sorted({name for topic in TOPICS for name in (topic.name, *([topic.dead_letters] if topic.consumers else []))})
# Larger than a topic takes: the broker asks first who writes, and then how much; so nothing is ever written.
TOO_LARGE = 1_200_000
SECONDS = 30.0
AUTHORIZATION = Code.TOPIC_AUTHORIZATION_FAILED


def allowed(principal: str, operation: Operation) -> set[str]:
    return {
        one.name
        for one in rights()
        if (one.principal, one.resource, one.operation, one.prefixed) == (principal, Resource.TOPIC, operation, False)
    }


async def read_by(kafka: Kafka, names: Sequence[str]) -> dict[str, int]:
    """Of each topic what fetching from its first partition gives: a code of Kafka's protocol, 0 for none."""
    client = AIOKafkaClient(**kafka.client())
    await client.bootstrap()
    try:
        (broker,) = client.cluster.brokers()
        wanted = [(name, [(0, 0, 1 << 16)]) for name in names]
        answer = await client.send(broker.nodeId, FetchRequest(100, 0, 1 << 20, 1, wanted))
        return {topic: partitions[0][1] for topic, partitions in answer.topics}
    finally:
        await client.close()


def written_by(kafka: Kafka, names: Iterable[str], expected: set[str]) -> dict[str, int]:
    """Of each topic the error that writing to it gives. Where it should be allowed, the record is too large to be kept."""
    found: dict[str, int] = {}
    producer = Producer({**kafka.librdkafka(), "message.max.bytes": 2 * TOO_LARGE, "message.timeout.ms": 20_000})

    def told(error: Any, message: Any) -> None:
        found[message.topic()] = error.code() if error is not None else 0

    for name in names:
        producer.produce(name, b"x" * (TOO_LARGE if name in expected else 1), partition=0, on_delivery=told)
    assert producer.flush(SECONDS) == 0
    return found


@pytest.mark.parametrize("principal", principals())
async def test_a_principal_reads_what_it_consumes_and_nothing_else(platform: Platform, principal: str) -> None:
    found = await read_by(platform.as_principal(principal), NAMES)
    assert found.keys() == set(NAMES)
    assert {name for name, error in found.items() if not error} == allowed(principal, Operation.READ)
    assert set(found.values()) <= {0, AUTHORIZATION}


@pytest.mark.parametrize("principal", principals())
async def test_a_principal_writes_what_it_publishes_and_nothing_else(platform: Platform, principal: str) -> None:
    expected = allowed(principal, Operation.WRITE)
    found = await asyncio.to_thread(written_by, platform.as_principal(principal), NAMES, expected)
    assert {name for name, error in found.items() if error == Code.MSG_SIZE_TOO_LARGE} == expected
    assert {error for name, error in found.items() if name not in expected} <= {AUTHORIZATION}


def readers() -> list[str]:
    """Who reads nothing has no use for a group."""
    return [name for name in principals() if allowed(name, Operation.READ)]


@pytest.mark.parametrize(("principal", "service"), [(one, two) for one in readers() for two in principals() if one != two])
async def test_nobody_joins_the_group_of_another(platform: Platform, principal: str, service: str) -> None:
    readable = sorted(allowed(principal, Operation.READ))
    kafka = platform.as_principal(principal)
    consumer = AIOKafkaConsumer(readable[0], **kafka.client(), group_id=group_of(service))
    with pytest.raises(GroupAuthorizationFailedError):
        await consumer.start()
    await consumer.stop()


@pytest.mark.parametrize("principal", principals())
async def test_nobody_but_the_administrator_makes_topics(platform: Platform, principal: str) -> None:
    admin = AIOKafkaAdminClient(**platform.as_principal(principal).client())
    await admin.start()
    try:
        answer = await admin.create_topics([NewTopic("test.forbidden.v1", 1, 1)])
        ((_, code, *_),) = answer.topic_errors
        assert code == TopicAuthorizationFailedError.errno
    finally:
        await admin.close()


async def refused(kafka: Kafka) -> bool:
    admin = AIOKafkaAdminClient(**kafka.client(), request_timeout_ms=5000)
    try:
        await admin.start()
    except (KafkaConnectionError, Incompatible, KafkaError, ssl.SSLError):
        return True
    finally:
        await admin.close()
    return False


async def test_who_proves_nothing_gets_no_answer(platform: Platform, tmp_path: Path) -> None:
    right = platform.as_principal(OPERATOR)
    assert not await refused(right)
    assert await refused(replace(right, password="wrong"))
    assert await refused(replace(right, user="nobody"))
    assert await refused(Kafka(right.bootstrap))
    internal = f"127.0.0.1:{platform.ports['kafka-internal']}"
    for listener in (internal, f"127.0.0.1:{platform.ports['kafka-controller']}"):
        assert await refused(Kafka(listener))
        assert await refused(replace(right, bootstrap=listener))


async def test_what_is_otherwise_than_declared_is_named_and_then_mended(platform: Platform) -> None:
    from confluent_kafka.admin import (
        AclBinding,
        AclOperation,
        AclPermissionType,
        AdminClient,
        AlterConfigOpType,
        ConfigEntry,
        ConfigResource,
        ResourcePatternType,
        ResourceType,
    )

    short = ConfigEntry("retention.ms", "1000000", incremental_operation=AlterConfigOpType.SET)
    extra = AclBinding(
        ResourceType.TOPIC,
        NAMES[0],
        ResourcePatternType.LITERAL,
        "User:intake",
        "*",
        AclOperation.READ,
        AclPermissionType.ALLOW,
    )
    admin = AdminClient(platform.kafka.librdkafka())
    for future in admin.create_acls([extra]).values():
        future.result()
    for future in admin.incremental_alter_configs([ConfigResource("topic", NAMES[0], incremental_configs=[short])]).values():
        future.result()
    command = ("provision", *platform.administered)
    shown = platform.casepath(*command, "--diff")
    assert (shown.returncode, shown.stdout.splitlines()) == (
        1,
        [f"~ topic {NAMES[0]}: retention.ms 1000000 -> -1", f"- right of User:intake to read topic {NAMES[0]}"],
    )
    assert platform.casepath(*command).returncode == 0
    shown = platform.casepath(*command, "--diff")
    assert (shown.returncode, shown.stdout) == (0, "")


async def test_what_moves_records_is_named_and_left_to_people(platform: Platform) -> None:
    lines = (await differences(platform.kafka, replication=3)).by_hand
    assert f"topic {NAMES[0]} has 1 replicas, not 3: kafka-reassign-partitions moves them" in lines
