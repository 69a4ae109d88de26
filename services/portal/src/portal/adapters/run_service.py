"""Asking sequencing for runs of research, over gRPC, in a person's name."""

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

import grpc
from opentelemetry.instrumentation.grpc import aio_client_interceptors
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
from chassis.errors import Unavailable
from chassis.grpc_errors import meaning

if TYPE_CHECKING:
    from casepath.sequencing.v1.runs_pb2_grpc import RunServiceAsyncStub

TIMEOUT = 30.0
CHUNK = 1 << 20

type Token = tuple[tuple[str, str], ...]


class RunServiceClient:
    """One channel; without an address there are no runs. Raise what a status means."""

    def __init__(self, address: str) -> None:
        self.channel = grpc.aio.insecure_channel(address, interceptors=aio_client_interceptors()) if address else None
        self.asked: RunServiceAsyncStub | None = RunServiceStub(self.channel) if self.channel else None

    @property
    def stub(self) -> "RunServiceAsyncStub":
        if self.asked is None:
            raise Unavailable("this deployment has no runs of research")
        return self.asked

    async def close(self) -> None:
        if self.channel is not None:
            await self.channel.close()

    async def all(self, token: str) -> list[Run]:
        try:
            return list((await self.stub.ListRuns(ListRunsRequest(), timeout=TIMEOUT, metadata=bearer(token))).runs)
        except grpc.aio.AioRpcError as error:
            raise meaning(error, "sequencing") from error

    async def schedule(self, token: str) -> GetScheduleResponse:
        try:
            return await self.stub.GetSchedule(GetScheduleRequest(), timeout=TIMEOUT, metadata=bearer(token))
        except grpc.aio.AioRpcError as error:
            raise meaning(error, "sequencing") from error

    async def get(self, token: str, run_id: str) -> GetRunResponse:
        try:
            return await self.stub.GetRun(GetRunRequest(run_id=run_id), timeout=TIMEOUT, metadata=bearer(token))
        except grpc.aio.AioRpcError as error:
            raise meaning(error, "sequencing") from error

    async def cancel(self, token: str, run_id: str) -> Run:
        try:
            return (await self.stub.CancelRun(CancelRunRequest(run_id=run_id), timeout=TIMEOUT, metadata=bearer(token))).run
        except grpc.aio.AioRpcError as error:
            raise meaning(error, "sequencing") from error

    async def submit(self, token: str, header: RunHeader, files: Mapping[str, UploadFile]) -> Run:
        try:
            return (await self.stub.SubmitRun(parts(header, files), metadata=bearer(token))).run
        except grpc.aio.AioRpcError as error:
            raise meaning(error, "sequencing") from error

    async def file(self, token: str, run_id: str, name: str) -> AsyncIterator[bytes]:
        request = DownloadResultRequest(run_id=run_id, name=name)
        try:
            async for answer in self.stub.DownloadResult(request, metadata=bearer(token)):
                yield answer.chunk
        except grpc.aio.AioRpcError as error:
            raise meaning(error, "sequencing") from error


def bearer(token: str) -> Token:
    return (("authorization", f"Bearer {token}"),)


async def parts(header: RunHeader, files: Mapping[str, UploadFile]) -> AsyncIterator[SubmitRunRequest]:
    yield SubmitRunRequest(header=header)
    for name, file in files.items():
        yield SubmitRunRequest(file=name)
        while chunk := await file.read(CHUNK):
            yield SubmitRunRequest(chunk=chunk)
