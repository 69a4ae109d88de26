"""A FHIR R4 server: resources are PUT under ids of our own making (FHIR R4 section 3.1.0.4, update as create)."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

import httpx

from chassis.archives import check, persistent
from chassis.errors import Rejected, Unavailable
from chassis.fhir import MEDIA_TYPE, Resource, references
from records.resources import age, latest, newer
from records.settings import Creation

# RFC 9110 section 13.1.2; HAPI FHIR does not know that of an update, and takes a version of which there is none.
AS_NEW: Mapping[Creation, Mapping[str, str]] = {
    "if-none-match": {"If-None-Match": "*"},
    "version-0": {"If-Match": 'W/"0"'},
}

# How often somebody else may come in between: a registration and an order file the same patient within milliseconds.
CONFLICTS = 3

# From what is there, None where nothing is, to what shall be; None leaves it.
type Change = Callable[[Resource | None], Awaitable[Resource | None]]


class FhirServer(Protocol):
    """Keeps resources. `put` gives the version under which the resource now is there."""

    async def put(self, resource: Resource) -> str: ...

    async def change(self, kind: str, identifier: str, change: Change) -> str | None:
        """Have a resource be what `change` says, who is asked after it was read; give its version, None where there is none.

        What changes nothing makes no version. Where somebody else wrote it since it was read it is read again, and `change` asked
        again, since what was decided meanwhile may be out of date; raise Unavailable where that goes on.
        """
        ...


class Conflict(Unavailable):
    """Somebody else wrote a resource since it was read."""


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

        Raise Unavailable for 409, 412, 429, 5xx and time-outs, and for a refusal of what refers to something that is not there
        yet; Rejected for other refusals.
        """
        if age(resource) is None:
            return await self.write(resource, {})

        async def unless_newer(kept: Resource | None) -> Resource:
            return latest(kept, resource)

        return await self.change(resource["resourceType"], resource["id"], unless_newer) or ""

    async def change(self, kind: str, identifier: str, change: Change) -> str | None:
        for _ in range(CONFLICTS):
            with suppress(Conflict):
                return await self.changed(kind, identifier, change)
        return await self.changed(kind, identifier, change)

    async def changed(self, kind: str, identifier: str, change: Change) -> str | None:
        """Raise Conflict where somebody else wrote meanwhile."""
        found = await self.read(kind, identifier)
        kept = found.resource if found is not None else None
        wanted = await change(kept)
        if wanted is None or wanted == kept:
            return found.version if found is not None and kept is not None else None
        return await self.write(wanted, self.over(found))

    def over(self, found: Found | None) -> Mapping[str, str]:
        """On which condition what was read is written over; what was deleted, without one."""
        if found is None:
            return AS_NEW[self.creation]
        return {"If-Match": f'W/"{found.version}"'} if found.resource is not None else {}

    async def write(self, resource: Resource, headers: Mapping[str, str]) -> str:
        address = f"{self.base}/{resource['resourceType']}/{resource['id']}"
        said = {"Content-Type": MEDIA_TYPE, "Accept": MEDIA_TYPE, "Prefer": "return=minimal", **headers}

        async def written() -> str:
            response = await persistent("the FHIR server", lambda: self.client.put(address, json=resource, headers=said))
            if response.status_code in (HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED):
                raise Conflict(f"the FHIR server answered {response.status_code} to PUT {resource['resourceType']}")
            check(response, "the FHIR server", f"PUT {resource['resourceType']}")
            return version_of(response)

        try:
            return await written()
        except Rejected as error:
            named = sorted(set(references(resource)))
            if lacking := [name for name in named if not await self.has(name)]:
                raise Unavailable(f"{error}, which does not have what it refers to: {kinds(lacking)}") from None
            if not named:
                raise
        # What it refers to may have come since.
        return await written()

    async def has(self, name: str) -> bool:
        found = await self.read(*name.split("/"))
        return found is not None and found.resource is not None

    async def read(self, kind: str, identifier: str) -> Found | None:
        address, said = f"{self.base}/{kind}/{identifier}", {"Accept": MEDIA_TYPE, "Cache-Control": "no-cache"}
        response = await persistent("the FHIR server", lambda: self.client.get(address, headers=said))
        if response.status_code == 404:
            return None
        if response.status_code == 410:
            return Found(None)
        check(response, "the FHIR server", f"GET {kind}")
        return Found(response.json(), version_of(response))


def kinds(names: Iterable[str]) -> str:
    return ", ".join(sorted({name.split("/")[0] for name in names}))


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

    async def change(self, kind: str, identifier: str, change: Change) -> str | None:
        kept, version = self.found(kind, identifier)
        return self.changed(kind, identifier, kept, version, await change(kept))

    def found(self, kind: str, identifier: str) -> tuple[Resource | None, int]:
        return self.resources.get((kind, identifier), (None, 0))

    def changed(self, kind: str, identifier: str, kept: Resource | None, version: int, wanted: Resource | None) -> str | None:
        if wanted is None or wanted == kept:
            return str(version) if kept is not None else None
        if self.found(kind, identifier)[1] != version:
            raise Unavailable("somebody else wrote it meanwhile")
        self.resources[kind, identifier] = wanted, version + 1
        return str(version + 1)


def version_of(response: httpx.Response) -> str:
    """The version in an ETag (FHIR R4 section 3.1.0.5), `W/"3"`."""
    match = re.fullmatch(r'W/"(.+)"', response.headers.get("ETag", ""))
    return match[1] if match else ""
