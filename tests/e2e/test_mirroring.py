"""A hospital's facts copied to a region's own cluster by MirrorMaker 2, on two real brokers: nothing else leaves the hospital."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

import examples
from casepath.deidentification.v1.release_pb2 import FactReleased
from casepath.topics import DEIDENTIFICATION_FACTS_RELEASED
from chassis.events import Event, sealed
from chassis.kafka import Kafka
from chassis.provision import apply, differences
from chassis.publisher import KafkaPublisher
from chassis.reading import held
from conftest import Platform, free_ports
from embedded.java import jars, java
from embedded.ports import Ports
from embedded.programs import authority_of, kafka, kafka_admin, kafka_password_file
from hub.adapters.warehouse import Warehouse
from hub.gathering import Gathering
from hub.vocabulary import mapped
from waiting import eventually_async

TEMPLATE = Path(__file__).parents[2] / "services/hub/mirror-maker.properties"
MIRROR_MAKER = ("org.apache.kafka:connect-mirror:4.3.1", "org.slf4j:slf4j-simple:2.0.17")
HOSPITAL = "demonstration"
TOPIC = DEIDENTIFICATION_FACTS_RELEASED
MIRRORED = f"{HOSPITAL}.{TOPIC.name}"


@dataclass(frozen=True, slots=True)
class Region:
    """A cluster of its own, and what runs there."""

    folder: Path
    ports: Ports

    @property
    def kafka(self) -> Kafka:
        return kafka_admin(self.folder, self.ports)

    def configuration(self, platform: Platform) -> Path:
        """The file that an operator would write."""
        there, here = authority_of(platform.home.folder), authority_of(self.folder)
        values = {
            "hospital": HOSPITAL,
            "hospital_bootstrap": f"127.0.0.1:{platform.ports['kafka']}",
            "password": kafka_password_file(platform.home.folder, "hub").read_text().strip(),
            "hospital_ca": str(there.certificate),
            "region_bootstrap": self.kafka.bootstrap,
            "region_ca": str(here.certificate),
            "region_identity": str(self.kafka.identity),
            "replication": "1",
        }
        text = TEMPLATE.read_text()
        for name, value in values.items():
            text = text.replace(f"%{name}%", value)
        file = self.folder / "mirror-maker.properties"
        file.write_text(text)
        return file

    async def is_up(self) -> bool:
        try:
            await self.topics()
        except KafkaError:
            return False
        return True

    async def topics(self) -> set[str]:
        admin = AIOKafkaAdminClient(**self.kafka.client())
        await admin.start()
        try:
            return set(await admin.list_topics())
        finally:
            await admin.close()

    async def facts(self) -> list[FactReleased]:
        return [FactReleased.FromString(one.value) for one in await held(self.kafka, MIRRORED, TOPIC.partitions)]


@contextmanager
def running(argv: Sequence[str], log: Path) -> Iterator[None]:
    with log.open("ab") as out:
        process = subprocess.Popen(argv, stdout=out, stderr=out)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


@pytest_asyncio.fixture(scope="module")
async def region(platform: Platform) -> AsyncIterator[Region]:
    one = Region(platform.home.folder.parent / f"region-{uuid4().hex[:8]}", free_ports())
    one.folder.mkdir()
    program = kafka(one.folder, one.ports, print)
    await asyncio.to_thread(subprocess.run, program.before, check=True, capture_output=True)
    with running(program.argv, one.folder / "kafka.log"):
        await eventually_async(one.is_up, 60)
        await apply(one.kafka, await differences(one.kafka, hospitals=[HOSPITAL]), {})
        yield one


def mirroring(region: Region, platform: Platform) -> tuple[str, ...]:
    folder = jars("mirror-maker", MIRROR_MAKER, print, lenient=True)
    options = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
    return (
        java(),
        *options,
        "-cp",
        f"{folder}/*",
        "org.apache.kafka.connect.mirror.MirrorMaker",
        str(region.configuration(platform)),
    )


def fact(number: int, hospital: str = HOSPITAL) -> FactReleased:
    made = examples.fact_released()
    made.hospital = hospital
    made.subject_id = f"00000000-0000-4000-8000-{number:012}"
    return made


async def release(platform: Platform, facts: Sequence[FactReleased]) -> None:
    """As the hospital's deidentification would."""
    events = [Event(TOPIC, one.subject_id, one) for one in facts]
    cause = uuid4()
    async with KafkaPublisher(platform.kafka, "test") as publisher:
        await publisher.publish(sealed(events, cause=cause, correlation=cause, source="deidentification", time=datetime.now(UTC)))


async def test_only_facts_reach_the_region_and_none_is_lost_while_the_way_is_shut(
    platform: Platform, region: Region, tmp_path: Path
) -> None:
    first, later = range(900_000, 900_040), range(900_100, 900_130)
    await release(platform, [fact(number) for number in first])

    async def there(numbers: Sequence[int]) -> bool:
        return {fact(number).subject_id for number in numbers} <= {one.subject_id for one in await region.facts()}

    with running(mirroring(region, platform), region.folder / "mirror-maker.log"):
        await eventually_async(lambda: there(first), 120)
    # The hospital goes away for a while, as its operators may.
    await release(platform, [*(fact(number) for number in later), fact(900_200, hospital="another")])
    with running(mirroring(region, platform), region.folder / "mirror-maker.log"):
        await eventually_async(lambda: there([*later, 900_200]), 120)
    of_hospital = {one for one in await region.topics() if one.startswith(f"{HOSPITAL}.")}
    # And what MirrorMaker itself keeps of how far it came.
    assert of_hospital == {MIRRORED, f"{HOSPITAL}.checkpoints.internal"}

    tables = Warehouse(f"file://{tmp_path}", f"sqlite:///{tmp_path / 'catalog.sqlite'}")
    stop = asyncio.Event()
    async with KafkaPublisher(region.kafka, "test") as publisher:
        gathering = Gathering(tables, {MIRRORED: HOSPITAL}, publisher, region.kafka)
        task = asyncio.create_task(gathering.run(stop))

        async def gathered() -> bool:
            return len(await region.facts()) == sum(tables.offsets().values())

        await eventually_async(gathered, 60)
        stop.set()
        await task
    tables.take_snapshot("one", mapped(None))
    with tables.snapshot() as database:
        found = {subject for (subject,) in database.table("person").select("person_source_value").fetchall()}
    assert {fact(number).subject_id for number in (*first, *later)} <= found
    # What speaks for another hospital is set aside, and harms nobody.
    assert fact(900_200).subject_id not in found
    letters = await held(region.kafka, TOPIC.dead_letters, 1)
    assert [dict(one.headers)["error"] for one in letters] == [b"a hospital sent facts in another's name"]
