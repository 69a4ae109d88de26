"""What ends in the record, read from Orthanc and HAPI FHIR with the field's own clients."""

import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pydicom
import pytest
import requests
import tifffile
from dicomweb_client import DICOMwebClient
from fhir.resources.R4B import get_fhir_model_class
from grpc_health.v1 import health_pb2, health_pb2_grpc
from PIL import Image
from pydicom.encaps import generate_frames

from casepath.cases.v1.cases_pb2 import SLIDE_STATE_READY
from casepath.topics import TOPICS
from chassis.calls import connected
from chassis.reading import everything, whole
from conftest import Platform
from e2e.conftest import FILED, Done, begin, ended
from embedded import samples
from embedded.programs import archive_account
from embedded.reading_back import archived, differences
from waiting import eventually_async

LOINC_GENETICS = "51969-4"


@pytest.fixture(scope="session")
def fhir(platform: Platform) -> Iterator[httpx.Client]:
    base = f"http://127.0.0.1:{platform.ports['fhir']}/fhir"
    with httpx.Client(base_url=base, headers={"Cache-Control": "no-cache"}, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def dicomweb(platform: Platform) -> Iterator[DICOMwebClient]:
    with requests.Session() as session:
        session.auth = archive_account(platform.home.folder)
        yield DICOMwebClient(f"http://127.0.0.1:{platform.ports['orthanc']}/dicom-web", session=session)


def found(fhir: httpx.Client, kind: str, **parameters: str) -> list[dict[str, object]]:
    answer = fhir.get(f"/{kind}", params={**parameters, "_count": "100"}).raise_for_status().json()
    return [entry["resource"] for entry in answer.get("entry", [])]


async def test_the_archives_hold_exactly_what_the_case_says(platform: Platform, done: Done) -> None:
    held = await archived(done.case, platform.home.folder, platform.ports)
    assert differences(done.case, held) == []
    assert Counter(kind for kind, _ in held.resources) == FILED
    assert len(held.instances) == 10


def test_resources_are_of_fhir_r4_and_written_once(fhir: httpx.Client, done: Done) -> None:
    for entry in done.case.filed:
        if entry.kind == "Instance":
            continue
        resource = fhir.get(f"/{entry.kind}/{entry.identifier}").raise_for_status().json()
        get_fhir_model_class(entry.kind).model_validate_json(json.dumps(resource))
        assert resource["meta"]["versionId"] == ("2" if entry.kind == "ImagingStudy" else "1"), entry.kind


def test_reports_are_found_by_accession_and_lead_to_patient_study_and_results(fhir: httpx.Client, done: Done) -> None:
    reports = found(
        fhir,
        "DiagnosticReport",
        identifier=f"urn:casepath:accession|{done.visit.accession}",
        _include="DiagnosticReport:result",
    )
    assert Counter(str(report["resourceType"]) for report in reports) == {
        kind: FILED[kind] for kind in ("DiagnosticReport", "Observation")
    }
    assert len(found(fhir, "DiagnosticReport", code=f"http://loinc.org|{LOINC_GENETICS}", patient=done.visit.patient_id)) == 2
    assert len(found(fhir, "ImagingStudy", patient=done.visit.patient_id)) == 1


def test_the_slide_in_the_archive_has_the_scanners_own_tiles(dicomweb: DICOMwebClient, done: Done) -> None:
    ingested = done.case.slides[0].ingested
    stored = dicomweb.retrieve_series(
        ingested.study_instance_uid, ingested.series_instance_uid, media_types=(("application/dicom", "*"),)
    )
    volume = max(stored, key=lambda dataset: int(dataset.NumberOfFrames))
    frames = list(generate_frames(volume.PixelData, number_of_frames=int(volume.NumberOfFrames)))
    assert volume.AccessionNumber == done.visit.accession
    with tifffile.TiffFile(samples.SLIDE) as tiff, samples.SLIDE.open("rb") as file:
        page = tiff.pages.first
        assert len(frames) == len(page.dataoffsets)
        for frame, offset, count in zip(frames, page.dataoffsets, page.databytecounts, strict=True):
            file.seek(offset)
            # Past the header of the scan, which names the components, the coded data is the same.
            coded = file.read(count).partition(b"\xff\xda")[2][12:]
            assert coded in frame


async def test_the_heatmap_has_a_score_for_each_tissue_tile(platform: Platform, done: Done) -> None:
    (slide,) = done.case.slides
    assert slide.state == SLIDE_STATE_READY
    grid = np.load(io.BytesIO(await platform.objects.get(slide.scored.heatmap)))
    assert int(np.isfinite(grid).sum()) == slide.scored.tiles - slide.scored.failed_tiles > 50
    assert np.nanmin(grid) >= 0
    assert np.nanmax(grid) <= 1
    with Image.open(io.BytesIO(await platform.objects.get(slide.scored.heatmap_image))) as image:
        assert image.size == (grid.shape[1] * 8, grid.shape[0] * 8)
    assert slide.scored.provider == "CPUExecutionProvider"


def test_the_variants_are_those_of_the_command_line(platform: Platform, done: Done, tmp_path: Path) -> None:
    arguments = ["--reads", *map(str, samples.READS), "--reference", str(samples.REFERENCE), "--sample", "B1"]
    alone = platform.casepath("variants", "call", *arguments, "--out", str(tmp_path / "out"), "--json")
    assert alone.returncode == 0, alone.stderr
    called = done.case.samples[0].called
    bam = (tmp_path / "out" / "alignments.bam").read_bytes()
    assert hashlib.sha256(bam).hexdigest() == called.alignments.sha256
    quality = json.loads(alone.stdout)["quality"]
    assert (quality["snps"], quality["indels"]) == (called.quality.snps, called.quality.indels) == (347, 69)


async def records_everywhere(platform: Platform) -> int:
    return len([one async for one in everything(platform.kafka, whole(TOPICS))])


async def test_a_repeat_of_the_whole_day_changes_nothing(platform: Platform, done: Done) -> None:
    case = await ended(platform, done.visit)
    before = await archived(case, platform.home.folder, platform.ports)
    taken = await records_everywhere(platform)
    await begin(platform, done.visit)

    async def all_came_again() -> bool:
        folders = (platform.home.scanner / "incoming", platform.home.sequencer / "incoming")
        left = [path for folder in folders for path in folder.iterdir()]
        now = await records_everywhere(platform)
        # Two messages, a scan, and reads: each leads to at least one record more.
        return not left and now >= taken + 4

    await eventually_async(all_came_again)
    assert await ended(platform, done.visit) == case
    assert await archived(case, platform.home.folder, platform.ports) == before


async def test_nothing_of_the_patient_is_in_logs_keys_headers_or_names(platform: Platform, done: Done) -> None:
    private = [b"Camille", "Démo".encode(), done.case.order.patient.identifier.encode(), b"19640229", b"1964-02-29"]
    for log in (platform.home.folder / "logs").iterdir():
        content = log.read_bytes()
        assert not [word for word in private if word in content], log.name
    async for record in everything(platform.kafka, whole(TOPICS)):
        outside = record.key + b"".join(name.encode() + value for name, value in record.headers)
        assert not [word for word in private if word in outside], record.topic
    for path in (platform.home.folder / "objects").rglob("*"):
        assert not [word for word in private if word in path.name.encode()], path


def test_metrics_and_readiness_are_served(platform: Platform, done: Done) -> None:
    for service in ("intake", "slides", "inference", "sequencing", "records", "cases"):
        base = f"http://127.0.0.1:{platform.ports[f'health-{service}']}"
        assert httpx.get(f"{base}/readyz").status_code == 200
        metrics = httpx.get(f"{base}/metrics").text
        assert "casepath_" in metrics
        assert done.visit.accession not in metrics


def test_each_service_says_each_record_in_one_line(platform: Platform, done: Done) -> None:
    lines = [json.loads(line) for line in (platform.home.folder / "logs" / "records.log").read_text().splitlines()]
    records = [line for line in lines if line["event"] == "record"]
    assert Counter(line["topic"] for line in records)["inference.slide.scored.v1"] >= 1
    assert all({"topic", "partition", "offset", "event_id", "outcome", "seconds"} <= line.keys() for line in records)


async def test_pydicom_reads_what_was_stored(platform: Platform, done: Done) -> None:
    for instance in done.case.slides[0].ingested.instances:
        dataset = pydicom.dcmread(io.BytesIO(await platform.objects.get(instance.object)))
        assert dataset.SOPInstanceUID == instance.sop_instance_uid


async def test_grpc_services_say_that_they_serve_and_what(platform: Platform, done: Done) -> None:
    for name, service in (("inference", "model/camelyon16-tile-demo"), ("cases", "casepath.cases.v1.CaseService")):
        async with connected(f"127.0.0.1:{platform.ports[name]}", name, platform.identity("operator")) as channel:
            request = health_pb2.HealthCheckRequest(service=service)
            answer = await health_pb2_grpc.HealthStub(channel).Check(request)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
