"""Disputes of who a patient is: those that wait, and those that somebody decided."""

from collections.abc import Iterable
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from casepath.intake.v1.identity_pb2 import IdentityDisputed
from casepath.portal.v1.reading_pb2 import IdentityDecided
from casepath.topics import INTAKE_IDENTITY_DISPUTED, PORTAL_IDENTITY_DECIDED
from chassis.events import Event
from chassis.objects import Objects, Shelf, by
from chassis.worker import Received, Route


class Disputes:
    def __init__(self, objects: Objects) -> None:
        self.disputed = Shelf(objects, IdentityDisputed, "portal/disputes", by("known.patient_id"))
        self.decided = Shelf(objects, IdentityDecided, "portal/decided-disputes", by("patient_id"))

    def routes(self) -> list[Route[Any]]:
        return [Route(INTAKE_IDENTITY_DISPUTED, self.keep), Route(PORTAL_IDENTITY_DECIDED, self.settle)]

    async def keep(self, received: Received[IdentityDisputed]) -> Iterable[Event]:
        await self.disputed.create(received.data.dispute_id, received.data)
        return ()

    async def settle(self, received: Received[IdentityDecided]) -> Iterable[Event]:
        await self.decided.create(received.data.dispute_id, received.data)
        return ()

    async def waiting(self) -> list[IdentityDisputed]:
        """Those that nobody decided, oldest first."""
        names = await self.disputed.names() - await self.decided.names()
        found = [await self.disputed.get(name) for name in names]
        return sorted((one for one in found if one is not None), key=lambda one: said_at(one).ToNanoseconds())


def said_at(dispute: IdentityDisputed) -> Timestamp:
    return dispute.registration.recorded_at if dispute.HasField("registration") else dispute.order.recorded_at
