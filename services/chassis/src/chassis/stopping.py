"""Waiting, for as long as nobody says stop."""

import asyncio
from contextlib import suppress


async def either(stop: asyncio.Event, event: asyncio.Event, seconds: float | None = None) -> None:
    """Wait for one of them, for so long at most."""
    waiting = [asyncio.create_task(one.wait()) for one in (stop, event)]
    await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for one in waiting:
        one.cancel()


async def stopped(stop: asyncio.Event, seconds: float) -> bool:
    """Wait for so long, or until `stop`; return whether it was that."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()
