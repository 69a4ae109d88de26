"""Programs that are kept running."""

import asyncio
import sys
from pathlib import Path

import pytest

from embedded import supervisor
from embedded.programs import Program
from embedded.supervisor import Supervisor
from waiting import eventually


async def test_a_program_is_started_again_though_the_disk_was_full_where_its_state_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "RESTART_DELAY", 0.01)
    told: list[int] = []

    def full_at_first() -> None:
        told.append(len(told))
        if len(told) < 3:
            raise OSError(28, "No space left on device")

    keeping = Supervisor(tmp_path, full_at_first)
    kept = asyncio.create_task(keeping.keep(Program("short", (sys.executable, "-c", ""), ready="")))
    await eventually(lambda: keeping.restarts.get("short", 0) >= 2, 30)
    kept.cancel()
    await asyncio.gather(kept, return_exceptions=True)
