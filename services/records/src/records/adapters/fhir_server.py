"""A FHIR R4 server: resources are PUT under ids of our own making (FHIR R4 section 3.1.0.4, update as create)."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import httpx

from chassis.archives import answering, check
from chassis.fhir import MEDIA_TYPE, Resource
from records.resources import age, newer

type Change = Callable[[Resource], Resource]


class FhirServer(Protocol):
    """Keeps resources. `put` gives the version under which the resource now is there."""

    async def put(self, resource: Resource) -> str: ...

    async def amend(self, kind: str, identifier: str, change: Change) -> str | None:
        """Have a resource changed; give its version, or None where there is none. What changes nothing makes no version."""
        ...


class HttpFhirServer:
    """A server over HTTP."""

    def __init__(self, base: str, client: httpx.AsyncClient) -> None:
        self.base = base.rstrip("/")
        self.client = client

    async def put(self, resource: Resource) -> str:
        """Create or replace; a resource that has an age never replaces a newer one.

        Raise Unavailable for 409, 412, 429, 5xx and time-outs, Rejected for other refusals.
        """
        headers: dict[str, str] = {}
        if age(resource) is not None:
            found = await self.read(resource)
            if found is not None:
                kept, version = found
                if newer(kept, resource):
                    return version
                headers["If-Match"] = f'W/"{version}"'
        return await self.write(resource, headers)

    async def amend(self, kind: str, identifier: str, change: Change) -> str | None:
        """Raise Unavailable where somebody else wrote it meanwhile."""
        found = await self.read({"resourceType": kind, "id": identifier})
        if found is None:
            return None
        kept, version = found
        changed = change(kept)
        return version if changed == kept else await self.write(changed, {"If-Match": f'W/"{version}"'})

    async def write(self, resource: Resource, headers: Mapping[str, str]) -> str:
        name = f"{resource['resourceType']}/{resource['id']}"
        async with answering("the FHIR server"):
            response = await self.client.put(
                f"{self.base}/{name}",
                json=resource,
                headers={"Content-Type": MEDIA_TYPE, "Accept": MEDIA_TYPE, "Prefer": "return=minimal", **headers},
            )
        check(response, "the FHIR server", f"PUT {resource['resourceType']}")
        return version_of(response)

    async def read(self, resource: Resource) -> tuple[dict[str, Any], str] | None:
        async with answering("the FHIR server"):
            response = await self.client.get(
                f"{self.base}/{resource['resourceType']}/{resource['id']}",
                headers={"Accept": MEDIA_TYPE, "Cache-Control": "no-cache"},
            )
        if response.status_code in (404, 410):
            return None
        check(response, "the FHIR server", f"GET {resource['resourceType']}")
        return response.json(), version_of(response)


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
