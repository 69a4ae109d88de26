"""Answering CaseService (casepath.cases.v1)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc
from google.protobuf.message import Message

from casepath.cases.v1.cases_pb2 import (
    Case,
    GetCaseRequest,
    GetCaseResponse,
    ListCasesRequest,
    ListCasesResponse,
    ListWorklistRequest,
    ListWorklistResponse,
    Relation,
    StateCount,
    WatchCaseRequest,
    WatchCaseResponse,
    WatchWorklistRequest,
    WatchWorklistResponse,
)
from casepath.cases.v1.cases_pb2_grpc import CaseServiceServicer
from cases.adapters.case_view import OPEN_STATES, CaseView, Related, Wanted
from chassis.access_log import AccessLog, Asker, case_entry, patient_entry
from chassis.calls import address_of, name_of
from chassis.errors import Malformed, NotFound, Unavailable
from chassis.events import check
from chassis.grpc_errors import refuse

DEFAULT_PAGE = 50
PORTAL = "portal"
# Changes that another process wrote are seen after at most this long.
REFRESH_SECONDS = 1.0
# Between two of a worklist's revisions.
LEAST_SECONDS = 0.5

type Context = grpc.aio.ServicerContext[Any, Any]


class CaseQueries(CaseServiceServicer):
    """Reads the view alone, so any replica answers for every case.

    The portal tells audit itself who looks; of all others it is told here.
    """

    def __init__(self, view: CaseView, stopping: asyncio.Event, accesses: AccessLog) -> None:
        self.view = view
        self.stopping = stopping
        self.accesses = accesses

    async def GetCase(self, request: GetCaseRequest, context: Context) -> GetCaseResponse:
        await valid(request, context)
        case = self.view.get(request.case_id)
        if case is None:
            await refuse(context, NotFound("no event of this case has been seen"))
        await self.tell(context, "GetCase", [case])
        return GetCaseResponse(case=case)

    async def ListCases(self, request: ListCasesRequest, context: Context) -> ListCasesResponse:
        await valid(request, context)
        size = request.page_size or DEFAULT_PAGE
        found = self.view.page(request.page_token, size + 1)
        shown = found[:size]
        await self.tell(context, "ListCases", shown)
        return ListCasesResponse(cases=shown, next_page_token=shown[-1].case_id if len(found) > size else "")

    async def WatchCase(self, request: WatchCaseRequest, context: Context) -> AsyncIterator[WatchCaseResponse]:
        await valid(request, context)
        last = None
        while not self.stopping.is_set():
            changed = self.view.changed
            case = self.view.get(request.case_id)
            if case is not None and case != last:
                await self.tell(context, "WatchCase", [case])
                yield WatchCaseResponse(case=case)
                last = case
            try:
                await asyncio.wait_for(changed.wait(), REFRESH_SECONDS)
            except TimeoutError:
                continue

    async def tell(self, context: Context, method: str, shown: Sequence[Case]) -> None:
        name = name_of(context)
        if name == PORTAL:
            return
        entries = [entry for case in shown for entry in (case_entry(case.case_id), patient_entry(case.order.patient.patient_id))]
        try:
            await self.accesses.read(Asker(name, address=address_of(context)), f"CaseService/{method}", entries)
        except Unavailable as error:
            await refuse(context, error)

    async def ListWorklist(self, request: ListWorklistRequest, context: Context) -> ListWorklistResponse:
        await valid(request, context)
        wanted = Wanted(
            states=tuple(sorted(set(request.states))) or OPEN_STATES,
            assignee="" if request.unassigned else request.assignee or None,
            search=request.search,
            sort=request.sort,
            size=request.page_size or DEFAULT_PAGE,
            after=request.page_token,
            relation=related(request.relation),
        )
        try:
            page = self.view.worklist(wanted)
        except Malformed as error:
            await refuse(context, error)
        counts = [StateCount(state=state, cases=cases) for state, cases in self.view.counts(wanted.relation).items()]
        elsewhere = self.view.elsewhere(wanted.relation, wanted.search)
        return ListWorklistResponse(entries=page.entries, next_page_token=page.end, counts=counts, elsewhere=elsewhere)

    async def WatchWorklist(self, request: WatchWorklistRequest, context: Context) -> AsyncIterator[WatchWorklistResponse]:
        last = None
        while not self.stopping.is_set():
            changed = self.view.changed
            revision = self.view.revision()
            if revision != last:
                yield WatchWorklistResponse(revision=revision)
                last = revision
                await asyncio.sleep(LEAST_SECONDS)
            try:
                await asyncio.wait_for(changed.wait(), REFRESH_SECONDS)
            except TimeoutError:
                continue


def related(relation: Relation) -> Related:
    return Related(relation.user_id, None if relation.every_unit else tuple(sorted(set(relation.units))))


async def valid(request: Message, context: Context) -> None:
    try:
        check(request)
    except Malformed as error:
        await refuse(context, error)
