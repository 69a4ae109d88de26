"""Waiting, for as long as nobody says stop."""

import asyncio
from contextlib import suppress


async def stopped(stop: asyncio.Event, seconds: float) -> bool:
    """Wait for so long, or until `stop`; return whether it was that."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()
