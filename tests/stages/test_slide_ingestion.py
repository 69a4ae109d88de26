import json
import re
import resource
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

import examples
from casepath.slides.v1.slide_pb2 import SlideIngested
from chassis.drop_folder import DropArea
from chassis.errors import Unavailable
from chassis.isolated import Isolated
from chassis.objects import Objects
from chassis.orders import ListedOrders
from chassis.publisher import MemoryPublisher
from embedded import samples
from slides.catalogue import Catalogue
from slides.ingestion import Ingestion
from slides.scans import Scan
from slides.settings import SlideSettings

JPEG2000_SVS = Path(__file__).parents[1] / "data" / "slides" / "jpeg2000-no-mpp.svs"


@pytest.fixture
def publisher() -> MemoryPublisher:
    return MemoryPublisher()


@pytest_asyncio.fixture(scope="module")
async def isolated() -> AsyncIterator[Isolated]:
    with Isolated() as one:
        yield one


@pytest.fixture
def ingestion(tmp_path: Path, publisher: MemoryPublisher, isolated: Isolated) -> Ingestion:
    objects = Objects.at(f"file://{tmp_path / 'objects'}")
    return Ingestion(
        DropArea.at(tmp_path / "scanner"),
        re.compile(SlideSettings.model_fields["slide_name"].default),
        examples.NAMESPACE,
        ListedOrders([examples.order()]),
        objects,
        Catalogue(objects),
        publisher,
        isolated,
        tmp_path,
    )


async def drop(ingestion: Ingestion, source: Path, name: str) -> None:
    path = ingestion.area.incoming / name
    path.write_bytes(source.read_bytes())
    await ingestion.take(Scan((path,)))


async def take_all(ingestion: Ingestion) -> None:
    for path in sorted(ingestion.area.incoming.glob("*.svs")):
        await ingestion.take(Scan((path,)))


def reason(ingestion: Ingestion) -> str:
    (file,) = ingestion.area.quarantine.root.glob("*/reason.json")
    return str(json.loads(file.read_text())["reason"])


def topics(publisher: MemoryPublisher) -> list[str]:
    return [record.topic for record in publisher.records]


async def test_a_scan_of_an_order_is_stored_announced_and_leaves_the_folder(
    ingestion: Ingestion, publisher: MemoryPublisher
) -> None:
    await drop(ingestion, samples.SLIDE, f"{examples.ACCESSION}_A1.svs")
    data = SlideIngested.FromString(publisher.records[0].value)
    assert (data.case_id, data.slide_id, data.source_format) == (examples.CASE, "A1", "aperio")
    for instance in data.instances:
        assert (await ingestion.objects.get(instance.object))[128:132] == b"DICM"
    assert list(ingestion.area.incoming.iterdir()) == []
    assert len(list(ingestion.area.filed.rglob("*.svs"))) == 1


async def test_the_same_scan_dropped_again_gives_the_same_event(ingestion: Ingestion, publisher: MemoryPublisher) -> None:
    for _ in range(2):
        await drop(ingestion, samples.SLIDE, f"{examples.ACCESSION}_A1.svs")
    first, second = publisher.records
    assert first.value == second.value
    assert dict(first.headers)["ce_id"] == dict(second.headers)["ce_id"]


async def test_a_scan_without_an_order_waits_and_joins_it_when_it_comes(ingestion: Ingestion, publisher: MemoryPublisher) -> None:
    ingestion.orders = ListedOrders([])
    await drop(ingestion, samples.SLIDE, f"{examples.ACCESSION}_A1.svs")
    assert reason(ingestion) == "NO_MATCHING_ORDER"
    assert await ingestion.resume() == 0
    ingestion.orders = ListedOrders([examples.order()])
    assert await ingestion.resume() == 1
    await take_all(ingestion)
    assert topics(publisher) == ["slides.slide.quarantined.v1", "slides.slide.ingested.v1"]


async def test_a_slide_that_the_order_does_not_name_is_set_aside(ingestion: Ingestion) -> None:
    await drop(ingestion, samples.SLIDE, f"{examples.ACCESSION}_Z9.svs")
    assert reason(ingestion) == "NO_MATCHING_ORDER"


async def test_a_scan_without_microns_per_pixel_is_taken_up_when_a_sidecar_gives_them(
    ingestion: Ingestion, publisher: MemoryPublisher
) -> None:
    await drop(ingestion, JPEG2000_SVS, f"{examples.ACCESSION}_A2.svs")
    assert reason(ingestion) == "NO_MICRONS_PER_PIXEL"
    (folder,) = ingestion.area.quarantine.root.iterdir()
    (folder / f"{examples.ACCESSION}_A2.svs.json").write_text('{"microns_per_pixel": 0.25}')
    assert await ingestion.resume() == 1
    await take_all(ingestion)
    assert topics(publisher)[-1] == "slides.slide.ingested.v1"
    assert not list(ingestion.area.quarantine.root.iterdir())


async def test_a_scan_without_a_barcode_is_taken_up_when_a_sidecar_names_it(
    ingestion: Ingestion, publisher: MemoryPublisher
) -> None:
    await drop(ingestion, samples.SLIDE, "scan 17.svs")
    assert reason(ingestion) == "NO_BARCODE"
    (folder,) = ingestion.area.quarantine.root.iterdir()
    (folder / "scan 17.svs.json").write_text(json.dumps({"accession": examples.ACCESSION, "slide": "A1"}))
    assert await ingestion.resume() == 1
    await take_all(ingestion)
    assert topics(publisher)[-1] == "slides.slide.ingested.v1"


async def test_no_event_of_a_quarantined_scan_carries_its_file_name(ingestion: Ingestion, publisher: MemoryPublisher) -> None:
    await drop(ingestion, samples.SLIDE, "Exemple Zoe.svs")
    (record,) = publisher.records
    everything = record.key + record.value + b"".join(value for _, value in record.headers)
    assert b"Exemple" not in everything


@pytest.fixture
def no_room() -> Iterator[Callable[[], None]]:
    """No file may grow beyond 100 kB until it is called: as on a full disk, each write fails, in child processes too."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_scan_that_there_is_no_room_for_waits_and_is_ingested_when_there_is(
    ingestion: Ingestion, publisher: MemoryPublisher, no_room: Callable[[], None]
) -> None:
    scan = ingestion.area.incoming / f"{examples.ACCESSION}_A1.svs"
    scan.symlink_to(samples.SLIDE)
    with Isolated() as cramped:
        ingestion.isolated = cramped
        with pytest.raises(Unavailable, match="this machine cannot convert it now"):
            await ingestion.take(Scan((scan,)))
        assert scan.exists()
        assert publisher.records == []
        assert await ingestion.objects.names("sha256") == set()
    no_room()
    with Isolated() as roomy:
        ingestion.isolated = roomy
        await ingestion.take(Scan((scan,)))
    assert topics(publisher) == ["slides.slide.ingested.v1"]


async def test_a_share_that_cannot_be_read_leaves_the_scan_for_later(ingestion: Ingestion, publisher: MemoryPublisher) -> None:
    gone = ingestion.area.incoming / f"{examples.ACCESSION}_A1.svs"
    gone.symlink_to(ingestion.area.incoming / "unmounted" / "scan.svs")
    with pytest.raises(OSError, match="No such file"):
        await ingestion.take(Scan((gone,)))
    assert gone.is_symlink()
    assert publisher.records == []
