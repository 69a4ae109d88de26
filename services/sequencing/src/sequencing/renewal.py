"""What would be said otherwise by the tables and snapshots of now: found when the service starts, and told again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from chassis.errors import Retriable
from chassis.events import Event
from chassis.publisher import Publisher, announce
from chassis.stopping import stopped

log: structlog.stdlib.BoundLogger = structlog.get_logger()

RETRY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Renewed:
    """One sample, looked at again.

    `event` tells what differs, None where nothing does; `keep` remembers that it was looked at.
    """

    cause: UUID
    event: Event | None
    keep: Callable[[], Awaitable[None]]


type Renewing = Callable[[], AsyncIterator[Renewed]]


class Renewal:
    """Runs once over all samples, then waits."""

    def __init__(self, parts: Sequence[Renewing], publisher: Publisher) -> None:
        self.parts = parts
        self.publisher = publisher

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.all(stop)
                await stop.wait()
            except Retriable as error:
                log.warning("renewal", outcome="put off", error=str(error))
                await stopped(stop, RETRY_SECONDS)

    async def all(self, stop: asyncio.Event) -> None:
        checked = amended = 0
        for part in self.parts:
            async for one in part():
                if stop.is_set():
                    return
                # Told before it is kept: until then a restart makes it again, with the same id.
                if one.event is not None:
                    await announce(self.publisher, [one.event], cause=one.cause, source="sequencing")
                await one.keep()
                checked += 1
                amended += one.event is not None
        if checked:
            log.info("renewal", outcome="done", checked=checked, amended=amended)
