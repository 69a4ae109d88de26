"""A watched folder: files are handed over once, when they are complete."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from chassis.errors import Retriable
from chassis.quarantine import Held, Quarantine
from chassis.stopping import stopped

log: structlog.stdlib.BoundLogger = structlog.get_logger()

POLL_SECONDS = 0.5
ABANDONED_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class DropArea:
    """Where a machine drops files, and where they go from there: filed/<id>/, or quarantine/<id>/ with the reason."""

    incoming: Path
    filed: Path
    quarantine: Quarantine

    @classmethod
    def at(cls, folder: Path) -> "DropArea":
        incoming = folder / "incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        return cls(incoming, folder / "filed", Quarantine(folder / "quarantine"))

    async def resume(self, mended: Callable[[Held], Awaitable[bool]]) -> int:
        """Put back into incoming/ what somebody touched in quarantine, and what `mended` says; return how many inputs."""
        resumed = 0
        for held in await asyncio.to_thread(self.quarantine.held):
            if held.touched or await mended(held):
                resumed += await asyncio.to_thread(self.quarantine.release, held, self.incoming)
        return resumed


@dataclass(slots=True)
class DropFolder:
    """Finds files that have stopped growing.

    A file is stable when its size and modification time have not changed for `quiet` seconds by this machine's monotonic
    clock. Hidden files and those that end in .partial or .tmp are still being written by their sender, unless nothing was
    written for `ABANDONED_SECONDS`. Files of one `unit` are handed over together, when none of them still changes.
    """

    folder: Path
    accepts: Callable[[Path], bool]
    quiet: float = 2.0
    unit: Callable[[Path], str] = str
    seen: dict[Path, tuple[tuple[int, int], float]] = field(default_factory=dict)

    async def stable(self) -> list[Path]:
        """Files that are complete, in name order. What is handed over is the caller's to move away."""
        return await asyncio.to_thread(self.scan, time.monotonic())

    def scan(self, now: float) -> list[Path]:
        found: dict[Path, tuple[tuple[int, int], float]] = {}
        complete: list[Path] = []
        changing: set[str] = set()
        for path in sorted(self.folder.rglob("*")):
            partial = path.name.startswith(".") or path.suffix in {".partial", ".tmp"}
            if not partial and not self.accepts(path):
                continue
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            state = (status.st_size, status.st_mtime_ns)
            before = self.seen.get(path)
            found[path] = before if before and before[0] == state else (state, now)
            if now - found[path][1] < (ABANDONED_SECONDS if partial else self.quiet):
                changing.add(self.unit(path))
            elif not partial:
                complete.append(path)
        self.seen = found
        return [path for path in complete if self.unit(path) not in changing]


class Watcher[T]:
    """Takes inputs out of a drop folder as they become complete, until stopped.

    `grouped` makes inputs of complete files; `resume` puts back what was set aside and is mended. An input that cannot be
    kept now is taken up again.
    """

    def __init__(
        self,
        drop: DropFolder,
        grouped: Callable[[Sequence[Path]], Sequence[T]],
        take: Callable[[T], Awaitable[None]],
        resume: Callable[[], Awaitable[int]],
    ) -> None:
        self.drop = drop
        self.grouped = grouped
        self.take = take
        self.resume = resume
        self.watching = False

    async def run(self, stop: asyncio.Event) -> None:
        self.watching = True
        while not stop.is_set():
            await self.attempt(self.resume())
            await self.attempt(self.round(stop))
            await stopped(stop, POLL_SECONDS)
        self.watching = False

    async def round(self, stop: asyncio.Event) -> None:
        for item in self.grouped(await self.drop.stable()):
            if stop.is_set():
                return
            await self.attempt(self.take(item))

    async def attempt(self, work: Awaitable[object]) -> None:
        """An input that cannot be read or kept now does not hold the others, nor does a folder that is gone for a while."""
        try:
            await work
        except Retriable as error:
            log.warning("put off", error=str(error))
        except OSError as error:
            # The text would name the file.
            log.warning("put off", error=f"{type(error).__name__} {error.errno}")
