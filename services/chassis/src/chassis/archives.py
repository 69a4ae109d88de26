"""What the HTTP answers of an archive mean."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx

from chassis.errors import Rejected, Unavailable

# Besides 5xx: a conflict of concurrent writers, a stale If-Match, too many requests, a time-out on the server's side.
RETRIABLE = frozenset({408, 409, 412, 425, 429})


# What may be otherwise at once; a conflict is not: what is there has to be looked at again.
PASSING = frozenset({408, 425, 429})
TRIES = 3
FIRST_PAUSE = 0.1


async def persistent(archive: str, ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """The answer to a request that can be made again; asked a few times, so that one that is lost does not lose those before it.

    Raise Unavailable where there is none at the last time.
    """
    for pause in (FIRST_PAUSE * 2**number for number in range(TRIES - 1)):
        try:
            response = await ask()
            if response.status_code not in PASSING and not response.is_server_error:
                return response
        except httpx.HTTPError:
            pass
        await asyncio.sleep(pause)
    async with answering(archive):
        return await ask()


@asynccontextmanager
async def answering(archive: str) -> AsyncIterator[None]:
    """Raise Unavailable where the archive cannot be reached or does not answer in time."""
    try:
        yield
    except httpx.HTTPError as error:
        raise Unavailable(f"{archive} does not answer: {type(error).__name__}") from error


def check(response: httpx.Response, archive: str, what: str) -> None:
    """Raise Unavailable for an answer that can change, Rejected for one that cannot.

    The body is left out: archives repeat in it what they were sent.
    """
    if response.is_success:
        return
    said = f"{archive} answered {response.status_code} to {what}"
    if response.status_code in RETRIABLE or response.is_server_error:
        raise Unavailable(said)
    raise Rejected(said)
