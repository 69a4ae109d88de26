"""Answering SlideService (casepath.slides.v1)."""

from collections.abc import AsyncIterator
from typing import Any

import grpc

from casepath.slides.v1.frames_pb2 import (
    GetFramesRequest,
    GetFramesResponse,
    UploadSlideRequest,
    UploadSlideResponse,
)
from casepath.slides.v1.frames_pb2_grpc import SlideServiceServicer
from chassis.access import Forbidden, Gate, Permission, Unauthenticated
from chassis.access_log import AccessLog, Asker
from chassis.calls import address_of
from chassis.dicomweb.frames import Frames
from chassis.errors import CasepathError, Malformed, NotFound
from chassis.events import check
from chassis.grpc_errors import refuse
from chassis.grpc_server import caller
from slides.catalogue import Catalogue
from slides.handlers import scan_id
from slides.inbox import Inbox, Incomplete
from slides.visibility import needed, shown

# Frames are read together up to this many, so that a long list does not lie in memory at once.
FRAMES_AT_ONCE = 32
GET_FRAMES, UPLOAD_SLIDE = "SlideService/GetFrames", "SlideService/UploadSlide"

type Context = grpc.aio.ServicerContext[Any, Any]


class SlideService(SlideServiceServicer):
    def __init__(self, catalogue: Catalogue, frames: Frames, inbox: Inbox, gate: Gate, accesses: AccessLog) -> None:
        self.accesses = accesses
        self.catalogue = catalogue
        self.frames = frames
        self.inbox = inbox
        self.gate = gate

    async def GetFrames(self, request: GetFramesRequest, context: Context) -> AsyncIterator[GetFramesResponse]:
        asker = Asker()
        try:
            who = caller(self.gate, context)
            asker = Asker.of(who, address_of(context))
            who.must(Permission.READ_SLIDES)
            check(request)
            stored = await self.catalogue.get(request.study_instance_uid, request.series_instance_uid, request.sop_instance_uid)
            if stored is None:
                raise NotFound("there is no such instance")
            who.must(needed(stored))
            await self.accesses.read(asker, GET_FRAMES, shown([stored]))
            syntax = stored.instance.transfer_syntax_uid
            for at in range(0, len(request.frames), FRAMES_AT_ONCE):
                numbers = request.frames[at : at + FRAMES_AT_ONCE]
                for number, content in zip(numbers, await self.frames.read(stored, numbers), strict=True):
                    yield GetFramesResponse(frame=number, transfer_syntax_uid=syntax, content=content)
        except (Unauthenticated, Forbidden) as error:
            await refuse(context, await self.accesses.refused(asker, GET_FRAMES, (), error))
        except CasepathError as error:
            await refuse(context, error)

    async def UploadSlide(self, request_iterator: AsyncIterator[UploadSlideRequest], context: Context) -> UploadSlideResponse:
        asker = Asker()
        try:
            who = caller(self.gate, context)
            asker = Asker.of(who, address_of(context))
            who.must(Permission.SEND_SCANS)
            first = await anext(request_iterator, None)
            if first is None or first.WhichOneof("part") != "header":
                raise Malformed("the header comes first")
            check(first)
            size = await self.inbox.file(first.header, chunks(request_iterator))
            return UploadSlideResponse(scan_id=str(scan_id(self.inbox.namespace, first.header.sha256)), size=size)
        except Incomplete as error:
            await context.abort(grpc.StatusCode.DATA_LOSS, str(error))
        except (Unauthenticated, Forbidden) as error:
            await refuse(context, await self.accesses.refused(asker, UPLOAD_SLIDE, (), error))
        except CasepathError as error:
            await refuse(context, error)


async def chunks(requests: AsyncIterator[UploadSlideRequest]) -> AsyncIterator[bytes]:
    async for request in requests:
        if request.WhichOneof("part") != "chunk":
            raise Malformed("after the header come chunks alone")
        yield request.chunk
