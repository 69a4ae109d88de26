"""Keeps programs running: starts them in order, restarts one that dies, stops all of them together."""

import asyncio
import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx

from chassis.errors import Unavailable
from embedded.programs import Program

PR_SET_PDEATHSIG = 1
# Between sessions the kernel may share out by these, and not by who is nice (sched(7), autogrouping).
AUTOGROUP = Path("/proc/self/autogroup")
RESTART_DELAY = 1.0
STOP_GRACE = 25.0
# A program that is given a name and a command and becomes that (exec): to trace a service, limit it, or give it its own clock.
LAUNCHER = "CASEPATH_LAUNCHER"


def die_with_parent(niceness: int = 0) -> None:
    """In the child: be killed when the supervisor dies, however it dies (Linux prctl(2)); and give way to who is less nice."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.nice(niceness)
    if AUTOGROUP.exists():
        AUTOGROUP.write_text(str(niceness))


class Supervisor:
    """Programs by name. `pids` and `restarts` say how they are; logs are in `<home>/logs/<name>.log`."""

    def __init__(self, home: Path, changed: Callable[[], None] = lambda: None) -> None:
        self.logs = home / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self.changed = changed
        self.pids: dict[str, int] = {}
        self.restarts: dict[str, int] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, *programs: Program, seconds: float) -> None:
        """Start programs together and wait until all are ready. Raise Unavailable with where to look when one is not."""
        for program in programs:
            self.tasks[program.name] = asyncio.create_task(self.keep(program))
        deadline = time.monotonic() + seconds
        async with httpx.AsyncClient(timeout=5) as client:
            for program in programs:
                while not await is_ready(program, client):
                    if time.monotonic() > deadline or self.restarts.get(program.name, 0) > 5:
                        log = self.logs / f"{program.name}.log"
                        raise Unavailable(f"{program.name} is not ready after {seconds:.0f} s; see {log}:\n{tail(log)}")
                    await asyncio.sleep(0.2)

    async def keep(self, program: Program) -> None:
        """Run a program again whenever it ends, until cancelled; then end it, politely first."""
        if program.before:
            await self.once(program)
        while True:
            with (self.logs / f"{program.name}.log").open("ab") as log:
                process = await asyncio.create_subprocess_exec(
                    *([launcher, program.name] if (launcher := os.environ.get(LAUNCHER)) else []),
                    *program.argv,
                    env={**os.environ, **program.env},
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=partial(die_with_parent, program.niceness),
                    start_new_session=True,
                )
            self.pids[program.name] = process.pid
            try:
                await self.tell()
                await process.wait()
            except asyncio.CancelledError:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
                try:
                    await asyncio.wait_for(process.wait(), STOP_GRACE)
                except TimeoutError:
                    process.kill()
                    await process.wait()
                raise
            self.restarts[program.name] = self.restarts.get(program.name, 0) + 1
            await asyncio.sleep(RESTART_DELAY)

    async def tell(self) -> None:
        """As soon as there is room on the disk where it is told."""
        while True:
            try:
                return self.changed()
            except OSError:
                await asyncio.sleep(RESTART_DELAY)

    async def once(self, program: Program) -> None:
        with (self.logs / f"{program.name}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(*program.before, stdout=log, stderr=log, preexec_fn=die_with_parent)
            if await process.wait():
                raise Unavailable(f"{program.name} cannot be prepared; see {self.logs / program.name}.log")

    async def stop(self, *names: str) -> None:
        """Stop the named programs together, or all of them; those that do not run are passed over."""
        tasks = [self.tasks.pop(name) for name in (names or tuple(self.tasks)) if name in self.tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def is_ready(program: Program, client: httpx.AsyncClient) -> bool:
    if program.ready.startswith("http"):
        try:
            return (await client.get(program.ready)).status_code == 200
        except httpx.HTTPError:
            return False
    host, port = program.ready.rsplit(":", 1)
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    return True


def tail(log: Path, lines: int = 12) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"
