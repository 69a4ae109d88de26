"""Waiting on conditions."""

import asyncio
import time
from collections.abc import Awaitable, Callable

POLL_SECONDS = 0.05


async def eventually_async[T](found: Callable[[], Awaitable[T]], seconds: float = 60.0) -> T:
    """What `found` gives, once that is true. Fail with its last answer after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := await found()):
        assert time.monotonic() < deadline, f"after {seconds} s: {found} gives {answer!r}"
        await asyncio.sleep(POLL_SECONDS)
    return answer


async def eventually[T](found: Callable[[], T], seconds: float = 60.0) -> T:
    """The same for a condition that need not be awaited."""

    async def ask() -> T:
        return found()

    return await eventually_async(ask, seconds)
