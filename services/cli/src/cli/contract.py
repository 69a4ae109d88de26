"""`casepath contract check`: whether what a hospital's system sends would be taken, before it is sent."""

from importlib.metadata import entry_points
from pathlib import Path

import click

from casepath.topics import BY_NAME
from chassis.errors import Malformed, Misconfigured
from chassis.events import Event
from chassis.events import check as check_contract
from cli.publish import read_message

# Each entry is a function of a file's bytes: None where it is not of its kind, else what it leads to. Raises Malformed.
CHECKS = "casepath.checks"


@click.group()
def contract() -> None:
    """What hospital systems may send."""


@contract.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE...")
@click.option("--topic", type=click.Choice(sorted(BY_NAME)), metavar="TOPIC", help="The topic of an event in protobuf's JSON.")
def check(files: tuple[Path, ...], topic: str | None) -> None:
    """Say of each FILE whether it would be taken, and why not.

    FILE is an HL7 v2 message, a FHIR transaction bundle in JSON, or with --topic an event in protobuf's JSON
    (protos/asyncapi.yaml). Nothing is sent. The exit status is 65 where one would be refused.
    """
    refused = 0
    for file in files:
        try:
            kind, events = event_in(topic, file.read_bytes()) if topic else message_in(file.read_bytes())
        except Malformed as error:
            refused += 1
            click.echo(f"{file}: refused: {error}")
        else:
            click.echo(f"{file}: {kind}; leads to {', '.join(events) or 'nothing'}")
    if refused:
        raise Malformed(f"{refused} of {len(files)} would be refused")


def event_in(topic: str, content: bytes) -> tuple[str, list[str]]:
    """An event of a topic, as `publish` reads it."""
    data = read_message(BY_NAME[topic], content, "it")
    check_contract(data)
    return f"a {data.DESCRIPTOR.full_name}", [topic]


def message_in(content: bytes) -> tuple[str, list[str]]:
    """A message of another standard, by whichever installed service takes it."""
    entries = entry_points(group=CHECKS)
    if not entries:
        raise Misconfigured("no installed service takes messages: install casepath-intake beside casepath-cli")
    for entry in sorted(entries, key=lambda entry: entry.name):
        found: list[Event] | None = entry.load()(content)
        if found is not None:
            return entry.name, [event.topic.name for event in found]
    kinds = ", ".join(sorted(entry.name for entry in entries))
    raise Malformed(f"it is none of: {kinds}; an event needs --topic")
