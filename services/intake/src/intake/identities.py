"""Who a patient is: what agrees with what is known goes on, what does not waits for a person, and nothing of it is filed."""

from collections.abc import Iterable, Sequence
from typing import Any

from casepath.intake.v1.identity_pb2 import TRAIT_ACCESSION, IdentityDisputed, KnownPatient, Trait
from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.intake.v1.patient_pb2 import Patient, PatientRegistered
from casepath.portal.v1.reading_pb2 import IDENTITY_VERDICT_TAKEN, IdentityDecided
from casepath.topics import (
    INTAKE_IDENTITY_DISPUTED,
    INTAKE_ORDER_PLACED,
    INTAKE_ORDER_RECEIVED,
    INTAKE_PATIENT_REGISTERED,
    INTAKE_REGISTRATION_RECEIVED,
    PORTAL_IDENTITY_DECIDED,
)
from chassis.errors import Rejected
from chassis.events import Event
from chassis.merges import Merges
from chassis.objects import Objects, Shelf, by, by_folder
from chassis.worker import Received, Route
from intake.accessions import whole
from intake.precedence import Precedence
from intake.traits import of_order, of_registration


class Identities:
    def __init__(self, objects: Objects, precedence: Precedence | None = None) -> None:
        self.precedence = precedence or Precedence()
        self.patients = Shelf(objects, KnownPatient, "intake/patients", by("patient.patient_id"))
        # Whose an accession is.
        self.cases = Shelf(objects, Patient, "intake/cases", by_folder)
        self.orders = Shelf(objects, OrderPlaced, "intake/orders", by("case_id"))
        self.disputes = Shelf(objects, IdentityDisputed, "intake/disputes", by("known.patient_id"))
        self.decisions = Shelf(objects, IdentityDecided, "intake/decisions", by("patient_id"))
        self.merges = Merges(objects, "intake")

    def routes(self) -> list[Route[Any]]:
        return [
            Route(INTAKE_REGISTRATION_RECEIVED, self.registration),
            Route(INTAKE_ORDER_RECEIVED, self.order),
            *self.merges.routes(),
            Route(PORTAL_IDENTITY_DECIDED, self.decided),
        ]

    async def registration(self, received: Received[PatientRegistered]) -> Iterable[Event]:
        await self.precedence.give_way()
        said = received.data
        known = await self.patients.get(said.patient.patient_id)
        if known is not None and (traits := of_registration(known.patient, said.patient)):
            dispute = IdentityDisputed(known=known.patient, stated=said.patient, traits=traits, registration=said)
            return [await self.dispute(received, dispute)]
        return [await self.register(said)]

    async def register(self, said: PatientRegistered) -> Event:
        await self.know(KnownPatient(patient=said.patient, recorded_at=said.recorded_at))
        return Event(INTAKE_PATIENT_REGISTERED, said.patient.patient_id, said)

    async def order(self, received: Received[OrderPlaced]) -> Iterable[Event]:
        await self.precedence.give_way()
        said = received.data
        known, traits = await self.doubts(said)
        if known is not None:
            return [await self.dispute(received, IdentityDisputed(known=known, stated=said.patient, traits=traits, order=said))]
        patient = KnownPatient(patient=said.patient, recorded_at=said.recorded_at)
        # An order says who somebody is only as long as nobody else does.
        await self.patients.create(said.patient.patient_id, patient)
        await self.cases.create(said.case_id, said.patient)
        return [await self.place(said)]

    async def place(self, said: OrderPlaced, *, anew: bool = False) -> Event:
        """With what was ordered before, unless it is `anew`."""
        order = said

        def placed(kept: OrderPlaced | None) -> OrderPlaced | None:
            nonlocal order
            order = whole(None if anew else kept, said)
            return None if order == kept else order

        await self.orders.change(said.case_id, placed)
        return Event(INTAKE_ORDER_PLACED, said.case_id, order)

    async def doubts(self, said: OrderPlaced) -> tuple[Patient | None, Sequence[Trait]]:
        """Who is known in place of whom an order names, and in what they differ; None where there is no doubt."""
        owner = await self.cases.get(said.case_id)
        if owner is not None and not await self.are_one(owner.patient_id, said.patient.patient_id):
            return owner, [TRAIT_ACCESSION]
        known = await self.patients.get(said.patient.patient_id)
        traits = of_order(known.patient, said.patient) if known is not None else []
        return (known.patient if known is not None and traits else None), traits

    async def are_one(self, one: str, other: str) -> bool:
        return one == other or other in await self.merges.one_person([one])

    async def know(self, now: KnownPatient) -> None:
        """An older statement does not replace a newer one."""
        await self.patients.put_latest(now.patient.patient_id, now)

    async def dispute(self, received: Received[Any], dispute: IdentityDisputed) -> Event:
        dispute.dispute_id = str(received.envelope.id)
        await self.disputes.put(dispute.dispute_id, dispute)
        return Event(INTAKE_IDENTITY_DISPUTED, dispute.stated.patient_id, dispute)

    async def decided(self, received: Received[IdentityDecided]) -> Iterable[Event]:
        """The first decision of a dispute counts; the same one again leads to the same."""
        said = received.data
        dispute = await self.disputes.get(said.dispute_id)
        if dispute is None:
            raise Rejected("there is no such dispute")
        if not await self.decisions.create(said.dispute_id, said) and await self.decisions.get(said.dispute_id) != said:
            return ()
        return [await self.take(dispute)] if said.verdict == IDENTITY_VERDICT_TAKEN else ()

    async def take(self, dispute: IdentityDisputed) -> Event:
        """As it was said; that is what is known now."""
        if dispute.HasField("registration"):
            return await self.register(dispute.registration)
        order = dispute.order
        owner = await self.cases.get(order.case_id)
        is_theirs = owner is not None and await self.are_one(owner.patient_id, order.patient.patient_id)
        await self.know(KnownPatient(patient=order.patient, recorded_at=order.recorded_at))
        await self.cases.put(order.case_id, order.patient)
        # What was ordered for somebody else is not for whom the accession is now.
        return await self.place(order, anew=not is_theirs)
