"""Asking sequencing for runs of research, over gRPC, in a person's name."""

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

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
from chassis.calls import Identity, connected
from chassis.errors import Unavailable
from chassis.grpc_errors import answers_of

if TYPE_CHECKING:
    from casepath.sequencing.v1.runs_pb2_grpc import RunServiceAsyncStub

TIMEOUT = 30.0
CHUNK = 1 << 20

type Token = tuple[tuple[str, str], ...]


class RunServiceClient:
    """One channel; without an address there are no runs. Raise what a status means."""

    def __init__(self, address: str, identity: Identity | None) -> None:
        self.channel = connected(address, "sequencing", identity, aio_client_interceptors()) if address else None
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
        with answers_of("sequencing"):
            return list((await self.stub.ListRuns(ListRunsRequest(), timeout=TIMEOUT, metadata=bearer(token))).runs)

    async def schedule(self, token: str) -> GetScheduleResponse:
        with answers_of("sequencing"):
            return await self.stub.GetSchedule(GetScheduleRequest(), timeout=TIMEOUT, metadata=bearer(token))

    async def get(self, token: str, run_id: str) -> GetRunResponse:
        with answers_of("sequencing"):
            return await self.stub.GetRun(GetRunRequest(run_id=run_id), timeout=TIMEOUT, metadata=bearer(token))

    async def cancel(self, token: str, run_id: str) -> Run:
        with answers_of("sequencing"):
            return (await self.stub.CancelRun(CancelRunRequest(run_id=run_id), timeout=TIMEOUT, metadata=bearer(token))).run

    async def submit(self, token: str, header: RunHeader, files: Mapping[str, UploadFile]) -> Run:
        with answers_of("sequencing"):
            return (await self.stub.SubmitRun(parts(header, files), metadata=bearer(token))).run

    async def file(self, token: str, run_id: str, name: str) -> AsyncIterator[bytes]:
        request = DownloadResultRequest(run_id=run_id, name=name)
        with answers_of("sequencing"):
            async for answer in self.stub.DownloadResult(request, metadata=bearer(token)):
                yield answer.chunk


def bearer(token: str) -> Token:
    return (("authorization", f"Bearer {token}"),)


async def parts(header: RunHeader, files: Mapping[str, UploadFile]) -> AsyncIterator[SubmitRunRequest]:
    yield SubmitRunRequest(header=header)
    for name, file in files.items():
        yield SubmitRunRequest(file=name)
        while chunk := await file.read(CHUNK):
            yield SubmitRunRequest(chunk=chunk)
