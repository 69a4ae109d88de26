"""What is served over TLS, and asked for with a proof of who asks."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from chassis.errors import Misconfigured
from chassis.http_client import http_client
from chassis.http_server import HttpServer
from embedded.certificates import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest_asyncio.fixture
async def address(authority: Authority) -> AsyncIterator[str]:
    """What answers with the Authorization header that it was sent."""

    async def page(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.headers.get("authorization", "nobody"))

    app, stop = Starlette(routes=[Route("/", page)]), asyncio.Event()
    server = HttpServer(app, "127.0.0.1", 0, authority.identity("slides"))
    running = asyncio.create_task(server.run(stop))
    yield f"https://127.0.0.1:{server.port}/"
    stop.set()
    await running


async def test_whose_certificate_is_known_is_believed_and_proof_is_read_for_each_request(
    authority: Authority, address: str, tmp_path: Path
) -> None:
    proof = tmp_path / "authorization"
    proof.write_text("Bearer one\n")
    async with http_client(10, authority.certificate, proof) as client:
        assert (await client.get(address)).text == "Bearer one"
        proof.write_text("Bearer two\n")
        assert (await client.get(address)).text == "Bearer two"
    async with http_client(10, authority.certificate) as client:
        assert (await client.get(address)).text == "nobody"


async def test_whose_certificate_nobody_signed_is_not_believed(address: str) -> None:
    async with http_client(10) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(address)


async def test_without_encryption_there_is_no_answer(address: str) -> None:
    async with http_client(10) as client:
        with pytest.raises(httpx.HTTPError):
            await client.get(address.replace("https", "http"))


def test_a_file_that_is_missing_or_no_certificate_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no certificate")
    with pytest.raises(Misconfigured, match="CASEPATH_HTTP_IDENTITY"):
        HttpServer(Starlette(), "127.0.0.1", 0, tmp_path / "no.pem")
    with pytest.raises(Misconfigured, match="CASEPATH_TLS_CA"):
        http_client(10, tmp_path / "nowhere.pem")
    with pytest.raises(Misconfigured, match="Authorization"):
        http_client(10, None, tmp_path / "nowhere")
