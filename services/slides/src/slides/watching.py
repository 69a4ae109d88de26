"""The loop over the drop folder."""

import asyncio
from pathlib import Path

import structlog

from chassis.drop_folder import DropFolder
from chassis.errors import Retriable
from slides.ingestion import Ingestion

log: structlog.stdlib.BoundLogger = structlog.get_logger()

POLL_SECONDS = 0.5


class Watcher:
    """Takes files as they become complete, until stopped. A file that cannot be kept now is taken up again."""

    def __init__(self, ingestion: Ingestion, quiet: float) -> None:
        self.ingestion = ingestion
        self.drop = DropFolder(ingestion.incoming, is_scan, quiet)
        self.watching = False

    async def run(self, stop: asyncio.Event) -> None:
        self.watching = True
        while not stop.is_set():
            try:
                await self.ingestion.resume()
                for path in await self.drop.stable():
                    if stop.is_set():
                        break
                    await self.ingestion.take(path)
            except Retriable as error:
                log.warning("put off", error=str(error))
            try:
                await asyncio.wait_for(stop.wait(), POLL_SECONDS)
            except TimeoutError:
                continue
        self.watching = False


def is_scan(path: Path) -> bool:
    """Anything but a sidecar: what is not a slide is quarantined with that reason, not passed over in silence."""
    return path.suffix != ".json" and path.is_file()
