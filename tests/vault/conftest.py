"""A Vault of the run, over TLS, with the transit engine and a token for each kind of caller."""

import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from conftest import free_ports
from embedded.certificates import Authority, private
from go_programs import VAULT
from kubernetes.control_plane import running
from waiting import eventually_async

# As docs/runbook.md gives them: of every service, and of records, which erases.
SERVICE = """
path "transit/encrypt/+" { capabilities = ["create", "update"] }
path "transit/decrypt/+" { capabilities = ["update"] }
path "transit/keys/+" { capabilities = ["read"] }
"""
ERASING = (
    SERVICE
    + """
path "transit/keys/+/rotate" { capabilities = ["update"] }
path "transit/keys/+/config" { capabilities = ["update"] }
path "transit/keys/+/trim" { capabilities = ["update"] }
"""
)


@dataclass(frozen=True, slots=True)
class Vault:
    """`tokens` are files with the value of an Authorization header, by policy."""

    url: str
    ca: Path
    tokens: dict[str, Path]

    @property
    def transit(self) -> str:
        return f"{self.url}/v1/transit"


@pytest.fixture(scope="session")
async def vault(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Vault]:
    folder, port = tmp_path_factory.mktemp("vault"), free_ports().base
    authority = Authority(folder / "pki")
    identity = authority.identity("vault")
    listener = {"address": f"127.0.0.1:{port}", "tls_cert_file": str(identity), "tls_key_file": str(identity)}
    config = folder / "vault.json"
    config.write_text(
        json.dumps({"storage": {"file": {"path": str(folder / "data")}}, "listener": {"tcp": listener}, "disable_mlock": True})
    )
    url = f"https://127.0.0.1:{port}"
    context = ssl.create_default_context(cafile=authority.certificate)
    with running("vault", [VAULT.built(), "server", f"-config={config}"], folder):
        async with httpx.AsyncClient(base_url=url, verify=context, timeout=30, trust_env=False) as client:

            async def answers() -> bool:
                try:
                    return (await client.get("/v1/sys/init")).is_success
                except httpx.HTTPError:
                    return False

            await eventually_async(answers)
            made = (await client.put("/v1/sys/init", json={"secret_shares": 1, "secret_threshold": 1})).raise_for_status().json()
            (await client.put("/v1/sys/unseal", json={"key": made["keys"][0]})).raise_for_status()
            client.headers["X-Vault-Token"] = made["root_token"]
            (await client.post("/v1/sys/mounts/transit", json={"type": "transit"})).raise_for_status()
            tokens = {}
            for name, policy in {"service": SERVICE, "erasing": ERASING}.items():
                (await client.put(f"/v1/sys/policies/acl/{name}", json={"policy": policy})).raise_for_status()
                token = (await client.post("/v1/auth/token/create", json={"policies": [name]})).raise_for_status().json()
                tokens[name] = folder / f"{name}.authorization"
                private(tokens[name], f"Bearer {token['auth']['client_token']}".encode())
        yield Vault(url, authority.certificate, tokens)
