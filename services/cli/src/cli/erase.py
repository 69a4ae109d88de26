"""`casepath erase`: a patient's data, made unreadable."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import click

from casepath.records.v1.erasure_pb2 import ErasureDecided, PatientErased
from casepath.topics import DEAD_LETTER_PARTITIONS, RECORDS_ERASURE_DECIDED, RECORDS_PATIENT_ERASED
from chassis.asking import ACCESS
from chassis.asking_kafka import kafka_option
from chassis.errors import Rejected, Unavailable
from chassis.events import Event
from chassis.identity import patient_id
from chassis.kafka import Kafka
from chassis.publisher import KafkaPublisher, announce
from chassis.reading import held, message_of
from cli.platform import asynchronous

PAUSE_SECONDS = 0.5
NAMESPACE = ACCESS.parent / "namespace"


def of_patient[F: Callable[..., Any]](command: F) -> F:
    """Options of a command that is about one patient: `asked_for` gives who it is where no opaque id is given."""
    patient = click.option(
        "--patient", type=click.UUID, help="Opaque id of the patient; without it their identifier is asked for."
    )
    namespace = click.option(
        "--namespace",
        envvar="CASEPATH_NAMESPACE",
        type=click.UUID,
        default=lambda: NAMESPACE.read_text().strip() if NAMESPACE.is_file() else None,
        show_default=str(NAMESPACE),
        help="Of the platform: makes an identifier opaque.",
    )
    return patient(namespace(command))


@click.command()
@of_patient
@click.option("--by", "decided_by", required=True, help="Who decided.")
@click.option("--reason", required=True, help='Why, and where the request is kept: "GDPR 17, request 2026-118". No patient data.')
@click.option("--wait", default=120.0, show_default=True, help="Seconds to wait for it to be done.")
@click.confirmation_option("--yes", prompt="What is erased is lost for ever. Go on?", help="Do not ask.")
@kafka_option
@asynchronous
async def erase(patient: UUID | None, namespace: UUID | None, decided_by: str, reason: str, wait: float, kafka: Kafka) -> None:
    """Destroy the keys of a patient and of all their cases, under every number that was merged with theirs.

    What casepath encrypted for them, on topics, in stores and in backups, cannot be read any more. The archives (FHIR, DICOM)
    and the hospital's own systems keep what was filed with them.
    """
    of = str(patient) if patient is not None else asked_for(namespace)
    request = ErasureDecided(patient_id=of, decided_by=decided_by, reason=reason)
    request.decided_at.FromDatetime(datetime.now(UTC))
    async with KafkaPublisher(kafka, "casepath-cli") as publisher:
        (record,) = await announce(publisher, [Event(RECORDS_ERASURE_DECIDED, of, request)], cause=uuid4(), source="cli")
    event = dict(record.headers)["ce_id"]
    click.echo(f"asked for: {event.decode()}")
    erased = await ended(kafka, event, wait)
    click.echo(f"erased: {len(erased)} patient ids, {sum(len(one.case_ids) for one in erased)} cases")


def asked_for(namespace: UUID | None) -> str:
    """Not as options, which other users of the machine could see."""
    if namespace is None:
        raise click.UsageError("--patient, or --namespace and then the identifier that is asked for")
    authority = click.prompt("Assigning authority")
    return patient_id(namespace, authority, click.prompt("Identifier", hide_input=True))


async def ended(kafka: Kafka, event: bytes, seconds: float) -> list[PatientErased]:
    """What was erased. Raise Rejected where it could not be, Unavailable where that is not known in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for letter in await held(kafka, RECORDS_ERASURE_DECIDED.dead_letters, DEAD_LETTER_PARTITIONS):
            said = dict(letter.headers)
            if said.get("ce_id") == event and said.get("error_service") == b"records":
                raise Rejected(said["error"].decode())
        told = await held(kafka, RECORDS_PATIENT_ERASED.name, RECORDS_PATIENT_ERASED.partitions)
        found = [await message_of(kafka, one, PatientErased) for one in told if dict(one.headers).get("ce_causationid") == event]
        if found:
            return [one for one in found if one is not None]
        await asyncio.sleep(PAUSE_SECONDS)
    raise Unavailable(f"it is not known after {seconds:g} s whether it was erased: records works on it, or does not run")
