"""MLLP over TLS: a sender with a certificate is answered, and nobody else gets a word in."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from hl7.mllp import open_hl7_connection

import examples
from chassis.errors import Misconfigured
from chassis.publisher import MemoryPublisher
from embedded.certificates import Authority
from embedded.hospital import visit_now
from intake.adapters.mllp import MllpListener
from intake.receiving import Receiver
from intake.settings import IntakeSettings
from waiting import eventually

LARGEST = 1 << 20


def settings(**more: object) -> IntakeSettings:
    return IntakeSettings.model_validate({"kafka": "-", "objects": "-", "namespace": str(examples.NAMESPACE), **more})


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ours")


@pytest_asyncio.fixture
async def listener(authority: Authority) -> AsyncIterator[MllpListener]:
    found = settings(mllp_identity=authority.identity("intake"), mllp_senders=authority.certificate)
    receiver = Receiver(MemoryPublisher(), examples.NAMESPACE, ZoneInfo("Europe/Paris"), "utf-8")
    one, stop = MllpListener("127.0.0.1", 0, LARGEST, receiver.answer, found.mllp_tls), asyncio.Event()
    running = asyncio.create_task(one.run(stop))
    await eventually(lambda: one.listening)
    yield one
    stop.set()
    await running


async def answer(port: int, tls: ssl.SSLContext | None) -> str:
    reader, writer = await open_hl7_connection("127.0.0.1", port, ssl=tls)
    try:
        writer.writeblock(visit_now(examples.NAMESPACE).registration().encode())
        await writer.drain()
        answered: bytes = await asyncio.wait_for(reader.readblock(), 10)
        return answered.decode()
    finally:
        writer.close()


def trusting(authority: Authority, identity: Path | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.certificate)
    if identity:
        context.load_cert_chain(identity)
    return context


async def test_a_sender_that_shows_its_certificate_is_answered(listener: MllpListener, authority: Authority) -> None:
    assert "\rMSA|AA|" in await answer(listener.port, trusting(authority, authority.identity("his")))


async def test_a_sender_without_one_or_with_somebody_elses_is_not(
    listener: MllpListener, authority: Authority, tmp_path: Path
) -> None:
    forged = Authority(tmp_path / "theirs").identity("his")
    for tls in (trusting(authority), trusting(authority, forged), None):
        with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
            await answer(listener.port, tls)
    assert "\rMSA|AA|" in await answer(listener.port, trusting(authority, authority.identity("his")))


def test_senders_cannot_be_asked_for_proof_without_tls(authority: Authority, tmp_path: Path) -> None:
    authority.identity("intake")
    with pytest.raises(Misconfigured, match="over TLS alone"):
        _ = settings(mllp_senders=authority.certificate).mllp_tls
    with pytest.raises(Misconfigured, match="cannot be read"):
        _ = settings(mllp_identity=tmp_path / "none.pem").mllp_tls
    assert settings().mllp_tls is None
