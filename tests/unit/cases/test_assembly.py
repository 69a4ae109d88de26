"""What becomes of case assembly where its table takes nothing any more."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import examples
from casepath.topics import INTAKE_ORDER_PLACED
from cases.adapters.assembly import Assembly
from cases.adapters.case_view import SqliteCaseView
from cases.working_time import WorkingTime
from chassis.kafka import Kafka
from chassis.publisher import MemoryPublisher


class FullTable(dict[bytes, bytes]):
    def __setitem__(self, key: bytes, value: bytes) -> None:
        # As rocksdict does: of no class of its own.
        raise Exception("IO error: No space left on device: While appending to file")


class OneRecord:
    def __init__(self) -> None:
        self.passed = False

    async def events(self) -> AsyncIterator[Any]:
        headers = examples.envelope(INTAKE_ORDER_PLACED.name).headers()
        value = examples.order().SerializeToString()
        place = {"topic": INTAKE_ORDER_PLACED.name, "partition": 0, "offset": 0}
        yield SimpleNamespace(message=SimpleNamespace(**place, key=examples.CASE.encode(), value=value, headers=headers))
        self.passed = True


async def test_a_table_without_room_ends_assembly_and_makes_no_dead_letter_of_what_is_in_hand(tmp_path: Path) -> None:
    working, publisher, stream = WorkingTime(ZoneInfo("Europe/Paris")), MemoryPublisher(), OneRecord()
    view = SqliteCaseView.at(tmp_path / "cases.sqlite", working)
    assembly = Assembly(Kafka("127.0.0.1:1"), 1, tmp_path, view, publisher, working)
    assembly.table = FullTable()
    folding = asyncio.create_task(assembly.assemble(stream))
    await asyncio.wait_for(assembly.lost.wait(), 10)
    assert publisher.records == []
    assert not stream.passed
    folding.cancel()
    await asyncio.gather(folding, return_exceptions=True)
