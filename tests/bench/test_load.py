"""A hospital's orders at rates that rise, until they come faster than they are filed: how much the whole platform bears."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition
from hl7.mllp import open_hl7_connection

from casepath.topics import RECORDS_ENTRIES_FILED, TOPICS
from chassis.kafka import Kafka
from conftest import Platform
from embedded.hospital import Visit
from waiting import eventually

# Patients a second, each with a registration and an order of three examinations; for so many seconds.
RATES = (1, 2, 4, 8, 16, 32)
SECONDS = 40.0
# Before anything is measured: Java compiles what it has run often.
WARMING = 60
# A platform that is behind for longer than this share of the time does not bear the rate.
SLOWER = 1.5
SENDERS = 16
PATIENCE = 120.0
SHOWN = 4


class Filing:
    """When what was ordered was said to be filed, by case."""

    def __init__(self, kafka: Kafka) -> None:
        self.kafka = kafka
        self.filed: dict[str, float] = {}

    async def run(self) -> None:
        topic = RECORDS_ENTRIES_FILED
        async with AIOKafkaConsumer(**self.kafka.client(), auto_offset_reset="latest", enable_auto_commit=False) as consumer:
            consumer.assign([TopicPartition(topic.name, number) for number in range(topic.partitions)])
            await consumer.seek_to_end()
            async for record in consumer:
                self.filed.setdefault((record.key or b"").decode(), record.timestamp / 1e3)


async def ends(kafka: Kafka) -> int:
    """How many records all topics have had."""
    places = [TopicPartition(topic.name, number) for topic in TOPICS for number in range(topic.partitions)]
    async with AIOKafkaConsumer(**kafka.client(), enable_auto_commit=False) as consumer:
        return sum((await consumer.end_offsets(places)).values())


async def send(platform: Platform, visits: Sequence[Visit], rate: float, rng: Random) -> dict[str, float]:
    """Patients come as they do, at random (exponential gaps); return when each order was begun to be sent."""
    began: dict[str, float] = {}
    moments, at = [], time.time()
    for _ in visits:
        at += rng.expovariate(rate)
        moments.append(at)
    queue = asyncio.Queue[tuple[Visit, float]]()
    for pair in zip(visits, moments, strict=True):
        queue.put_nowait(pair)

    async def one() -> None:
        reader, writer = await open_hl7_connection("127.0.0.1", platform.ports["mllp"])
        while not queue.empty():
            visit, moment = queue.get_nowait()
            await asyncio.sleep(max(0.0, moment - time.time()))
            # From the moment in which it should have been sent: a sender that waits is late too.
            began[visit.case_id] = moment
            for message in (visit.registration(), visit.order()):
                writer.writeblock(message.encode())
                await writer.drain()
                assert b"MSA|AA|" in await reader.readblock()
        writer.close()

    await asyncio.gather(*(one() for _ in range(SENDERS)))
    return began


def busy(platform: Platform) -> dict[str, float]:
    """Processor seconds of each program."""
    found = {}
    for name, pid in platform.home.state()["pids"].items():
        times = psutil.Process(pid).cpu_times()
        found[name] = times.user + times.system
    return found


async def test_load(platform: Platform) -> None:
    rng, filing = Random(26), Filing(platform.kafka)
    watching = asyncio.create_task(filing.run())
    moment = datetime(2030, 1, 1, tzinfo=UTC)

    def some(count: int) -> list[Visit]:
        nonlocal moment
        stamps = [(moment := moment + timedelta(seconds=1)).strftime("%Y%m%d%H%M%S") for _ in range(count)]
        return [Visit(stamp, UUID(platform.home.namespace())) for stamp in stamps]

    async def all_are_filed(began: dict[str, float]) -> None:
        await eventually(lambda: began.keys() <= filing.filed.keys(), PATIENCE)

    try:
        await all_are_filed(await send(platform, some(WARMING), 2, rng))
        for rate in RATES:
            count = int(rate * SECONDS)
            visits = some(count)
            worked, records, started = busy(platform), await ends(platform.kafka), time.monotonic()
            began = await send(platform, visits, rate, rng)
            await all_are_filed(began)
            took = time.monotonic() - started
            late = [filing.filed[case] - at for case, at in began.items()]
            highest = statistics.quantiles(late, n=100)[98]
            events = (await ends(platform.kafka) - records) / took
            share = {name: (after - worked[name]) / took for name, after in busy(platform).items()}
            most = sorted(share, key=lambda name: -share[name])[:SHOWN]
            print(f"\n{rate} patients a second, {count} in {took:.0f} s: {events:.0f} events a second")
            print(f"  filed after {statistics.median(late):.2f} s in the median, 99 in 100 within {highest:.2f} s")
            print("  cores: " + ", ".join(f"{name} {share[name]:.2f}" for name in most) + f"; all {sum(share.values()):.2f}")
            if took > SLOWER * SECONDS:
                break
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
