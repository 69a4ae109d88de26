"""`casepath publish`: an event from its JSON."""

import hashlib
from typing import Any, TextIO
from uuid import NAMESPACE_URL, uuid5

import click
from google.protobuf.json_format import Parse, ParseError
from google.protobuf.message import Message

from casepath.topics import BY_NAME, Topic
from chassis.asking_kafka import encrypted_kafka_option
from chassis.errors import Malformed
from chassis.events import Event
from chassis.kafka import Kafka
from chassis.publisher import KafkaPublisher, announce
from cli.platform import asynchronous


@click.command()
@click.argument("topic", type=click.Choice(sorted(BY_NAME)), metavar="TOPIC")
@click.argument("source", type=click.File("r", encoding="utf-8"), metavar="FILE")
@click.option("--key", required=True, help="The record's key, as protos/README.md says for the topic; opaque, no patient data.")
@encrypted_kafka_option
@asynchronous
async def publish(topic: str, source: TextIO, key: str, kafka: Kafka) -> None:
    """Publish one event: FILE holds its message as protobuf JSON ("-" for standard input).

    The message is checked against its contract first. Publishing the same message again gives the same event id, so a
    repeat changes nothing.
    """
    declared = BY_NAME[topic]
    data = read_message(declared, source.read(), source.name)
    cause = uuid5(NAMESPACE_URL, f"{topic}|{key}|{hashlib.sha256(data.SerializeToString(deterministic=True)).hexdigest()}")
    async with KafkaPublisher(kafka, "casepath-cli") as publisher:
        (record,) = await announce(publisher, [Event(declared, key, data)], cause=cause, source="cli")
    click.echo(dict(record.headers)["ce_id"].decode())


def read_message(topic: Topic[Any], content: str | bytes, named: str) -> Message:
    """A topic's message in protobuf's JSON. Raise Malformed, which calls it as it is `named`."""
    data: Message = topic.message()
    try:
        Parse(content, data)
    except (ParseError, UnicodeDecodeError) as error:
        raise Malformed(f"{named} is not a {data.DESCRIPTOR.full_name} in JSON: {error}") from None
    return data
