"""Dead letters as they are told: without what they hold."""

from typing import Any

from aiokafka.structs import ConsumerRecord

from casepath.operations.v1.operations_pb2 import DeadLetter, ListDeadLettersResponse
from casepath.topics import Topic
from chassis.dead_letters import event_of, waiting
from chassis.kafka import Kafka
from chassis.reading import header


async def listed(topic: Topic[Any], kafka: Kafka, most: int) -> ListDeadLettersResponse:
    """Those of a topic that wait, the oldest first."""
    async with waiting(topic, kafka) as (_, records):
        return ListDeadLettersResponse(letters=map(letter, records[:most]), more=max(0, len(records) - most))


def letter(record: ConsumerRecord) -> DeadLetter:
    found = DeadLetter(
        topic=record.topic.removesuffix(".dlq"),
        partition=record.partition,
        offset=record.offset,
        event_id=event_of(record),
        service=header(record, "error_service"),
        error_type=header(record, "error_type"),
        error=header(record, "error"),
    )
    found.set_aside_at.FromMilliseconds(record.timestamp)
    return found
