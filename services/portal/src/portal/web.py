"""The application: which address leads to which page, and what holds for all of them."""

from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.access import Permission
from portal.acts import Acts
from portal.assets import Assets
from portal.case_pages import CasePages
from portal.desk import CASE, Desk, form_of, guarded
from portal.identities_page import IdentityPages
from portal.language import LANGUAGES
from portal.ledger_page import LedgerPage
from portal.login_pages import Login
from portal.operations_pages import OperationsPages
from portal.people import SESSION_SECONDS
from portal.pictures import Pictures
from portal.research import Launchpad
from portal.single_sign_on import ENDED
from portal.studies import StudyPages
from portal.study_images import StudyImagePages
from portal.treatment import TreatmentPages
from portal.worklist_page import WorklistPage

TILES = "/tiles/{study}/{series}/{instance}/{frame:int}"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
LANGUAGE_SECONDS = 365 * 86400
# The one style that OpenSeadragon 6.1.1 writes into the page.
OPENSEADRAGON_STYLE = "sha256-9xTiqzfwFaL2SGb1rmr8gysEwVVjIvqWAgmZgqFqpEE="
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; base-uri 'none'; "
    f"style-src 'self' '{OPENSEADRAGON_STYLE}'; form-action 'self'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SameSite:
    """Security headers on each answer; and an act is only taken from our own pages (OWASP: verifying the origin).

    What an identity provider sends itself comes from no page, and proves itself without the session.
    """

    def __init__(self, app: ASGIApp, provider: str = "") -> None:
        """`provider` is an origin to which a form of ours may lead: logging out leads there."""
        self.app = app
        self.headers = {"Content-Security-Policy": f"{POLICY} {provider}".strip(), **HEADERS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if (
            scope["method"] not in SAFE_METHODS
            and scope["path"] != ENDED
            and urlsplit(headers.get("origin", "")).netloc != headers.get("host")
        ):
            await PlainTextResponse("not from this site", 403)(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    answered.setdefault(name, value)
                answered.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, with_headers)


def origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if address else ""


async def language(request: Request) -> Response:
    """Remember a language, and go back to the page it was chosen on."""
    fields = await form_of(request)
    back = urlsplit(request.headers.get("referer", "/")).path or "/"
    answer = RedirectResponse(back if back.startswith("/") and not back.startswith("//") else "/", 303)
    if fields.get("language") in LANGUAGES:
        answer.set_cookie("language", fields["language"], max_age=LANGUAGE_SECONDS, samesite="lax", httponly=True)
    return answer


def application(desk: Desk, login: Login, secret: str, https_only: bool, provider: str = "") -> Starlette:
    """`provider` is the identity provider's address, where people come in by one: the browser goes there and comes back."""
    worklist, cases = WorklistPage(desk), CasePages(desk)
    acts, pictures, treatment = Acts(desk), Pictures(desk), TreatmentPages(desk)
    case = CASE
    slide = case + "/slides/{slide_id}"
    launchpad = Launchpad(desk)
    identities, ledger, operations = IdentityPages(desk), LedgerPage(desk), OperationsPages(desk)
    studies, study_images = StudyPages(desk), StudyImagePages(desk)
    sign, run, decide = Permission.SIGN_REPORTS, Permission.RUN_WORKFLOWS, Permission.DECIDE_IDENTITIES
    operate = Permission.OPERATE
    study, see = "/studies/{study_id:uuid}", Permission.SEE_STUDIES
    routes = [
        *login.routes(),
        Route("/language", language, methods=["POST"]),
        Route("/", guarded(desk, worklist.whole)),
        Route("/worklist/rows", guarded(desk, worklist.rows), methods=["POST"]),
        Route("/worklist/events", guarded(desk, worklist.events)),
        Route(case, guarded(desk, cases.case)),
        Route(case + "/open", guarded(desk, acts.open), methods=["POST"]),
        Route(case + "/read", guarded(desk, cases.read)),
        Route(case + "/viewer", guarded(desk, cases.viewer)),
        Route(case + "/treatment/{report_id:uuid}.pdf", guarded(desk, treatment.printed)),
        Route(case + "/treatment/{report_id:uuid}", guarded(desk, treatment.page)),
        Route(
            case + "/treatment/{report_id:uuid}/sign", guarded(desk, treatment.sign, Permission.SIGN_GENOMICS), methods=["POST"]
        ),
        Route(
            case + "/treatment/{report_id:uuid}/withdraw",
            guarded(desk, treatment.withdraw, Permission.SIGN_GENOMICS),
            methods=["POST"],
        ),
        Route(
            case + "/variants/{origin_id:uuid}/disown",
            guarded(desk, treatment.disown, Permission.SIGN_GENOMICS),
            methods=["POST"],
        ),
        Route(case + "/known/{annotation_id:uuid}.pdf", guarded(desk, treatment.known_printed)),
        Route(case + "/known/{annotation_id:uuid}", guarded(desk, treatment.known)),
        Route(case + "/quality/{job_id:uuid}", guarded(desk, treatment.quality)),
        Route(case + "/provenance/{job_id:uuid}", guarded(desk, treatment.provenance)),
        Route(case + "/assign", guarded(desk, acts.assign), methods=["POST"]),
        Route(case + "/begin", guarded(desk, acts.begin, sign), methods=["POST"]),
        Route(case + "/findings/{finding_id}", guarded(desk, acts.review, sign), methods=["POST"]),
        Route(case + "/draft", guarded(desk, acts.draft, sign), methods=["POST"]),
        Route(case + "/sign", guarded(desk, acts.sign, sign), methods=["POST"]),
        Route(case + "/withdraw", guarded(desk, acts.withdraw, sign), methods=["POST"]),
        Route(slide + "/annotations", guarded(desk, pictures.annotations)),
        Route(slide + "/annotations", guarded(desk, acts.annotate, sign), methods=["POST"]),
        Route(slide + "/heatmap", guarded(desk, pictures.heatmap)),
        Route(case + TILES, guarded(desk, pictures.tile, Permission.READ_SLIDES)),
        Route("/research", guarded(desk, launchpad.whole, run)),
        Route("/research", guarded(desk, launchpad.submit, run), methods=["POST"]),
        Route("/research/workflows", guarded(desk, launchpad.submit_workflow, run), methods=["POST"]),
        Route("/research/{run_id:uuid}", guarded(desk, launchpad.run, run)),
        Route("/research/{run_id:uuid}/cancel", guarded(desk, launchpad.cancel, run), methods=["POST"]),
        Route("/research/{run_id:uuid}/files/{name:path}", guarded(desk, launchpad.file, run)),
        Route("/studies", guarded(desk, studies.whole, see)),
        Route("/studies", guarded(desk, studies.request, Permission.REQUEST_STUDIES), methods=["POST"]),
        Route("/studies/count", guarded(desk, studies.count, see), methods=["POST"]),
        Route(study, guarded(desk, studies.study, see)),
        Route(study + "/decide", guarded(desk, studies.decide, see), methods=["POST"]),
        Route(study + "/end", guarded(desk, studies.end, see), methods=["POST"]),
        Route(study + "/extract", guarded(desk, studies.extract, Permission.REQUEST_STUDIES), methods=["POST"]),
        Route(study + "/query", guarded(desk, studies.query, Permission.REQUEST_STUDIES), methods=["POST"]),
        Route(study + "/exports", guarded(desk, studies.export, Permission.REQUEST_STUDIES), methods=["POST"]),
        Route(study + "/exports/{export_id:uuid}", guarded(desk, studies.decide_export, see), methods=["POST"]),
        Route(study + "/exports/{export_id:uuid}.csv", guarded(desk, studies.read_export, see)),
        Route(study + "/images", guarded(desk, study_images.whole, Permission.REQUEST_STUDIES)),
        Route(study + "/images/{uid}", guarded(desk, study_images.looked, Permission.REQUEST_STUDIES)),
        Route(study + "/images/{uid}/viewer", guarded(desk, study_images.viewer, Permission.REQUEST_STUDIES)),
        Route(study + TILES, guarded(desk, study_images.tile, Permission.REQUEST_STUDIES)),
        Route("/identities", guarded(desk, identities.whole, decide)),
        Route("/identities/{dispute_id:uuid}", guarded(desk, identities.decide, decide), methods=["POST"]),
        Route("/ledger", guarded(desk, ledger.whole, Permission.READ_LEDGER)),
        Route("/ledger", guarded(desk, ledger.asked, Permission.READ_LEDGER), methods=["POST"]),
        Route("/operations", guarded(desk, operations.whole, operate)),
        Route("/operations", guarded(desk, operations.reconcile, operate), methods=["POST"]),
        Route("/operations/backlogs", guarded(desk, operations.backlogs, operate)),
        Route("/operations/replay", guarded(desk, operations.replay, operate), methods=["POST"]),
        Route("/operations/discard", guarded(desk, operations.discard, operate), methods=["POST"]),
        Mount("/static", Assets()),
    ]
    session = Middleware(
        SessionMiddleware,
        secret_key=secret,
        session_cookie="casepath",
        max_age=SESSION_SECONDS,
        # Who comes back from a provider comes from another site; acts ask for their origin anyway.
        same_site="lax" if provider else "strict",
        https_only=https_only,
    )
    return Starlette(routes=routes, middleware=[Middleware(SameSite, origin_of(provider)), session])
