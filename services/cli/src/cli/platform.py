"""Where the platform is, for commands that talk to it. The defaults are those of the embedded one."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import click

kafka_option = click.option(
    "--kafka", envvar="CASEPATH_KAFKA", default="127.0.0.1:18092", show_default=True, help="Bootstrap servers."
)
cases_option = click.option(
    "--cases", envvar="CASEPATH_CASES_ADDRESS", default="127.0.0.1:18050", show_default=True, help="gRPC address of cases."
)


def asynchronous[**P](command: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """A command that runs on an event loop."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(command(*args, **kwargs))

    return run
