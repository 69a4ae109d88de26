"""`casepath dlq`: records that were set aside, and sending them round again."""

import click
from rich.console import Console
from rich.table import Table

from casepath.topics import BY_NAME
from chassis import dead_letters
from chassis.access_log import AccessLog, Asker
from chassis.asking_kafka import kafka_option
from chassis.dead_letters import Acting, event_of, waiting
from chassis.kafka import Kafka
from chassis.kafka_rights import OPERATOR
from chassis.publisher import KafkaPublisher, Publisher
from chassis.reading import header
from cli.platform import asynchronous

CONSUMED = sorted(dead_letters.CONSUMED)


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
                table.add_row(
                    topic,
                    str(record.partition),
                    str(record.offset),
                    event_of(record),
                    header(record, "error_service"),
                    f"{header(record, 'error_type')}: {header(record, 'error')}",
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
    async with KafkaPublisher(kafka, "casepath-cli") as publisher:
        replayed = await dead_letters.replay(BY_NAME[topic], kafka, acting(by, publisher))
    click.echo(f"{replayed} replayed")


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
    async with KafkaPublisher(kafka, "casepath-cli") as publisher:
        gone, kept = await dead_letters.discard(BY_NAME[topic], events, reason, kafka, acting(by, publisher))
    click.echo(f"{gone} discarded, {kept} go on waiting")


def acting(by: str, publisher: Publisher) -> Acting:
    return Acting(Asker(by), AccessLog(publisher, "cli"), publisher)
