"""Answering RunService (casepath.sequencing.v1), for members of projects."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, BinaryIO

import grpc

from casepath.sequencing.v1.runs_pb2 import DESCRIPTOR as FILE
from casepath.sequencing.v1.runs_pb2 import (
    CancelRunRequest,
    CancelRunResponse,
    DownloadResultRequest,
    DownloadResultResponse,
    GetRunRequest,
    GetRunResponse,
    GetScheduleRequest,
    GetScheduleResponse,
    ListRunsRequest,
    ListRunsResponse,
    RunHeader,
    SubmitRunRequest,
    SubmitRunResponse,
    WatchRunRequest,
    WatchRunResponse,
)
from casepath.sequencing.v1.runs_pb2_grpc import RunServiceServicer
from chassis.access import Gate, Permission
from chassis.errors import CasepathError, Malformed
from chassis.events import check
from chassis.grpc_errors import refuse
from chassis.grpc_server import caller
from sequencing.runs.catalogue import Catalogue, files
from sequencing.runs.ledger import ENDED
from sequencing.runs.submission import LARGEST, Submission

DESCRIPTOR: str = FILE.services_by_name["RunService"].full_name
REFRESH_SECONDS = 1.0
CHUNK = 1 << 20

type Context = grpc.aio.ServicerContext[Any, Any]


class RunService(RunServiceServicer):
    def __init__(self, catalogue: Catalogue, submission: Submission, gate: Gate, scratch: Path) -> None:
        self.catalogue = catalogue
        self.submission = submission
        self.gate = gate
        self.scratch = scratch

    async def SubmitRun(self, request_iterator: AsyncIterator[SubmitRunRequest], context: Context) -> SubmitRunResponse:
        try:
            who = caller(self.gate, context)
            who.must(Permission.RUN_WORKFLOWS)
            with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
                header, files = await received(
                    request_iterator, Path(folder), lambda header: self.submission.projects.must(who, header.project)
                )
                run = await self.submission.submit(header, files, who)
        except CasepathError as error:
            await refuse(context, error)
        return SubmitRunResponse(run=run)

    async def GetRun(self, request: GetRunRequest, context: Context) -> GetRunResponse:
        try:
            check(request)
            run = await self.catalogue.get(request.run_id, caller(self.gate, context))
        except CasepathError as error:
            await refuse(context, error)
        return GetRunResponse(run=run, outlook=self.catalogue.outlook(run), files=files(run))

    async def ListRuns(self, request: ListRunsRequest, context: Context) -> ListRunsResponse:
        try:
            runs = await self.catalogue.all(caller(self.gate, context), request.project)
        except CasepathError as error:
            await refuse(context, error)
        return ListRunsResponse(runs=runs)

    async def CancelRun(self, request: CancelRunRequest, context: Context) -> CancelRunResponse:
        try:
            check(request)
            run = await self.catalogue.cancel(request.run_id, caller(self.gate, context))
        except CasepathError as error:
            await refuse(context, error)
        return CancelRunResponse(run=run)

    async def WatchRun(self, request: WatchRunRequest, context: Context) -> AsyncIterator[WatchRunResponse]:
        try:
            check(request)
            who, last = caller(self.gate, context), None
            while True:
                changed = self.catalogue.ledger.changed
                run = await self.catalogue.get(request.run_id, who)
                if run != last:
                    yield WatchRunResponse(run=run, outlook=self.catalogue.outlook(run))
                    last = run
                if run.state in ENDED:
                    return
                try:
                    await asyncio.wait_for(changed.wait(), REFRESH_SECONDS)
                except TimeoutError:
                    continue
        except CasepathError as error:
            await refuse(context, error)

    async def DownloadResult(self, request: DownloadResultRequest, context: Context) -> AsyncIterator[DownloadResultResponse]:
        try:
            check(request)
            run = await self.catalogue.get(request.run_id, caller(self.gate, context))
            with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
                path = await self.catalogue.file(run, request.name, Path(folder))
                with path.open("rb") as file:
                    while chunk := await asyncio.to_thread(file.read, CHUNK):
                        yield DownloadResultResponse(chunk=chunk)
        except CasepathError as error:
            await refuse(context, error)

    async def GetSchedule(self, request: GetScheduleRequest, context: Context) -> GetScheduleResponse:
        try:
            found = await self.catalogue.schedule(caller(self.gate, context))
        except CasepathError as error:
            await refuse(context, error)
        return found


async def received(
    requests: AsyncIterator[SubmitRunRequest], folder: Path, admit: Callable[[RunHeader], None]
) -> tuple[RunHeader, dict[str, Path]]:
    """The header, when it is admitted, and then each file. Raise Malformed for another order, or for too much."""
    first = await anext(requests, None)
    if first is None or first.WhichOneof("part") != "header":
        raise Malformed("the header comes first")
    check(first)
    admit(first.header)
    files: dict[str, Path] = {}
    size = 0
    open_: BinaryIO | None = None
    try:
        async for request in requests:
            check(request)
            match request.WhichOneof("part"):
                case "file" if request.file not in files:
                    if open_ is not None:
                        open_.close()
                    files[request.file] = folder / request.file
                    open_ = files[request.file].open("wb")
                case "chunk" if open_ is not None:
                    size += len(request.chunk)
                    if size > LARGEST:
                        raise Malformed("the files are larger than what one run may have")
                    await asyncio.to_thread(open_.write, request.chunk)
                case _:
                    raise Malformed("after the header come files, each with its name and then its bytes, and each once")
    finally:
        if open_ is not None:
            open_.close()
    return first.header, files
