"""Studies end when their time is over, and lose whoever does not take part any more: after a snapshot, and from time to time."""

import asyncio

import structlog

from chassis.errors import Retriable
from chassis.stopping import either, stopped
from hub.studies.studying import Studying

log: structlog.stdlib.BoundLogger = structlog.get_logger()

RETRY_SECONDS = 5.0


class Keeping:
    def __init__(self, studying: Studying, taken: asyncio.Event, seconds: float) -> None:
        self.studying = studying
        self.taken = taken
        self.seconds = seconds

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self.taken.clear()
            try:
                await self.studying.keep()
            except Retriable as error:
                log.warning("put off", error=str(error))
                await stopped(stop, RETRY_SECONDS)
                continue
            await either(stop, self.taken, self.seconds)
