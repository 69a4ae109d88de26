"""`casepath reconcile` against the running platform: what was accepted, what is filed, and what has gone since."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import httpx

import examples
from casepath.topics import INTAKE_ORDER_PLACED, RECORDS_ENTRIES_FILED
from chassis.events import Event, sealed
from chassis.publisher import KafkaPublisher
from conftest import Platform
from e2e.conftest import Done, is_set_aside, new_visit, once
from embedded import samples
from embedded.hospital import scan, send
from embedded.programs import archive_account
from kafka.broker import publish_raw
from waiting import eventually_async


def rows(output: str) -> dict[str, list[int]]:
    """The table by topic: accepted, filed, dead, in flight, erased, missing."""
    lines = re.findall(r"^│ (\S+\.v\d+) +│(.+)│$", output, re.MULTILINE)
    return {topic: [int(cell) for cell in cells.split("│")] for topic, cells in lines}


def archives(platform: Platform) -> list[str]:
    fhir, orthanc = platform.ports["fhir"], platform.ports["orthanc"]
    return ["--fhir", f"http://127.0.0.1:{fhir}/fhir", "--dicomweb", f"http://127.0.0.1:{orthanc}/dicom-web"]


async def test_everything_accepted_is_filed_dead_or_in_flight(platform: Platform, done: Done) -> None:
    told = platform.casepath("reconcile", *archives(platform))
    assert told.returncode == 0, told.stdout + told.stderr
    found = rows(told.stdout)
    assert {"intake.order.placed.v1", "slides.slide.ingested.v1", "sequencing.variants.called.v1"} < set(found)
    for accepted, filed, dead, in_flight, erased, missing in found.values():
        assert accepted == filed + dead + in_flight + erased
        assert missing == 0
    assert found["slides.slide.ingested.v1"][1] >= 1
    assert re.search(r"[1-9]\d* resources filed, 0 of them", told.stdout)
    assert re.search(r"[1-9]\d* objects filed, 0 of them", told.stdout)
    assert done.visit.patient_id not in told.stdout


async def test_what_cannot_be_read_stops_no_reconciliation(platform: Platform) -> None:
    topic, envelope = RECORDS_ENTRIES_FILED, examples.envelope("poison", str(uuid4()))
    await publish_raw(platform.kafka, topic.name, b"\xff\xff", envelope.headers())
    told = platform.casepath("reconcile", *archives(platform))
    assert told.returncode == 0, told.stdout + told.stderr
    await eventually_async(lambda: is_set_aside(platform, topic, str(envelope.id)))
    why = ("--by", "op", "--reason", "a test's poison", "--yes")
    discarded = platform.casepath("dlq", "discard", topic.name, str(envelope.id), *why)
    assert discarded.returncode == 0, discarded.stderr


async def test_what_was_erased_before_it_was_filed_is_counted_and_not_published_again(platform: Platform) -> None:
    order, topic, encryption = examples.order(), INTAKE_ORDER_PLACED.name, platform.encryption
    order.case_id = str(uuid4())
    value = await encryption.encrypt(order.case_id, order.SerializeToString(), topic)
    assert await encryption.destroy(order.case_id)
    event, now = Event(INTAKE_ORDER_PLACED, order.case_id, order), datetime.now(UTC)
    (record,) = sealed([event], cause=uuid4(), correlation=uuid4(), source="tests", time=now)
    async with KafkaPublisher(platform.kafka, "tests") as publisher:
        await publisher.publish([replace(record, value=value, of="")])

    async def is_passed() -> bool:
        return rows(platform.casepath("reconcile").stdout)[topic][4] == 1

    await eventually_async(is_passed)
    told = platform.casepath("reconcile", "--repair")
    assert told.returncode == 0, told.stdout + told.stderr
    assert rows(told.stdout)[topic][5] == 0
    assert "published again" not in told.stdout


async def test_what_has_gone_from_the_archives_is_named_and_filed_again(platform: Platform) -> None:
    visit = new_visit(platform)
    await send(platform.ports["mllp"], [visit.registration(), visit.order()])
    scan(visit, samples.SLIDE, platform.home.scanner)
    case = await once(platform, visit, lambda case: any(entry.kind == "Provenance" for entry in case.filed))
    fhir, orthanc = (f"http://127.0.0.1:{platform.ports[name]}" for name in ("fhir", "orthanc"))
    # The Provenance first: it refers to the report.
    gone = [f"{entry.kind}/{entry.identifier}" for entry in case.filed if entry.kind in ("Provenance", "DiagnosticReport")][::-1]
    instance = case.slides[0].ingested.instances[0].sop_instance_uid
    async with httpx.AsyncClient(timeout=60, headers={"Cache-Control": "no-cache"}) as client:
        for name in gone:
            (await client.delete(f"{fhir}/fhir/{name}")).raise_for_status()
        account = archive_account(platform.home.folder)
        (held,) = (await client.post(f"{orthanc}/tools/lookup", content=instance, auth=account)).raise_for_status().json()
        (await client.delete(f"{orthanc}/instances/{held['ID']}", auth=account)).raise_for_status()

        told = platform.casepath("reconcile", *archives(platform))
        assert told.returncode == 1, told.stdout + told.stderr
        assert sorted(re.findall(r"missing: (\S+),", told.stdout)) == sorted([*gone, f"Instance/{instance}"])

        mended = platform.casepath("reconcile", "--repair", *archives(platform))
        assert mended.returncode == 0, mended.stdout + mended.stderr
        assert "2 events published again" in mended.stdout

        async def whole() -> bool:
            return platform.casepath("reconcile", *archives(platform)).returncode == 0

        await eventually_async(whole)
        for name in gone:
            assert (await client.get(f"{fhir}/fhir/{name}")).is_success


async def test_an_archive_that_does_not_answer_is_not_taken_for_an_empty_one(platform: Platform, done: Done) -> None:
    told = platform.casepath("reconcile", "--fhir", "http://127.0.0.1:1/fhir")
    assert told.returncode not in (0, 1)
    assert "the FHIR server does not answer" in told.stderr
