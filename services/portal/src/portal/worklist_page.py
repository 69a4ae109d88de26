"""The worklist."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from casepath.cases.v1.cases_pb2 import SORT_DUE, SORT_NEWEST, SORT_UNSPECIFIED, ListWorklistRequest, Sort
from chassis.access_log import case_entry, patient_entry, saw
from chassis.errors import Malformed, Retriable
from chassis.patients import patient_name
from portal.desk import Desk, render
from portal.people import Person
from portal.presenting import line, reason_name, state_name
from portal.relation import relation

SHOWN_STATES = ("ready", "ai_failed", "waiting_for_ai", "waiting_for_scan", "in_reading", "signed", "no_slides", "called_off")
SORTS: dict[str, Sort] = {"priority": SORT_UNSPECIFIED, "due": SORT_DUE, "newest": SORT_NEWEST}
PAGE = 50


class WorklistPage:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def whole(self, request: Request, person: Person) -> Response:
        """Filters come with later requests, in their bodies: a search may name a patient."""
        return await self.rendered(request, person, {}, "worklist.html")

    async def rows(self, request: Request, person: Person) -> Response:
        async with request.form(max_files=0, max_fields=50) as form:
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
            fields["states"] = ",".join(str(value) for value in form.getlist("state"))
        return await self.rendered(request, person, fields, "rows.html")

    async def rendered(self, request: Request, person: Person, fields: dict[str, str], template: str) -> Response:
        answer = await self.desk.cases.worklist(wanted(fields, person))
        for entry in answer.entries:
            saw(request, case_entry(entry.case_id), patient_entry(entry.patient.patient_id))
        now = datetime.now(UTC)
        return render(
            request,
            template,
            person=person,
            lines=[line(entry, now) for entry in answer.entries],
            counts={state_name(one.state): one.cases for one in answer.counts},
            after=answer.next_page_token,
            elsewhere=answer.elsewhere,
            unplaced=not person.account.units,
            more=bool(fields.get("after")),
            states=SHOWN_STATES,
            sorts=list(SORTS),
            patient_name=patient_name,
            reason_name=reason_name,
        )

    async def events(self, request: Request, person: Person) -> Response:
        """Server-sent events: one at each change, which says no more than that there was one."""

        async def changes() -> AsyncIterator[bytes]:
            yield b"retry: 2000\n\n"
            try:
                async for revision in self.desk.cases.revisions():
                    yield f"event: changed\ndata: {revision}\n\n".encode()
            except Retriable:
                # The browser comes again.
                return

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(changes(), media_type="text/event-stream", headers=headers)


def wanted(fields: dict[str, str], person: Person) -> ListWorklistRequest:
    """Raise Malformed where a field is none that the form offers."""
    names = [name for name in fields.get("states", "").split(",") if name]
    sort, whose = fields.get("sort", "priority"), fields.get("whose", "anybody")
    if not set(names) <= set(SHOWN_STATES) or sort not in SORTS or whose not in ("anybody", "mine", "nobody"):
        raise Malformed("the worklist has no such filter")
    search = fields.get("search", "").strip()[:100]
    if search and not names:
        # Whoever searches for a case wants it wherever it is.
        names = list(SHOWN_STATES)
    return ListWorklistRequest(
        states=[f"CASE_STATE_{name.upper()}" for name in names],
        assignee=person.account.name if whose == "mine" else "",
        unassigned=whose == "nobody",
        search=search,
        sort=SORTS[sort],
        page_size=PAGE,
        page_token=fields.get("after", ""),
        relation=relation(person.account),
    )
