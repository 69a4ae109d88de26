"""Making a cluster as topics.yaml declares it: topics, principals, and what these may do. Running it again changes nothing."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    TopicMetadata,
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


@dataclass(frozen=True, slots=True)
class Setting:
    """A topic's setting that is otherwise than declared."""

    topic: str
    name: str
    is_: str
    declared: str


@dataclass(frozen=True, slots=True)
class Differences:
    """Between a cluster and topics.yaml: what `apply` changes, and in `by_hand` what nobody should without thinking."""

    missing: tuple[NewTopic, ...]
    settings: tuple[Setting, ...]
    granted: tuple[AclBinding, ...]
    withdrawn: tuple[AclBinding, ...]
    by_hand: tuple[str, ...]

    def lines(self) -> list[str]:
        """One for each, as a diff has them: `+` is to be made, `-` to be taken away, `~` to be set, `!` to be done by hand."""
        return [
            *(f"+ topic {one.topic}, {one.num_partitions} partitions" for one in self.missing),
            *(f"~ topic {one.topic}: {one.name} {one.is_} -> {one.declared}" for one in self.settings),
            *(f"+ right {described(one)}" for one in self.granted),
            *(f"- right {described(one)}" for one in self.withdrawn),
            *(f"! {one}" for one in self.by_hand),
        ]


def wanted_topics(replication: int, hospitals: Sequence[str] = ()) -> list[NewTopic]:
    """Every declared topic, `<name>.dlq` for each that somebody consumes, and one for the facts of each hospital copied here.

    Facts are kept for ever, since cases are rebuilt from them; work items (`.requested.v1`) for a week. What is acknowledged
    is on all replicas but one, so that one broker may be away.
    """
    in_sync = {"min.insync.replicas": str(max(1, replication - 1))}
    forever = {"retention.ms": "-1", **in_sync}
    wanted = []
    for topic in TOPICS:
        work = topic.name.endswith(".requested.v1")
        settings = {"retention.ms": str(WEEK_MS), **in_sync} if work else forever
        wanted.append(NewTopic(topic.name, topic.partitions, replication, config=settings))
        if topic.consumers:
            wanted.append(NewTopic(topic.dead_letters, DEAD_LETTER_PARTITIONS, replication, config=forever))
    partitions = DEIDENTIFICATION_FACTS_RELEASED.partitions
    return [*wanted, *(NewTopic(copied(one), partitions, replication, config=forever) for one in hospitals)]


async def differences(kafka: Kafka, replication: int = 1, hospitals: Sequence[str] = ()) -> Differences:
    """What a cluster lacks, and has otherwise than declared. Raise Unavailable."""
    return await asyncio.to_thread(compare, kafka, replication, hospitals)


async def apply(kafka: Kafka, found: Differences, passwords: Mapping[str, str]) -> None:
    """Make, set and take away what was found, and give each principal its password. Raise Unavailable."""
    await asyncio.to_thread(change, kafka, found, passwords)


def compare(kafka: Kafka, replication: int, hospitals: Sequence[str]) -> Differences:
    admin = AdminClient(kafka.librdkafka())
    wanted = {topic.topic: topic for topic in wanted_topics(replication, hospitals)}
    declared = {binding(right) for right in rights(hospitals=hospitals)}
    try:
        there = admin.list_topics(timeout=TIMEOUT).topics
        common = sorted(wanted.keys() & there.keys())
        granted = set(admin.describe_acls(everything(), request_timeout=TIMEOUT).result())
        return Differences(
            missing=tuple(topic for name, topic in wanted.items() if name not in there),
            settings=tuple(settings(admin, [wanted[name] for name in common])),
            granted=tuple(sorted(declared - granted)),
            withdrawn=tuple(sorted(granted - declared)),
            by_hand=tuple(line for name in common for line in by_hand(wanted[name], there[name])),
        )
    except KafkaException as error:
        raise Unavailable(f"the broker did not say what it has: {error.args[0]}") from error


def settings(admin: AdminClient, wanted: Sequence[NewTopic]) -> list[Setting]:
    asked = {topic.topic: ConfigResource(ConfigResource.Type.TOPIC, topic.topic) for topic in wanted}
    if not asked:
        return []
    answers = admin.describe_configs(list(asked.values()), request_timeout=TIMEOUT)
    said = {resource.name: answer.result(TIMEOUT) for resource, answer in answers.items()}
    return [
        Setting(topic.topic, name, said[topic.topic][name].value, value)
        for topic in wanted
        for name, value in (topic.config or {}).items()
        if said[topic.topic][name].value != value
    ]


def by_hand(wanted: NewTopic, there: TopicMetadata) -> list[str]:
    lines = []
    if (partitions := len(there.partitions)) != wanted.num_partitions:
        lines.append(
            f"topic {wanted.topic} has {partitions} partitions, not {wanted.num_partitions}: to change that moves keys to other"
            " partitions, and what is one case's out of its order; stop who publishes, let its consumers come to its end, then"
            " kafka-topics --alter"
        )
    if (replicas := min(len(one.replicas) for one in there.partitions.values())) != wanted.replication_factor:
        lines.append(
            f"topic {wanted.topic} has {replicas} replicas, not {wanted.replication_factor}: kafka-reassign-partitions moves them"
        )
    return lines


def change(kafka: Kafka, found: Differences, passwords: Mapping[str, str]) -> None:
    admin = AdminClient(kafka.librdkafka())
    words: list[Any] = [UserScramCredentialUpsertion(name, SCRAM, word.encode()) for name, word in passwords.items()]
    try:
        if found.missing:
            settle(admin.create_topics(list(found.missing), request_timeout=TIMEOUT).values())
        if found.settings:
            settle(admin.incremental_alter_configs(altered(found.settings), request_timeout=TIMEOUT).values())
        if words:
            settle(admin.alter_user_scram_credentials(words, request_timeout=TIMEOUT).values())
        if found.granted:
            settle(admin.create_acls(list(found.granted), request_timeout=TIMEOUT).values())
        if found.withdrawn:
            settle(admin.delete_acls([filter_of(one) for one in found.withdrawn], request_timeout=TIMEOUT).values())
    except KafkaException as error:
        raise Unavailable(f"the broker did not do what was asked of it: {error.args[0]}") from error


def altered(settings: Sequence[Setting]) -> list[ConfigResource]:
    of: dict[str, list[ConfigEntry]] = {}
    for one in settings:
        entry = ConfigEntry(one.name, one.declared, incremental_operation=AlterConfigOpType.SET)
        of.setdefault(one.topic, []).append(entry)
    return [ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=entries) for topic, entries in of.items()]


def settle(futures: "Collection[Future[Any]]") -> None:
    for future in futures:
        future.result(TIMEOUT)


def described(one: AclBinding) -> str:
    pattern = "*" if one.resource_pattern_type == ResourcePatternType.PREFIXED else ""
    operation, kind = AclOperation(one.operation).name.lower(), ResourceType(one.restype).name.lower()
    return f"of {one.principal} to {operation} {kind} {one.name}{pattern}"


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
