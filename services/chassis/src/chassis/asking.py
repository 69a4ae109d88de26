"""Asking a platform from the command line: which one, as whom, and calls over gRPC's blocking stub."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Self

import click
import grpc

from chassis.calls import Identity, connected_blocking
from chassis.errors import Misconfigured
from chassis.grpc_errors import answers_of

ACCESS = Path(".casepath/access")
FILE = click.Path(dir_okay=False, path_type=Path)
CA = ACCESS / "tls" / "ca.pem"
ca_option = click.option(
    "--ca", envvar="CASEPATH_TLS_CA", default=CA, show_default=True, type=FILE, help="Who signs the platform's certificates."
)
tls_off_option = click.option("--tls-off", envvar="CASEPATH_TLS_OFF", is_flag=True, help="The platform proves nothing.")


def authorization_option(server: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """For a command that asks a server over HTTP: the file that proves who asks, as `<server>_authorization`."""
    return click.option(
        f"--{server}-authorization",
        envvar=f"CASEPATH_{server.upper()}_AUTHORIZATION",
        type=FILE,
        help="File with the value of the Authorization header.",
    )


@dataclass(frozen=True, slots=True)
class Where:
    """Which service is asked, as whom, and by whose certificate it proves itself; None where it proves nothing."""

    address: str
    token_file: Path | None
    identity: Identity | None


def asks_platform(flag: str, envvar: str, default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Options of a command that asks a service: hands it `platform`, a Where."""

    def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def run(*args: Any, address: str, token_file: Path | None, identity: Identity | None, **kwargs: Any) -> Any:
            return command(*args, platform=Where(address, token_file, identity), **kwargs)

        address = click.option(flag, "address", envvar=envvar, default=default, show_default=True, help="gRPC host:port.")
        token = click.option(
            "--token-file",
            envvar="CASEPATH_TOKEN_FILE",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="File with a token (casepath account token).",
        )
        return address(token(trusts(run)))

    return with_options


def trusts(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say whose certificates count: hands the command `identity`."""

    @wraps(command)
    def run(*args: Any, ca: Path, tls_off: bool, **kwargs: Any) -> Any:
        return command(*args, identity=None if tls_off else Identity(ca), **kwargs)

    return ca_option(tls_off_option(run))


class Calls:
    """Calls of one service over one channel. Raise what a status means, and Misconfigured without a token."""

    def __init__(self, stub: Callable[[grpc.Channel], Any], service: str, where: Where, seconds: float | None = None) -> None:
        if where.token_file is None:
            raise Misconfigured("say who you are: --token-file FILE (casepath account token)")
        self.metadata = (("authorization", f"Bearer {where.token_file.read_text().strip()}"),)
        self.service = f"{service} at {where.address}"
        self.seconds = seconds
        self.channel = connected_blocking(where.address, service, where.identity)
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
