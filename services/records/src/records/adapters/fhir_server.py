"""A FHIR R4 server: resources are PUT under ids of our own making (FHIR R4 section 3.1.0.4, update as create)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import httpx

from chassis.archives import check, persistent
from chassis.fhir import MEDIA_TYPE, Resource
from records.resources import age, newer
from records.settings import Creation

# RFC 9110 section 13.1.2; HAPI FHIR does not know that of an update, and takes a version of which there is none.
AS_NEW: Mapping[Creation, Mapping[str, str]] = {
    "if-none-match": {"If-None-Match": "*"},
    "version-0": {"If-Match": 'W/"0"'},
}

type Change = Callable[[Resource], Resource]


class FhirServer(Protocol):
    """Keeps resources. `put` gives the version under which the resource now is there."""

    async def put(self, resource: Resource) -> str: ...

    async def create(self, resource: Resource) -> None:
        """Have it there where nothing has its name: what has is left as it is."""
        ...

    async def amend(self, kind: str, identifier: str, change: Change) -> str | None:
        """Have a resource changed; give its version, or None where there is none. What changes nothing makes no version."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """What a server has under a name; without a resource it was deleted."""

    resource: Resource | None
    version: str = ""


class HttpFhirServer:
    """A server over HTTP. `creation` is how it is told that a resource must not be there yet."""

    def __init__(self, base: str, client: httpx.AsyncClient, creation: Creation = "if-none-match") -> None:
        self.base = base.rstrip("/")
        self.client = client
        self.creation = creation

    async def put(self, resource: Resource) -> str:
        """Create or replace; a resource that has an age never replaces a newer one.

        Raise Unavailable for 409, 412, 429, 5xx and time-outs, Rejected for other refusals.
        """
        headers: dict[str, str] = {}
        if age(resource) is not None:
            found = await self.read(resource["resourceType"], resource["id"])
            if found is None:
                headers |= AS_NEW[self.creation]
            elif found.resource is not None:
                if newer(found.resource, resource):
                    return found.version
                headers["If-Match"] = f'W/"{found.version}"'
        return await self.write(resource, headers)

    async def create(self, resource: Resource) -> None:
        """Raise Unavailable where somebody else wrote it meanwhile."""
        found = await self.read(resource["resourceType"], resource["id"])
        if found is None:
            await self.write(resource, AS_NEW[self.creation])
        elif found.resource is None:
            await self.write(resource, {})

    async def amend(self, kind: str, identifier: str, change: Change) -> str | None:
        """Raise Unavailable where somebody else wrote it meanwhile."""
        found = await self.read(kind, identifier)
        if found is None or found.resource is None:
            return None
        changed = change(found.resource)
        return found.version if changed == found.resource else await self.write(changed, {"If-Match": f'W/"{found.version}"'})

    async def write(self, resource: Resource, headers: Mapping[str, str]) -> str:
        address = f"{self.base}/{resource['resourceType']}/{resource['id']}"
        said = {"Content-Type": MEDIA_TYPE, "Accept": MEDIA_TYPE, "Prefer": "return=minimal", **headers}
        response = await persistent("the FHIR server", lambda: self.client.put(address, json=resource, headers=said))
        check(response, "the FHIR server", f"PUT {resource['resourceType']}")
        return version_of(response)

    async def read(self, kind: str, identifier: str) -> Found | None:
        address, said = f"{self.base}/{kind}/{identifier}", {"Accept": MEDIA_TYPE, "Cache-Control": "no-cache"}
        response = await persistent("the FHIR server", lambda: self.client.get(address, headers=said))
        if response.status_code == 404:
            return None
        if response.status_code == 410:
            return Found(None)
        check(response, "the FHIR server", f"GET {kind}")
        return Found(response.json(), version_of(response))


class MemoryFhirServer:
    """The same rules in memory, for tests of filing."""

    def __init__(self) -> None:
        self.resources: dict[tuple[str, str], tuple[Resource, int]] = {}

    async def put(self, resource: Resource) -> str:
        name = resource["resourceType"], resource["id"]
        kept, version = self.resources.get(name, ({}, 0))
        if kept != resource and not newer(kept, resource):
            version += 1
            self.resources[name] = resource, version
        return str(version)

    async def create(self, resource: Resource) -> None:
        self.resources.setdefault((resource["resourceType"], resource["id"]), (resource, 1))

    async def amend(self, kind: str, identifier: str, change: Change) -> str | None:
        if (kind, identifier) not in self.resources:
            return None
        kept, version = self.resources[kind, identifier]
        changed = change(kept)
        if changed != kept:
            version += 1
            self.resources[kind, identifier] = changed, version
        return str(version)


def version_of(response: httpx.Response) -> str:
    """The version in an ETag (FHIR R4 section 3.1.0.5), `W/"3"`."""
    match = re.fullmatch(r'W/"(.+)"', response.headers.get("ETag", ""))
    return match[1] if match else ""
