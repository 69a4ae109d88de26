"""`casepath audit`: whether the ledger is as it was written, and who had to do with a patient or a case."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from audit.adapters.audit_events import FhirAuditEvents
from audit.adapters.ledger import contents
from audit.chain import Examination, Keys
from audit.handlers import LETTERS, about, audit_event, line_id, same
from casepath.audit.v1.audit_pb2 import OUTCOME_DONE, Block, BlockSealed, LedgerEntry
from casepath.topics import AUDIT_BLOCK_SEALED
from chassis.asking import ACCESS, FILE, authorization_option, ca_option
from chassis.asking_kafka import kafka_option
from chassis.errors import Malformed
from chassis.events import opened
from chassis.http_client import http_client
from chassis.kafka import Kafka
from chassis.objects import Objects
from chassis.reading import come_to, held

SERVICE = "audit"
AT_ONCE = 8
SECONDS = 60.0
EX_FAULTY = 1
CHECKPOINT = re.compile(r"(\d{1,18}):([0-9a-f]{64})")

objects_option = click.option(
    "--objects",
    envvar="CASEPATH_OBJECTS",
    default="file://.casepath/objects",
    show_default=True,
    help="Object store that has the ledger.",
)
keys_option = click.option(
    "--keys",
    envvar="CASEPATH_AUDIT_KEYS",
    default=ACCESS / "audit-keys.json",
    show_default=True,
    type=FILE,
    help="Whose seals count.",
)


@click.group()
def audit() -> None:
    """Who had to do with which patient's data."""


@audit.command()
@objects_option
@keys_option
@click.option("--checkpoint", "kept", multiple=True, metavar="N:DIGEST", help="As `verify` printed it before; may be repeated.")
@click.option("--fhir", envvar="CASEPATH_FHIR", metavar="URL", help="FHIR R4 base: see that every AuditEvent is as it was filed.")
@authorization_option("fhir")
@ca_option
@click.option("--without-kafka", is_flag=True, help="Do not ask Kafka for the digests that it keeps.")
@kafka_option
def verify(
    objects: str,
    keys: Path,
    kept: tuple[str, ...],
    fhir: str | None,
    fhir_authorization: Path | None,
    ca: Path,
    without_kafka: bool,
    kafka: Kafka,
) -> None:
    """Say whether the ledger is as it was written: nothing changed, taken out, put in, moved or cut off.

    The last line is a checkpoint. Keep it where those who administer this platform cannot reach it, and give it to a later
    `verify` by --checkpoint: a ledger that was made anew, with the key and with Kafka's help, does not have it. The exit status
    is 1 where something is wrong.
    """
    known = dict(checkpoint(one) for one in kept)
    client = http_client(SECONDS, ca if ca.is_file() else None, fhir_authorization)
    events = FhirAuditEvents(fhir, client) if fhir else None
    found = asyncio.run(verified(Objects.at(objects), Keys.at(keys), known, events, None if without_kafka else kafka))
    for number, fault in found.faults:
        click.echo(f"block {number}: {fault}")
    click.echo(f"{found.entries} entries in {found.blocks} blocks, {len(found.faults)} faults")
    if found.faults:
        raise SystemExit(EX_FAULTY)
    if found.blocks:
        click.echo(f"checkpoint: {found.head.number}:{found.head.digest.hex()}")


@audit.command()
@click.option("--case", "case_id", metavar="ID", help="Of one case.")
@click.option("--patient", "patient_id", metavar="ID", help="Of one patient, by casepath's id.")
@click.option("--user", metavar="NAME", help="Of one person, client or service.")
@objects_option
@keys_option
def show(case_id: str | None, patient_id: str | None, user: str | None, objects: str, keys: Path) -> None:
    """Show who had to do with a case or a patient, or with what somebody had to do.

    A ledger that is not as it was written is shown all the same, and the exit status is 1.
    """
    if not (case_id or patient_id or user):
        raise Malformed("say of whom: --case, --patient or --user")
    examination = Examination(Keys.at(keys), {})
    lines = asyncio.run(lines_of(Objects.at(objects), examination))
    for kind, identifier in (("Case", case_id), ("Patient", patient_id)):
        if identifier:
            lines = about(lines, kind, identifier)
    if user:
        lines = [line for line in lines if line.access.agent.user_id == user]
    table = Table()
    for column in ("time (UTC)", "who", "roles", "did", "outcome", "by", "operation", "reason"):
        table.add_column(column, overflow="fold")
    for line in lines:
        table.add_row(*cells(line))
    Console().print(table)
    if examination.faults:
        click.echo("the ledger is not as it was written: casepath audit verify", err=True)
        raise SystemExit(EX_FAULTY)


def cells(line: LedgerEntry) -> tuple[str, ...]:
    access = line.access
    return (
        line.time.ToDatetime(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        access.agent.user_id or "unknown",
        ", ".join(access.agent.roles),
        LETTERS[access.action],
        "done" if access.outcome == OUTCOME_DONE else "refused",
        access.service,
        access.operation,
        access.reason,
    )


def checkpoint(text: str) -> tuple[int, bytes]:
    match = CHECKPOINT.fullmatch(text.strip())
    if match is None:
        raise Malformed("a checkpoint is a number, a colon and 64 hexadecimal digits, as `verify` prints it")
    return int(match[1]), bytes.fromhex(match[2])


async def lines_of(objects: Objects, examination: Examination) -> list[LedgerEntry]:
    """Every line once, in the order of the ledger."""
    found: dict[str, LedgerEntry] = {}
    async for _, block in blocks(objects, examination):
        for line in block.entries:
            found.setdefault(line_id(line), line)
    return list(found.values())


async def blocks(objects: Objects, examination: Examination) -> AsyncIterator[tuple[int, Block]]:
    async for number, content in contents(objects):
        block = examination.take(number, content)
        if block is not None:
            yield number, block
    examination.end()


async def verified(
    objects: Objects, keys: Keys, known: dict[int, bytes], events: FhirAuditEvents | None, kafka: Kafka | None
) -> Examination:
    # What Kafka tells is asked first: the ledger has it, since a block is told of when it is written.
    told, filed = await kept_by(kafka) if kafka else ({}, None)
    examination = Examination(keys, {**told, **known})
    async for number, block in blocks(objects, examination):
        # What is told and not yet filed is in flight.
        if events is not None and (filed is None or number in filed):
            examination.faults += [(number, fault) for fault in await not_as_filed(events, block)]
    return examination


async def not_as_filed(events: FhirAuditEvents, block: Block) -> list[str]:
    """What the FHIR server does not have as the block says it."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def fault(line: LedgerEntry) -> str:
        wanted = audit_event(line)
        async with turns:
            kept = await events.get(wanted["id"])
        if kept is None:
            return f"AuditEvent/{wanted['id']} is not in the FHIR server"
        return "" if same(kept, wanted) else f"AuditEvent/{wanted['id']} is not as it was filed"

    return [fault for fault in await asyncio.gather(*map(fault, block.entries)) if fault]


async def kept_by(kafka: Kafka) -> tuple[dict[int, bytes], set[int]]:
    """The digests that Kafka keeps, by number; and the numbers of blocks that are filed in the FHIR server."""
    topic = AUDIT_BLOCK_SEALED
    done = await come_to(kafka, [topic], SERVICE)
    records = await held(kafka, topic.name, topic.partitions)
    told = [(record.offset < done[topic.name][record.partition], opened(BlockSealed, record.value)) for record in records]
    return {one.number: one.digest for _, one in told}, {one.number for filed, one in told if filed}
