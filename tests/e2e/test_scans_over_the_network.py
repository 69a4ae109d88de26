"""Scans that reach a running platform over a network, and its frames read back from it."""

import asyncio
from pathlib import Path

import httpx
from pynetdicom import AE
from stages.test_ways_in import store

from casepath.cases.v1.cases_pb2 import Case
from casepath.slides.v1.slide_pb2 import IMAGE_FLAVOR_LABEL, IMAGE_FLAVOR_VOLUME
from conftest import Platform
from e2e.conftest import SECONDS, new_visit
from embedded import samples
from embedded.demo import watched
from embedded.hospital import SLIDE_CONTAINER, Visit, send

CALLED = "CASEPATH"


async def ingested(platform: Platform, visit: Visit, instances: int) -> Case:
    async with asyncio.timeout(SECONDS):
        async for case in watched(visit.case_id, platform.home, platform.ports):
            if case.slides and len(case.slides[0].ingested.instances) >= instances:
                return case
    raise AssertionError("a watch does not end by itself")


def token(platform: Platform, folder: Path, *roles: str) -> Path:
    """A token as an operator makes one."""
    key = platform.home.folder / "access" / "signing-key.pem"
    arguments = [argument for role in roles for argument in ("--role", role)]
    made = platform.casepath("account", "token", "tester", *arguments, "--signing-key", str(key))
    assert made.returncode == 0, made.stderr
    (folder / "token").write_text(made.stdout)
    return folder / "token"


async def test_an_uploaded_slide_joins_its_case_and_its_frames_are_served(platform: Platform, tmp_path: Path) -> None:
    visit = new_visit(platform)
    await send(platform.ports["mllp"], [visit.order()])
    kept = token(platform, tmp_path, "scanner", "viewer")
    address = f"127.0.0.1:{platform.ports['slides']}"
    arguments = ["--accession", visit.accession, "--slide", SLIDE_CONTAINER, "--slides", address, "--token-file", str(kept)]
    sent = platform.casepath("slide", "upload", str(samples.SLIDE), *arguments)
    assert sent.returncode == 0, sent.stderr
    slide = (await ingested(platform, visit, 7)).slides[0].ingested
    assert sent.stdout.strip() == slide.scan_id
    label = next(one for one in slide.instances if one.flavor == IMAGE_FLAVOR_LABEL)
    level = next(one for one in slide.instances if one.flavor == IMAGE_FLAVOR_VOLUME)
    base = f"http://127.0.0.1:{platform.ports['dicomweb']}/dicomweb"
    series = f"{base}/studies/{slide.study_instance_uid}/series/{slide.series_instance_uid}"
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {kept.read_text().strip()}"}) as viewer:
        frame = await viewer.get(f"{series}/instances/{level.sop_instance_uid}/frames/1")
        assert frame.status_code == 200
        assert (await viewer.get(f"{series}/instances/{label.sop_instance_uid}/frames/1")).status_code == 403


async def test_a_token_that_may_not_send_is_told_so(platform: Platform, tmp_path: Path) -> None:
    kept = token(platform, tmp_path, "viewer")
    address = f"127.0.0.1:{platform.ports['slides']}"
    arguments = ["--accession", "S1", "--slide", "A1", "--slides", address, "--token-file", str(kept)]
    sent = platform.casepath("slide", "upload", str(samples.SLIDE), *arguments)
    assert sent.returncode == 65
    assert "permission slides.send" in sent.stderr


async def test_a_series_sent_by_c_store_joins_its_case(platform: Platform, tmp_path: Path) -> None:
    visit = new_visit(platform)
    arguments = ["--out", str(tmp_path / "series"), "--accession", visit.accession, "--slide", SLIDE_CONTAINER]
    assert platform.casepath("slide", "convert", str(samples.SLIDE), *arguments).returncode == 0
    await send(platform.ports["mllp"], [visit.order()])
    files = sorted((tmp_path / "series").iterdir())
    assert await asyncio.to_thread(store, platform.ports["dicom"], files) == [0] * len(files)
    case = await ingested(platform, visit, len(files))
    assert case.slides[0].ingested.source_format == "dicom"


async def test_the_scanner_is_answered_an_echo(platform: Platform) -> None:
    entity = AE(ae_title="SCANNER")
    entity.add_requested_context("1.2.840.10008.1.1")
    association = await asyncio.to_thread(entity.associate, "127.0.0.1", platform.ports["dicom"], ae_title=CALLED)
    assert association.is_established
    assert association.send_c_echo().Status == 0
    association.release()
