"""Where the platform is, for commands that talk to it. The defaults are those of the embedded one."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Any

import click

from chassis.asking import ACCESS, FILE, ca_option, tls_off_option
from chassis.calls import Identity
from chassis.kafka_rights import OPERATOR

CASES_OPTIONS = (
    click.option(
        "--cases", envvar="CASEPATH_CASES_ADDRESS", default="127.0.0.1:18050", show_default=True, help="gRPC address of cases."
    ),
    ca_option,
    click.option(
        "--identity",
        "own",
        envvar="CASEPATH_TLS_IDENTITY",
        default=ACCESS / "tls" / f"{OPERATOR}.pem",
        show_default=True,
        type=FILE,
        help="Key and certificate that prove who asks.",
    ),
    tls_off_option,
)


def cases_option[R](command: Callable[..., R]) -> Callable[..., R]:
    """Hands the command the address of cases, and `identity`, by which it proves who asks."""

    @wraps(command)
    def run(*args: Any, ca: Path, own: Path, tls_off: bool, **kwargs: Any) -> R:
        return command(*args, identity=None if tls_off else Identity.at(ca, own), **kwargs)

    for option in reversed(CASES_OPTIONS):
        run = option(run)
    return run


def asynchronous[**P](command: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """A command that runs on an event loop."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(command(*args, **kwargs))

    return run
