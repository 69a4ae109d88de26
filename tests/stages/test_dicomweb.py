"""The DICOMweb read side, as the field's own clients use it."""

import io
import threading
from collections.abc import AsyncIterator, Iterator

import httpx
import pydicom
import pytest
import pytest_asyncio
import uvicorn
from dicomweb_client import DICOMwebClient
from dicomweb_client.session_utils import create_session_from_auth
from PIL import Image, ImageCms
from pydicom.encaps import generate_frames
from stages.bearer import Bearer
from stages.slide_archive import Archive, archive_at
from wsidicom import WsiDicom, WsiDicomWebClient

import examples
from casepath.slides.v1.slide_pb2 import IMAGE_FLAVOR_LABEL, IMAGE_FLAVOR_VOLUME, Instance, SlideIngested
from chassis.http_server import QuietServer
from embedded import samples


@pytest_asyncio.fixture(scope="module")
async def archive(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Archive]:
    async with archive_at(tmp_path_factory.mktemp("dicomweb")) as one:
        yield one


@pytest_asyncio.fixture(scope="module")
async def slide(archive: Archive) -> SlideIngested:
    return await archive.take(samples.SLIDE, f"{examples.ACCESSION}_A1.svs")


@pytest.fixture(scope="module")
def base(archive: Archive) -> Iterator[str]:
    """The service in a thread of its own: the clients block."""
    app = archive.web().app()
    server = QuietServer(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def client(base: str, archive: Archive) -> Iterator[DICOMwebClient]:
    with create_session_from_auth(Bearer(archive.token("pathologist"))) as session:
        yield DICOMwebClient(base, session=session)


@pytest.fixture
def http(base: str, archive: Archive) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {archive.token('pathologist')}"}) as one:
        yield one


def of(slide: SlideIngested, flavor: int = IMAGE_FLAVOR_VOLUME) -> Instance:
    return max((one for one in slide.instances if one.flavor == flavor), key=lambda one: one.frames)


def url(slide: SlideIngested, instance: Instance) -> str:
    series = f"/studies/{slide.study_instance_uid}/series/{slide.series_instance_uid}"
    return f"{series}/instances/{instance.sop_instance_uid}"


def test_dicomweb_client_finds_the_study_by_accession_and_its_instances(client: DICOMwebClient, slide: SlideIngested) -> None:
    (study,) = client.search_for_studies(search_filters={"AccessionNumber": examples.ACCESSION})
    assert study["0020000D"]["Value"] == [slide.study_instance_uid]
    assert study["00100020"]["Value"] == ["P1"]
    assert study["00201208"]["Value"] == [len(slide.instances)]
    found = client.search_for_instances(slide.study_instance_uid, slide.series_instance_uid)
    assert {one["00080018"]["Value"][0] for one in found} == {one.sop_instance_uid for one in slide.instances}


def test_a_search_for_somebody_else_finds_nothing(client: DICOMwebClient, slide: SlideIngested) -> None:
    assert client.search_for_studies(search_filters={"AccessionNumber": "S26-9999"}) == []
    assert client.search_for_studies(search_filters={"PatientID": "P2"}) == []
    assert len(client.search_for_studies(search_filters={"PatientName": "exem*"})) == 1


def test_dicomweb_client_reads_frames_as_they_are_stored(client: DICOMwebClient, slide: SlideIngested, archive: Archive) -> None:
    instance = of(slide)
    dataset = pydicom.dcmread(archive.folder / "objects" / instance.object.path)
    stored = list(generate_frames(dataset.PixelData, number_of_frames=instance.frames))
    wanted = [1, 7, instance.frames]
    found = client.retrieve_instance_frames(
        slide.study_instance_uid,
        slide.series_instance_uid,
        instance.sop_instance_uid,
        wanted,
        media_types=(("image/jpeg", instance.transfer_syntax_uid),),
    )
    assert found == [stored[number - 1] for number in wanted]


def test_dicomweb_client_reads_the_whole_instance(client: DICOMwebClient, slide: SlideIngested, archive: Archive) -> None:
    instance = of(slide)
    dataset = client.retrieve_instance(slide.study_instance_uid, slide.series_instance_uid, instance.sop_instance_uid)
    assert dataset == pydicom.dcmread(archive.folder / "objects" / instance.object.path)


def test_dicomweb_client_reads_the_header_and_what_is_long_in_it(
    client: DICOMwebClient, slide: SlideIngested, archive: Archive
) -> None:
    instance = of(slide)
    said = client.retrieve_instance_metadata(slide.study_instance_uid, slide.series_instance_uid, instance.sop_instance_uid)
    dataset = pydicom.Dataset.from_json(said)
    assert dataset.TotalPixelMatrixColumns == instance.total_columns
    assert dataset.ContainerIdentifier == "A1"
    assert "PixelData" not in dataset
    assert "ExtendedOffsetTable" not in dataset


def test_wsidicoms_web_client_opens_the_slide_and_sees_its_pixels(
    client: DICOMwebClient, slide: SlideIngested, archive: Archive
) -> None:
    (path,) = [archive.folder / "objects" / of(slide).object.path]
    with (
        WsiDicom.open_web(WsiDicomWebClient(client), slide.study_instance_uid, slide.series_instance_uid) as over_web,
        WsiDicom.open(path) as stored,
    ):
        assert len(over_web.pyramids[0]) == 5
        place = (300, 500), 0, (400, 300)
        assert over_web.read_region(*place).tobytes() == stored.read_region(*place).tobytes()


def test_a_frame_alone_has_an_etag_and_is_not_sent_twice(http: httpx.Client, slide: SlideIngested) -> None:
    first = http.get(f"{url(slide, of(slide))}/frames/3", headers={"Accept": "image/jpeg"})
    assert first.headers["content-type"] == "image/jpeg"
    assert "immutable" in first.headers["cache-control"]
    assert "private" in first.headers["cache-control"]
    with Image.open(io.BytesIO(first.content)) as image:
        assert image.size == (of(slide).columns, of(slide).rows)
    again = http.get(f"{url(slide, of(slide))}/frames/3", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert http.get(f"{url(slide, of(slide))}/frames/4").headers["etag"] != first.headers["etag"]


def test_a_rendered_frame_carries_the_profile_of_its_colours_and_the_same_pixels(
    http: httpx.Client, slide: SlideIngested
) -> None:
    plain = http.get(f"{url(slide, of(slide))}/frames/3/rendered").content
    managed = http.get(f"{url(slide, of(slide))}/frames/3/rendered", params={"iccprofile": "yes"}).content
    with Image.open(io.BytesIO(plain)) as one, Image.open(io.BytesIO(managed)) as other:
        assert "icc_profile" not in one.info
        assert ImageCms.ImageCmsProfile(io.BytesIO(other.info["icc_profile"])).profile.xcolor_space.strip() == "RGB"
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("role", ["viewer", "nobody"])
def test_who_need_not_see_the_label_does_not(base: str, archive: Archive, slide: SlideIngested, role: str) -> None:
    headers = {"Authorization": f"Bearer {archive.token(role)}"}
    label = of(slide, IMAGE_FLAVOR_LABEL)
    for what in ("", "/metadata", "/frames/1", "/frames/1/rendered", "/bulkdata/00282000"):
        assert httpx.get(base + url(slide, label) + what, headers=headers).status_code == 403, what
    listed = httpx.get(f"{base}/studies/{slide.study_instance_uid}/instances", headers=headers)
    if role == "viewer":
        assert label.sop_instance_uid not in listed.text
        assert httpx.get(f"{base}{url(slide, of(slide))}/frames/1", headers=headers).status_code == 200
    else:
        assert listed.status_code == 403


def test_without_a_token_nothing_is_answered(base: str, slide: SlideIngested) -> None:
    for path in ("/studies", url(slide, of(slide)), f"{url(slide, of(slide))}/frames/1"):
        answer = httpx.get(base + path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert httpx.post(f"{base}/studies", content=b"").status_code == 401


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("/frames/0", "*/*", 404),
        ("/frames/131", "*/*", 404),
        ("/frames/1,a", "*/*", 400),
        ("/frames/1", "image/png", 406),
        ("/frames/1", 'multipart/related; type="image/jp2"', 406),
        ("/frames/1", 'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1', 406),
        ("/frames/1", 'multipart/related; type="application/octet-stream"; transfer-syntax=*', 200),
        ("/frames/1", "image/png, image/jpeg;q=0.5", 200),
        ("/frames/1/rendered?iccprofile=cmyk", "*/*", 400),
        ("/bulkdata/00100010", "*/*", 404),
    ],
)
def test_what_cannot_be_given_is_refused_with_the_status_that_says_why(
    http: httpx.Client, slide: SlideIngested, path: str, accept: str, status: int
) -> None:
    assert http.get(url(slide, of(slide)) + path, headers={"Accept": accept}).status_code == status


def test_a_path_that_climbs_out_of_the_store_finds_nothing(http: httpx.Client, slide: SlideIngested) -> None:
    for uid in ("..", "...", "..%2f..%2fsha256", "1.2/../../x", "%00"):
        assert http.get(f"/studies/{uid}/series").status_code in (200, 400, 404)
        assert http.get(f"/studies/{uid}/series").text in ("[]", "Not Found", '{"error":"a UID is digits and dots"}')


def test_no_frame_reads_more_of_the_object_than_itself(
    http: httpx.Client, slide: SlideIngested, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    ranges = archive.frames.objects.ranges

    async def counted(ref: object, starts: list[int], lengths: list[int]) -> list[bytes]:
        read.extend(lengths)
        return await ranges(ref, starts, lengths)  # type: ignore[arg-type]

    monkeypatch.setattr(archive.frames.objects, "ranges", counted)
    answer = http.get(f"{url(slide, of(slide))}/frames/60", headers={"Accept": "image/jpeg"})
    assert sum(read) == len(answer.content) + 8
