"""Studies on a region's data: asked for, weighed, worked on, and what is let out of them."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from casepath.hub.v1.studies_pb2 import (
    EXPORT_STATE_GRANTED,
    EXPORT_STATE_WAITING,
    OFFICE_DATA_PROTECTION_OFFICER,
    OFFICE_SCIENTIFIC_COMMITTEE,
    STUDY_STATE_APPROVED,
    STUDY_STATE_REQUESTED,
    CountCohortRequest,
    DecideExportRequest,
    DecideStudyRequest,
    EndStudyRequest,
    Export,
    ExportState,
    GetStudyRequest,
    ListCodesRequest,
    ListStudiesRequest,
    MakeExtractRequest,
    Office,
    QueryWorkspaceRequest,
    ReadExportRequest,
    RequestExportRequest,
    RequestStudyRequest,
    ResearchTable,
    Study,
    StudyRequest,
    StudyState,
    WantedTable,
)
from chassis.access import Permission
from chassis.errors import Malformed, NotFound
from portal.cohort_form import ROWS, TABLES, cohort_of, lines_of
from portal.desk import Desk, form_of, render, spoken
from portal.language import translator
from portal.people import Person
from portal.presenting import short

OFFICES = {
    OFFICE_DATA_PROTECTION_OFFICER: Permission.PROTECT_DATA,
    OFFICE_SCIENTIFIC_COMMITTEE: Permission.WEIGH_STUDIES,
}
RESEARCH_TABLES = tuple(short(ResearchTable, value) for value in ResearchTable.values() if value)


class StudyPages:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def token(self, person: Person) -> str:
        return self.desk.tokens.of(person)

    async def whole(self, request: Request, person: Person) -> Response:
        hub, token = self.desk.studies, self.token(person)
        found = await hub.ask(hub.stub.ListStudies, ListStudiesRequest(), token)
        project = request.query_params.get("project", "") or (found.projects[0] if found.projects else "")
        if project and project not in found.projects:
            raise NotFound("no hospital has released anything to this project")
        codes = (await hub.ask(hub.stub.ListCodes, ListCodesRequest(project=project), token)).codes if project else []
        return render(
            request,
            "studies.html",
            person=person,
            studies=found.studies,
            projects=found.projects,
            project=project,
            asks=person.principal.may(Permission.REQUEST_STUDIES),
            rows=range(1, ROWS + 1),
            cohort_tables=TABLES,
            research_tables=RESEARCH_TABLES,
            codes=codes,
            study_state=study_state,
        )

    async def count(self, request: Request, person: Person) -> Response:
        """A part of the page, that follows what is filled in."""
        form, hub = await form_of(request), self.desk.studies
        asked = CountCohortRequest(project=form.get("project", ""), cohort=cohort_of(form))
        return render(request, "counted.html", counted=await hub.ask(hub.stub.CountCohort, asked, self.token(person)))

    async def request(self, request: Request, person: Person) -> Response:
        form, hub = await form_of(request), self.desk.studies
        asked = RequestStudyRequest(request=request_of(form))
        study = (await hub.ask(hub.stub.RequestStudy, asked, self.token(person))).study
        return RedirectResponse(f"/studies/{study.study_id}", 303)

    async def study(self, request: Request, person: Person) -> Response:
        hub = self.desk.studies
        answer = await hub.ask(hub.stub.GetStudy, GetStudyRequest(study_id=study_id(request)), self.token(person))
        study = answer.study
        return render(
            request,
            "study.html",
            person=person,
            study=study,
            state=study_state(study),
            cohort=list(lines_of(study.request.cohort, translator(spoken(request)))),
            table_name=lambda one: short(ResearchTable, one.table),
            office_name=lambda one: short(Office, one),
            export_state=export_state,
            exports=answer.exports,
            **allowed(study, person, list(answer.exports)),
        )

    async def decide(self, request: Request, person: Person) -> Response:
        form, hub = await form_of(request), self.desk.studies
        offices = {short(Office, one): one for one in OFFICES}
        if form.get("office") not in offices:
            raise Malformed("an office decides")
        asked = DecideStudyRequest(
            study_id=study_id(request),
            office=offices[form["office"]],
            granted=form.get("verdict") == "grant",
            reason=form.get("reason", ""),
        )
        await hub.ask(hub.stub.DecideStudy, asked, self.token(person))
        return back(request)

    async def end(self, request: Request, person: Person) -> Response:
        hub = self.desk.studies
        await hub.ask(hub.stub.EndStudy, EndStudyRequest(study_id=study_id(request)), self.token(person))
        return back(request)

    async def extract(self, request: Request, person: Person) -> Response:
        hub = self.desk.studies
        await hub.ask(hub.stub.MakeExtract, MakeExtractRequest(study_id=study_id(request)), self.token(person))
        return back(request)

    async def query(self, request: Request, person: Person) -> Response:
        """A part of the page: what a question to the sealed rows gives."""
        form, hub = await form_of(request), self.desk.studies
        asked = QueryWorkspaceRequest(study_id=study_id(request), query=form.get("query", ""))
        return render(request, "answer.html", answer=await hub.ask(hub.stub.QueryWorkspace, asked, self.token(person)))

    async def export(self, request: Request, person: Person) -> Response:
        form, hub = await form_of(request), self.desk.studies
        asked = RequestExportRequest(study_id=study_id(request), query=form.get("query", ""), reason=form.get("reason", ""))
        await hub.ask(hub.stub.RequestExport, asked, self.token(person))
        return back(request)

    async def decide_export(self, request: Request, person: Person) -> Response:
        form, hub = await form_of(request), self.desk.studies
        asked = DecideExportRequest(
            study_id=study_id(request),
            export_id=str(request.path_params["export_id"]),
            granted=form.get("verdict") == "grant",
            reason=form.get("reason", ""),
        )
        await hub.ask(hub.stub.DecideExport, asked, self.token(person))
        return back(request)

    async def read_export(self, request: Request, person: Person) -> Response:
        hub, name = self.desk.studies, str(request.path_params["export_id"])
        asked = ReadExportRequest(study_id=study_id(request), export_id=name)
        answer = await hub.ask(hub.stub.ReadExport, asked, self.token(person))
        headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
        return Response(answer.content, media_type="text/csv; charset=utf-8", headers=headers)


def request_of(form: dict[str, str]) -> StudyRequest:
    """What somebody filled in; a table is wanted where it is said why."""
    reasons = {name: form.get(f"reason-{name}", "").strip() for name in RESEARCH_TABLES}
    return StudyRequest(
        title=form.get("title", "").strip(),
        purpose=form.get("purpose", "").strip(),
        reference=form.get("reference", "").strip(),
        project=form.get("project", ""),
        cohort=cohort_of(form),
        tables=[WantedTable(table=f"RESEARCH_TABLE_{name.upper()}", reason=reason) for name, reason in reasons.items() if reason],
        members=form.get("members", "").replace(",", " ").split(),
        until=form.get("until", ""),
    )


def allowed(study: Study, person: Person, exports: list[Export]) -> dict[str, Any]:
    """What this person is offered; the hub says what they may."""
    name, may = person.account.name, person.principal.may
    mine = name in (study.requested_by, *study.request.members)
    decided = {one.office for one in study.decisions}
    spoke = any(one.decided_by == name for one in study.decisions)
    open_ = study.state == STUDY_STATE_REQUESTED and not mine and not spoke
    works = mine and may(Permission.REQUEST_STUDIES) and study.state == STUDY_STATE_APPROVED
    reviews = may(Permission.PROTECT_DATA) and not mine
    return {
        "offices": [one for one, permission in OFFICES.items() if open_ and may(permission) and one not in decided],
        "works": works,
        "reviews": reviews,
        "ends": study.state in (STUDY_STATE_REQUESTED, STUDY_STATE_APPROVED)
        and (name == study.requested_by or may(Permission.PROTECT_DATA)),
        "readable": {one.export_id for one in exports if reviews or (works and one.state == EXPORT_STATE_GRANTED)},
        "waiting": {one.export_id for one in exports if reviews and one.state == EXPORT_STATE_WAITING},
    }


def study_id(request: Request) -> str:
    return str(request.path_params["study_id"])


def back(request: Request) -> Response:
    return RedirectResponse(f"/studies/{study_id(request)}", 303)


def study_state(study: Study) -> str:
    return short(StudyState, study.state)


def export_state(export: Export) -> str:
    return short(ExportState, export.state)
