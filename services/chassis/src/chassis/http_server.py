"""An HTTP server (uvicorn) as a part of a service."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from chassis.errors import Misconfigured

GRACE_SECONDS = 5


class QuietServer(uvicorn.Server):
    """uvicorn without its signal handlers: the service stops itself."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServer:
    """Serves an application until stopped, over TLS with a `certificate` (PEM, with its key); port 0 picks one.

    Raise Misconfigured where the address cannot be listened on, or the certificate cannot be read. No access log: a query may
    name a patient.
    """

    def __init__(self, app: ASGIApp, host: str, port: int, certificate: Path | None = None) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # Named as TCP, or asyncio leaves Nagle's algorithm on, and each small answer waits 40 ms for its acknowledgement.
        self.socket = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self.socket.bind((host, port))
        except OSError as error:
            self.socket.close()
            raise Misconfigured(f"cannot listen on {host}:{port}: is the port taken?") from error
        self.port = int(self.socket.getsockname()[1])
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            ssl_certfile=certificate,
        )
        try:
            config.load()
        except (OSError, ssl.SSLError) as error:
            self.socket.close()
            raise Misconfigured(f"CASEPATH_HTTP_IDENTITY is no PEM file with key and certificate: {error}") from None
        self.server = QuietServer(config)

    async def run(self, stop: asyncio.Event) -> None:
        serving = asyncio.create_task(self.server.serve([self.socket]))
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        self.server.should_exit = True
        stopped.cancel()
        await serving
        self.socket.close()


def host_and_port(address: str) -> tuple[str, int]:
    """Raise Misconfigured where the address is not host:port."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise Misconfigured(f"{address!r} is not host:port")
    return host.strip("[]"), int(port)
