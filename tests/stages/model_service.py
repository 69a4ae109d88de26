"""Models served over gRPC in this process, and how a request carries pictures."""

import asyncio
import struct
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from chassis.grpc_server import GrpcServer
from inference.open_inference import OpenInference
from inference.serving import ModelRepository
from openinference.v2.grpc_service_pb2_grpc import add_GRPCInferenceServiceServicer_to_server


@asynccontextmanager
async def model_service(models: ModelRepository, control: bool) -> AsyncIterator[str]:
    """Its address, while it serves."""
    service = OpenInference(models, control)
    server = GrpcServer("127.0.0.1:0", [lambda one: add_GRPCInferenceServiceServicer_to_server(service, one)], [], lambda: True)
    stop = asyncio.Event()
    serving = asyncio.create_task(server.run(stop))
    yield f"127.0.0.1:{server.port}"
    stop.set()
    await serving


def packed(elements: Iterable[bytes]) -> bytes:
    """A raw BYTES tensor of the Open Inference Protocol."""
    return b"".join(struct.pack("<I", len(one)) + one for one in elements)
