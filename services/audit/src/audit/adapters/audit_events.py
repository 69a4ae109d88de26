"""AuditEvents in a FHIR R4 server."""

from collections.abc import Sequence
from typing import Protocol

import httpx

from chassis.archives import RETRIABLE, answering, check
from chassis.errors import Rejected, Unavailable
from chassis.fhir import MEDIA_TYPE, Resource

SERVER = "the FHIR server"


class AuditEvents(Protocol):
    """Keeps AuditEvents under their ids. Putting one again changes nothing."""

    async def put(self, events: Sequence[Resource]) -> None: ...

    async def get(self, identifier: str) -> Resource | None: ...


class FhirAuditEvents:
    """A server over HTTP."""

    def __init__(self, base: str, client: httpx.AsyncClient) -> None:
        self.base = base.rstrip("/")
        self.client = client

    async def put(self, events: Sequence[Resource]) -> None:
        """All in one request (FHIR R4 section 3.1.0.11, batch). Raise Unavailable, or Rejected where one is refused for good."""
        entries = [{"resource": one, "request": {"method": "PUT", "url": f"AuditEvent/{one['id']}"}} for one in events]
        async with answering(SERVER):
            response = await self.client.post(
                self.base,
                json={"resourceType": "Bundle", "type": "batch", "entry": entries},
                headers={"Content-Type": MEDIA_TYPE, "Accept": MEDIA_TYPE, "Prefer": "return=minimal"},
            )
        check(response, SERVER, "a batch")
        statuses = [int(one["response"]["status"][:3]) for one in response.json().get("entry", [])]
        refused = [status for status in statuses if not 200 <= status < 300]
        if len(statuses) != len(events) or any(status in RETRIABLE or status >= 500 for status in refused):
            raise Unavailable(f"{SERVER} did not take all of a batch")
        if refused:
            raise Rejected(f"{SERVER} answered {refused[0]} to PUT AuditEvent")

    async def get(self, identifier: str) -> Resource | None:
        async with answering(SERVER):
            response = await self.client.get(f"{self.base}/AuditEvent/{identifier}", headers={"Accept": MEDIA_TYPE})
        if response.status_code in (404, 410):
            return None
        check(response, SERVER, "GET AuditEvent")
        found: Resource = response.json()
        return found


class MemoryAuditEvents:
    """The same in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Resource] = {}

    async def put(self, events: Sequence[Resource]) -> None:
        self.kept |= {one["id"]: one for one in events}

    async def get(self, identifier: str) -> Resource | None:
        return self.kept.get(identifier)
