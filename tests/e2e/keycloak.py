"""A real Keycloak with one realm: a client for the portal, and people with passwords made for this run."""

import asyncio
import os
import shutil
import signal
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_urlsafe

import httpx
from jgo.maven import MavenContext

from chassis.settings import cache
from embedded.java import filling, java
from waiting import eventually_async

VERSION = "26.7.3"
REALM, CLIENT = "hospital", "casepath"
SECONDS = 180
ROLES_MAPPER = {
    "name": "roles",
    "protocol": "openid-connect",
    "protocolMapper": "oidc-usermodel-realm-role-mapper",
    "config": {"claim.name": "roles", "multivalued": "true", "id.token.claim": "true", "jsonType.label": "String"},
}

UNITS_MAPPER = {
    "name": "units",
    "protocol": "openid-connect",
    "protocolMapper": "oidc-group-membership-mapper",
    "config": {"claim.name": "units", "full.path": "false", "id.token.claim": "true"},
}


@dataclass(frozen=True, slots=True)
class Keycloak:
    base: str
    secret: str
    admin: httpx.AsyncClient
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"{self.base}/realms/{REALM}"

    async def realm(self, redirect: str, unit: str, people: dict[str, tuple[str, str, list[str]]]) -> None:
        """`people` are given and family name and roles, by user name; all of them are of one unit, a group of the realm."""
        self.passwords.update({name: token_urlsafe(12) for name in people})
        client = {
            "clientId": CLIENT,
            "secret": self.secret,
            "redirectUris": [f"{redirect}/*"],
            "attributes": {
                "post.logout.redirect.uris": f"{redirect}/*",
                "pkce.code.challenge.method": "S256",
                "backchannel.logout.url": f"{redirect}/login/ended",
                "backchannel.logout.session.required": "false",
            },
            "protocolMappers": [ROLES_MAPPER, UNITS_MAPPER],
        }
        users = [
            {
                "username": name,
                "firstName": given,
                "lastName": family,
                "email": f"{name}@hospital.example",
                "enabled": True,
                "realmRoles": roles,
                "groups": [f"/{unit}"],
                "credentials": [{"type": "password", "value": self.passwords[name]}],
            }
            for name, (given, family, roles) in people.items()
        ]
        roles = sorted({role for _, _, given in people.values() for role in given})
        made = {
            "realm": REALM,
            "enabled": True,
            "sslRequired": "none",
            "clients": [client],
            "users": users,
            "groups": [{"name": unit}],
        }
        made["roles"] = {"realm": [{"name": role} for role in roles]}
        (await self.admin.post(f"{self.base}/admin/realms", json=made)).raise_for_status()

    async def log_out(self, name: str) -> None:
        """As an administrator does who ends somebody's sessions."""
        users = f"{self.base}/admin/realms/{REALM}/users"
        (found,) = (await self.admin.get(users, params={"username": name, "exact": "true"})).raise_for_status().json()
        (await self.admin.post(f"{users}/{found['id']}/logout")).raise_for_status()


def distribution() -> Path:
    """Keycloak, unpacked under the user's cache folder on first use."""
    folder = cache() / "keycloak" / f"keycloak-{VERSION}"
    with filling("keycloak"):
        if not folder.exists():
            artifact = (
                MavenContext().project("org.keycloak", "keycloak-quarkus-dist").at_version(VERSION).artifact(packaging="zip")
            )
            partial = folder.parent / ".partial"
            shutil.rmtree(partial, ignore_errors=True)
            with zipfile.ZipFile(artifact.resolve()) as packed:
                packed.extractall(partial)
            (partial / folder.name).rename(folder)
            partial.rmdir()
    return folder


@asynccontextmanager
async def keycloak(port: int, log: Path) -> AsyncIterator[Keycloak]:
    password, base = token_urlsafe(16), f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "JAVA_HOME": str(Path(java()).parents[1]),
        "JAVA_OPTS_APPEND": "-Xmx512m -XX:TieredStopAtLevel=1",
        "KC_BOOTSTRAP_ADMIN_USERNAME": "admin",
        "KC_BOOTSTRAP_ADMIN_PASSWORD": password,
    }
    script = await asyncio.to_thread(distribution) / "bin/kc.sh"
    argv = ["sh", str(script), "start-dev", "--db=dev-mem", "--http-host=127.0.0.1", f"--http-port={port}"]
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *argv, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        async with httpx.AsyncClient(timeout=30) as client:

            async def is_up() -> bool:
                assert process.returncode is None, f"Keycloak ended: {log}"
                try:
                    return (await client.get(f"{base}/realms/master")).is_success
                except httpx.HTTPError:
                    return False

            await eventually_async(is_up, SECONDS)
            asked = {"grant_type": "password", "client_id": "admin-cli", "username": "admin", "password": password}
            answer = await client.post(f"{base}/realms/master/protocol/openid-connect/token", data=asked)
            client.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['access_token']}"
            yield Keycloak(base, token_urlsafe(24), client)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
