"""Coming in by the hospital's identity provider: OpenID Connect 1.0, authorization code flow with PKCE (RFC 7636)."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx2
import structlog
from authlib.integrations.starlette_client import OAuth, OAuthError, StarletteOAuth2App
from cachetools import TTLCache
from google.protobuf.timestamp_pb2 import Timestamp
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from starlette.requests import Request
from starlette.responses import Response

from casepath.portal.v1.people_pb2 import KnownPerson
from chassis.access import GRANTS, Forbidden, Unauthenticated
from chassis.accounts import Account
from chassis.errors import Rejected, Retriable, Unavailable
from chassis.objects import Objects, Shelf
from chassis.stopping import stopped
from portal.people import NotProven, Person
from portal.settings import SingleSignOn

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# A role that the provider takes away is gone after so long: it is asked again then, and who is still logged in there is let in.
SESSION_SECONDS = 3600
# To show again who one is holds for one signature's time.
PROOF_SECONDS = 300
MOST_UNITS = 20
STARTED, DONE, ENDED = "/login/start", "/login/done", "/login/ended"
# A session that was ended elsewhere is over here after so long.
ENDED_SECONDS = 10.0
STAFF_SECONDS = 30.0
REMEMBERED = 10_000
BACK_CHANNEL = "http://schemas.openid.net/event/backchannel-logout"
ALGORITHMS = ["RS256", "PS256", "ES256"]
# Of a logout token, whose clock may differ.
TOKEN_SECONDS = 300


class KnownStaff:
    """Those who came in once, to whom cases can be given: in memory, and in the object store for others and the next start.

    `seconds` is how late one who came in elsewhere is known here.
    """

    def __init__(self, objects: Objects, seconds: float = STAFF_SECONDS) -> None:
        self.seconds = seconds
        self.shelf = Shelf(objects, KnownPerson, "portal/people")
        self.by_name: dict[str, Account] = {}

    async def load(self) -> None:
        for name in await self.shelf.names():
            kept = await self.shelf.get(name)
            if kept is not None:
                self.by_name[kept.user_id] = Account(kept.user_id, kept.full_name, tuple(kept.roles), "", "", tuple(kept.units))

    async def run(self, stop: asyncio.Event) -> None:
        """Look again until stopped; where the store is away, those are known who were."""
        while not await stopped(stop, self.seconds):
            try:
                await self.load()
            except Retriable as error:
                log.warning("staff", outcome="not looked up", error=str(error))

    async def keep(self, account: Account) -> None:
        if self.by_name.get(account.name) != account:
            self.by_name[account.name] = account
            known = KnownPerson(user_id=account.name, full_name=account.full_name, roles=account.roles, units=account.units)
            await self.shelf.put(account.name, known)

    def named(self, name: str) -> Account | None:
        return self.by_name.get(name)

    def with_role(self, role: str) -> Sequence[Account]:
        return sorted((one for one in self.by_name.values() if role in one.roles), key=lambda one: one.full_name)


class Ended:
    """When the provider last ended somebody's sessions: in the object store, since any replica may be told."""

    def __init__(self, objects: Objects) -> None:
        self.shelf = Shelf(objects, Timestamp, "portal/ended")
        self.looked_up: TTLCache[str, int] = TTLCache(REMEMBERED, ENDED_SECONDS)

    async def end(self, name: str, at: int) -> None:
        await self.shelf.put(name, Timestamp(seconds=at))
        self.looked_up[name] = at

    async def at(self, name: str) -> int:
        """Seconds since 1970; -1 where nobody ended any."""
        if name not in self.looked_up:
            kept = await self.shelf.get(name)
            self.looked_up[name] = kept.seconds if kept is not None else -1
        return self.looked_up[name]


class SignOnDoor:
    """By an OpenID provider. `base` is the address under which browsers reach the portal."""

    def __init__(self, provider: SingleSignOn, base: str, staff: KnownStaff, ended: Ended) -> None:
        self.ended = ended
        self.provider = provider
        self.base = base.rstrip("/")
        self.staff = staff
        self.client: StarletteOAuth2App = OAuth().register(
            "provider",
            client_id=provider.client_id,
            client_secret=provider.client_secret,
            server_metadata_url=f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={"scope": provider.scope, "code_challenge_method": "S256"},
        )

    async def start(self, request: Request, back: str = "") -> Response:
        """To the provider. With `back`, to show again who one is, and then to that page. Raise Unavailable."""
        request.session["back"] = back
        again = {"prompt": "login", "max_age": 0} if back else {}
        with asking():
            answer: Response = await self.client.authorize_redirect(request, f"{self.base}{DONE}", **again)
        return answer

    async def done(self, request: Request) -> tuple[Person, str]:
        """Who comes from the provider, and where they wanted to go; in, with a new session.

        Raise Unauthenticated where the provider does not vouch for them, Forbidden where they have no role here.
        """
        back = str(request.session.get("back") or "")
        before = self.account(request.session)
        try:
            with asking():
                token: dict[str, Any] = await self.client.authorize_access_token(request)  # type: ignore[no-untyped-call]
        except (OAuthError, JoseError) as error:
            raise Unauthenticated(f"the identity provider did not let you in: {type(error).__name__}") from error
        claims = token["userinfo"]
        account = account_of(claims, self.provider.roles_claim, self.provider.units_claim)
        now = int(time.time())
        proved = bool(back) and before is not None and before.name == account.name and is_fresh(claims, now)
        request.session.clear()
        if back and not proved:
            raise Unauthenticated("somebody else came back than had to show who they are")
        if not account.roles:
            raise Forbidden(f"{account.full_name} has no role here: ask whoever gives them")
        await self.staff.keep(account)
        request.session.update(
            name=account.name,
            full_name=account.full_name,
            roles=account.roles,
            units=account.units,
            since=now,
            hint=token["id_token"],
        )
        if proved:
            request.session["proved"] = now
        return Person(account), back

    async def leave(self, request: Request) -> Response:
        """Out here, and at the provider."""
        hint = request.session.get("hint")
        request.session.clear()
        with asking():
            answer: Response = await self.client.logout_redirect(
                request, f"{self.base}/login", id_token_hint=hint, client_id=self.provider.client_id
            )
        return answer

    async def person(self, request: Request) -> Person:
        account = self.account(request.session)
        since = float(request.session.get("since", 0))
        if account is None or time.time() - since > SESSION_SECONDS or since <= await self.ended.at(account.name):
            raise Unauthenticated("nobody is logged in")
        return Person(account)

    async def opened(self, token: str) -> jwt.Token:
        """By the provider's keys as they are known; they are asked for anew where it is of another."""
        try:
            return jwt.decode(token, KeySet.import_key_set(await self.client.fetch_jwk_set()), algorithms=ALGORITHMS)
        except InvalidKeyIdError:
            keys = KeySet.import_key_set(await self.client.fetch_jwk_set(force=True))
            return jwt.decode(token, keys, algorithms=ALGORITHMS)

    async def end(self, logout_token: str) -> str:
        """End all sessions of whom a logout token names, and say who that is (OpenID Connect Back-Channel Logout 1.0, 2.6).

        Raise Unauthenticated where it is not the provider's, or not good.
        """
        try:
            with asking():
                metadata = await self.client.load_server_metadata()
                token = await self.opened(logout_token)
            name = logged_out(token.claims, metadata["issuer"], self.provider.client_id, int(time.time()))
        except (JoseError, ValueError, TypeError) as error:
            raise Unauthenticated(f"the logout token is not good: {type(error).__name__}") from None
        await self.ended.end(name, int(time.time()))
        return name

    def account(self, session: Mapping[str, Any]) -> Account | None:
        if "name" not in session:
            return None
        roles, units = tuple(session["roles"]), tuple(session["units"])
        return Account(str(session["name"]), str(session["full_name"]), roles, "", "", units)

    async def prove(self, request: Request, person: Person, password: str) -> None:
        if not self.proven(request):
            raise NotProven("show again who you are before you sign")
        del request.session["proved"]

    def proven(self, request: Request) -> bool | None:
        return time.time() - float(request.session.get("proved", 0)) <= PROOF_SECONDS


def account_of(claims: Mapping[str, Any], roles_claim: str, units_claim: str) -> Account:
    """Whom an ID token is of. Roles that are none of ours are left out. Raise Rejected where it does not say who."""
    name, full_name = str(claims.get("sub", "")), str(claims.get("name") or claims.get("preferred_username") or "")
    if not name or not full_name or len(name) > 64 or len(full_name) > 128:
        raise Rejected("the identity provider does not say who you are: it has to give sub and name")
    roles = sorted(role for role in listed(claims, roles_claim) if role in GRANTS)
    units = sorted(set(listed(claims, units_claim)))
    if len(units) > MOST_UNITS:
        raise Rejected(f"the identity provider names more than {MOST_UNITS} units of yours: * is every unit")
    return Account(name, full_name, tuple(roles), "", "", tuple(units))


def logged_out(claims: Mapping[str, Any], issuer: str, client_id: str, now: int) -> str:
    """Whom a logout token is of. Raise ValueError where it is another token, old, or of somebody else's."""
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    is_ours = claims.get("iss") == issuer and client_id in named
    is_fresh = abs(now - int(claims.get("iat", 0))) <= TOKEN_SECONDS
    # An ID token has a nonce: it must never pass for one of these.
    is_logout = BACK_CHANNEL in (claims.get("events") or {}) and "nonce" not in claims
    name = claims.get("sub")
    if not (is_ours and is_fresh and is_logout and isinstance(name, str) and 0 < len(name) <= 64):
        raise ValueError("not a logout token")
    return name


def listed(claims: Mapping[str, Any], claim: str) -> list[str]:
    """What a claim lists; `claim` has dots into objects."""
    found: Any = claims
    for part in claim.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return [one for one in found if isinstance(one, str) and 0 < len(one) <= 64] if isinstance(found, list) else []


def is_fresh(claims: Mapping[str, Any], now: int) -> bool:
    """Whether they logged in just now, and not some time before."""
    return now - int(claims.get("auth_time") or 0) <= PROOF_SECONDS


@contextmanager
def asking() -> Iterator[None]:
    """Raise Unavailable where the provider does not answer."""
    try:
        yield
    except httpx2.HTTPError as error:
        log.warning("identity provider", error=type(error).__name__)
        raise Unavailable("the identity provider does not answer") from error
