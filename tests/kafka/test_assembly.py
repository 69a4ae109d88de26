"""How case assembly begins and ends on a real broker."""

import asyncio
import threading
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import NodeNotReadyError
from mode.threads import WorkerThread

from cases.adapters.assembly import Assembly
from cases.adapters.case_view import SqliteCaseView
from cases.working_time import WorkingTime
from chassis.errors import Unavailable
from chassis.publisher import MemoryPublisher
from conftest import Platform


async def test_where_a_broker_goes_while_assembly_starts_it_ends_and_nothing_keeps_its_process(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = AIOKafkaClient.send

    async def failing(self: AIOKafkaClient, node: int, request: Any, **options: Any) -> Any:
        if "CreateTopics" in type(request).__name__:
            raise NodeNotReadyError("a broker is gone")
        return await send(self, node, request, **options)

    monkeypatch.setattr(AIOKafkaClient, "send", failing)
    working = WorkingTime(ZoneInfo("Europe/Paris"))
    view = SqliteCaseView.at(tmp_path / "cases.sqlite", working)
    kafka = platform.as_principal("cases")
    assembly = Assembly(kafka, 1, tmp_path, view, MemoryPublisher(), working)
    with pytest.raises(Unavailable, match="does not start: NodeNotReadyError"):
        await asyncio.wait_for(assembly.run(asyncio.Event()), 60)
    assert [thread for thread in threading.enumerate() if isinstance(thread, WorkerThread)] == []
