import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

import examples
from chassis.errors import CasepathError, Rejected, Unavailable
from chassis.fhir import Resource
from records import resources
from records.adapters.dicom_archive import ChangedInstance, DicomwebArchive, SameUidOtherBytes
from records.adapters.fhir_server import HttpFhirServer

PLAIN = {"resourceType": "Observation", "id": "1", "status": "final"}
STAMPED = resources.patient(examples.patient(), examples.stamp())

type Answer = Callable[[httpx.Request], httpx.Response]


def fhir(answer: Answer) -> HttpFhirServer:
    return HttpFhirServer("http://fhir", httpx.AsyncClient(transport=httpx.MockTransport(answer)))


def dicom(answer: Answer) -> DicomwebArchive:
    return DicomwebArchive("http://dicom", httpx.AsyncClient(transport=httpx.MockTransport(answer)))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (409, Unavailable),
        (412, Unavailable),
        (429, Unavailable),
        (500, Unavailable),
        (503, Unavailable),
        (400, Rejected),
        (422, Rejected),
    ],
)
async def test_a_refusal_is_retried_where_it_can_change_and_its_body_is_not_repeated(
    status: int, kind: type[CasepathError]
) -> None:
    with pytest.raises(kind) as caught:
        await fhir(lambda _: httpx.Response(status, text="Exemple")).put(PLAIN)
    assert "Exemple" not in str(caught.value)


async def test_what_refers_to_something_that_is_not_there_yet_is_tried_again() -> None:
    there: set[str] = set()
    referring = {**PLAIN, "subject": {"reference": "Patient/1"}, "performer": [{"reference": "Device/1"}, {"reference": "#here"}]}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            return httpx.Response(400, text="Exemple")
        name = request.url.path.lstrip("/")
        return httpx.Response(200, json={"id": "1"}) if name in there else httpx.Response(404)

    with pytest.raises(Unavailable, match=r"refers to: Device, Patient$"):
        await fhir(answer).put(referring)
    there |= {"Patient/1", "Device/1"}
    with pytest.raises(Rejected):
        await fhir(answer).put(referring)


async def test_what_comes_while_one_looks_for_it_was_not_there() -> None:
    there: set[str] = set()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            return httpx.Response(201 if there else 400, headers={"ETag": 'W/"1"'})
        there.add(request.url.path)
        return httpx.Response(200, json={"id": "1"})

    assert await fhir(answer).put({**PLAIN, "subject": {"reference": "Patient/1"}}) == "1"


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("reset")])
async def test_a_server_that_does_not_answer_is_unavailable(error: httpx.HTTPError) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(Unavailable):
        await fhir(fail).put(PLAIN)


async def test_a_stamped_resource_replaces_only_the_version_that_was_read() -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, request.headers.get("If-Match")))
        return httpx.Response(200, json={**STAMPED, "active": False}, headers={"ETag": 'W/"4"'})

    assert await fhir(answer).put(STAMPED) == "4"
    assert seen == [("GET", None), ("PUT", 'W/"4"')]


async def test_what_somebody_else_wrote_meanwhile_is_read_and_decided_upon_again() -> None:
    versions, kept, asked = iter("123"), dict(PLAIN), []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=kept, headers={"ETag": f'W/"{next(versions)}"'})
        if request.headers["If-Match"] != 'W/"3"':
            kept["note"] = f"after {request.headers['If-Match']}"
            return httpx.Response(412)
        return httpx.Response(200, headers={"ETag": 'W/"4"'})

    async def change(found: Resource | None) -> Resource | None:
        asked.append(dict(found or {}))
        return {**(found or {}), "status": "amended"}

    assert await fhir(answer).change("Observation", "1", change) == "4"
    assert [one.get("note") for one in asked] == [None, 'after W/"1"', 'after W/"2"']


async def at_least(kept: Resource | None) -> Resource | None:
    return kept or PLAIN


async def test_what_is_to_be_there_at_least_replaces_nothing() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.method == "GET"
        return httpx.Response(200, json=STAMPED, headers={"ETag": 'W/"1"'})

    await fhir(answer).change("Observation", "1", at_least)


async def test_what_comes_in_between_is_not_replaced_by_what_is_to_be_there_at_least() -> None:
    """Found by a simulation: an order filed a patient whole while a merge was about to file their number alone."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(404)
        return httpx.Response(412 if request.headers.get("If-None-Match") == "*" else 200)

    with pytest.raises(Unavailable):
        await fhir(answer).change("Observation", "1", at_least)


def multipart(content: bytes) -> httpx.Response:
    body = b"--b1\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n--b1--\r\n"
    return httpx.Response(200, content=body, headers={"Content-Type": 'multipart/related; type="application/dicom"; boundary=b1'})


@pytest.mark.parametrize(
    "content", [b"", b"DICM", b"\r\n--b", bytes(range(256)) * 20000], ids=["empty", "short", "almost", "long"]
)
async def test_an_instance_that_is_there_already_is_not_stored_again(content: bytes, tmp_path: Path) -> None:
    methods = []

    def answer(request: httpx.Request) -> httpx.Response:
        methods.append(request.method)
        return multipart(content)

    await dicom(answer).store("1", "2", "3", tmp_path, hashlib.sha256(content).hexdigest())
    assert methods == ["GET"]


async def test_the_same_uid_with_other_bytes_is_never_overwritten(tmp_path: Path) -> None:
    with pytest.raises(SameUidOtherBytes):
        await dicom(lambda _: multipart(b"another")).store("1", "2", "3", tmp_path, hashlib.sha256(b"mine").hexdigest())


async def test_an_answer_that_is_cut_short_is_not_taken_for_other_bytes(tmp_path: Path) -> None:
    cut = httpx.Response(200, content=b"--b1\r\n\r\n\r\nDIC", headers={"Content-Type": "multipart/related; boundary=b1"})
    with pytest.raises(Unavailable, match="cut short"):
        await dicom(lambda _: cut).store("1", "2", "3", tmp_path, "0" * 64)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [(None, Rejected), (0xA900, Rejected), (0xC000, Rejected), (0x0122, Rejected), (0xA700, Unavailable), (0x0110, Unavailable)],
)
async def test_an_instance_that_the_archive_refuses_waits_where_the_reason_can_pass(
    reason: int | None, kind: type[CasepathError], tmp_path: Path
) -> None:
    file = tmp_path / "file.dcm"
    file.write_bytes(b"x")
    failed = {"00081197": {"vr": "US", "Value": [reason]}} if reason is not None else {}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(404)
        return httpx.Response(202, json={"00081198": {"vr": "SQ", "Value": [failed]}})

    with pytest.raises(kind, match="did not store"):
        await dicom(answer).store("1", "2", "3", file, "0" * 64)


def keeping(*shown: httpx.Response) -> Answer:
    """An archive that takes what it is sent, and shows this, before and after."""
    answers = iter(shown)
    return lambda request: next(answers) if request.method == "GET" else httpx.Response(200, json={})


async def test_what_was_stored_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "file.dcm"
    file.write_bytes(b"mine")
    absent, digest = httpx.Response(404), hashlib.sha256(b"mine").hexdigest()
    await dicom(keeping(absent, multipart(b"mine"))).store("1", "2", "3", file, digest)
    with pytest.raises(ChangedInstance):
        await dicom(keeping(absent, multipart(b"re-encoded"))).store("1", "2", "3", file, digest)
    with pytest.raises(Unavailable, match="does not show"):
        await dicom(keeping(absent, absent)).store("1", "2", "3", file, digest)
