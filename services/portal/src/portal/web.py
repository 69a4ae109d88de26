"""The application: which address leads to which page, and what holds for all of them."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.access import Permission, Unauthenticated
from chassis.access_log import Asker, address_of, operation_of
from chassis.errors import Retriable
from portal.acts import Acts
from portal.assets import Assets
from portal.case_pages import CasePages
from portal.desk import Desk, form_of, guarded, refusal, render
from portal.identities_page import IdentityPages
from portal.language import LANGUAGES
from portal.people import SESSION_SECONDS, WrongPassword
from portal.pictures import Pictures
from portal.research import Launchpad
from portal.treatment import TreatmentPages
from portal.worklist_page import WorklistPage

# Where somebody begins: the first that they may.
HOMES = (
    (Permission.READ_CASES, "/"),
    (Permission.DECIDE_IDENTITIES, "/identities"),
    (Permission.RUN_WORKFLOWS, "/research"),
)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
LANGUAGE_SECONDS = 365 * 86400
# The one style that OpenSeadragon 6.1.1 writes into the page.
OPENSEADRAGON_STYLE = "sha256-9xTiqzfwFaL2SGb1rmr8gysEwVVjIvqWAgmZgqFqpEE="
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
        f"style-src 'self' '{OPENSEADRAGON_STYLE}'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SameSite:
    """Security headers on each answer; and an act is only taken from our own pages (OWASP: verifying the origin)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["method"] not in SAFE_METHODS and urlsplit(headers.get("origin", "")).netloc != headers.get("host"):
            await PlainTextResponse("not from this site", 403)(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    answered.setdefault(name, value)
                answered.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, with_headers)


class LoginPages:
    def __init__(self, desk: Desk) -> None:
        self.door = desk.door
        self.accesses = desk.accesses

    async def form(self, request: Request) -> Response:
        return render(request, "login.html", failed=False)

    async def enter(self, request: Request) -> Response:
        fields = await form_of(request)
        name, address = fields.get("name", ""), address_of(request)
        try:
            person = await self.door.enter(request, name, fields.get("password", ""))
            await self.accesses.entered(Asker.of(person.principal, address), operation_of(request))
        except WrongPassword as error:
            # What somebody typed who is not known may be a password.
            known = name if self.door.accounts.named(name) else ""
            await self.accesses.entered(Asker(known, address=address), operation_of(request), str(error))
            return render(request, "login.html", 401, failed=True)
        return RedirectResponse(next((page for permission, page in HOMES if person.principal.may(permission)), "/"), 303)

    async def leave(self, request: Request) -> Response:
        with suppress(Unauthenticated):
            person = self.door.person(request)
            request.session.clear()
            await self.accesses.entered(Asker.of(person.principal, address_of(request)), operation_of(request))
        return RedirectResponse("/login", 303)

    async def language(self, request: Request) -> Response:
        """Remember a language, and go back to the page it was chosen on."""
        fields = await form_of(request)
        back = urlsplit(request.headers.get("referer", "/")).path or "/"
        answer = RedirectResponse(back if back.startswith("/") and not back.startswith("//") else "/", 303)
        if fields.get("language") in LANGUAGES:
            answer.set_cookie("language", fields["language"], max_age=LANGUAGE_SECONDS, samesite="lax", httponly=True)
        return answer


def told(page: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Nobody comes in where audit cannot be told."""

    async def answer(request: Request) -> Response:
        try:
            return await page(request)
        except Retriable as error:
            request.session.clear()
            return refusal(request, error)

    return answer


def application(desk: Desk, secret: str, https_only: bool) -> Starlette:
    login, worklist, cases = LoginPages(desk), WorklistPage(desk), CasePages(desk)
    acts, pictures, treatment = Acts(desk), Pictures(desk), TreatmentPages(desk)
    case = "/cases/{case_id}"
    slide = case + "/slides/{slide_id}"
    launchpad = Launchpad(desk)
    identities = IdentityPages(desk)
    sign, run, decide = Permission.SIGN_REPORTS, Permission.RUN_WORKFLOWS, Permission.DECIDE_IDENTITIES
    routes = [
        Route("/login", login.form),
        Route("/login", told(login.enter), methods=["POST"]),
        Route("/logout", told(login.leave), methods=["POST"]),
        Route("/language", login.language, methods=["POST"]),
        Route("/", guarded(desk, worklist.whole)),
        Route("/worklist/rows", guarded(desk, worklist.rows), methods=["POST"]),
        Route("/worklist/events", guarded(desk, worklist.events)),
        Route(case, guarded(desk, cases.case)),
        Route(case + "/read", guarded(desk, cases.read)),
        Route(case + "/viewer", guarded(desk, cases.viewer)),
        Route(case + "/treatment/{report_id:uuid}.pdf", guarded(desk, treatment.printed)),
        Route(case + "/treatment/{report_id:uuid}", guarded(desk, treatment.page)),
        Route(case + "/known/{annotation_id:uuid}.pdf", guarded(desk, treatment.known_printed)),
        Route(case + "/known/{annotation_id:uuid}", guarded(desk, treatment.known)),
        Route(case + "/quality/{job_id:uuid}", guarded(desk, treatment.quality)),
        Route(case + "/provenance/{job_id:uuid}", guarded(desk, treatment.provenance)),
        Route(case + "/assign", guarded(desk, acts.assign), methods=["POST"]),
        Route(case + "/begin", guarded(desk, acts.begin, sign), methods=["POST"]),
        Route(case + "/findings/{finding_id}", guarded(desk, acts.review, sign), methods=["POST"]),
        Route(case + "/draft", guarded(desk, acts.draft, sign), methods=["POST"]),
        Route(case + "/sign", guarded(desk, acts.sign, sign), methods=["POST"]),
        Route(slide + "/annotations", guarded(desk, pictures.annotations)),
        Route(slide + "/annotations", guarded(desk, acts.annotate, sign), methods=["POST"]),
        Route(slide + "/heatmap", guarded(desk, pictures.heatmap)),
        Route("/tiles/{study}/{series}/{instance}/{frame:int}", guarded(desk, pictures.tile, Permission.READ_SLIDES)),
        Route("/research", guarded(desk, launchpad.whole, run)),
        Route("/research", guarded(desk, launchpad.submit, run), methods=["POST"]),
        Route("/research/{run_id:uuid}", guarded(desk, launchpad.run, run)),
        Route("/research/{run_id:uuid}/cancel", guarded(desk, launchpad.cancel, run), methods=["POST"]),
        Route("/research/{run_id:uuid}/files/{name}", guarded(desk, launchpad.file, run)),
        Route("/identities", guarded(desk, identities.whole, decide)),
        Route("/identities/{dispute_id:uuid}", guarded(desk, identities.decide, decide), methods=["POST"]),
        Mount("/static", Assets()),
    ]
    session = Middleware(
        SessionMiddleware,
        secret_key=secret,
        session_cookie="casepath",
        max_age=SESSION_SECONDS,
        same_site="strict",
        https_only=https_only,
    )
    return Starlette(routes=routes, middleware=[Middleware(SameSite), session])
