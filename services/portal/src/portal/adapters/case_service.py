"""Asking cases over gRPC."""

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import TYPE_CHECKING

import grpc
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
from chassis.grpc_errors import meaning

if TYPE_CHECKING:
    from casepath.cases.v1.cases_pb2_grpc import CaseServiceAsyncStub

TIMEOUT = 10.0


class CaseService:
    """One channel. Raise NotFound, Malformed or Unavailable as cases answers."""

    def __init__(self, address: str) -> None:
        self.channel = grpc.aio.insecure_channel(address, interceptors=aio_client_interceptors())
        self.stub: CaseServiceAsyncStub = CaseServiceStub(self.channel)

    async def close(self) -> None:
        await self.channel.close()

    async def get(self, case_id: str) -> Case:
        try:
            return (await self.stub.GetCase(GetCaseRequest(case_id=case_id), timeout=TIMEOUT)).case
        except grpc.aio.AioRpcError as error:
            raise meaning(error, "cases") from error

    async def worklist(self, request: ListWorklistRequest) -> ListWorklistResponse:
        try:
            return await self.stub.ListWorklist(request, timeout=TIMEOUT)
        except grpc.aio.AioRpcError as error:
            raise meaning(error, "cases") from error

    async def revisions(self) -> AsyncIterator[int]:
        """The worklist's revision now and at each change."""
        try:
            async for answer in self.stub.WatchWorklist(WatchWorklistRequest()):
                yield answer.revision
        except grpc.aio.AioRpcError as error:
            raise meaning(error, "cases") from error

    async def holding(self, case_id: str, events: Collection[str], seconds: float) -> Case:
        """The case once it holds these events, so that whoever acted sees what they did; as it is after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                async for answer in self.stub.WatchCase(WatchCaseRequest(case_id=case_id)):
                    if set(events) <= {moment.event_id for moment in answer.case.timeline}:
                        return answer.case
        except TimeoutError:
            pass
        except grpc.aio.AioRpcError as error:
            raise meaning(error, "cases") from error
        return await self.get(case_id)
