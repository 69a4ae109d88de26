"""Who had to do with a case, on the running platform: in the ledger, in the FHIR server, and found where it was touched."""

import re
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from subprocess import CompletedProcess

import httpx
import psutil
import pytest_asyncio

from audit.adapters.ledger import contents
from audit.chain import Examination, Keys
from audit.handlers import about as of_case
from audit.handlers import line_id
from casepath.audit.v1.audit_pb2 import OUTCOME_REFUSED, LedgerEntry
from chassis.objects import Objects
from conftest import Platform
from e2e.conftest import Done, enter
from waiting import eventually_async


async def lines(platform: Platform) -> list[LedgerEntry]:
    examination = Examination(Keys.at(platform.home.folder / "access" / "audit-keys.json"), {})
    found: list[LedgerEntry] = []
    async for number, content in contents(Objects.at(f"file://{platform.home.folder / 'objects'}")):
        block = examination.take(number, content)
        assert block is not None
        found += block.entries
    assert examination.faults == []
    return found


async def about(platform: Platform, case_id: str) -> list[LedgerEntry]:
    return of_case(await lines(platform), "Case", case_id)


def verify(platform: Platform, *more: str) -> CompletedProcess[str]:
    return platform.casepath("audit", "verify", *more)


def fhir(platform: Platform) -> str:
    return f"http://127.0.0.1:{platform.ports['fhir']}/fhir"


@pytest_asyncio.fixture(scope="module")
async def at_the_portal(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    base = f"http://127.0.0.1:{platform.ports['portal']}"
    async with httpx.AsyncClient(base_url=base, headers={"Origin": base}, timeout=60) as client:
        yield client


async def test_every_write_of_a_visit_is_in_the_ledger_by_whom_it_was(platform: Platform, done: Done) -> None:
    wanted = {moment.event_id for moment in done.case.timeline}

    async def there() -> bool:
        return wanted <= {line.event_id for line in await about(platform, done.visit.case_id)}

    await eventually_async(there)
    by = {line.access.operation: line.access.agent.user_id for line in await about(platform, done.visit.case_id)}
    assert (by["intake.order.placed.v1"], by["records.entries.filed.v1"]) == ("intake", "records")


async def test_who_looks_is_told_and_so_is_who_is_refused(
    platform: Platform, done: Done, at_the_portal: httpx.AsyncClient
) -> None:
    case_id, slide = done.visit.case_id, done.case.slides[0].ingested
    assert (await at_the_portal.get(f"/cases/{case_id}")).status_code == 401
    assert (await enter(at_the_portal, platform, "petit", "wrong")).status_code == 401
    assert (await enter(at_the_portal, platform, "petit")).status_code == 303
    assert (await at_the_portal.get(f"/cases/{case_id}")).status_code == 200
    assert (await at_the_portal.post(f"/cases/{case_id}/sign", data={})).status_code == 403
    token = platform.signer.token("pacs", ["viewer"], 60)
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        asked = await client.get(
            f"http://127.0.0.1:{platform.ports['dicomweb']}/dicomweb/studies/{slide.study_instance_uid}/metadata"
        )
    assert asked.status_code == 200

    async def told() -> bool:
        found = {
            (line.access.agent.user_id, line.access.operation, line.access.outcome == OUTCOME_REFUSED)
            for line in await about(platform, case_id)
        }
        return {
            ("petit", "GET /cases/{case_id}", False),
            ("petit", "POST /cases/{case_id}/sign", True),
            ("pacs", "GET /studies/{study}/metadata", False),
        } <= found

    await eventually_async(told)

    # What is of no case is told by another partition.
    async def told_who_entered() -> bool:
        whole = [line.access for line in await lines(platform)]
        entered = {(one.agent.user_id, one.outcome == OUTCOME_REFUSED) for one in whole if one.operation == "POST /login"}
        nobody = any(one.outcome == OUTCOME_REFUSED and not one.agent.user_id for one in whole)
        return nobody and {("petit", False), ("petit", True)} <= entered

    await eventually_async(told_who_entered)
    looks = next(one.access for one in await about(platform, case_id) if one.access.operation == "GET /cases/{case_id}")
    assert {one.kind for one in looks.entries} == {"Case", "Patient"}
    shown = platform.casepath("audit", "show", "--case", case_id)
    assert shown.returncode == 0, shown.stderr
    assert re.search(r"petit.*technician.*refused.*POST /cases/\{case_id\}/sign", shown.stdout)


async def test_nothing_of_a_patient_but_opaque_ids_is_in_the_ledger(platform: Platform, done: Done) -> None:
    patient = done.case.order.patient
    whole = "".join(str(line) for line in await lines(platform))
    for text in (patient.identifier, patient.family_name, done.case.order.accession):
        assert text
        assert text not in whole


async def test_the_ledger_and_the_fhir_server_are_as_they_were_written(platform: Platform, done: Done) -> None:
    told = verify(platform, "--fhir", fhir(platform))
    assert told.returncode == 0, told.stdout + told.stderr
    assert re.search(r"^[1-9]\d* entries in [1-9]\d* blocks, 0 faults$", told.stdout, re.MULTILINE)
    kept = re.search(r"^checkpoint: (\S+)$", told.stdout, re.MULTILINE)
    assert kept
    assert verify(platform, "--checkpoint", kept[1]).returncode == 0
    number, digest = kept[1].split(":")
    other = verify(platform, "--checkpoint", f"{number}:{digest[:-1]}{'0' if digest[-1] != '0' else '1'}")
    assert other.returncode == 1
    assert f"block {number}: it is not the block whose digest was kept elsewhere" in other.stdout


async def test_an_audit_event_that_is_changed_in_the_fhir_server_is_found(platform: Platform, done: Done) -> None:
    (line, *_) = await about(platform, done.visit.case_id)
    address = f"{fhir(platform)}/AuditEvent/{line_id(line)}"
    async with httpx.AsyncClient(timeout=60, headers={"Content-Type": "application/fhir+json"}) as client:
        kept = (await client.get(address)).raise_for_status().json()
        try:
            (await client.put(address, json={**kept, "outcome": "8"})).raise_for_status()
            told = verify(platform, "--fhir", fhir(platform))
        finally:
            (await client.put(address, json=kept)).raise_for_status()
    assert told.returncode == 1
    assert f"AuditEvent/{line_id(line)} is not as it was filed" in told.stdout
    assert "1 faults" in told.stdout


async def test_a_ledger_whose_end_is_cut_off_is_at_odds_with_kafka(platform: Platform, done: Done, tmp_path: Path) -> None:
    shutil.copytree(platform.home.folder / "objects/shelf/audit", tmp_path / "shelf/audit")
    *_, end = sorted(path for path in (tmp_path / "shelf/audit").rglob("*") if path.is_file())
    end.unlink()
    told = verify(platform, "--objects", f"file://{tmp_path}")
    assert told.returncode == 1
    assert "the end is cut off" in told.stdout


async def test_nobody_is_answered_while_it_cannot_be_told(
    platform: Platform, done: Done, at_the_portal: httpx.AsyncClient
) -> None:
    assert (await enter(at_the_portal, platform, "martin")).status_code == 303
    broker = psutil.Process(platform.home.state()["pids"]["kafka"])
    broker.send_signal(signal.SIGSTOP)
    try:
        answer = await at_the_portal.get(f"/cases/{done.visit.case_id}")
    finally:
        broker.send_signal(signal.SIGCONT)
    assert answer.status_code == 503
    assert done.case.order.patient.family_name not in answer.text
