"""The orders that a service has heard of, by accession: each service that matches inputs to orders keeps its own shelf."""

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.records.v1.filing_pb2 import CaseMoved
from chassis.errors import Unavailable
from chassis.events import Event
from chassis.identity import case_id
from chassis.objects import Objects, Shelf, by
from chassis.worker import Received


class Orders(Protocol):
    """Looks an order up by the accession that a file names."""

    async def find(self, accession: str) -> OrderPlaced | None: ...


class ShelvedOrders:
    """Orders in the object store. `service` keeps the shelves of two services apart."""

    def __init__(self, objects: Objects, service: str, namespace: UUID) -> None:
        self.shelf = Shelf(objects, OrderPlaced, f"{service}/orders", by("case_id"))
        self.moves = Shelf(objects, CaseMoved, f"{service}/moves", by("case_id"))
        self.namespace = namespace

    async def find(self, accession: str) -> OrderPlaced | None:
        return await self.of_case(case_id(self.namespace, accession))

    async def of_case(self, case: str) -> OrderPlaced | None:
        """With the patient of now, where the one that it names was merged."""
        order = await self.shelf.get(case)
        if order is not None:
            now = await self.moves.get(case)
            if now is not None and now.ordered_for == order.patient.patient_id:
                order.patient.CopyFrom(now.patient)
        return order

    async def expected(self, case: str, what: str) -> OrderPlaced:
        """Raise Unavailable while the order that `what` belongs to is not here: topics are not ordered among each other."""
        order = await self.of_case(case)
        if order is None:
            raise Unavailable(f"the order that {what} belongs to has not come yet")
        return order

    async def keep(self, received: Received[OrderPlaced]) -> Iterable[Event]:
        """Keep the latest order of each accession; one recorded earlier than what is kept changes nothing."""
        await self.shelf.put_latest(received.data.case_id, received.data)
        return ()

    async def move(self, received: Received[CaseMoved]) -> Iterable[Event]:
        """The latest counts; it may come before the order."""
        await self.moves.put_latest(received.data.case_id, received.data)
        return ()


class ListedOrders:
    """Orders given beforehand, for tests."""

    def __init__(self, orders: Iterable[OrderPlaced]) -> None:
        self.by_accession = {order.accession: order for order in orders}

    async def find(self, accession: str) -> OrderPlaced | None:
        return self.by_accession.get(accession)
