"""How a service runs: settings, telemetry, its tasks side by side, a clean stop on SIGTERM."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NoReturn

import structlog

from chassis import telemetry
from chassis.errors import CasepathError, Misconfigured, defect_and_place
from chassis.health import Check, Facts, Health
from chassis.http_server import HttpServer
from chassis.proofs import Proofs
from chassis.settings import Settings, load

type Part = Callable[[asyncio.Event], Awaitable[None]]

log: structlog.stdlib.BoundLogger = structlog.get_logger()

EX_CONFIG = 78
EX_UNAVAILABLE = 69
EX_SOFTWARE = 70


async def run_parts(settings: Settings, parts: Sequence[Part], ready: dict[str, Check], facts: Facts = dict) -> None:
    """Run every part until a signal, a renewed proof, or until one fails: then stop the others and raise its error."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(report)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    proofs = Proofs(settings.proofs, settings.renewal_seconds)
    health = HttpServer(Health(ready, facts).app(), settings.health_host, settings.health_port)

    async def run(part: Part) -> None:
        try:
            await part(stop)
        finally:
            stop.set()

    try:
        async with asyncio.TaskGroup() as group:
            for part in [health.run, proofs.run, *parts]:
                group.create_task(run(part))
    except* CasepathError as errors:
        raise errors.exceptions[0] from errors
    log.info("stopped")


def main[S: Settings](name: str, kind: type[S], compose: Callable[[S], Awaitable[None]]) -> NoReturn:
    """The body of every `__main__`: read settings, set up telemetry, run, and exit with a code that says why."""
    try:
        settings = load(kind)
    except Misconfigured as error:
        sys.stderr.write(f"casepath-{name} cannot start: {error}\n")
        sys.exit(EX_CONFIG)
    telemetry.configure(name, settings.log_format)
    try:
        asyncio.run(compose_named(name, settings, compose))
    except CasepathError as error:
        log.error("ended", error=str(error), kind=type(error).__name__)
        sys.exit(EX_CONFIG if isinstance(error, Misconfigured) else EX_UNAVAILABLE)
    except Exception as error:  # noqa: BLE001 - the process ends here; a traceback would print the message too
        log.error("ended", error=defect_and_place(error), kind="Defect")
        sys.exit(EX_SOFTWARE)
    sys.exit(0)


def report(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log an exception that nobody awaited, such as one in a connection's callback."""
    error = context.get("exception")
    log.error("unhandled", error=defect_and_place(error) if error else str(context.get("message")))


async def compose_named[S: Settings](name: str, settings: S, compose: Callable[[S], Awaitable[None]]) -> None:
    structlog.contextvars.bind_contextvars(service=name)
    log.info("starting")
    await compose(settings)
