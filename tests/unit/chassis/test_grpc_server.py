import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from opentelemetry import trace
from opentelemetry.instrumentation.grpc import aio_client_interceptors
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis.errors import Misconfigured
from chassis.grpc_server import GrpcServer
from waiting import eventually_async

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@asynccontextmanager
async def served(server: GrpcServer) -> AsyncIterator[None]:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(server.run(stop))
        yield
        stop.set()


async def status(port: int, service: str) -> int:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", interceptors=aio_client_interceptors()) as channel:
        answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=service))
    return int(answer.status)


async def test_health_follows_readiness() -> None:
    ready = False
    server = GrpcServer("127.0.0.1:0", [], ["model/demo"], lambda: ready)

    async def is_(state: int) -> bool:
        return await status(server.port, "model/demo") == state == await status(server.port, "")

    async with served(server):
        await eventually_async(lambda: is_(NOT_SERVING))
        ready = True
        await eventually_async(lambda: is_(SERVING))


async def test_a_taken_port_is_a_clear_error() -> None:
    first = GrpcServer("127.0.0.1:0", [], [], lambda: True)
    async with served(first):
        with pytest.raises(Misconfigured, match="is the port taken"):
            GrpcServer(f"127.0.0.1:{first.port}", [], [], lambda: True)


async def test_a_trace_goes_on_over_grpc(tracing: TracerProvider) -> None:
    spans = InMemorySpanExporter()
    tracing.add_span_processor(SimpleSpanProcessor(spans))
    server = GrpcServer("127.0.0.1:0", [], [], lambda: True)
    async with served(server):
        await status(server.port, "")
    kinds = {span.kind: span for span in spans.get_finished_spans()}
    client, server_span = kinds[trace.SpanKind.CLIENT], kinds[trace.SpanKind.SERVER]
    assert client.context is not None
    assert server_span.parent is not None
    assert server_span.parent.span_id == client.context.span_id
