"""What each principal may do on the cluster: what topics.yaml declares, and nothing else. Pure.

A principal is a service, by its name, or `operator`, who looks after dead letters, sees how far services have come, and
publishes by hand. What a person does of that in the portal the service `operations` does for them, who publishes nothing new.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Any

from casepath.topics import DEIDENTIFICATION_FACTS_RELEASED, RECORDS_ENTRIES_FILED, TOPICS, Topic
from chassis.balance import BY_CASE

OPERATOR = "operator"
OPERATIONS = "operations"
CARETAKERS = (OPERATOR, OPERATIONS)
DEAD_LETTERS_GROUP = "casepath-dlq"
# Faust makes topics of its own for cases: its table's changelog, and who leads.
TABLE_OWNER = "cases"


class Resource(StrEnum):
    TOPIC = "topic"
    GROUP = "group"


class Operation(StrEnum):
    READ = "read"
    WRITE = "write"
    CREATE = "create"
    DESCRIBE = "describe"


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One operation on a resource, or on all whose names begin so. Reading and writing allow to describe."""

    principal: str
    resource: Resource
    name: str
    operation: Operation
    prefixed: bool = False


def group_of(service: str) -> str:
    """The consumer group of a service."""
    return f"casepath-{service}"


def principals(topics: Iterable[Topic[Any]] = TOPICS) -> list[str]:
    """Every service that publishes or consumes, and the operator."""
    services = {name for topic in topics for name in (*topic.publishers, *topic.consumers)}
    return [*sorted(services - {OPERATOR}), OPERATOR]


def copied(hospital: str) -> str:
    """Where a region's cluster has the facts of a hospital, as MirrorMaker names it."""
    return f"{hospital}.{DEIDENTIFICATION_FACTS_RELEASED.name}"


def rights(topics: Iterable[Topic[Any]] = TOPICS, hospitals: Iterable[str] = ()) -> set[Right]:
    """`hospitals` are those whose facts are copied to this cluster."""
    readers = DEIDENTIFICATION_FACTS_RELEASED.consumers
    found = {Right(one, Resource.TOPIC, copied(hospital), Operation.READ) for hospital in hospitals for one in readers}
    for topic in topics:
        found |= {Right(publisher, Resource.TOPIC, topic.name, Operation.WRITE) for publisher in topic.publishers}
        found |= {Right(OPERATOR, Resource.TOPIC, topic.name, each) for each in (Operation.READ, Operation.WRITE)}
        for consumer in topic.consumers:
            found.add(Right(consumer, Resource.TOPIC, topic.name, Operation.READ))
            found.add(Right(consumer, Resource.TOPIC, topic.dead_letters, Operation.WRITE))
            found.add(Right(consumer, Resource.GROUP, group_of(consumer), Operation.READ))
            found |= {Right(one, Resource.GROUP, group_of(consumer), Operation.DESCRIBE) for one in CARETAKERS}
        if topic.consumers:
            # To send letters round again.
            found.add(Right(OPERATIONS, Resource.TOPIC, topic.name, Operation.WRITE))
            both = product(CARETAKERS, (Operation.READ, Operation.WRITE))
            found |= {Right(one, Resource.TOPIC, topic.dead_letters, each) for one, each in both}
    # To reconcile.
    found |= {Right(OPERATIONS, Resource.TOPIC, topic.name, Operation.READ) for topic in (*BY_CASE, RECORDS_ENTRIES_FILED)}
    found |= {Right(one, Resource.GROUP, DEAD_LETTERS_GROUP, Operation.READ) for one in CARETAKERS}
    own = (Operation.READ, Operation.WRITE, Operation.CREATE)
    return found | {Right(TABLE_OWNER, Resource.TOPIC, f"{group_of(TABLE_OWNER)}-", each, prefixed=True) for each in own}
