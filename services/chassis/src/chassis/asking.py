"""Asking a platform from the command line: which one, as whom, and calls over gRPC's blocking stub."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import click
import grpc

from chassis.errors import Misconfigured
from chassis.grpc_errors import answers_of


def asks_platform(flag: str, envvar: str, default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Options of a command that asks a service: `address`, and `token_file`."""

    def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
        address = click.option(flag, "address", envvar=envvar, default=default, show_default=True, help="gRPC host:port.")
        token = click.option(
            "--token-file",
            envvar="CASEPATH_TOKEN_FILE",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="File with a token (casepath account token).",
        )
        return address(token(command))

    return with_options


class Calls:
    """Calls of one service over one channel. Raise what a status means, and Misconfigured without a token."""

    def __init__(
        self,
        stub: Callable[[grpc.Channel], Any],
        service: str,
        address: str,
        token_file: Path | None,
        seconds: float | None = None,
    ) -> None:
        if token_file is None:
            raise Misconfigured("say who you are: --token-file FILE (casepath account token)")
        self.metadata = (("authorization", f"Bearer {token_file.read_text().strip()}"),)
        self.service = f"{service} at {address}"
        self.seconds = seconds
        self.channel = grpc.insecure_channel(address)
        self.stub = stub(self.channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.channel.close()

    def __call__(self, method: str, request: Any) -> Any:
        """The answer; of a stream an iterator over its answers."""
        with answers_of(self.service):
            found = getattr(self.stub, method)(request, metadata=self.metadata, timeout=self.seconds)
        return self.each(found) if isinstance(found, Iterator) else found

    def each(self, answers: Iterator[Any]) -> Iterator[Any]:
        with answers_of(self.service):
            yield from answers
