"""Making a cluster as topics.yaml declares it: topics, principals, and what these may do. Running it again changes nothing."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from casepath.topics import DEAD_LETTER_PARTITIONS, DEIDENTIFICATION_FACTS_RELEASED, TOPICS
from chassis.errors import Unavailable
from chassis.kafka import Kafka
from chassis.kafka_rights import Operation, Resource, Right, copied, rights

WEEK_MS = 7 * 24 * 3600 * 1000
TIMEOUT = 60.0
SCRAM = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
ANY_HOST = "*"
# In a filter, what confluent-kafka's types do not allow and its documentation does.
WHATEVER: Any = None
RESOURCES = {Resource.TOPIC: ResourceType.TOPIC, Resource.GROUP: ResourceType.GROUP}
OPERATIONS = {
    Operation.READ: AclOperation.READ,
    Operation.WRITE: AclOperation.WRITE,
    Operation.CREATE: AclOperation.CREATE,
    Operation.DESCRIBE: AclOperation.DESCRIBE,
}


def wanted_topics(replication: int, hospitals: Sequence[str] = ()) -> list[NewTopic]:
    """Every declared topic, `<name>.dlq` for each that somebody consumes, and one for the facts of each hospital copied here.

    Facts are kept for ever, since cases are rebuilt from them; work items (`.requested.v1`) for a week.
    """
    wanted = []
    for topic in TOPICS:
        retention = str(WEEK_MS) if topic.name.endswith(".requested.v1") else "-1"
        wanted.append(NewTopic(topic.name, topic.partitions, replication, config={"retention.ms": retention}))
        if topic.consumers:
            wanted.append(NewTopic(topic.dead_letters, DEAD_LETTER_PARTITIONS, replication, config={"retention.ms": "-1"}))
    partitions = DEIDENTIFICATION_FACTS_RELEASED.partitions
    copies = [NewTopic(copied(one), partitions, replication, config={"retention.ms": "-1"}) for one in hospitals]
    return [*wanted, *copies]


async def provision(kafka: Kafka, replication: int = 1, hospitals: Sequence[str] = ()) -> list[str]:
    """Create what is missing among the declared topics and their dead letters; return the names created."""
    return await asyncio.to_thread(create_topics, kafka, replication, hospitals)


async def provision_access(kafka: Kafka, passwords: Mapping[str, str], hospitals: Sequence[str] = ()) -> int:
    """Give each principal its password, and exactly the rights that are declared; return how many rights were changed."""
    return await asyncio.to_thread(set_access, kafka, passwords, hospitals)


def create_topics(kafka: Kafka, replication: int, hospitals: Sequence[str] = ()) -> list[str]:
    """Raise Unavailable."""
    admin = AdminClient(kafka.librdkafka())
    try:
        existing = admin.list_topics(timeout=TIMEOUT).topics.keys()
        missing = [topic for topic in wanted_topics(replication, hospitals) if topic.topic not in existing]
        if missing:
            settle(admin.create_topics(missing, request_timeout=TIMEOUT).values())
    except KafkaException as error:
        raise Unavailable(f"the broker did not create the topics: {error.args[0]}") from error
    return [topic.topic for topic in missing]


def set_access(kafka: Kafka, passwords: Mapping[str, str], hospitals: Sequence[str] = ()) -> int:
    """Raise Unavailable."""
    admin = AdminClient(kafka.librdkafka())
    wanted = {binding(right) for right in rights(hospitals=hospitals)}
    try:
        changes: list[Any] = [UserScramCredentialUpsertion(name, SCRAM, word.encode()) for name, word in passwords.items()]
        if changes:
            settle(admin.alter_user_scram_credentials(changes, request_timeout=TIMEOUT).values())
        existing = set(admin.describe_acls(everything(), request_timeout=TIMEOUT).result())
        missing, stale = wanted - existing, existing - wanted
        if missing:
            settle(admin.create_acls(sorted(missing), request_timeout=TIMEOUT).values())
        if stale:
            settle(admin.delete_acls([filter_of(one) for one in stale], request_timeout=TIMEOUT).values())
    except KafkaException as error:
        raise Unavailable(f"the broker did not set who may do what: {error.args[0]}") from error
    return len(missing) + len(stale)


def settle(futures: "Collection[Future[Any]]") -> None:
    for future in futures:
        future.result(TIMEOUT)


def binding(right: Right) -> AclBinding:
    pattern = ResourcePatternType.PREFIXED if right.prefixed else ResourcePatternType.LITERAL
    kind, operation = RESOURCES[right.resource], OPERATIONS[right.operation]
    return AclBinding(kind, right.name, pattern, f"User:{right.principal}", ANY_HOST, operation, AclPermissionType.ALLOW)


def everything() -> AclBindingFilter:
    return AclBindingFilter(
        ResourceType.ANY, WHATEVER, ResourcePatternType.ANY, WHATEVER, WHATEVER, AclOperation.ANY, AclPermissionType.ANY
    )


def filter_of(one: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        one.restype, one.name, one.resource_pattern_type, one.principal, one.host, one.operation, one.permission_type
    )
