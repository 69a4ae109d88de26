"""What services export of their spans (OTLP over gRPC), kept for tests that ask which came from which."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)

type Step = tuple[str, str]
type Edge = tuple[Step, Step]


@dataclass(frozen=True, slots=True)
class Span:
    """One step of a service: its name, and the span that it came from, in its own service or in another."""

    trace: bytes
    id: bytes
    parent: bytes
    step: Step


@dataclass(eq=False)
class SpanCollector(TraceServiceServicer):
    port: int = 0
    spans: list[Span] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def Export(self, request: ExportTraceServiceRequest, context: grpc.ServicerContext) -> ExportTraceServiceResponse:
        found = [
            Span(span.trace_id, span.span_id, span.parent_span_id, (service, span.name))
            for resource in request.resource_spans
            for service in [one.value.string_value for one in resource.resource.attributes if one.key == "service.name"]
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        with self.lock:
            self.spans += found
        return ExportTraceServiceResponse()

    def edges(self) -> dict[bytes, set[Edge]]:
        """Of each trace, which step came from which."""
        with self.lock:
            spans = list(self.spans)
        by_id = {(span.trace, span.id): span for span in spans}
        found: dict[bytes, set[Edge]] = {}
        for span in spans:
            parent = by_id.get((span.trace, span.parent))
            if parent is not None:
                found.setdefault(span.trace, set()).add((parent.step, span.step))
        return found


@contextmanager
def collecting() -> Iterator[SpanCollector]:
    server, collector = grpc.server(ThreadPoolExecutor(2)), SpanCollector()
    add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]
    collector.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield collector
    finally:
        server.stop(None).wait()
