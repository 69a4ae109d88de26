"""Work in a process of its own: native code that crashes takes its input with it, not the service."""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Self

from chassis.errors import Rejected, Unavailable
from chassis.telemetry import hush_libraries


class Crashed(Rejected):
    """The process died at this input, or did not come to an end with it."""


class Died(Crashed):
    """Of itself, or for lack of memory."""


class Isolated:
    """Runs one piece of work at a time, in one process that is kept for a while; a new one after a crash.

    `most`: after so many pieces another process takes over, since native libraries leave files open (bcftools in pysam).
    """

    def __init__(self, most: int = 1000) -> None:
        self.pool = fresh_pool()
        self.turn = asyncio.Lock()
        self.most = most
        self.done = 0

    async def run[A, R](self, function: Callable[[A], R], argument: A, seconds: float) -> R:
        """Raise what `function` raises; Crashed where its process died at it twice, or is killed since it is not done after
        `seconds`; Unavailable where it died since a disk had no room for a file that it had mapped.

        Both must be importable and picklable.
        """
        async with self.turn:
            if self.done >= self.most:
                self.pool.shutdown(wait=False)
                self.pool, self.done = fresh_pool(), 0
            self.done += 1
            try:
                return await self.once(function, argument, seconds)
            except Died:
                # Memory may have been short, which is not the input's fault.
                return await self.once(function, argument, seconds)

    async def once[A, R](self, function: Callable[[A], R], argument: A, seconds: float) -> R:
        loop = asyncio.get_running_loop()
        process = await self.living()
        child = next((one for one in multiprocessing.active_children() if one.pid == process), None)
        try:
            return await asyncio.wait_for(loop.run_in_executor(self.pool, function, argument), seconds)
        except BrokenProcessPool:
            broken, self.pool = self.pool, fresh_pool()
            # Which waits for the process.
            await asyncio.to_thread(broken.shutdown)
            if child is not None and child.exitcode == -signal.SIGBUS:
                raise Unavailable("the process that worked on it died: is there room on the disks of this machine?") from None
            raise Died("the process that worked on it died") from None
        except TimeoutError:
            os.kill(process, signal.SIGKILL)
            self.pool = fresh_pool()
            raise Crashed(f"it was not done in {seconds:.0f} s") from None

    async def living(self) -> int:
        """The id of the process; a new one's where it died idle, which no input is to blame for."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self.pool, os.getpid)
        except BrokenProcessPool:
            self.pool = fresh_pool()
            return await loop.run_in_executor(self.pool, os.getpid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)


def fresh_pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn"), initializer=begin)


def begin() -> None:
    """In the child, before its first work."""
    hush_libraries()
    end_with_parent()


def end_with_parent() -> None:
    """In the child: end when the service is killed, rather than work on for nobody."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def allowance(size: int, seconds_per_megabyte: float, least: float = 120.0) -> float:
    """Seconds for work on an input of `size` bytes: many times what it should take, so that only what hangs is ended."""
    return least + size / 1e6 * seconds_per_megabyte
