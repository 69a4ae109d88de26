"""The ledger in a store: entries of many at once, several that seal, a start in the middle, and what is filed of it."""

import asyncio
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

import examples
from audit.adapters.audit_events import MemoryAuditEvents
from audit.adapters.ledger import FOLDER, Ledger, contents, name
from audit.chain import Examination, Keys
from audit.recording import Recording
from casepath.audit.v1.audit_pb2 import BlockSealed, LedgerEntry
from casepath.topics import AUDIT_ACCESS_RECORDED, AUDIT_BLOCK_SEALED, INTAKE_ORDER_PLACED
from chassis.access import Signer
from chassis.errors import Unavailable
from chassis.objects import Objects
from chassis.worker import Received

SIGNER = Signer.fresh()
KEYS = Keys({SIGNER.kid: SIGNER.key.public_key()})


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return Objects.at(f"file://{tmp_path}")


def line(number: int) -> LedgerEntry:
    id_ = uuid5(UUID(examples.CASE), str(number))
    return LedgerEntry(event_id=str(id_), time=Timestamp(seconds=number + 1), access=examples.accessed())


async def examined(objects: Objects) -> tuple[Examination, list[str]]:
    examination, found = Examination(KEYS, {}), []
    async for number, content in contents(objects):
        block = examination.take(number, content)
        assert block is not None
        found += [entry.event_id for entry in block.entries]
    examination.end()
    return examination, found


async def test_entries_that_wait_together_are_sealed_together(objects: Objects) -> None:
    ledger = Ledger(objects, SIGNER)
    sealed = await asyncio.gather(*(ledger.append(line(number)) for number in range(100)))
    examination, found = await examined(objects)
    assert examination.faults == []
    assert sorted(found) == sorted(line(number).event_id for number in range(100))
    assert examination.blocks < 10
    assert max(one.number for one in sealed) == examination.blocks - 1


async def test_of_several_that_seal_at_once_each_goes_on_from_the_others(objects: Objects) -> None:
    ledgers = [Ledger(objects, SIGNER) for _ in range(4)]

    async def several(ledger: Ledger, first: int) -> None:
        for number in range(first, first + 25):
            await ledger.append(line(number))

    await asyncio.gather(*(several(ledger, 25 * index) for index, ledger in enumerate(ledgers)))
    examination, found = await examined(objects)
    assert examination.faults == []
    assert sorted(found) == sorted(line(number).event_id for number in range(100))


async def test_a_ledger_goes_on_where_it_ended(objects: Objects) -> None:
    await Ledger(objects, SIGNER).append(line(1))
    assert (await Ledger(objects, SIGNER).append(line(2))).number == 1
    assert (await examined(objects))[0].faults == []


async def test_a_damaged_end_is_followed_and_shows(objects: Objects, tmp_path: Path) -> None:
    ledger = Ledger(objects, SIGNER)
    for number in range(3):
        await ledger.append(line(number))
    file = tmp_path / "shelf/audit/blocks" / name(2)
    file.write_bytes(file.read_bytes()[:-5])
    assert (await Ledger(objects, SIGNER).append(line(3))).number == 3
    examination = Examination(KEYS, {})
    async for number, content in contents(objects):
        examination.take(number, content)
    assert (2, "it is no block") in examination.faults


async def test_a_file_that_is_no_block_stops_nothing(objects: Objects, tmp_path: Path) -> None:
    await Ledger(objects, SIGNER).append(line(0))
    (tmp_path / "shelf/audit/blocks" / name(0)).with_name("readme.txt").write_text("not of the ledger")
    assert (await Ledger(objects, SIGNER).append(line(1))).number == 1
    assert (await examined(objects))[0].faults == []


def test_names_of_blocks_sort_as_their_numbers() -> None:
    numbers = [0, 1, FOLDER - 1, FOLDER, 12 * FOLDER + 3]
    assert sorted(name(number) for number in numbers) == [name(number) for number in numbers]


async def test_a_store_that_fails_leaves_the_event_to_be_tried_again(objects: Objects, tmp_path: Path) -> None:
    ledger = Ledger(objects, SIGNER)
    await ledger.append(line(1))
    blocks = tmp_path / "shelf/audit/blocks"
    blocks.rename(tmp_path / "aside")
    blocks.write_text("a file where a folder has to be")
    with pytest.raises(Unavailable):
        await ledger.append(line(2))
    blocks.unlink()
    (tmp_path / "aside").rename(blocks)
    assert (await ledger.append(line(2))).number == 1


async def test_each_event_is_in_the_ledger_before_it_is_told_and_filed_once(objects: Objects) -> None:
    kept = MemoryAuditEvents()
    recording = Recording(Ledger(objects, SIGNER), kept)
    order = Received(examples.order(), examples.envelope(INTAKE_ORDER_PLACED.name))
    look = Received(examples.accessed(), examples.envelope(AUDIT_ACCESS_RECORDED.name))
    routes = {route.topic.name: route for route in recording.routes()}
    told = [
        event
        for received, topic in ((order, INTAKE_ORDER_PLACED), (look, AUDIT_ACCESS_RECORDED))
        for event in await routes[topic.name].handle(received)
    ]
    assert {event.topic.name for event in told} == {AUDIT_BLOCK_SEALED.name}
    for event in told:
        assert isinstance(event.data, BlockSealed)
        assert list(await routes[AUDIT_BLOCK_SEALED.name].handle(Received(event.data, examples.envelope("x")))) == []
    assert sorted(one["action"] for one in kept.kept.values()) == ["C", "R"]
    # A block is told by each event that is in it.
    kept.kept.clear()
    assert isinstance(told[0].data, BlockSealed)
    await routes[AUDIT_BLOCK_SEALED.name].handle(Received(told[0].data, examples.envelope("x")))
    assert kept.kept == {}
