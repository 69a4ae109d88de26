"""Asking sequencing for runs of research."""

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

from starlette.datastructures import UploadFile

from casepath.sequencing.v1.runs_pb2 import (
    CancelRunRequest,
    DownloadResultRequest,
    GetRunRequest,
    GetRunResponse,
    GetScheduleRequest,
    GetScheduleResponse,
    ListRunsRequest,
    Run,
    RunHeader,
    SubmitRunRequest,
)
from casepath.sequencing.v1.runs_pb2_grpc import RunServiceStub
from chassis.calls import Identity
from chassis.grpc_errors import answers_of
from portal.adapters.token_calls import TokenCalls, bearer

if TYPE_CHECKING:
    from casepath.sequencing.v1.runs_pb2_grpc import RunServiceAsyncStub

TIMEOUT = 30.0
CHUNK = 1 << 20


class RunServiceClient:
    """Raise what a status means."""

    def __init__(self, address: str, identity: Identity | None) -> None:
        without = "this deployment has no runs of research"
        self.calls: TokenCalls[RunServiceAsyncStub] = TokenCalls(
            RunServiceStub, "sequencing", address, identity, without, TIMEOUT
        )

    async def close(self) -> None:
        await self.calls.close()

    async def all(self, token: str) -> list[Run]:
        return list((await self.calls.ask(self.calls.stub.ListRuns, ListRunsRequest(), token)).runs)

    async def schedule(self, token: str) -> GetScheduleResponse:
        return await self.calls.ask(self.calls.stub.GetSchedule, GetScheduleRequest(), token)

    async def get(self, token: str, run_id: str) -> GetRunResponse:
        return await self.calls.ask(self.calls.stub.GetRun, GetRunRequest(run_id=run_id), token)

    async def cancel(self, token: str, run_id: str) -> Run:
        return (await self.calls.ask(self.calls.stub.CancelRun, CancelRunRequest(run_id=run_id), token)).run

    async def submit(self, token: str, header: RunHeader, files: Mapping[str, UploadFile]) -> Run:
        with answers_of(self.calls.service):
            return (await self.calls.stub.SubmitRun(parts(header, files), metadata=bearer(token))).run

    async def file(self, token: str, run_id: str, name: str) -> AsyncIterator[bytes]:
        request = DownloadResultRequest(run_id=run_id, name=name)
        with answers_of(self.calls.service):
            async for answer in self.calls.stub.DownloadResult(request, metadata=bearer(token)):
                yield answer.chunk


async def parts(header: RunHeader, files: Mapping[str, UploadFile]) -> AsyncIterator[SubmitRunRequest]:
    yield SubmitRunRequest(header=header)
    for name, file in files.items():
        yield SubmitRunRequest(file=name)
        while chunk := await file.read(CHUNK):
            yield SubmitRunRequest(chunk=chunk)
