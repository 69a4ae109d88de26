"""Scans that come over a network, sent by the field's own clients."""

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import httpx
import numpy as np
import pydicom
import pytest
import pytest_asyncio
from PIL import Image, ImageFilter
from pydicom.uid import VLWholeSlideMicroscopyImageStorage
from pynetdicom import AE
from stages.slide_archive import Archive, archive_at

import examples
from casepath.audit.v1.audit_pb2 import OUTCOME_REFUSED, AccessRecorded
from casepath.slides.v1.frames_pb2 import GetFramesRequest, SlideHeader, UploadSlideRequest
from casepath.slides.v1.frames_pb2_grpc import SlideServiceStub, add_SlideServiceServicer_to_server
from casepath.slides.v1.slide_pb2 import IMAGE_FLAVOR_LABEL, IMAGE_FLAVOR_VOLUME, SlideIngested
from chassis.access import Forbidden
from embedded import samples
from slides.adapters.store_scp import StoreScp
from slides.commands import sent
from slides.frame_service import SlideService
from slides.scans import scans
from waiting import eventually

if TYPE_CHECKING:
    from casepath.slides.v1.frames_pb2_grpc import SlideServiceAsyncStub


@pytest_asyncio.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    async with archive_at(tmp_path) as one:
        yield one


@pytest_asyncio.fixture(scope="module")
async def series(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A real slide as a DICOM scanner sends it: a series of instances that know their order."""
    folder = tmp_path_factory.mktemp("scanner")
    async with archive_at(folder) as scanner:
        slide = await scanner.take(samples.SLIDE, f"{examples.ACCESSION}_A1.svs")
        return [folder / "objects" / instance.object.path for instance in slide.instances]


async def taken(archive: Archive) -> SlideIngested:
    """Ingest what lies in the inbox as one scan."""
    incoming = archive.ingestion.area.incoming
    (scan,) = scans(incoming, [path for path in sorted(incoming.rglob("*")) if path.is_file() and path.suffix != ".json"])
    await archive.ingestion.take(scan)
    assert archive.publisher.records[-1].topic == "slides.slide.ingested.v1"
    return SlideIngested.FromString(archive.publisher.records[-1].value)


def store(port: int, paths: list[Path], title: str = "SCANNER") -> list[int]:
    """Send files by C-STORE, as a scanner does, and give each status."""
    entity = AE(ae_title=title)
    for path in paths:
        syntax = pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID
        entity.add_requested_context(VLWholeSlideMicroscopyImageStorage, syntax)
    association = entity.associate("127.0.0.1", port, ae_title="CASEPATH")
    if not association.is_established:
        return []
    found = [int(association.send_c_store(path).Status) for path in paths]
    association.release()
    return found


async def test_a_series_sent_by_c_store_is_one_scan_and_keeps_its_bytes(archive: Archive, series: list[Path]) -> None:
    scp = StoreScp(archive.inbox, "127.0.0.1", 0, "CASEPATH", {"SCANNER": None}, archive.accesses)
    assert await asyncio.to_thread(store, scp.port, series) == [0] * len(series)
    stopped = asyncio.Event()
    stopped.set()
    await scp.run(stopped)
    slide = await taken(archive)
    assert slide.slide_id == "A1"
    assert len(slide.instances) == len(series)
    frames = {len(pydicom.dcmread(path).PixelData) for path in series}
    kept = [await archive.ingestion.objects.get(instance.object) for instance in slide.instances]
    assert {len(pydicom.dcmread(pydicom.filebase.DicomBytesIO(content)).PixelData) for content in kept} == frames
    assert slide.quality.tiles > 0


async def test_a_machine_that_is_not_named_may_not_send_and_audit_is_told(archive: Archive, series: list[Path]) -> None:
    scp = StoreScp(archive.inbox, "127.0.0.1", 0, "CASEPATH", {"SCANNER": None}, archive.accesses)
    stopped = asyncio.Event()
    running = asyncio.create_task(scp.run(stopped))
    assert await asyncio.to_thread(store, scp.port, series[:1], "STRANGER") == []
    await eventually(lambda: archive.told.records)
    (record,) = archive.told.records
    told = AccessRecorded.FromString(record.value)
    assert (told.outcome, told.operation, told.agent.address) == (OUTCOME_REFUSED, "DICOM association", "127.0.0.1")
    assert "STRANGER" in told.reason
    stopped.set()
    await running
    assert not [path for path in archive.ingestion.area.incoming.rglob("*") if path.is_file()]


def multipart(contents: list[bytes]) -> bytes:
    parts = b"".join(b"--b\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n" for content in contents)
    return parts + b"--b--\r\n"


async def stow(archive: Archive, body: bytes, role: str = "scanner", study: str = "") -> httpx.Response:
    transport = httpx.ASGITransport(app=archive.web().app())
    headers = {
        "Authorization": f"Bearer {archive.token(role)}",
        "Content-Type": 'multipart/related; type="application/dicom"; boundary=b',
    }
    async with httpx.AsyncClient(transport=transport, base_url="http://slides") as client:
        return await client.post(f"/studies{study}", content=body, headers=headers)


async def test_a_series_sent_by_stow_is_one_scan_byte_for_byte(archive: Archive, series: list[Path]) -> None:
    answer = await stow(archive, multipart([path.read_bytes() for path in series]))
    assert answer.status_code == 200
    assert len(answer.json()["00081199"]["Value"]) == len(series)
    slide = await taken(archive)
    sent = {hashlib.sha256(path.read_bytes()).hexdigest() for path in series}
    assert {instance.object.sha256 for instance in slide.instances} == sent
    assert {instance.flavor for instance in slide.instances} >= {IMAGE_FLAVOR_VOLUME, IMAGE_FLAVOR_LABEL}


async def test_what_is_no_slide_is_refused_by_stow_and_its_neighbour_is_kept(archive: Archive, series: list[Path]) -> None:
    answer = await stow(archive, multipart([b"no dicom", series[0].read_bytes()]))
    assert answer.status_code == 202
    assert len(answer.json()["00081199"]["Value"]) == 1
    assert answer.json()["00081198"]["Value"][0]["00081197"]["Value"] == [0xC000]
    assert (await stow(archive, multipart([b"no dicom"]))).status_code == 409
    assert (await stow(archive, multipart([series[0].read_bytes()]), study="/1.2.3")).status_code == 409


async def test_a_body_that_is_cut_short_leaves_nothing_behind(archive: Archive, series: list[Path]) -> None:
    body = multipart([series[0].read_bytes()])
    for end in (10, len(body) // 2, len(body) - 6):
        assert (await stow(archive, body[:end])).status_code == 400
    assert not [path for path in archive.ingestion.area.incoming.rglob("*") if path.is_file()]


async def test_who_may_read_may_not_send(archive: Archive, series: list[Path]) -> None:
    assert (await stow(archive, multipart([series[0].read_bytes()]), role="pathologist")).status_code == 403


async def test_a_series_that_comes_in_two_parts_is_joined(archive: Archive, series: list[Path]) -> None:
    first, rest = series[:3], series[3:]
    await stow(archive, multipart([path.read_bytes() for path in first]))
    assert len((await taken(archive)).instances) == 3
    await stow(archive, multipart([path.read_bytes() for path in rest]))
    assert len((await taken(archive)).instances) == len(series)


async def test_the_same_uid_with_other_pixels_is_set_aside(archive: Archive, series: list[Path], tmp_path: Path) -> None:
    await stow(archive, multipart([series[0].read_bytes()]))
    await taken(archive)
    dataset = pydicom.dcmread(series[0])
    dataset.PatientComments = "other"
    dataset.save_as(tmp_path / "other.dcm")
    await stow(archive, multipart([(tmp_path / "other.dcm").read_bytes()]))
    with pytest.raises(AssertionError):
        await taken(archive)
    assert [held.reason for held in archive.ingestion.area.quarantine.held()] == ["OTHER_CONTENT"]


@pytest_asyncio.fixture
async def address(archive: Archive) -> AsyncIterator[str]:
    server = grpc.aio.server()
    service = SlideService(archive.catalogue, archive.frames, archive.inbox, archive.gate, archive.accesses)
    add_SlideServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


@pytest_asyncio.fixture
async def stub(address: str) -> AsyncIterator["SlideServiceAsyncStub"]:
    async with grpc.aio.insecure_channel(address) as channel:
        yield SlideServiceStub(channel)


def bearer(archive: Archive, role: str) -> tuple[tuple[str, str]]:
    return (("authorization", f"Bearer {archive.token(role)}"),)


def upload(content: bytes, sha256: str = "") -> list[UploadSlideRequest]:
    header = SlideHeader(
        accession=examples.ACCESSION, slide_id="A1", suffix=".svs", sha256=sha256 or hashlib.sha256(content).hexdigest()
    )
    chunks = [content[at : at + 1_000_000] for at in range(0, len(content), 1_000_000)]
    return [UploadSlideRequest(header=header), *(UploadSlideRequest(chunk=chunk) for chunk in chunks)]


async def test_an_uploaded_slide_is_ingested_and_its_frames_are_read_back(
    archive: Archive, stub: "SlideServiceAsyncStub"
) -> None:
    content = samples.SLIDE.read_bytes()
    answer = await stub.UploadSlide(iter(upload(content)), metadata=bearer(archive, "technician"))
    assert answer.size == len(content)
    slide = await taken(archive)
    assert slide.scan_id == answer.scan_id
    level = max(slide.instances, key=lambda one: one.frames)
    request = GetFramesRequest(
        study_instance_uid=slide.study_instance_uid,
        series_instance_uid=slide.series_instance_uid,
        sop_instance_uid=level.sop_instance_uid,
        frames=[5, 1, 130],
    )
    found = [one async for one in stub.GetFrames(request, metadata=bearer(archive, "viewer"))]
    assert [one.frame for one in found] == [5, 1, 130]
    assert all(one.content.startswith(b"\xff\xd8") for one in found)
    request.frames[:] = [131]
    assert await refused(stub.GetFrames(request, metadata=bearer(archive, "viewer"))) is grpc.StatusCode.NOT_FOUND
    assert await refused(stub.GetFrames(request, metadata=bearer(archive, "scanner"))) is grpc.StatusCode.PERMISSION_DENIED
    assert await refused(stub.GetFrames(request)) is grpc.StatusCode.UNAUTHENTICATED


async def refused(call: AsyncIterable[object]) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for _ in call:
            pass
    return caught.value.code()


async def test_an_upload_that_lost_bytes_on_the_way_is_not_kept(archive: Archive, stub: "SlideServiceAsyncStub") -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.UploadSlide(iter(upload(b"abc", sha256="0" * 64)), metadata=bearer(archive, "scanner"))
    assert caught.value.code() is grpc.StatusCode.DATA_LOSS
    assert list(archive.ingestion.area.incoming.iterdir()) == []


async def test_who_is_refused_while_still_sending_is_told_why_each_time(archive: Archive, address: str) -> None:
    for _ in range(20):
        with pytest.raises(Forbidden, match="needs the permission"):
            await asyncio.to_thread(sent, address, None, archive.token("viewer"), iter(upload(bytes(8_000_000))))


async def test_a_blurred_scan_is_flagged_and_a_sharp_one_is_not(archive: Archive, tmp_path: Path) -> None:
    sharp = await archive.take(samples.SLIDE, f"{examples.ACCESSION}_A1.svs")
    assert list(sharp.quality.flags) == []
    assert sharp.quality.sharp_fraction > 0.9
    with Image.open(samples.SLIDE) as image:
        picture = image.convert("RGB")
    blurred = tiled_tiff(tmp_path / "blurred.tif", np.asarray(picture.filter(ImageFilter.GaussianBlur(3))))
    found = await archive.take(blurred, f"{examples.ACCESSION}_A2.tif")
    assert list(found.quality.flags) == [1]


async def test_an_empty_slide_is_flagged(archive: Archive, tmp_path: Path) -> None:
    white = tiled_tiff(tmp_path / "white.tif", np.full((2048, 2048, 3), 243, np.uint8))
    found = await archive.take(white, f"{examples.ACCESSION}_A2.tif")
    assert list(found.quality.flags) == [2]


def tiled_tiff(path: Path, pixels: np.ndarray) -> Path:
    """A generic pyramidal TIFF of half a micrometre a pixel, as OpenSlide reads it."""
    import tifffile

    with tifffile.TiffWriter(path) as tiff:
        tiff.write(
            pixels,
            tile=(256, 256),
            photometric="rgb",
            compression="jpeg",
            compressionargs={"level": 90},
            resolution=(20000, 20000),
            resolutionunit="CENTIMETER",
        )
    return path
