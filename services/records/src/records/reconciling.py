"""`casepath reconcile`: whether everything that was accepted is filed, and is still there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterable, Mapping, Sequence
from pathlib import Path

import click
from aiokafka.structs import ConsumerRecord
from rich.console import Console
from rich.table import Table

from casepath.inference.v1.scoring_pb2 import SlideScored
from casepath.records.v1.filing_pb2 import EntriesFiled
from casepath.slides.v1.slide_pb2 import SlideIngested
from casepath.topics import (
    INFERENCE_SLIDE_SCORED,
    INTAKE_PATIENT_MERGED,
    INTAKE_PATIENT_REGISTERED,
    RECORDS_ENTRIES_FILED,
    SLIDES_SLIDE_INGESTED,
)
from chassis.asking import authorization_option, ca_option
from chassis.asking_kafka import encrypted_kafka_option
from chassis.at_once import at_once
from chassis.balance import BY_CASE, FILER, Balance, is_ahead
from chassis.errors import Malformed
from chassis.http_client import http_client
from chassis.kafka import Kafka
from chassis.publisher import KafkaPublisher
from chassis.reading import come_to, everything, header, message_of, value_of, whole
from chassis.reckoning import identity, publish_again, reckoned, set_aside
from records.adapters.dicom_archive import DicomwebArchive
from records.adapters.fhir_server import HttpFhirServer
from records.holdings import Instance, Resource, derived, ingested, resources

# These file a patient, each whole.
BY_PATIENT = (INTAKE_PATIENT_REGISTERED, INTAKE_PATIENT_MERGED)
AT_ONCE = 8
EX_MISSING = 1


@click.command()
@click.option("--fhir", envvar="CASEPATH_FHIR", metavar="URL", help="FHIR R4 base: see that every resource is still there.")
@authorization_option("fhir")
@click.option("--dicomweb", envvar="CASEPATH_DICOMWEB", metavar="URL", help="DICOMweb root: see that every object has its bytes.")
@authorization_option("dicomweb")
@ca_option
@click.option(
    "--archive-timeout",
    envvar="CASEPATH_ARCHIVE_TIMEOUT_SECONDS",
    default=60.0,
    show_default=True,
    help="Seconds for one request to an archive.",
)
@click.option("--repair", is_flag=True, help="Publish again the events whose outcome is missing.")
@encrypted_kafka_option
def reconcile(
    fhir: str | None,
    fhir_authorization: Path | None,
    dicomweb: str | None,
    dicomweb_authorization: Path | None,
    ca: Path,
    archive_timeout: float,
    repair: bool,
    kafka: Kafka,
) -> None:
    """Compare what was accepted with what is filed: accepted = filed + dead + in flight + erased, and nothing is missing.

    Reads the events of every case as long as Kafka keeps them, and shows no contents. With --dicomweb every object is read as
    a whole. An event that is published again keeps its id, so that what is there already stays as it is. The exit status is 1
    where something is missing.
    """
    trusted = ca if ca.is_file() else None
    server = HttpFhirServer(fhir, http_client(archive_timeout, trusted, fhir_authorization)) if fhir else None
    archive = DicomwebArchive(dicomweb, http_client(archive_timeout, trusted, dicomweb_authorization)) if dicomweb else None
    missing = asyncio.run(reconciled(server, archive, repair, kafka))
    if missing and not repair:
        raise SystemExit(EX_MISSING)


async def reconciled(server: HttpFhirServer | None, archive: DicomwebArchive | None, repair: bool, kafka: Kafka) -> set[str]:
    """The events whose outcome is missing; told, and published again where that is asked for."""
    # Asked first, as it is for cases.
    done = await come_to(kafka, BY_PATIENT, FILER)
    found = await reckoned(kafka)
    show(found.balances)
    for one in found.balances:
        for event in one.missing:
            click.echo(f"missing: what {one.topic} {event} leads to")
    lost: list[Resource | Instance] = []
    if server is not None:
        lost += await not_in_fhir(server, [one async for one in told(kafka)])
        lost += await patients_not_in_fhir(server, [one async for one in patients(kafka, done)])
    if archive is not None:
        lost += await not_in_dicom(archive, [one async for one in objects(kafka, found.filed)])
    for gone in lost:
        click.echo(f"missing: {gone.name}, filed for event {gone.event}")
    missing = found.missing | {gone.event for gone in lost}
    if repair and missing:
        async with KafkaPublisher(kafka, "casepath-cli") as publisher:
            await publish_again(kafka, publisher, (*BY_CASE, *BY_PATIENT), missing)
        click.echo(f"{len(missing)} events published again: reconcile once more when they are filed")
    return missing


def show(balances: Iterable[Balance]) -> None:
    table = Table()
    for column in ("topic", "accepted", "filed", "dead", "in flight", "erased", "missing"):
        table.add_column(column, overflow="fold")
    for one in balances:
        table.add_row(one.topic, *map(str, (one.accepted, one.filed, one.dead, one.in_flight, one.erased, len(one.missing))))
    Console().print(table)


async def objects(kafka: Kafka, filed: Container[str]) -> AsyncIterator[Instance]:
    """What came as DICOM objects, of the events that are filed; what was erased since is not asked for."""
    async for record in everything(kafka, whole([SLIDES_SLIDE_INGESTED])):
        if identity(record) in filed and (slide := await message_of(kafka, record, SlideIngested)) is not None:
            for one in ingested(identity(record), slide):
                yield one
    async for record in everything(kafka, whole([INFERENCE_SLIDE_SCORED])):
        if identity(record) in filed and (scored := await message_of(kafka, record, SlideScored)) is not None:
            for one in derived(identity(record), scored):
                yield one


async def told(kafka: Kafka) -> AsyncIterator[tuple[str, EntriesFiled]]:
    """What was filed, with the event that led to it."""
    async for record in everything(kafka, whole([RECORDS_ENTRIES_FILED])):
        yield header(record, "ce_causationid"), await entries(kafka, record)


async def entries(kafka: Kafka, record: ConsumerRecord) -> EntriesFiled:
    """What is said to be filed; nothing where that was erased since, or cannot be read: who takes it sets it aside."""
    try:
        return await message_of(kafka, record, EntriesFiled) or EntriesFiled()
    except Malformed:
        return EntriesFiled()


async def not_in_fhir(server: HttpFhirServer, told: Sequence[tuple[str, EntriesFiled]]) -> list[Resource]:
    """Raise Unavailable where the server does not answer."""
    filed = resources(told, [topic.name for topic in BY_CASE])
    return await lacking(filed, lambda one: server.has(one.name), "resources", "the FHIR server")


async def patients(kafka: Kafka, done: Mapping[str, Mapping[int, int]]) -> AsyncIterator[Resource]:
    """Who came without a case, by each event that was taken; what was erased since, or set aside, is not asked for."""
    dead = await set_aside(kafka, BY_PATIENT)
    async for record in everything(kafka, whole(BY_PATIENT)):
        event, place = identity(record), (record.partition, record.offset)
        taken = not is_ahead(place, done[record.topic]) and event not in dead[record.topic]
        if taken and await value_of(kafka, record) is not None:
            yield Resource("Patient", (record.key or b"").decode("ascii", "replace"), event)


async def patients_not_in_fhir(server: HttpFhirServer, came: Sequence[Resource]) -> list[Resource]:
    """Every event of those who are not there: who somebody is comes from all of them. Raise Unavailable."""
    known = list({one.identifier: one for one in came}.values())
    lost = await lacking(known, lambda one: server.has(one.name), "patients", "the FHIR server")
    gone = {one.identifier for one in lost}
    return [one for one in came if one.identifier in gone]


async def not_in_dicom(archive: DicomwebArchive, came: Iterable[Instance]) -> list[Instance]:
    """Raise Unavailable where the archive does not answer."""

    async def is_there(one: Instance) -> bool:
        return await archive.digest(one.study, one.series, one.uid) == one.sha256

    return await lacking(list({one.uid: one for one in came}.values()), is_there, "objects", "the DICOM archive")


async def lacking[T](wanted: Sequence[T], is_there: Callable[[T], Awaitable[bool]], what: str, where: str) -> list[T]:
    answers = await at_once(map(is_there, wanted), AT_ONCE)
    gone = [one for one, there in zip(wanted, answers, strict=True) if not there]
    click.echo(f"{len(wanted)} {what} filed, {len(gone)} of them not as they were in {where}")
    return gone
