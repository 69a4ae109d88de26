"""What every page needs, and how a page is answered."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from casepath.cases.v1.cases_pb2 import Case
from casepath.records.v1.filing_pb2 import Entry
from chassis.access import Forbidden, Permission, Unauthenticated
from chassis.access_log import (
    AccessLog,
    Asker,
    address_of,
    case_entry,
    glass_of,
    operation_of,
    patient_entry,
    saw,
    saw_through_glass,
    seen,
)
from chassis.errors import CasepathError, Malformed, NotFound, Retriable
from chassis.events import Event
from chassis.http_errors import status_of
from chassis.objects import Objects
from chassis.publisher import Publisher, announce
from portal import language
from portal.adapters.case_service import CaseService
from portal.adapters.dicomweb import Dicomweb
from portal.adapters.ledger_service import LedgerServiceClient
from portal.adapters.operations_service import OperationsService
from portal.adapters.run_service import RunServiceClient
from portal.adapters.study_service import StudyService
from portal.assets import ADDRESS
from portal.disputes import Disputes
from portal.drafts import Drafts
from portal.people import Door, NotProven, Person, Tokens, WrongPassword
from portal.relation import NotRelated, opened_for
from portal.reports import AlreadySigned, Genomics, Reports

CASE = "/cases/{case_id}"
# How long a person waits at most to see what they did.
SEEN_SECONDS = 5.0

type Page = Callable[[Request, Person], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where pages get what they show, and where acts go."""

    cases: CaseService
    runs: RunServiceClient
    ledger: LedgerServiceClient
    studies: StudyService
    operations: OperationsService
    slides: Dicomweb
    study_images: Dicomweb
    objects: Objects
    reports: Reports
    genomics: Genomics
    drafts: Drafts
    disputes: Disputes
    door: Door
    tokens: Tokens
    publisher: Publisher
    accesses: AccessLog
    namespace: UUID
    record_link: str

    async def named(self, request: Request) -> Case:
        """The case that the address names, whoever asks."""
        try:
            return await self.cases.get(str(UUID(request.path_params["case_id"])))
        except ValueError:
            raise NotFound("there is no such case") from None

    async def case(self, request: Request, person: Person) -> Case:
        """The case that the address names; this person will have seen it, and its patient. Raise NotRelated."""
        case = await self.named(request)
        if glass := opened_for(case, person.account, datetime.now(UTC)):
            saw_through_glass(request, glass)
        saw(request, case_entry(case.case_id), patient_entry(case.order.patient.patient_id))
        return case

    async def act(self, event: Event, person: Person, act: str) -> Case:
        """Publish what a person did, and give the case as it is then. Sent twice, an act is one event."""
        if not 8 <= len(act) <= 64:
            raise Malformed("an act has an id")
        cause = uuid5(self.namespace, f"act|{person.account.name}|{event.topic.name}|{act}")
        records = await announce(self.publisher, [event], cause=cause, source="portal")
        ids = [dict(record.headers)["ce_id"].decode() for record in records]
        return await self.cases.holding(event.key, ids, SEEN_SECONDS)


TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def spoken(request: Request) -> str:
    return language.preferred(request.cookies.get("language"), request.headers.get("accept-language", ""))


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A template with the person's language in it (`t`, `number`, `moment` and `span`), and where `static` files are."""
    speaks = spoken(request)
    t = language.translator(speaks)
    body = TEMPLATES.get_template(template).render(
        t=t,
        language=speaks,
        number=partial(language.number, language=speaks),
        moment=partial(language.moment, language=speaks),
        span=partial(language.span, translate=t),
        now=datetime.now(UTC),
        static=ADDRESS,
        **values,
    )
    return HTMLResponse(body, status)


def guarded(desk: Desk, page: Page, permission: Permission = Permission.READ_CASES) -> Callable[[Request], Awaitable[Response]]:
    """A page for those who are logged in and may; others are sent to log in, or told why not. Either is told to audit."""

    async def answer(request: Request) -> Response:
        who = Asker(address=address_of(request))
        try:
            person = await desk.door.person(request)
            who = Asker.of(person.principal, who.address)
            person.principal.must(permission)
            made = await page(request, person)
            await desk.accesses.read(who, operation_of(request), seen(request), glass_of(request))
            return made
        except (Unauthenticated, Forbidden, WrongPassword, NotProven) as error:
            said = await desk.accesses.refused(who, operation_of(request), wanted(request), error)
            return RedirectResponse("/login", 303) if looks_without_login(request, said) else refusal(request, said)
        except CasepathError as error:
            return refusal(request, error)

    return answer


def looks_without_login(request: Request, error: CasepathError) -> bool:
    """Whether somebody opened a page before they logged in."""
    looks = request.method == "GET" and "hx-request" not in request.headers
    return isinstance(error, Unauthenticated) and looks and "text/html" in request.headers.get("accept", "")


def wanted(request: Request) -> list[Entry]:
    """The case that somebody was kept from, where the address names one."""
    try:
        return [case_entry(str(UUID(request.path_params["case_id"])))]
    except (KeyError, ValueError):
        return []


# What a person reads of an error.
SAID: tuple[tuple[type[CasepathError], str], ...] = (
    (WrongPassword, "error.wrong_password"),
    (NotProven, "error.not_proven"),
    (AlreadySigned, "error.already_signed"),
    (Unauthenticated, "error.unauthenticated"),
    (NotRelated, "error.not_related"),
    (Forbidden, "error.forbidden"),
    (NotFound, "error.not_found"),
    (Retriable, "error.unavailable"),
    (CasepathError, "error.malformed"),
)


def refusal(request: Request, error: CasepathError) -> Response:
    """What went wrong and what to do, in the person's language."""
    status = status_of(error, ((WrongPassword, 403), (NotProven, 403), (AlreadySigned, 409)))
    key = next(key for kind, key in SAID if isinstance(error, kind))
    values: dict[str, str] = {}
    if "hx-request" in request.headers:
        template = "problem.html"
    elif isinstance(error, NotRelated):
        template, values = "glass.html", {"case_id": request.path_params["case_id"]}
    else:
        template = "error.html"
    answer = render(request, template, status, key=key, detail=str(error), **values)
    if isinstance(error, Unauthenticated):
        answer.headers["HX-Redirect"] = "/login"
    return answer


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form that are text."""
    async with request.form(max_files=0, max_fields=100) as form:
        return {name: value for name, value in form.items() if isinstance(value, str)}
