"""The page on which somebody decides whether what came in is of the patient whom it names."""

from uuid import uuid5

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from casepath.intake.v1.identity_pb2 import (
    TRAIT_ACCESSION,
    TRAIT_BIRTH_DATE,
    TRAIT_BIRTH_PLACE,
    TRAIT_FAMILY_NAME,
    TRAIT_GIVEN_NAME,
    TRAIT_INS,
    TRAIT_SEX,
    IdentityDisputed,
    Trait,
)
from casepath.intake.v1.patient_pb2 import Patient
from casepath.records.v1.filing_pb2 import Entry
from chassis.access_log import case_entry, patient_entry, saw
from chassis.errors import NotFound
from chassis.publisher import announce
from portal.desk import Desk, form_of, render
from portal.disputes import said_at
from portal.handlers import IDENTITY_VERDICTS, decision, identity_decided
from portal.people import Person
from portal.presenting import sex_name, short

# What is shown of two statements, in the order in which they are compared.
COMPARED = (TRAIT_INS, TRAIT_FAMILY_NAME, TRAIT_GIVEN_NAME, TRAIT_BIRTH_DATE, TRAIT_SEX, TRAIT_BIRTH_PLACE)


class IdentityPages:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def whole(self, request: Request, person: Person) -> Response:
        disputes = await self.desk.disputes.waiting()
        saw(request, *(entry for dispute in disputes for entry in concerned(dispute)))
        return render(
            request,
            "identities.html",
            person=person,
            disputes=disputes,
            verdicts=list(IDENTITY_VERDICTS),
            rows=[(short(Trait, trait), trait) for trait in COMPARED],
            accession=TRAIT_ACCESSION,
            said=said,
            said_at=said_at,
            sex_name=sex_name,
        )

    async def decide(self, request: Request, person: Person) -> Response:
        """The first who decides counts; whoever comes later is told that it is decided."""
        form, name = await form_of(request), str(request.path_params["dispute_id"])
        dispute = await self.desk.disputes.disputed.get(name)
        if dispute is None or await self.desk.disputes.decided.get(name) is not None:
            raise NotFound("this is decided, or there is no such dispute")
        saw(request, *concerned(dispute))
        decided = decision(dispute, form.get("verdict", ""), form.get("reason", ""), person.reader)
        cause = uuid5(self.desk.namespace, f"identity|{name}|{decided.SerializeToString().hex()}")
        await announce(self.desk.publisher, [identity_decided(decided)], cause=cause, source="portal")
        await self.desk.disputes.decided.create(name, decided)
        return RedirectResponse("/identities", 303)


def concerned(dispute: IdentityDisputed) -> list[Entry]:
    of_case = [case_entry(dispute.order.case_id)] if dispute.HasField("order") else []
    return [*of_case, patient_entry(dispute.known.patient_id), patient_entry(dispute.stated.patient_id)]


def said(patient: Patient, trait: Trait) -> str:
    """A trait as it is said; of the sex there is a name for each language."""
    return {
        TRAIT_FAMILY_NAME: patient.family_name,
        TRAIT_GIVEN_NAME: " ".join(patient.given_names),
        TRAIT_BIRTH_DATE: patient.birth_date,
        TRAIT_BIRTH_PLACE: patient.birth_place,
        TRAIT_INS: patient.ins,
    }.get(trait, "")
