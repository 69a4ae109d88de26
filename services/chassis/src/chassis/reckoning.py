"""Counting on a cluster what became of everything that has to be filed, and publishing again what is missing.

Records are looked at one by one, and not kept: a topic holds more than a process does.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.structs import ConsumerRecord

from casepath.topics import DEAD_LETTER_PARTITIONS, RECORDS_ENTRIES_FILED, Topic
from chassis.balance import BY_CASE, FILER, Accepted, Balance, balance
from chassis.events import Outgoing
from chassis.kafka import Kafka
from chassis.publisher import Publisher
from chassis.reading import as_it_was, come_to, everything, header, value_of, whole

PUBLISHED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Reckoning:
    """Which events something was told to be filed for, and how what was accepted of cases balances, topic by topic."""

    filed: frozenset[str]
    balances: Sequence[Balance]

    @property
    def missing(self) -> set[str]:
        """Events whose outcome is."""
        return {event for one in self.balances for event in one.missing}


async def reckoned(kafka: Kafka) -> Reckoning:
    """Read as long as Kafka keeps it. Raise Unavailable where keys cannot be had."""
    # How far records has come is asked first: what is behind that was told of, or set aside, before.
    done = await come_to(kafka, BY_CASE, FILER)
    filed = {header(record, "ce_causationid") async for record in everything(kafka, whole([RECORDS_ENTRIES_FILED]))}
    dead = await set_aside(kafka, BY_CASE)
    events: dict[str, dict[str, tuple[int, int]]] = {topic.name: {} for topic in BY_CASE}
    erased: set[str] = set()
    async for record in everything(kafka, whole(BY_CASE)):
        event = identity(record)
        events[record.topic][event] = (record.partition, record.offset)
        if event not in filed and await value_of(kafka, record) is None:
            erased.add(event)
    balances = [balance(Accepted(name, found, done[name]), filed, dead[name], erased) for name, found in events.items()]
    return Reckoning(frozenset(filed), balances)


async def set_aside(kafka: Kafka, topics: Iterable[Topic[Any]]) -> dict[str, set[str]]:
    """By topic, the events that were, when they had to be filed."""
    names = {topic.dead_letters: topic.name for topic in topics}
    found: dict[str, set[str]] = {name: set() for name in names.values()}
    async for record in everything(kafka, dict.fromkeys(names, DEAD_LETTER_PARTITIONS)):
        if header(record, "error_service") == FILER:
            found[names[record.topic]].add(identity(record))
    return found


async def publish_again(kafka: Kafka, publisher: Publisher, topics: Iterable[Topic[Any]], missing: Collection[str]) -> int:
    """Under their own ids, so that what is there already stays as it is; give how many."""
    left, some = set(missing), list[Outgoing]()
    async for record in everything(kafka, whole(topics)):
        if (event := identity(record)) in left:
            left.remove(event)
            some.append(as_it_was(record))
            if len(some) == PUBLISHED_AT_ONCE:
                await publisher.publish(some)
                some = []
    await publisher.publish(some)
    return len(missing) - len(left)


def identity(record: ConsumerRecord) -> str:
    """The event's id; of a record that has none, which can only be a dead letter, the SHA-256 of its content."""
    return header(record, "ce_id") or hashlib.sha256(record.value or b"").hexdigest()
