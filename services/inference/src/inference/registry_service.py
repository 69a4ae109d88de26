"""Answering ModelRegistryService (casepath.inference.v1). Who calls is in the token; what they did is told as an event."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import grpc
from google.protobuf.message import Message

from casepath.inference.v1.registry_pb2 import DESCRIPTOR as FILE
from casepath.inference.v1.registry_pb2 import (
    CancelJobRequest,
    CancelJobResponse,
    EvaluateModelRequest,
    EvaluateModelResponse,
    ListModelsRequest,
    ListModelsResponse,
    PromoteModelRequest,
    PromoteModelResponse,
    PublishModelRequest,
    PublishModelResponse,
    RollbackModelRequest,
    RollbackModelResponse,
)
from casepath.inference.v1.registry_pb2_grpc import ModelRegistryServiceServicer
from chassis.access import Gate, Permission
from chassis.errors import CasepathError, Malformed
from chassis.events import Event, check, derived_id
from chassis.grpc_errors import refuse
from chassis.grpc_server import caller
from chassis.publisher import Publisher, announce
from inference.governance import Governance
from inference.handlers import concluded
from inference.registry import NAMESPACE, evaluated_event, published_event, staged_event

DESCRIPTOR: str = FILE.services_by_name["ModelRegistryService"].full_name
# Of one bundle, in bytes.
LARGEST_BUNDLE = 8 << 30

type Context = grpc.aio.ServicerContext[Any, Any]


class RegistryService(ModelRegistryServiceServicer):
    def __init__(self, governance: Governance, publisher: Publisher, gate: Gate, scratch: Path) -> None:
        self.governance = governance
        self.publisher = publisher
        self.gate = gate
        self.scratch = scratch

    async def PublishModel(self, request_iterator: AsyncIterator[PublishModelRequest], context: Context) -> PublishModelResponse:
        try:
            who = self.allowed(context, Permission.PUBLISH_MODELS)
            with tempfile.TemporaryDirectory(dir=self.scratch) as scratch:
                await received(request_iterator, Path(scratch))
                published = await self.governance.publish(Path(scratch), who)
            await self.tell(published_event(published))
        except CasepathError as error:
            await refuse(context, error)
        return PublishModelResponse(published=published)

    async def EvaluateModel(self, request: EvaluateModelRequest, context: Context) -> EvaluateModelResponse:
        try:
            self.allowed(context, Permission.READ_MODELS, request)
            evaluated = await self.governance.evaluate(request.name, request.version)
            await self.tell(evaluated_event(evaluated))
        except CasepathError as error:
            await refuse(context, error)
        return EvaluateModelResponse(evaluated=evaluated)

    async def PromoteModel(self, request: PromoteModelRequest, context: Context) -> PromoteModelResponse:
        try:
            who = self.allowed(context, Permission.APPROVE_MODELS, request)
            staged, number = await self.governance.promote(
                request.name, request.version, request.to_stage, request.canary_percent, request.reason, who
            )
            await self.tell(staged_event(staged, number))
        except CasepathError as error:
            await refuse(context, error)
        return PromoteModelResponse(staged=staged)

    async def RollbackModel(self, request: RollbackModelRequest, context: Context) -> RollbackModelResponse:
        try:
            who = self.allowed(context, Permission.APPROVE_MODELS, request)
            staged, number = await self.governance.roll_back(request.name, request.reason, who)
            await self.tell(staged_event(staged, number))
        except CasepathError as error:
            await refuse(context, error)
        return RollbackModelResponse(staged=staged)

    async def ListModels(self, request: ListModelsRequest, context: Context) -> ListModelsResponse:
        try:
            self.allowed(context, Permission.READ_MODELS, request)
            return ListModelsResponse(models=await self.governance.states())
        except CasepathError as error:
            await refuse(context, error)

    async def CancelJob(self, request: CancelJobRequest, context: Context) -> CancelJobResponse:
        try:
            self.allowed(context, Permission.CANCEL_SCORING, request)
            ended, mine = await self.governance.cancel(request.job_id)
            if mine:
                await self.tell(concluded(ended))
        except CasepathError as error:
            await refuse(context, error)
        return CancelJobResponse(cancelled=mine)

    def allowed(self, context: Context, permission: Permission, request: Message | None = None) -> str:
        """Who asks, where they may and the request is well formed."""
        who = caller(self.gate, context)
        who.must(permission)
        if request is not None:
            check(request)
        return who.subject

    async def tell(self, event: Event) -> None:
        cause: UUID = event.id or derived_id(NAMESPACE, event.topic.name, 0)
        await announce(self.publisher, [event], cause=cause, source="inference")


async def received(requests: AsyncIterator[PublishModelRequest], folder: Path) -> None:
    """Write a bundle's files as they come. Raise Malformed where they are no such thing."""
    file: BinaryIO | None = None
    size = 0
    try:
        async for request in requests:
            check(request)
            if request.WhichOneof("part") == "file":
                if file is not None:
                    file.close()
                if (folder / request.file).exists():
                    raise Malformed(f"{request.file} comes twice")
                file = (folder / request.file).open("wb")
                continue
            size += len(request.chunk)
            if file is None:
                raise Malformed("a file's name comes before its bytes")
            if size > LARGEST_BUNDLE:
                raise Malformed("the bundle is too large")
            file.write(request.chunk)
    finally:
        if file is not None:
            file.close()
