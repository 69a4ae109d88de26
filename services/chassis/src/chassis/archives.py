"""What the HTTP answers of an archive mean."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from chassis.errors import Rejected, Unavailable

# Besides 5xx: a conflict of concurrent writers, a stale If-Match, too many requests, a time-out on the server's side.
RETRIABLE = frozenset({408, 409, 412, 425, 429})


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
