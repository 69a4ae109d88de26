"""Asking other servers over HTTP: whose certificates count, and what proves who asks."""

import ssl
from collections.abc import Generator
from pathlib import Path

import httpx

from chassis.errors import Misconfigured


class AuthorizationFile(httpx.Auth):
    """The value of the Authorization header (`Bearer …`, `Basic …`), read for each request: whoever renews it writes the file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        try:
            request.headers["Authorization"] = self.file.read_text().strip()
        except OSError as error:
            raise Misconfigured(f"{self.file} cannot be read: {type(error).__name__}") from error
        yield request


def http_client(timeout: float, ca: Path | None = None, authorization: Path | None = None) -> httpx.AsyncClient:
    """`ca` signs certificates that count besides those that the system trusts. Raise Misconfigured where a file is missing."""
    context = ssl.create_default_context()
    try:
        if ca is not None:
            context.load_verify_locations(ca)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured(f"who signs certificates is not known (CASEPATH_TLS_CA): {error}") from None
    if authorization is not None and not authorization.is_file():
        raise Misconfigured(f"{authorization} is to hold the value of an Authorization header, and is no file")
    return httpx.AsyncClient(
        timeout=timeout, verify=context, auth=AuthorizationFile(authorization) if authorization is not None else None
    )
