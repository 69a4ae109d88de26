"""`casepath dlq`: records that were set aside, and sending them round again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import click
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord
from rich.console import Console
from rich.table import Table

from casepath.topics import BY_NAME, DEAD_LETTER_PARTITIONS, TOPICS, Topic
from chassis.asking_kafka import kafka_option
from chassis.events import Outgoing
from chassis.kafka import Kafka
from chassis.kafka_rights import DEAD_LETTERS_GROUP
from chassis.publisher import KafkaPublisher
from chassis.reading import reading, until_now
from cli.platform import asynchronous

CONSUMED = sorted(topic.name for topic in TOPICS if topic.consumers)


@click.group()
def dlq() -> None:
    """Dead letters: records that could not succeed as they were."""


@dlq.command("list")
@click.argument("topics", nargs=-1, type=click.Choice(CONSUMED), metavar="[TOPIC]...")
@kafka_option
@asynchronous
async def list_(topics: tuple[str, ...], kafka: Kafka) -> None:
    """List the dead letters that wait, of every topic or of those named. Their contents are not shown."""
    table = Table()
    for column in ("topic", "partition", "offset", "event", "set aside by", "error"):
        table.add_column(column, overflow="fold")
    for topic in topics or CONSUMED:
        async with waiting(BY_NAME[topic], kafka) as (_, records):
            for record in records:
                said = {name: value.decode("utf-8", "replace") for name, value in record.headers}
                table.add_row(
                    topic,
                    str(record.partition),
                    str(record.offset),
                    said.get("ce_id", ""),
                    said.get("error_service", ""),
                    f"{said.get('error_type', '')}: {said.get('error', '')}",
                )
    if table.row_count:
        Console().print(table)
    else:
        click.echo("no dead letter waits")


@dlq.command()
@click.argument("topic", type=click.Choice(CONSUMED), metavar="TOPIC")
@kafka_option
@asynchronous
async def replay(topic: str, kafka: Kafka) -> None:
    """Publish the waiting dead letters of TOPIC to it again, once their cause is mended.

    Every consumer of the topic gets them again under the same event id: where one succeeded before, nothing changes. What
    fails again comes back as a new dead letter.
    """
    async with KafkaPublisher(kafka, "casepath-cli") as publisher, waiting(BY_NAME[topic], kafka) as (consumer, records):
        # Several consumers may have set the same record aside: once for all of them is enough.
        again = {
            (record.key, record.value, kept := tuple(pair for pair in record.headers if is_of_event(pair[0]))): Outgoing(
                topic, record.key or b"", record.value or b"", list(kept)
            )
            for record in records
        }
        await publisher.publish(list(again.values()))
        ends = {TopicPartition(record.topic, record.partition): record.offset + 1 for record in records}
        if ends:
            await consumer.commit(ends)
    click.echo(f"{len(again)} replayed")


def is_of_event(header: str) -> bool:
    return not header.startswith("error")


@asynccontextmanager
async def waiting(topic: Topic[Any], kafka: Kafka) -> AsyncIterator[tuple[AIOKafkaConsumer, list[ConsumerRecord]]]:
    """The dead letters of a topic that were not replayed, in order, with the consumer that can commit them.

    The group's committed offsets say what was replayed; what lies behind them is waiting.
    """
    async with reading(kafka, topic.dead_letters, DEAD_LETTER_PARTITIONS, DEAD_LETTERS_GROUP) as consumer:
        yield consumer, [record async for record in until_now(consumer)]
