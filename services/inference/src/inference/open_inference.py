"""Answering the Open Inference Protocol, version 2 (`inference.GRPCInferenceService`), with Triton's streaming and repository."""

import asyncio
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any

import grpc

from chassis.access import Forbidden
from chassis.errors import CasepathError, NotFound
from chassis.grpc_errors import refuse
from chassis.telemetry import continued
from inference.serving import ModelRepository
from inference.tensors import Tensor, add_outputs, inputs_of
from openinference.v2.grpc_service_pb2 import (
    InferParameter,
    ModelInferRequest,
    ModelInferResponse,
    ModelMetadataRequest,
    ModelMetadataResponse,
    ModelReadyRequest,
    ModelReadyResponse,
    ModelStreamInferResponse,
    RepositoryIndexRequest,
    RepositoryIndexResponse,
    RepositoryModelLoadRequest,
    RepositoryModelLoadResponse,
    RepositoryModelUnloadRequest,
    RepositoryModelUnloadResponse,
    ServerLiveRequest,
    ServerLiveResponse,
    ServerMetadataRequest,
    ServerMetadataResponse,
    ServerReadyRequest,
    ServerReadyResponse,
)
from openinference.v2.grpc_service_pb2_grpc import GRPCInferenceServiceServicer

# A request's `priority` counts from 1, the first to go; 0, or none, is this (Triton, schedule policy extension).
USUAL_PRIORITY = 3
MICROSECONDS = 1e-6
# Of one stream, requests that are worked on at once; answers keep the order of the requests.
STREAM_WINDOW = 8
PLATFORM = "onnxruntime_onnx"

type Context = grpc.aio.ServicerContext[Any, Any]


class OpenInference(GRPCInferenceServiceServicer):
    """`control` lets callers load and unload models."""

    def __init__(self, models: ModelRepository, control: bool) -> None:
        self.models = models
        self.control = control

    async def ServerLive(self, request: ServerLiveRequest, context: Context) -> ServerLiveResponse:
        return ServerLiveResponse(live=True)

    async def ServerReady(self, request: ServerReadyRequest, context: Context) -> ServerReadyResponse:
        return ServerReadyResponse(ready=bool(self.models.served))

    async def ModelReady(self, request: ModelReadyRequest, context: Context) -> ModelReadyResponse:
        try:
            self.models.get(request.name, request.version)
        except NotFound:
            return ModelReadyResponse(ready=False)
        return ModelReadyResponse(ready=True)

    async def ServerMetadata(self, request: ServerMetadataRequest, context: Context) -> ServerMetadataResponse:
        extensions = ["binary_tensor_data", "model_repository", "schedule_policy"]
        return ServerMetadataResponse(name="casepath-inference", version=version("casepath-inference"), extensions=extensions)

    async def ModelMetadata(self, request: ModelMetadataRequest, context: Context) -> ModelMetadataResponse:
        try:
            served = self.models.get(request.name, request.version)
        except CasepathError as error:
            await refuse(context, error)
        return ModelMetadataResponse(
            name=served.model.name,
            versions=[served.model.version],
            platform=PLATFORM,
            inputs=[metadata(one) for one in served.session.inputs],
            outputs=[metadata(one) for one in served.session.outputs],
        )

    async def ModelInfer(self, request: ModelInferRequest, context: Context) -> ModelInferResponse:
        sent = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
        try:
            with continued(f"infer {request.model_name}", sent):
                return await self.inferred(request, context.time_remaining())
        except CasepathError as error:
            await refuse(context, error)

    async def ModelStreamInfer(
        self, request_iterator: AsyncIterator[ModelInferRequest], context: Context
    ) -> AsyncIterator[ModelStreamInferResponse]:
        """An answer for each request, in their order; an error is one request's own."""
        answers: asyncio.Queue[asyncio.Task[ModelStreamInferResponse] | None] = asyncio.Queue(STREAM_WINDOW)

        async def take() -> None:
            try:
                async for request in request_iterator:
                    await answers.put(asyncio.create_task(self.streamed(request, context.time_remaining())))
            finally:
                await answers.put(None)

        taking = asyncio.create_task(take())
        try:
            while (answer := await answers.get()) is not None:
                yield await answer
            await taking
        finally:
            taking.cancel()
            while not answers.empty():
                left = answers.get_nowait()
                if left is not None:
                    left.cancel()

    async def streamed(self, request: ModelInferRequest, seconds: float | None) -> ModelStreamInferResponse:
        try:
            return ModelStreamInferResponse(infer_response=await self.inferred(request, seconds))
        except CasepathError as error:
            failed = ModelInferResponse(model_name=request.model_name, id=request.id)
            return ModelStreamInferResponse(error_message=str(error), infer_response=failed)

    async def inferred(self, request: ModelInferRequest, seconds: float | None) -> ModelInferResponse:
        served = self.models.get(request.model_name, request.model_version)
        priority = whole(request.parameters.get("priority")) or USUAL_PRIORITY
        timeout = whole(request.parameters.get("timeout")) * MICROSECONDS
        bounds = [bound for bound in (seconds, timeout or None) if bound is not None]
        inputs = inputs_of(request, served.session.inputs)
        outputs = await served.infer(inputs, priority, min(bounds) if bounds else None)
        response = ModelInferResponse(model_name=served.model.name, model_version=served.model.version, id=request.id)
        response.parameters["provider"].string_param = served.session.provider
        response.parameters["sha256"].string_param = served.model.sha256
        add_outputs(response, outputs, [one.name for one in request.outputs])
        return response

    async def RepositoryIndex(self, request: RepositoryIndexRequest, context: Context) -> RepositoryIndexResponse:
        listed = [one for one in self.models.index() if one.ready or not request.ready]
        return RepositoryIndexResponse(
            models=[
                RepositoryIndexResponse.ModelIndex(
                    name=one.name, version=one.version, state="READY" if one.ready else "UNAVAILABLE", reason=one.reason
                )
                for one in listed
            ]
        )

    async def RepositoryModelLoad(self, request: RepositoryModelLoadRequest, context: Context) -> RepositoryModelLoadResponse:
        try:
            self.must_control()
            await self.models.load(request.model_name)
        except CasepathError as error:
            await refuse(context, error)
        return RepositoryModelLoadResponse()

    async def RepositoryModelUnload(
        self, request: RepositoryModelUnloadRequest, context: Context
    ) -> RepositoryModelUnloadResponse:
        try:
            self.must_control()
            await self.models.unload(request.model_name)
        except CasepathError as error:
            await refuse(context, error)
        return RepositoryModelUnloadResponse()

    def must_control(self) -> None:
        if not self.control:
            raise Forbidden("loading and unloading over gRPC is off: CASEPATH_MODEL_CONTROL=true allows it")


def metadata(tensor: Tensor) -> ModelMetadataResponse.TensorMetadata:
    return ModelMetadataResponse.TensorMetadata(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape)


def whole(parameter: InferParameter | None) -> int:
    """A parameter's whole number; 0 where there is none."""
    if parameter is None:
        return 0
    return int(parameter.uint64_param or parameter.int64_param)
