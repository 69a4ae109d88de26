"""Scans that are uploaded to a bucket: each object under the prefix is brought into the drop folder, once."""

import asyncio
from pathlib import Path, PurePosixPath

import obstore
import structlog
from obstore.exceptions import BaseError as StoreError

from chassis.durable import settle
from chassis.errors import Unavailable
from chassis.objects import Objects
from chassis.stopping import stopped
from slides.inbox import CHUNK

log: structlog.stdlib.BoundLogger = structlog.get_logger()

POLL_SECONDS = 2.0
TAKEN = "taken"


class ScanPrefix:
    """An object is whole as soon as it is listed (S3 shows none before). What was brought in is moved below taken/.

    A crash between the two brings the same bytes in again, which the scan's digest makes a repeat.
    """

    def __init__(self, bucket: Objects, incoming: Path) -> None:
        self.bucket = bucket
        self.incoming = incoming

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.bring()
            except (StoreError, OSError, Unavailable) as error:
                log.warning("put off", error=f"the scans' bucket does not answer: {type(error).__name__}")
            await stopped(stop, POLL_SECONDS)

    async def bring(self) -> int:
        """Bring in what lies there, sidecars first; return how many objects."""
        names = [name for name in await self.bucket.names("") if not name.startswith(f"{TAKEN}/")]
        for name in sorted(names, key=lambda name: (not name.endswith(".json"), name)):
            await self.fetch(name)
            await obstore.rename_async(self.bucket.store, name, f"{TAKEN}/{name}")
        return len(names)

    async def fetch(self, name: str) -> None:
        target = self.incoming.joinpath(*PurePosixPath(name).parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.partial")
        result = await obstore.get_async(self.bucket.store, name)
        with partial.open("wb") as file:
            async for chunk in result.stream(min_chunk_size=CHUNK):
                await asyncio.to_thread(file.write, bytes(chunk))
        await asyncio.to_thread(settle, partial, target)
