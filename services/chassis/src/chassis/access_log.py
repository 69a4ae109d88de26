"""Who asks for patient data is told before they are answered; what cannot be told is not answered."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import uuid4

from cachetools import TTLCache
from starlette.requests import Request

from casepath.audit.v1.audit_pb2 import (
    ACTION_EXECUTED,
    ACTION_READ,
    OUTCOME_DONE,
    OUTCOME_REFUSED,
    PURPOSE_BREAK_THE_GLASS,
    PURPOSE_UNSPECIFIED,
    AccessRecorded,
    Action,
    Agent,
    Outcome,
    Purpose,
)
from casepath.records.v1.filing_pb2 import Entry
from casepath.topics import AUDIT_ACCESS_RECORDED
from chassis.access import Principal
from chassis.errors import CasepathError, Retriable, Unavailable
from chassis.events import Event
from chassis.publisher import Publisher, announce

# To look at the same again within so many seconds is the same look: a slide is looked at in thousands of tiles.
LOOK_SECONDS = 60.0
REMEMBERED = 100_000
# How long somebody waits at most while the broker does not answer.
TOLD_SECONDS = 10.0
LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as they proved or said; nobody known where `user_id` is empty. `address` is where from."""

    user_id: str = ""
    roles: tuple[str, ...] = ()
    address: str = ""

    @classmethod
    def of(cls, principal: Principal, address: str) -> "Asker":
        return cls(principal.subject, tuple(sorted(principal.roles)), address)


class AccessLog:
    """Of one service."""

    def __init__(self, publisher: Publisher, service: str) -> None:
        self.publisher = publisher
        self.service = service
        self.told: TTLCache[tuple[object, ...], bool] = TTLCache(REMEMBERED, LOOK_SECONDS)

    async def read(self, asker: Asker, operation: str, entries: Iterable[Entry], glass: str = "") -> None:
        """Raise Unavailable where it cannot be told. Without entries nothing of a patient was seen.

        `glass` is the reason for which the asker opened what is not of their unit.
        """
        seen = tuple(dict.fromkeys((one.kind, one.identifier) for one in entries if one.identifier))
        if seen:
            await self.once(asker, ACTION_READ, OUTCOME_DONE, operation, seen, glass)

    async def refused(self, asker: Asker, operation: str, entries: Iterable[Entry], error: CasepathError) -> CasepathError:
        """What to answer: that it is refused, or that this cannot be told.

        Nobody known is told of as seldom as a look, so that nobody can fill the ledger by asking.
        """
        wanted = tuple((one.kind, one.identifier) for one in entries)
        try:
            if asker.user_id:
                await self.tell(asker, ACTION_READ, OUTCOME_REFUSED, operation, wanted, str(error))
            else:
                await self.once(asker, ACTION_READ, OUTCOME_REFUSED, operation, (), str(error))
        except Retriable as unavailable:
            return unavailable
        return error

    async def entered(self, asker: Asker, operation: str, reason: str = "") -> None:
        """Somebody came in or left; with a `reason`, they were not let in."""
        await self.tell(asker, ACTION_EXECUTED, OUTCOME_REFUSED if reason else OUTCOME_DONE, operation, (), reason)

    async def acted(self, asker: Asker, action: Action, operation: str, entries: Iterable[Entry]) -> None:
        """Somebody did something with these. Raise Unavailable where it cannot be told."""
        of = tuple((one.kind, one.identifier) for one in entries)
        await self.tell(asker, action, OUTCOME_DONE, operation, of, "")

    async def once(
        self,
        asker: Asker,
        action: Action,
        outcome: Outcome,
        operation: str,
        entries: tuple[tuple[str, str], ...],
        reason: str = "",
    ) -> None:
        name = (asker, action, outcome, operation, entries)
        if name not in self.told:
            purpose = PURPOSE_BREAK_THE_GLASS if reason and outcome == OUTCOME_DONE else PURPOSE_UNSPECIFIED
            await self.tell(asker, action, outcome, operation, entries, reason, purpose)
            self.told[name] = True

    async def tell(
        self,
        asker: Asker,
        action: Action,
        outcome: Outcome,
        operation: str,
        entries: Iterable[tuple[str, str]],
        reason: str,
        purpose: Purpose = PURPOSE_UNSPECIFIED,
    ) -> None:
        """Raise Unavailable where the broker does not take it."""
        access = AccessRecorded(
            agent=Agent(user_id=asker.user_id[:LONGEST_NAME], roles=asker.roles, address=asker.address),
            action=action,
            outcome=outcome,
            service=self.service,
            operation=operation,
            entries=[Entry(kind=kind, identifier=identifier) for kind, identifier in entries],
            reason=reason,
            purpose=purpose,
        )
        cause = uuid4()
        event = Event(AUDIT_ACCESS_RECORDED, str(cause), access)
        try:
            async with asyncio.timeout(TOLD_SECONDS):
                await announce(self.publisher, [event], cause=cause, source=self.service)
        except TimeoutError as error:
            raise Unavailable("audit cannot be told now who asks") from error


def case_entry(case_id: str) -> Entry:
    return Entry(kind="Case", identifier=case_id)


def patient_entry(patient_id: str) -> Entry:
    return Entry(kind="Patient", identifier=patient_id)


def saw(request: Request, *entries: Entry) -> None:
    """Note what the answer to a request shows."""
    request.state.seen = [*seen(request), *entries]


def seen(request: Request) -> list[Entry]:
    found: list[Entry] = getattr(request.state, "seen", [])
    return found


def saw_through_glass(request: Request, reason: str) -> None:
    """Note that what the answer shows is of another unit, opened for this reason."""
    request.state.glass = reason


def glass_of(request: Request) -> str:
    found: str = getattr(request.state, "glass", "")
    return found


def operation_of(request: Request) -> str:
    """Method and pattern of the address, with nothing that was filled in."""
    return f"{request.method} {request.scope['route'].path}"


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""
