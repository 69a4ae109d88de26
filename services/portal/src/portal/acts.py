"""What people do on a case: each act is one event, and the answer shows the case as it is then."""

import json
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from casepath.cases.v1.cases_pb2 import Case
from casepath.portal.v1.reading_pb2 import Reader, ReportDraft
from chassis.errors import Malformed
from chassis.http_bodies import bounded_body
from chassis.json_text import json_of
from chassis.signed_reports import standing
from portal.case_pages import shown
from portal.desk import SEEN_SECONDS, Desk, form_of, render
from portal.diagnoses import read_codes
from portal.handlers import (
    annotated,
    assigned,
    begun,
    checked_geojson,
    glass_broken,
    report,
    reviewed,
    slide_named,
    undecided,
    unread,
    withdrawal,
)
from portal.people import Person
from portal.presenting import levels

LONGEST_DOCUMENT = 4 << 20
LONGEST_CODES = 500


class Acts:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def open(self, request: Request, person: Person) -> Response:
        """A case of another unit, for a reason: everybody who opens it then sees who did, and audit has the reason."""
        case, form = await self.desk.named(request), await form_of(request)
        event = glass_broken(case.case_id, form.get("reason", ""), person.reader, datetime.now(UTC))
        await self.desk.act(event, person, form.get("act", ""))
        return RedirectResponse(f"/cases/{case.case_id}", 303)

    async def assign(self, request: Request, person: Person) -> Response:
        """To oneself, to a named pathologist, or to nobody."""
        case, form = await self.desk.case(request, person), await form_of(request)
        event = assigned(case.case_id, self.assignee(form.get("to", ""), person), person.reader)
        case = await self.desk.act(event, person, form.get("act", ""))
        return self.answered(request, person, case, "assignment.html", "")

    def assignee(self, name: str, person: Person) -> Reader | None:
        if name == "nobody":
            return None
        if name == "me":
            return person.reader
        account = self.desk.door.staff.named(name)
        if account is None or "pathologist" not in account.roles:
            raise Malformed("there is no such pathologist")
        return Person(account).reader

    async def begin(self, request: Request, person: Person) -> Response:
        case, form = await self.desk.case(request, person), await form_of(request)
        if not case.HasField("reader") and not standing(case.reports):
            await self.desk.act(begun(case.case_id, person.reader), person, form.get("act", ""))
        return RedirectResponse(f"/cases/{case.case_id}/read", 303)

    async def review(self, request: Request, person: Person) -> Response:
        case, form = await self.desk.case(request, person), await form_of(request)
        refuse_signed(case)
        finding = request.path_params["finding_id"]
        event = reviewed(case, finding, form.get("verdict", ""), form.get("correction", ""), person.reader)
        case = await self.desk.act(event, person, form.get("act", ""))
        return self.answered(request, person, case, "findings.html", "/read")

    async def draft(self, request: Request, person: Person) -> Response:
        case, form = await self.desk.case(request, person), await form_of(request)
        draft = ReportDraft(text=form.get("text", "")[:50_000], codes=form.get("codes", "")[:LONGEST_CODES])
        await self.desk.drafts.put(case.case_id, person.account.name, draft)
        return render(request, "drafted.html")

    async def sign(self, request: Request, person: Person) -> Response:
        """A report, or an addendum where one stands. A signature needs the signer's password again."""
        case, form, number = await self.signing(request, person)
        is_report = not standing(case.reports)
        if is_report and (undecided(case) or unread(case)) and form.get("acknowledged") != "yes":
            raise Malformed("what the AI did not examine and what is undecided must be acknowledged")
        codes = read_codes(form.get("codes", ""))
        said = report(case, number, form.get("text", ""), codes, person.reader, datetime.now(UTC))
        event = await self.desk.reports.sign(said)
        await self.desk.drafts.remove(case.case_id, person.account.name)
        return await self.held(request, person, case, event)

    async def withdraw(self, request: Request, person: Person) -> Response:
        """All that is signed of a case, for a reason: signed as a report is, and the case is open again."""
        case, form, number = await self.signing(request, person)
        said = withdrawal(case, number, form.get("text", ""), person.reader, datetime.now(UTC))
        return await self.held(request, person, case, await self.desk.reports.sign(said))

    async def signing(self, request: Request, person: Person) -> tuple[Case, dict[str, str], int]:
        """The case, what was filled in, and the number that is signed, once it is proven who signs."""
        case, form = await self.desk.case(request, person), await form_of(request)
        await self.desk.door.prove(request, person, form.get("password", ""))
        number = await self.desk.reports.next_number(case.case_id)
        if not form.get("number") == str(number) == str(len(case.reports) + 1):
            # What was signed meanwhile was not on the signer's screen.
            raise Malformed("the report changed since this page was opened: open it again")
        return case, form, number

    async def held(self, request: Request, person: Person, case: Case, event: str) -> Response:
        case = await self.desk.cases.holding(case.case_id, [event], SEEN_SECONDS)
        return self.answered(request, person, case, "report.html", "/read")

    async def annotate(self, request: Request, person: Person) -> Response:
        case = await self.desk.case(request, person)
        body = await bounded_body(request, LONGEST_DOCUMENT, "the annotations are too large")
        slide = slide_named(case, request.path_params["slide_id"])
        finest = levels(slide.ingested)[0]
        document = json_of(body, "annotations are JSON")
        count = checked_geojson(document, finest.total_columns, finest.total_rows)
        kept = await self.desk.objects.put(json.dumps(document, ensure_ascii=False, sort_keys=True).encode(), case.case_id)
        event = annotated(case, slide.slide_id, kept, count, person.reader)
        await self.desk.act(event, person, request.headers.get("x-act", ""))
        return JSONResponse({"saved": count})

    def answered(self, request: Request, person: Person, case: Case, part: str, page: str) -> Response:
        """The part of the page that changed; the page itself where a browser sent the form without our scripts."""
        if "hx-request" not in request.headers:
            return RedirectResponse(f"/cases/{case.case_id}{page}", 303)
        return render(
            request,
            part,
            person=person,
            draft=None,
            may_sign=True,
            proven=self.desk.door.proven(request),
            **shown(case, self.desk),
        )


def refuse_signed(case: Case) -> None:
    if standing(case.reports):
        raise Malformed("the case is signed: write an addendum")
