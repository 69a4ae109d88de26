"""Who is at the screen: logging in, the session, and what they may do."""

import asyncio
import time
from dataclasses import dataclass

from starlette.requests import Request

from casepath.portal.v1.reading_pb2 import Reader
from chassis.access import Permission, Principal, Signer, Unauthenticated
from chassis.accounts import Account, Accounts
from chassis.errors import Rejected

SESSION_SECONDS = 12 * 3600
TOKEN_SECONDS = 300
# After this many wrong passwords a name is refused for a while, right password or not.
MOST_FAILURES = 5
LOCKED_SECONDS = 60.0


class WrongPassword(Rejected):
    """The name or the password is wrong, or there were too many wrong ones."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who logged in."""

    account: Account

    @property
    def reader(self) -> Reader:
        return Reader(user_id=self.account.name, name=self.account.full_name)

    @property
    def researches(self) -> bool:
        return self.principal.may(Permission.RUN_WORKFLOWS)

    @property
    def decides_identities(self) -> bool:
        return self.principal.may(Permission.DECIDE_IDENTITIES)

    @property
    def principal(self) -> Principal:
        return Principal(self.account.name, frozenset(self.account.roles))


class Door:
    """Lets people in by password, and knows them again by their session."""

    def __init__(self, accounts: Accounts, signer: Signer) -> None:
        self.accounts = accounts
        self.signer = signer
        self.failures: dict[str, tuple[int, float]] = {}
        self.tokens: dict[str, tuple[str, float]] = {}

    async def enter(self, request: Request, name: str, password: str) -> Person:
        """Raise WrongPassword where name and password are not somebody's."""
        person = Person(await self.proven(name, password))
        request.session.clear()
        request.session.update(name=name, since=int(time.time()))
        return person

    async def proven(self, name: str, password: str) -> Account:
        """The account whose password this is; also for a signature. Raise WrongPassword, also while a name is locked."""
        count, since = self.failures.get(name, (0, 0.0))
        if count >= MOST_FAILURES and time.monotonic() - since < LOCKED_SECONDS:
            raise WrongPassword("too many wrong passwords: wait a minute")
        found = await asyncio.to_thread(self.accounts.known, name, password)
        if found is None:
            if len(self.failures) > 10_000:
                self.failures.clear()
            self.failures[name] = count + 1, time.monotonic()
            raise WrongPassword("the name or the password is wrong")
        self.failures.pop(name, None)
        return found

    def person(self, request: Request) -> Person:
        """Raise Unauthenticated where nobody is logged in."""
        account = self.accounts.named(str(request.session.get("name", "")))
        if account is None or time.time() - float(request.session.get("since", 0)) > SESSION_SECONDS:
            raise Unauthenticated("nobody is logged in")
        return Person(account)

    def token(self, person: Person) -> str:
        """With which slides is asked in a person's name; one is used for half of its time."""
        name = person.account.name
        token, until = self.tokens.get(name, ("", 0.0))
        if time.monotonic() > until:
            token = self.signer.token(name, person.account.roles, TOKEN_SECONDS)
            self.tokens[name] = token, time.monotonic() + TOKEN_SECONDS / 2
        return token
