"""Who is at the screen: what they may do, how they come in, and how they are known again."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

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


class NotProven(Rejected):
    """Who signs has to show again who they are."""


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
    def sees_studies(self) -> bool:
        return self.principal.may(Permission.SEE_STUDIES)

    @property
    def decides_identities(self) -> bool:
        return self.principal.may(Permission.DECIDE_IDENTITIES)

    @property
    def operates(self) -> bool:
        return self.principal.may(Permission.OPERATE)

    @property
    def audits(self) -> bool:
        return self.principal.may(Permission.READ_LEDGER)

    @property
    def principal(self) -> Principal:
        return Principal(self.account.name, frozenset(self.account.roles))


class Staff(Protocol):
    """Who works here, as far as it is known."""

    def named(self, name: str) -> Account | None: ...

    def with_role(self, role: str) -> Sequence[Account]: ...


class Door(Protocol):
    """How people come in, and are known again."""

    @property
    def staff(self) -> Staff: ...

    async def person(self, request: Request) -> Person:
        """Raise Unauthenticated where nobody is logged in, or their session was ended."""
        ...

    async def prove(self, request: Request, person: Person, password: str) -> None:
        """Before a signature: that it is still this person. Raise WrongPassword or NotProven."""
        ...

    def proven(self, request: Request) -> bool | None:
        """Whether somebody showed just now who they are; None where a signature comes with a password."""
        ...


class Tokens:
    """With which slides and sequencing are asked in a person's name; one is used for half of its time."""

    def __init__(self, signer: Signer) -> None:
        self.signer = signer
        self.kept: dict[tuple[str, tuple[str, ...]], tuple[str, float]] = {}

    def of(self, person: Person) -> str:
        name = person.account.name, tuple(person.account.roles)
        token, until = self.kept.get(name, ("", 0.0))
        if time.monotonic() > until:
            token = self.signer.token(person.account.name, person.account.roles, TOKEN_SECONDS)
            self.kept[name] = token, time.monotonic() + TOKEN_SECONDS / 2
        return token


class PasswordDoor:
    """By name and password, from a file of accounts."""

    def __init__(self, accounts: Callable[[], Accounts]) -> None:
        self.accounts = accounts
        self.failures: dict[str, tuple[int, float]] = {}

    @property
    def staff(self) -> Accounts:
        return self.accounts()

    async def enter(self, request: Request, name: str, password: str) -> Person:
        """Raise WrongPassword where name and password are not somebody's."""
        person = Person(await self.checked(name, password))
        request.session.clear()
        request.session.update(name=name, since=int(time.time()))
        return person

    async def prove(self, request: Request, person: Person, password: str) -> None:
        await self.checked(person.account.name, password)

    def proven(self, request: Request) -> bool | None:
        return None

    async def checked(self, name: str, password: str) -> Account:
        """The account whose password this is. Raise WrongPassword, also while a name is locked."""
        count, since = self.failures.get(name, (0, 0.0))
        if count >= MOST_FAILURES and time.monotonic() - since < LOCKED_SECONDS:
            raise WrongPassword("too many wrong passwords: wait a minute")
        found = await asyncio.to_thread(self.staff.known, name, password)
        if found is None:
            if len(self.failures) > 10_000:
                self.failures.clear()
            self.failures[name] = count + 1, time.monotonic()
            raise WrongPassword("the name or the password is wrong")
        self.failures.pop(name, None)
        return found

    async def person(self, request: Request) -> Person:
        account = self.staff.named(str(request.session.get("name", "")))
        since = float(request.session.get("since", 0))
        if account is None or since < account.not_before or time.time() - since > SESSION_SECONDS:
            raise Unauthenticated("nobody is logged in")
        return Person(account)
