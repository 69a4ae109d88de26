"""Counting on a cluster what became of everything that has to be filed, and publishing again what is missing."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.structs import ConsumerRecord

from casepath.topics import DEAD_LETTER_PARTITIONS, RECORDS_ENTRIES_FILED, Topic
from chassis.balance import BY_CASE, FILER, Accepted, Balance, balance
from chassis.kafka import Kafka
from chassis.publisher import Publisher
from chassis.reading import as_it_was, come_to, header, held, value_of


@dataclass(frozen=True, slots=True)
class Reckoning:
    """By topic, what was accepted of cases; what was told to be filed, record by record; and how that balances."""

    accepted: Mapping[str, Sequence[ConsumerRecord]]
    told: Sequence[ConsumerRecord]
    filed: frozenset[str]
    balances: Sequence[Balance]

    @property
    def missing(self) -> set[str]:
        """Events whose outcome is."""
        return {event for one in self.balances for event in one.missing}


async def reckoned(kafka: Kafka) -> Reckoning:
    """Read as long as Kafka keeps it. Raise Unavailable where keys cannot be had."""
    # How far records has come is asked first: what is behind that was told of, or set aside, before.
    done = {topic.name: await come_to(kafka, topic, FILER) for topic in BY_CASE}
    accepted = {topic.name: await held(kafka, topic.name, topic.partitions) for topic in BY_CASE}
    told = await held(kafka, RECORDS_ENTRIES_FILED.name, RECORDS_ENTRIES_FILED.partitions)
    filed = {header(record, "ce_causationid") for record in told}
    balances = [
        balance(
            Accepted(topic.name, {identity(one): (one.partition, one.offset) for one in accepted[topic.name]}, done[topic.name]),
            filed,
            await set_aside(kafka, topic),
            await unreadable(kafka, accepted[topic.name], filed),
        )
        for topic in BY_CASE
    ]
    return Reckoning(accepted, told, frozenset(filed), balances)


async def set_aside(kafka: Kafka, topic: Topic[Any]) -> set[str]:
    """Events that were, when they had to be filed."""
    letters = await held(kafka, topic.dead_letters, DEAD_LETTER_PARTITIONS)
    return {identity(record) for record in letters if header(record, "error_service") == FILER}


async def unreadable(kafka: Kafka, records: Iterable[ConsumerRecord], filed: set[str]) -> set[str]:
    """Events that were erased, of those that nothing was filed for."""
    return {event for record in records if (event := identity(record)) not in filed and await value_of(kafka, record) is None}


async def publish_again(publisher: Publisher, records: Iterable[ConsumerRecord], missing: set[str]) -> int:
    """Under their own ids, so that what is there already stays as it is; give how many."""
    again = {identity(record): as_it_was(record) for record in records if identity(record) in missing}
    await publisher.publish(list(again.values()))
    return len(again)


def identity(record: ConsumerRecord) -> str:
    """The event's id; of a record that has none, which can only be a dead letter, the SHA-256 of its content."""
    return header(record, "ce_id") or hashlib.sha256(record.value or b"").hexdigest()
