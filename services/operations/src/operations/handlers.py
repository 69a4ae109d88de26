"""What is told of a cluster, from what was read of it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from casepath.operations.v1.operations_pb2 import Backlog, Balance, GetOverviewResponse, WaitingLetters
from casepath.topics import DEAD_LETTER_PARTITIONS, TOPICS
from chassis.balance import Balance as Counted
from chassis.dead_letters import CONSUMED
from chassis.kafka_rights import DEAD_LETTERS_GROUP, group_of

# A topic, and which of its partitions.
type Partition = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Places:
    """Of each partition its first record and where the next will lie; and where each group has come, of those it began."""

    begins: Mapping[Partition, int]
    ends: Mapping[Partition, int]
    done: Mapping[str, Mapping[Partition, int]]

    def left(self, group: str, partitions: Iterable[Partition]) -> int:
        """Records after those that a group has done; what Kafka keeps no more is not left to be done."""
        done = self.done.get(group, {})
        return sum(max(0, self.ends[one] - max(self.begins[one], done.get(one, 0))) for one in partitions)


def groups() -> list[str]:
    """Whose places say how far services have come, and which letters wait."""
    return [*sorted({group_of(one) for topic in TOPICS for one in topic.consumers}), DEAD_LETTERS_GROUP]


def partitions() -> list[Partition]:
    return [one for topic in CONSUMED.values() for one in (*of(topic.name, topic.partitions), *letters(topic.dead_letters))]


def of(topic: str, count: int) -> list[Partition]:
    return [(topic, number) for number in range(count)]


def letters(topic: str) -> list[Partition]:
    return of(topic, DEAD_LETTER_PARTITIONS)


def overview(places: Places) -> GetOverviewResponse:
    backlogs = [
        Backlog(service=service, topic=topic.name, records=places.left(group_of(service), of(topic.name, topic.partitions)))
        for topic in CONSUMED.values()
        for service in topic.consumers
    ]
    waiting = [
        WaitingLetters(topic=topic.name, letters=places.left(DEAD_LETTERS_GROUP, letters(topic.dead_letters)))
        for topic in CONSUMED.values()
    ]
    return GetOverviewResponse(backlogs=backlogs, waiting=waiting)


def balance(counted: Counted) -> Balance:
    return Balance(
        topic=counted.topic,
        accepted=counted.accepted,
        filed=counted.filed,
        dead=counted.dead,
        in_flight=counted.in_flight,
        erased=counted.erased,
        missing=len(counted.missing),
    )
