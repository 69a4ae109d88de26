"""How the platform is, and what an operator does about it."""

import asyncio
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from casepath.operations.v1.operations_pb2 import (
    Backlog,
    Balance,
    DeadLetter,
    DiscardDeadLettersRequest,
    GetOverviewRequest,
    GetOverviewResponse,
    ListDeadLettersRequest,
    ListDeadLettersResponse,
    ReconcileRequest,
    ReplayDeadLettersRequest,
)
from portal.desk import Desk, form_of, render
from portal.people import Person

if TYPE_CHECKING:
    import grpc

    from casepath.operations.v1.operations_pb2_grpc import OperationsServiceAsyncStub

OUTCOMES = ("accepted", "filed", "dead", "in_flight", "erased", "missing")
# Of one topic; whoever has more looks for their cause.
SHOWN = 50


class OperationsPages:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def whole(self, request: Request, person: Person) -> Response:
        return await self.page(request, person)

    async def backlogs(self, request: Request, person: Person) -> Response:
        """That part of the page which is asked for again and again."""
        return render(request, "backlogs.html", person=person, services=busy((await self.overview(person)).backlogs))

    async def replay(self, request: Request, person: Person) -> Response:
        asked = ReplayDeadLettersRequest(topic=(await form_of(request)).get("topic", ""))
        done = await self.ask(self.stub.ReplayDeadLetters, asked, person)
        return RedirectResponse(f"/operations?replayed={done.replayed}", 303)

    async def discard(self, request: Request, person: Person) -> Response:
        """All letters of one event: several services may have set it aside."""
        form = await form_of(request)
        asked = DiscardDeadLettersRequest(
            topic=form.get("topic", ""), event_ids=[form.get("event", "")], reason=form.get("reason", "").strip()
        )
        done = await self.ask(self.stub.DiscardDeadLetters, asked, person)
        return RedirectResponse(f"/operations?discarded={done.discarded}", 303)

    async def reconcile(self, request: Request, person: Person) -> Response:
        asked = ReconcileRequest(repair=(await form_of(request)).get("repair") == "yes")
        found = await self.ask(self.stub.Reconcile, asked, person)
        return await self.page(request, person, list(found.balances), found.published_again)

    async def page(
        self, request: Request, person: Person, balances: list[Balance] | None = None, published_again: int = 0
    ) -> Response:
        overview = await self.overview(person)
        topics = [one.topic for one in overview.waiting if one.letters]
        lists = await asyncio.gather(*(self.letters(topic, person) for topic in topics))
        return render(
            request,
            "operations.html",
            person=person,
            services=busy(overview.backlogs),
            waiting=list(zip(topics, lists, strict=True)),
            by_event=by_event,
            balances=balances,
            outcomes=OUTCOMES,
            missing=sum(one.missing for one in balances or ()),
            published_again=published_again,
            said=said(request),
        )

    async def overview(self, person: Person) -> GetOverviewResponse:
        return await self.ask(self.stub.GetOverview, GetOverviewRequest(), person)

    async def letters(self, topic: str, person: Person) -> ListDeadLettersResponse:
        return await self.ask(self.stub.ListDeadLetters, ListDeadLettersRequest(topic=topic, page_size=SHOWN), person)

    @property
    def stub(self) -> "OperationsServiceAsyncStub":
        return self.desk.operations.stub

    async def ask[Q, A](self, method: "grpc.aio.UnaryUnaryMultiCallable[Q, A]", request: Q, person: Person) -> A:
        """One call, in a person's name."""
        return await self.desk.operations.ask(method, request, self.desk.tokens.of(person))


def busy(backlogs: Iterable[Backlog]) -> list[tuple[str, int, list[Backlog]]]:
    """Each service with how many records it has not done, and of which topics; who has most comes first."""
    of_service = groupby(sorted(backlogs, key=lambda one: one.service), key=lambda one: one.service)
    found = [(service, [one for one in each if one.records]) for service, each in of_service]
    services = [(service, sum(one.records for one in topics), topics) for service, topics in found]
    return sorted(services, key=lambda one: (-one[1], one[0]))


def by_event(letters: Iterable[DeadLetter]) -> list[tuple[str, list[DeadLetter]]]:
    """Letters of one event together, in the order of its first."""
    found: dict[str, list[DeadLetter]] = {}
    for one in letters:
        found.setdefault(one.event_id, []).append(one)
    return list(found.items())


def said(request: Request) -> tuple[str, int] | None:
    """What was done before the page was opened, and of how many."""
    for act in ("replayed", "discarded"):
        if (count := request.query_params.get(act, "")).isascii() and count.isdigit():
            return act, int(count[:9])
    return None
