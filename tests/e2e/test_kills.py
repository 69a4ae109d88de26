"""Killing any one service, or a server, in the middle of a visit: the record is the same, each object exactly once."""

import gzip
import os
import signal
from itertools import batched
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from conftest import Platform
from e2e.conftest import begin, ended, incomplete, new_visit
from embedded import samples
from embedded.programs import SERVICES
from embedded.reading_back import archived
from waiting import eventually, eventually_async


def kill(platform: Platform, name: str) -> int:
    """SIGKILL a program; return how often it was restarted before."""
    state = platform.home.state()
    os.kill(state["pids"][name], signal.SIGKILL)
    return int(state["restarts"].get(name, 0))


@pytest.mark.parametrize("services", list(batched(SERVICES, 3)), ids="+".join)
async def test_services_that_are_killed_in_the_middle_of_a_visit_change_nothing(platform: Platform, services: list[str]) -> None:
    visit = new_visit(platform)
    await begin(platform, visit)
    for service in services:
        before = kill(platform, service)
        await eventually(lambda: platform.home.state()["restarts"].get(service, 0) > before)  # noqa: B023 - it is asked at once
    case = await ended(platform, visit)
    assert incomplete(case, await archived(case, platform.home.folder, platform.ports)) == []


@pytest.mark.parametrize("service", ["slides", "inference", "sequencing"])
async def test_a_service_that_is_killed_at_its_own_work_does_it_again(platform: Platform, service: str, tmp_path: Path) -> None:
    visit = new_visit(platform)
    scratch, jobs = platform.home.folder / "work" / service, platform.home.folder / "objects/shelf/inference/jobs"
    before = len(list(jobs.glob("*")))
    await begin(platform, visit, without_first_pair(tmp_path))

    def at_work() -> bool:
        if service == "inference":
            return len(list(jobs.glob("*"))) > before
        return any(path.is_dir() for run in scratch.iterdir() for path in run.iterdir())

    await eventually(at_work)
    kill(platform, service)
    case = await ended(platform, visit)
    assert incomplete(case, await archived(case, platform.home.folder, platform.ports)) == []


def without_first_pair(folder: Path) -> tuple[Path, Path]:
    """Reads that no other visit has."""
    files = folder / "1.fastq.gz", folder / "2.fastq.gz"
    for whole, file in zip(samples.READS, files, strict=True):
        lines = gzip.decompress(whole.read_bytes()).splitlines(keepends=True)
        file.write_bytes(gzip.compress(b"".join(lines[4:]), 1))
    return files


@pytest.mark.parametrize("server", ["fhir", "orthanc", "kafka"])
async def test_a_server_that_is_killed_in_the_middle_of_a_visit_loses_nothing(platform: Platform, server: str) -> None:
    visit = new_visit(platform)
    await begin(platform, visit)
    kill(platform, server)
    case = await ended(platform, visit)
    assert incomplete(case, await archived(case, platform.home.folder, platform.ports)) == []


async def test_what_the_fhir_server_acknowledged_is_there_after_it_is_killed(platform: Platform) -> None:
    """Nothing asks for it again: an event that was filed is done."""
    base = f"http://127.0.0.1:{platform.ports['fhir']}/fhir"
    written = [{"resourceType": "Basic", "id": str(uuid4()), "code": {"text": "kept"}} for _ in range(5)]
    async with httpx.AsyncClient(timeout=60) as client:
        for one in written:
            (await client.put(f"{base}/Basic/{one['id']}", json=one)).raise_for_status()
        kill(platform, "fhir")

        async def answers() -> bool:
            try:
                return (await client.get(f"{base}/metadata")).is_success
            except httpx.HTTPError:
                return False

        await eventually_async(answers)
        found = [(await client.get(f"{base}/Basic/{one['id']}")).status_code for one in written]
    assert found == [200] * len(written)


async def test_the_view_of_cases_is_filled_anew_when_it_is_lost(platform: Platform) -> None:
    visit = new_visit(platform)
    await begin(platform, visit)
    case = await ended(platform, visit)
    for file in platform.home.folder.glob("cases.sqlite*"):
        file.unlink()
    kill(platform, "cases")

    async def again() -> bool:
        return platform.casepath("case", "show", visit.case_id).returncode == 0

    await eventually_async(again)
    assert await ended(platform, visit) == case
