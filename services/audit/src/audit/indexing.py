"""Takes the ledger's blocks for asking, each once, as they come."""

import asyncio
import time

import structlog

from audit.adapters.ledger import Ledger
from audit.adapters.lines import Lines
from chassis.errors import Unavailable
from chassis.stopping import stopped

log: structlog.stdlib.BoundLogger = structlog.get_logger()

LOOK_SECONDS = 0.5
# To see whether a block that is not there was taken out, the end of the ledger is listed.
LIST_SECONDS = 30.0


class Indexing:
    """Of the ledger, by whichever process sealed a block."""

    def __init__(self, ledger: Ledger, lines: Lines) -> None:
        self.ledger = ledger
        self.lines = lines
        self.listed = float("-inf")
        self.is_caught_up = False

    def caught_up(self) -> bool:
        """Whether all that there was at the start is taken."""
        return self.is_caught_up

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                while await self.step() and not stop.is_set():
                    pass
            except Unavailable as error:
                log.warning("put off", error=str(error))
            await stopped(stop, LOOK_SECONDS)

    async def step(self) -> bool:
        """Take the next block; say whether there was one.

        One that was taken out or damaged is passed over, so that it does not hide what came after: `casepath audit verify`
        says what is wrong.
        """
        number = self.lines.following()
        block = await self.ledger.intact(number)
        if block is None:
            if time.monotonic() - self.listed < LIST_SECONDS:
                return False
            if await self.ledger.newest() < number:
                self.listed, self.is_caught_up = time.monotonic(), True
                return False
            # It may have been written since it was looked for.
            block = await self.ledger.intact(number)
        if block is None:
            log.error("a block of the ledger is missing or damaged: casepath audit verify", block=number)
        self.lines.take(number, block.entries if block is not None else ())
        return True
