import asyncio

import pytest

from intake import precedence
from intake.precedence import Precedence


async def test_what_can_wait_goes_on_when_the_last_message_is_answered() -> None:
    first = Precedence()
    with first.answering():
        waiting = asyncio.create_task(first.give_way())
        with first.answering():
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiting.done()
    await waiting


async def test_it_waits_no_longer_than_its_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "PATIENCE", 0.01)
    busy = Precedence()
    with busy.answering():
        await busy.give_way()
        assert not busy.quiet.is_set()
