"""Coming in and going out: by a password of ours, or by the hospital's identity provider. Either is told to audit."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from chassis.access import Forbidden, Permission, Unauthenticated
from chassis.access_log import AccessLog, Asker, address_of, operation_of
from chassis.errors import NotFound, Rejected, Retriable
from portal.desk import form_of, refusal, render
from portal.people import PasswordDoor, Person, WrongPassword
from portal.single_sign_on import DONE, ENDED, STARTED, SignOnDoor

# Where somebody begins: the first that they may.
HOMES = (
    (Permission.READ_CASES, "/"),
    (Permission.DECIDE_IDENTITIES, "/identities"),
    (Permission.READ_LEDGER, "/ledger"),
    (Permission.RUN_WORKFLOWS, "/research"),
    (Permission.SEE_STUDIES, "/studies"),
    (Permission.OPERATE, "/operations"),
)

type Page = Callable[[Request], Awaitable[Response]]


class Login(Protocol):
    def routes(self) -> list[Route]: ...


class PasswordLogin:
    def __init__(self, door: PasswordDoor, accesses: AccessLog) -> None:
        self.door = door
        self.accesses = accesses

    def routes(self) -> list[Route]:
        return [
            Route("/login", self.form),
            Route("/login", told(self.enter), methods=["POST"]),
            Route("/logout", told(self.leave), methods=["POST"]),
        ]

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
            known = name if self.door.staff.named(name) else ""
            await self.accesses.entered(Asker(known, address=address), operation_of(request), str(error))
            return render(request, "login.html", 401, failed=True)
        return RedirectResponse(home(person), 303)

    async def leave(self, request: Request) -> Response:
        with suppress(Unauthenticated):
            person = await self.door.person(request)
            request.session.clear()
            await self.accesses.entered(Asker.of(person.principal, address_of(request)), operation_of(request))
        return RedirectResponse("/login", 303)


class SignOnLogin:
    def __init__(self, door: SignOnDoor, accesses: AccessLog) -> None:
        self.door = door
        self.accesses = accesses

    def routes(self) -> list[Route]:
        return [
            Route("/login", self.form),
            Route(STARTED, told(self.start)),
            Route("/login/again/{case_id}", told(self.again)),
            Route(DONE, told(self.done)),
            Route(ENDED, self.ended, methods=["POST"]),
            Route("/logout", told(self.leave), methods=["POST"]),
        ]

    async def form(self, request: Request) -> Response:
        return render(request, "sign_on.html")

    async def ended(self, request: Request) -> Response:
        """The provider ends somebody's sessions (OpenID Connect Back-Channel Logout 1.0, 2.8)."""
        who = Asker(address=address_of(request))
        try:
            name = await self.door.end((await form_of(request)).get("logout_token", ""))
            await self.accesses.entered(Asker(name, address=who.address), operation_of(request))
        except Unauthenticated as error:
            await self.accesses.refused(who, operation_of(request), (), error)
            return JSONResponse({"error": "invalid_request", "error_description": str(error)}, 400)
        except Retriable as error:
            return JSONResponse({"error": "temporarily_unavailable", "error_description": str(error)}, 503)
        return Response(status_code=200)

    async def start(self, request: Request) -> Response:
        return await self.door.start(request)

    async def again(self, request: Request) -> Response:
        """Who signs shows again who they are, and comes back to the case: to read it, or to its page."""
        await self.door.person(request)
        try:
            case_id = UUID(request.path_params["case_id"])
        except ValueError:
            raise NotFound("there is no such case") from None
        place = "" if "page" in request.query_params else "/read#report"
        return await self.door.start(request, f"/cases/{case_id}{place}")

    async def done(self, request: Request) -> Response:
        try:
            person, back = await self.door.done(request)
        except (Unauthenticated, Forbidden) as error:
            await self.accesses.entered(Asker(address=address_of(request)), operation_of(request), str(error))
            raise
        await self.accesses.entered(Asker.of(person.principal, address_of(request)), operation_of(request))
        return RedirectResponse(back or home(person), 303)

    async def leave(self, request: Request) -> Response:
        try:
            person = await self.door.person(request)
        except Unauthenticated:
            return RedirectResponse("/login", 303)
        left = await self.door.leave(request)
        await self.accesses.entered(Asker.of(person.principal, address_of(request)), operation_of(request))
        return left


def home(person: Person) -> str:
    return next((page for permission, page in HOMES if person.principal.may(permission)), "/")


def told(page: Page) -> Page:
    """What goes wrong is shown; and nobody comes in where audit cannot be told."""

    async def answer(request: Request) -> Response:
        try:
            return await page(request)
        except (Rejected, Retriable) as error:
            request.session.clear()
            return refusal(request, error)

    return answer
