"""Asking cases over gRPC."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from opentelemetry.instrumentation.grpc import aio_client_interceptors

from casepath.cases.v1.cases_pb2 import (
    Case,
    GetCaseRequest,
    ListWorklistRequest,
    ListWorklistResponse,
    WatchCaseRequest,
    WatchWorklistRequest,
)
from casepath.cases.v1.cases_pb2_grpc import CaseServiceStub
from chassis.calls import Identity, connected
from chassis.grpc_errors import answers_of

if TYPE_CHECKING:
    from casepath.cases.v1.cases_pb2_grpc import CaseServiceAsyncStub

TIMEOUT = 10.0


class CaseService:
    """One channel. Raise NotFound, Malformed or Unavailable as cases answers."""

    def __init__(self, address: str, identity: Identity | None) -> None:
        self.channel = connected(address, "cases", identity, aio_client_interceptors())
        self.stub: CaseServiceAsyncStub = CaseServiceStub(self.channel)

    async def close(self) -> None:
        await self.channel.close()

    async def get(self, case_id: str) -> Case:
        with answers_of("cases"):
            return (await self.stub.GetCase(GetCaseRequest(case_id=case_id), timeout=TIMEOUT)).case

    async def worklist(self, request: ListWorklistRequest) -> ListWorklistResponse:
        with answers_of("cases"):
            return await self.stub.ListWorklist(request, timeout=TIMEOUT)

    async def revisions(self) -> AsyncIterator[int]:
        """The worklist's revision now and at each change."""
        with answers_of("cases"):
            async for answer in self.stub.WatchWorklist(WatchWorklistRequest()):
                yield answer.revision

    async def holding(self, case_id: str, events: Collection[str], seconds: float) -> Case:
        """The case once it holds these events, so that whoever acted sees what they did; as it is after `seconds`."""
        with suppress(TimeoutError), answers_of("cases"):
            async with asyncio.timeout(seconds):
                async for answer in self.stub.WatchCase(WatchCaseRequest(case_id=case_id)):
                    if set(events) <= {moment.event_id for moment in answer.case.timeline}:
                        return answer.case
        return await self.get(case_id)
