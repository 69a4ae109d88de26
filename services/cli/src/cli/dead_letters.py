"""`casepath dlq`: records that were set aside, and sending them round again."""

import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import click
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord
from rich.console import Console
from rich.table import Table

from casepath.audit.v1.audit_pb2 import ACTION_DELETED, ACTION_EXECUTED, OUTCOME_DONE, Action
from casepath.topics import BY_NAME, DEAD_LETTER_PARTITIONS, TOPICS, Topic
from chassis.access_log import AccessLog, Asker
from chassis.asking_kafka import kafka_option
from chassis.errors import Rejected
from chassis.events import Outgoing
from chassis.kafka import Kafka
from chassis.kafka_rights import DEAD_LETTERS_GROUP, OPERATOR
from chassis.publisher import KafkaPublisher, Publisher
from chassis.reading import reading, until_now
from cli.platform import asynchronous

# What a key should be; another is not repeated, since it could be anything.
OPAQUE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
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
@click.option("--by", default=OPERATOR, show_default=True, help="Who does it, for the ledger.")
@kafka_option
@asynchronous
async def replay(topic: str, by: str, kafka: Kafka) -> None:
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
        if records:
            await tell(publisher, by, ACTION_EXECUTED, f"dlq replay {topic}", entries(BY_NAME[topic], records), "")
        await publisher.publish(list(again.values()))
        await done(consumer, records)
    click.echo(f"{len(again)} replayed")


@dlq.command()
@click.argument("topic", type=click.Choice(CONSUMED), metavar="TOPIC")
@click.argument("events", nargs=-1, required=True, metavar="EVENT...")
@click.option("--by", required=True, help="Who decided, for the ledger.")
@click.option("--reason", required=True, help="Why, for the ledger. No patient data.")
@click.confirmation_option("--yes", prompt="What is discarded will never be filed. Go on?", help="Do not ask.")
@kafka_option
@asynchronous
async def discard(topic: str, events: tuple[str, ...], by: str, reason: str, kafka: Kafka) -> None:
    """Let the dead letters of EVENT (ids as `casepath dlq list` shows them) wait no longer; the others go on waiting.

    It is told to the ledger before it is done. Kafka keeps what was discarded for as long as the topic keeps its records.
    """
    async with KafkaPublisher(kafka, "casepath-cli") as publisher, waiting(BY_NAME[topic], kafka) as (consumer, records):
        given_up = [record for record in records if event_of(record) in events]
        if unknown := sorted(set(events) - {event_of(record) for record in given_up}):
            raise Rejected(f"no dead letter of {topic} that waits is of {', '.join(unknown)}")
        await tell(publisher, by, ACTION_DELETED, f"dlq discard {topic}", entries(BY_NAME[topic], given_up), reason)
        # A group's offsets say what waits no longer, one after the other: those that go on waiting do so behind the others.
        kept = [
            Outgoing(record.topic, record.key or b"", record.value or b"", list(record.headers))
            for record in records
            if event_of(record) not in events
        ]
        await publisher.publish(kept)
        await done(consumer, records)
    click.echo(f"{len(given_up)} discarded, {len(kept)} go on waiting")


async def tell(publisher: Publisher, by: str, action: Action, operation: str, of: Sequence[tuple[str, str]], reason: str) -> None:
    await AccessLog(publisher, "cli").tell(Asker(by), action, OUTCOME_DONE, operation, tuple(of), reason)


def entries(topic: Topic[Any], records: Iterable[ConsumerRecord]) -> Sequence[tuple[str, str]]:
    """Whose letters they are, as the ledger names them, where a topic's key says so."""
    kind = {"case id": "Case", "patient id": "Patient"}.get(topic.key)
    keys = {(record.key or b"").decode("ascii", "replace") for record in records}
    return [(kind, key) for key in sorted(keys) if OPAQUE.fullmatch(key)] if kind else []


async def done(consumer: AIOKafkaConsumer, records: Iterable[ConsumerRecord]) -> None:
    ends = {TopicPartition(record.topic, record.partition): record.offset + 1 for record in records}
    if ends:
        await consumer.commit(ends)


def event_of(record: ConsumerRecord) -> str:
    found: bytes = dict(record.headers).get("ce_id", b"")
    return found.decode("utf-8", "replace")


def is_of_event(header: str) -> bool:
    return not header.startswith("error")


@asynccontextmanager
async def waiting(topic: Topic[Any], kafka: Kafka) -> AsyncIterator[tuple[AIOKafkaConsumer, list[ConsumerRecord]]]:
    """The dead letters of a topic that were not replayed, in order, with the consumer that can commit them.

    The group's committed offsets say what was replayed; what lies behind them is waiting.
    """
    async with reading(kafka, topic.dead_letters, DEAD_LETTER_PARTITIONS, DEAD_LETTERS_GROUP) as consumer:
        yield consumer, [record async for record in until_now(consumer)]
