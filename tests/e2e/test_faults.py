"""Filing into real archives that refuse, lose, delay, repeat and cut, by processes that end in the middle and are started twice.

`FAULT_SEEDS` gives other seeds, "10-60"; a seed that fails fails again.
"""

import asyncio
import io
import os
from collections import Counter, deque
from functools import partial
from operator import eq
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pydicom
import pytest
from fault_proxy import FaultProxy
from filing_world import Crash, MemoryArchive, PointedObjects, Points, filing, handle, history
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from casepath.slides.v1.slide_pb2 import Instance, SlideIngested
from chassis.errors import Unavailable
from chassis.fhir import Resource
from chassis.objects import Objects, digest
from conftest import Platform
from embedded.programs import archive_account
from records.adapters.dicom_archive import DicomwebArchive
from records.adapters.fhir_server import HttpFhirServer, MemoryFhirServer
from records.filing import Filing

FIRST, _, LAST = os.environ.get("FAULT_SEEDS", "1-2").partition("-")
SEEDS = range(int(FIRST), int(LAST or FIRST) + 1)
PROCESSES = 3
# Of requests to the archives.
FAULTY = 0.3
# How many moments a process lives, at most: as often some ten as some hundred, so that a merge, of some 250, ends too.
LONGEST_LIFE = 1000
SECONDS = 240
# As a worker waits before it tries again.
BACK_OFF_SECONDS = 0.1


def dicom(slide: SlideIngested, instance: Instance) -> bytes:
    """The smallest object that an archive takes under these UIDs."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = instance.sop_instance_uid
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    found = Dataset()
    found.file_meta = meta
    found.SOPClassUID, found.SOPInstanceUID = SecondaryCaptureImageStorage, instance.sop_instance_uid
    found.StudyInstanceUID, found.SeriesInstanceUID = slide.study_instance_uid, slide.series_instance_uid
    found.PatientID, found.Modality = slide.patient_id, "OT"
    content = io.BytesIO()
    pydicom.dcmwrite(content, found, enforce_file_format=True)
    return content.getvalue()


async def expected(world: str, folder: Path) -> tuple[dict[tuple[str, str], Resource], dict[str, str]]:
    """What is there where nothing goes wrong, and everything comes once and in order."""
    objects, fhir, archive = Objects.at(f"file://{folder}"), MemoryFhirServer(), MemoryArchive()
    to = filing(objects, fhir, archive, Points(), folder)
    for message in await history(objects, world, dicom):
        await handle(to, message)
    return {name: found for name, (found, _) in fhir.resources.items()}, archive.held


@pytest.mark.parametrize("seed", SEEDS)
async def test_everything_is_filed_once_and_as_it_should_be_whatever_fails(platform: Platform, tmp_path: Path, seed: int) -> None:
    rng, world = Random(seed), f"{platform.ports.base}-{seed}"
    resources, instances = await expected(world, tmp_path / "expected")
    objects = Objects.at(f"file://{tmp_path / 'objects'}")
    work = deque(message for message in await history(objects, world, dicom) for _ in range(rng.choice((1, 1, 2, 3))))
    rng.shuffle(work)
    to_fhir = FaultProxy(f"http://127.0.0.1:{platform.ports['fhir']}", rng, FAULTY)
    to_dicom = FaultProxy(f"http://127.0.0.1:{platform.ports['orthanc']}", rng, FAULTY)

    def begun(fhir: HttpFhirServer, archive: DicomwebArchive) -> Filing:
        points = Points(partial(eq, round(LONGEST_LIFE ** rng.random())))
        return filing(PointedObjects(objects.store, objects.folder, points), fhir, archive, points, tmp_path)

    async def process(fhir_client: httpx.AsyncClient, dicom_client: httpx.AsyncClient) -> None:
        """Takes what is next, also what another is at; where it ends, one that is new takes its place."""
        fhir = HttpFhirServer(f"{to_fhir.base}/fhir", fhir_client, "version-0")
        archive = DicomwebArchive(f"{to_dicom.base}/dicom-web", dicom_client)
        to = begun(fhir, archive)
        while work:
            message = work.popleft()
            try:
                await handle(to, message)
            except (Unavailable, Crash) as failed:
                work.append(message)
                await asyncio.sleep(BACK_OFF_SECONDS)
                if isinstance(failed, Crash):
                    to = begun(fhir, archive)

    async with asyncio.timeout(SECONDS), to_fhir.listening(), to_dicom.listening():
        account = archive_account(platform.home.folder)
        async with httpx.AsyncClient(timeout=2) as fhir_client, httpx.AsyncClient(timeout=2, auth=account) as dicom_client:
            await asyncio.gather(*(process(fhir_client, dicom_client) for _ in range(PROCESSES)))
            await asyncio.gather(to_fhir.settled(), to_dicom.settled())
    assert set(to_fhir.done + to_dicom.done) > {"busy", "reset", "lost", "cut", "late", "again", "slow"}
    assert await differences(platform, resources) == []
    assert await held(platform, instances) == instances


async def differences(platform: Platform, wanted: dict[tuple[str, str], Resource]) -> list[str]:
    """What the FHIR server lacks, has otherwise, or has beside what is wanted of these patients."""
    found: list[str] = []
    base = f"http://127.0.0.1:{platform.ports['fhir']}/fhir"
    async with httpx.AsyncClient(base_url=base, headers={"Cache-Control": "no-cache"}, timeout=60) as client:
        for (kind, name), resource in wanted.items():
            answer = await client.get(f"/{kind}/{name}")
            kept = answer.json() if answer.is_success else {}
            if without_meta(kept) != without_meta(resource):
                found.append(f"{kind}/{name}: {kept or answer.status_code} in place of {resource}")
        patients = sorted(name for kind, name in wanted if kind == "Patient")
        for kind, count in Counter(kind for kind, _ in wanted).items():
            # Of these a patient is not asked for.
            of_nobody = [name for one, name in wanted if one == kind and kind in ("Patient", "Device", "Provenance")]
            asked = {"_id": ",".join(of_nobody)} if of_nobody else {"patient": ",".join(patients)}
            total = (await client.get(f"/{kind}", params={**asked, "_summary": "count"})).raise_for_status().json()["total"]
            if total != count:
                found.append(f"{total} {kind} in place of {count}")
    return found


def without_meta(found: Any) -> Any:
    return {name: value for name, value in found.items() if name not in ("meta", "text")}


async def held(platform: Platform, wanted: dict[str, str]) -> dict[str, str]:
    """The instances that the archive has, with their digests."""
    root = f"http://127.0.0.1:{platform.ports['orthanc']}"
    found = {}
    async with httpx.AsyncClient(base_url=root, auth=archive_account(platform.home.folder), timeout=60) as client:
        for uid in wanted:
            ids = (await client.post("/tools/lookup", content=uid)).raise_for_status().json()
            (name,) = [one["ID"] for one in ids if one["Type"] == "Instance"]
            content = (await client.get(f"/instances/{name}/file")).raise_for_status().content
            found[uid] = digest(content)[0]
    return found
