"""A case: everything that happened to it, and the page on which it is read."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from casepath.cases.v1.cases_pb2 import Case
from chassis.access import Permission
from chassis.errors import NotFound
from chassis.patients import patient_name
from chassis.signed_reports import diagnoses, named, parts, standing
from portal.desk import Desk, render, spoken
from portal.diagnoses import typed
from portal.handlers import disowned, is_withdrawn, of_another, undecided, unread
from portal.language import viewer_texts
from portal.people import Person
from portal.presenting import (
    calling_failure,
    drug_names,
    filed_kinds,
    findings,
    label_address,
    levels,
    not_looked_up,
    notices,
    opened_at,
    sex_name,
    shortfall_names,
    slide_state,
    snapshot_names,
    state_name,
    tile_address,
    untold_genes,
    urgency_name,
    viewed_slide,
    withholding,
)


# What the viewer's script says; the rest is in the pages.
class CasePages:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def case(self, request: Request, person: Person) -> Response:
        case = await self.desk.case(request, person)
        return render(
            request,
            "case.html",
            person=person,
            may_sign_genomics=person.principal.may(Permission.SIGN_GENOMICS),
            proven=self.desk.door.proven(request),
            **shown(case, self.desk),
        )

    async def read(self, request: Request, person: Person) -> Response:
        case = await self.desk.case(request, person)
        scanned = [slide for slide in case.slides if slide.HasField("ingested")]
        if not scanned:
            raise NotFound("no slide of this case is scanned yet")
        draft = await self.desk.drafts.get(case.case_id, person.account.name)
        return render(
            request,
            "read.html",
            person=person,
            draft=draft,
            may_sign=person.principal.may(Permission.SIGN_REPORTS),
            proven=self.desk.door.proven(request),
            slide_names=[slide.slide_id for slide in scanned],
            reads=True,
            points=False,
            labels={slide.slide_id: label_address(slide.ingested, person.principal) for slide in scanned},
            **shown(case, self.desk),
        )

    async def viewer(self, request: Request, person: Person) -> Response:
        """What the viewer's script shows."""
        case = await self.desk.case(request, person)
        slides = [viewed_slide(case, slide) for slide in case.slides if slide.HasField("ingested")]
        speaks = spoken(request)
        answer = {"slides": slides, "texts": viewer_texts(speaks), "language": speaks, "user": person.account.name}
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})


def shown(case: Case, desk: Desk) -> dict[str, Any]:
    """What both pages show of a case, and how."""
    return {
        "case": case,
        "findings": findings(case),
        "notices": notices(case),
        "parts": parts(case.reports),
        "standing": standing(case.reports),
        "diagnoses": typed(diagnoses(case.reports)),
        "diagnosis_names": named,
        "undecided": undecided(case),
        "unread": unread(case),
        "filed": filed_kinds(case.filed),
        "link": lambda entry: opened_at(entry, desk.record_link),
        "patient_name": patient_name,
        "sex_name": sex_name,
        "slide_state": slide_state,
        "calling_failure": calling_failure,
        "shortfall_names": shortfall_names,
        "withholding": withholding,
        "drug_names": drug_names,
        "not_looked_up": not_looked_up,
        "snapshot_names": snapshot_names,
        "untold_genes": untold_genes,
        "is_withdrawn": is_withdrawn,
        "disowned": disowned,
        "of_another": of_another,
        "state_name": state_name,
        "urgency_name": urgency_name,
        "levels": levels,
        "tile_address": tile_address,
        "pathologists": desk.door.staff.with_role("pathologist"),
    }
