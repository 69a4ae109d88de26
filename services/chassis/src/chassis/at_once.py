"""Work that may be done at the same time."""

import asyncio
from collections.abc import Awaitable, Iterable


async def at_once[R](work: Iterable[Awaitable[R]], most: int) -> list[R]:
    """What each gives, in order, at most so many at a time. Raise the first's error that has one, when all have ended."""
    turns = asyncio.Semaphore(most)

    async def one(each: Awaitable[R]) -> R:
        async with turns:
            return await each

    ended = await asyncio.gather(*map(one, work), return_exceptions=True)
    found = []
    for end in ended:
        if isinstance(end, BaseException):
            raise end
        found.append(end)
    return found
