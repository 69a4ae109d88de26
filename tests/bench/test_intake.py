"""Messages acknowledged after Kafka's acks=all: through MLLP, and the bare limits of the two that it stands between."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from random import randrange
from uuid import uuid4

import psutil
import pytest
from aiokafka import AIOKafkaProducer
from hl7.mllp import open_hl7_connection

import examples
from casepath.topics import INTAKE_PATIENT_REGISTERED
from conftest import Platform
from embedded.hospital import Visit
from intake.adapters.mllp import MllpListener
from kafka.broker import new_topic
from waiting import eventually

MESSAGES = 10_000
SENDERS = (1, 16, 64)


def registrations(count: int) -> list[bytes]:
    """Of as many patients."""
    first = datetime(2000, 1, 1) + timedelta(seconds=randrange(600_000_000))
    stamps = [(first + timedelta(seconds=number)).strftime("%Y%m%d%H%M%S") for number in range(count)]
    return [Visit(stamp, examples.NAMESPACE).registration().encode() for stamp in stamps]


async def sent(port: int, messages: list[bytes], senders: int) -> tuple[float, list[float]]:
    """Each sender waits for an answer before its next message, as MLLP has it: messages a second, and each one's time."""
    seconds: list[float] = []

    async def send(mine: list[bytes]) -> None:
        reader, writer = await open_hl7_connection("127.0.0.1", port)
        for message in mine:
            began = time.perf_counter()
            writer.writeblock(message)
            await writer.drain()
            assert b"MSA|AA|" in await reader.readblock()
            seconds.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(send(messages[at::senders]) for at in range(senders)))
    return len(messages) / (time.perf_counter() - began), seconds


async def echoed(answer: Callable[[bytes], Awaitable[bytes]], messages: list[bytes], senders: int) -> float:
    """The same over MLLP alone: nothing is read of a message."""
    listener, stop = MllpListener("127.0.0.1", 0, 1 << 20, answer), asyncio.Event()
    running = asyncio.create_task(listener.run(stop))
    await eventually(lambda: listener.listening)
    rate, _ = await sent(listener.port, messages, senders)
    stop.set()
    await running
    return rate


async def acknowledged(platform: Platform, count: int, senders: int) -> float:
    """Kafka alone: as many records of the size of such an event, so many in flight."""
    topic = await new_topic(platform.kafka, INTAKE_PATIENT_REGISTERED.message, partitions=12)
    value, headers = examples.registered().SerializeToString(), examples.envelope(topic.name).headers()
    async with AIOKafkaProducer(**platform.kafka.client(), acks="all", linger_ms=1) as producer:

        async def send(mine: int) -> None:
            for _ in range(mine):
                await producer.send_and_wait(topic.name, value, key=uuid4().bytes, headers=headers)

        began = time.perf_counter()
        await asyncio.gather(*(send(count // senders) for _ in range(senders)))
        return count / (time.perf_counter() - began)


@pytest.fixture(autouse=True)
def nobody_else_works(platform: Platform) -> Iterator[None]:
    """What files the patients would have both cores: it stands still, and is let go on afterwards."""
    processes = [psutil.Process(platform.home.state()["pids"][name]) for name in ("records", "audit", "fhir")]
    for process in processes:
        process.suspend()
    yield
    for process in processes:
        process.resume()


@pytest.mark.parametrize("senders", SENDERS)
async def test_messages_acknowledged(platform: Platform, senders: int) -> None:
    async def accept(_: bytes) -> bytes:
        return b"MSH|^~\\&\rMSA|AA|1\r"

    count = MESSAGES if senders > 1 else MESSAGES // 10
    rate, seconds = await sent(platform.ports["mllp"], registrations(count), senders)
    bare = await echoed(accept, registrations(count), senders)
    kafka = await acknowledged(platform, count, senders)
    slowest = statistics.quantiles(seconds, n=100)[98]
    middle = statistics.median(seconds)
    print(f"\n{senders} senders, {count} messages: {rate:.0f} a second acknowledged")
    print(f"  median {middle * 1e3:.1f} ms, 99 in 100 below {slowest * 1e3:.1f} ms")
    print(f"  MLLP alone {bare:.0f} a second ({rate / bare:.2f}), Kafka alone {kafka:.0f} ({rate / kafka:.2f})")
