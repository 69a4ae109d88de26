"""Keys, certificates and passwords that a process reads at its start: it ends when one is renewed, and is started anew with it.

A certificate that is renewed every few weeks (cert-manager) would otherwise be shown until it no longer counts.
"""

import asyncio
import hashlib
import random
from collections.abc import Iterable
from pathlib import Path

import structlog

from chassis.stopping import stopped

log: structlog.stdlib.BoundLogger = structlog.get_logger()

LOOK_SECONDS = 30.0


class Proofs:
    """Files by which this process proves itself, or believes others.

    Of several processes with the same files, each ends at a moment of its own within `spread` seconds, so that not all are
    away at once.
    """

    def __init__(self, files: Iterable[Path], spread: float, every: float = LOOK_SECONDS) -> None:
        self.files = tuple(files)
        self.spread = spread
        self.every = every
        self.read = {file: digest_of(file) for file in self.files}

    async def run(self, stop: asyncio.Event) -> None:
        """Until one of them is another than it was, or until `stop`."""
        while not await stopped(stop, self.every):
            renewed = await asyncio.to_thread(self.renewed)
            if renewed:
                delay = random.uniform(0, self.spread)  # noqa: S311 - to spread, no secret
                log.info("renewed", files=[file.name for file in renewed], ends_in=round(delay, 1))
                await stopped(stop, delay)
                return

    def renewed(self) -> list[Path]:
        """Those that differ. One that cannot be read is being exchanged at this moment."""
        return [file for file in self.files if (now := digest_of(file)) and now != self.read[file]]


def digest_of(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""
