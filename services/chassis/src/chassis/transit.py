"""Keys of cases and patients in HashiCorp Vault's transit engine, or in what speaks its API (OpenBao).

https://developer.hashicorp.com/vault/api-docs/secret/transit
"""

from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import httpx

from chassis.archives import persistent
from chassis.errors import Erased, Malformed, Unavailable
from chassis.http_client import http_client

SERVER = "the key server"
TIMEOUT_SECONDS = 10.0


class TransitKeys:
    """A key of its own for each subject, named by it. The server wraps and unwraps; the key never leaves it.

    `url` is where the engine is mounted, "https://vault:8200/v1/transit"; who asks may create and update encrypt/+, update
    decrypt/+ and read keys/+ there, and, where it erases, update keys/+/rotate, config and trim.
    """

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self.url = url.rstrip("/")
        self.client = client
        # Keys that this process destroyed: of others' the server is not asked.
        self.lost = 0

    @classmethod
    def at(cls, url: str, ca: Path | None, authorization: Path | None) -> "TransitKeys":
        """Raise Misconfigured where a file is missing."""
        return cls(url, http_client(TIMEOUT_SECONDS, ca, authorization))

    async def wrap(self, of: str, data_key: bytes) -> bytes:
        response = await self.ask("POST", f"encrypt/{of}", {"plaintext": b64encode(data_key).decode()})
        answered(response, "encrypt")
        return str(response.json()["data"]["ciphertext"]).encode()

    async def unwrap(self, of: str, wrapped: bytes) -> bytes:
        response = await self.ask("POST", f"decrypt/{of}", {"ciphertext": wrapped.decode()})
        if response.status_code == httpx.codes.BAD_REQUEST:
            await self.explain(of, wrapped)
        answered(response, "decrypt")
        return b64decode(response.json()["data"]["plaintext"])

    async def explain(self, of: str, wrapped: bytes) -> None:
        """Raise why the server does not unwrap: a status says no more than that it did not."""
        found = await self.key(of)
        if found is None:
            raise Unavailable("a key that was used is not on the key server: is CASEPATH_KEYS what it was?")
        if generation(wrapped) < found["min_decryption_version"]:
            raise Erased("its key was destroyed")
        raise Malformed("its data key is not one that its owner's key wrapped")

    def losses(self) -> int:
        return self.lost

    async def destroy(self, of: str) -> bool:
        found = await self.key(of)
        if found is None:
            return False
        answered(await self.ask("POST", f"keys/{of}/rotate"), "rotate a key")
        found = await self.key(of)
        if found is None:
            raise Unavailable("a key that was to be destroyed is gone in the meantime")
        least = found["latest_version"]
        bounds = {"min_decryption_version": least, "min_encryption_version": least}
        answered(await self.ask("POST", f"keys/{of}/config", bounds), "bound a key's versions")
        answered(await self.ask("POST", f"keys/{of}/trim", {"min_available_version": least}), "trim a key")
        self.lost += 1
        return True

    async def close(self) -> None:
        await self.client.aclose()

    async def key(self, of: str) -> dict[str, Any] | None:
        response = await self.ask("GET", f"keys/{of}")
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        answered(response, "read a key")
        return dict(response.json()["data"])

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        async def once() -> httpx.Response:
            return await self.client.request(method, f"{self.url}/{path}", json=body)

        return await persistent(SERVER, once)


def answered(response: httpx.Response, what: str) -> None:
    """Raise Unavailable where the server did not do it: a token that ran out, or a right that is missing, can be mended."""
    if not response.is_success:
        raise Unavailable(f"{SERVER} answered {response.status_code} to {what}")


def generation(wrapped: bytes) -> int:
    """Which version of a key wrapped it: "vault:v3:…"."""
    _, version, _ = wrapped.decode().split(":", 2)
    return int(version.removeprefix("v"))
