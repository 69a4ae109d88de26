"""Logs (structlog, JSON, one canonical line a record), traces (OpenTelemetry) and metrics (Prometheus).

No patient data in any of them: log opaque ids, types and counts.
"""

import logging
import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

import structlog
from opentelemetry import propagate, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus_client import Counter, Gauge, Histogram

from chassis.errors import defect_and_place

RECORDS = Counter("casepath_records_total", "Records handled, by how they ended", ["topic", "outcome"])
RETRIES = Counter("casepath_retries_total", "Attempts that were put off", ["topic"])
SECONDS = Histogram("casepath_record_seconds", "Time from first attempt to outcome", ["topic"])
IN_FLIGHT = Gauge("casepath_records_in_flight", "Records being handled now", ["topic"])
LAG = Gauge(
    "casepath_lag_records",
    "Records of a partition that this process holds and has still to bring to an end",
    ["topic", "partition"],
)
PUBLISHED = Counter("casepath_published_total", "Records acknowledged by the broker", ["topic"])

# Of libraries, these are let speak of their own errors: they handle no patient's data.
LET_SPEAK = ("aiokafka", "faust", "mode", "httpx", "grpc", "uvicorn", "opentelemetry")

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def configure(service: str, log_format: str) -> None:
    """Set up logs and traces for this process. Spans are exported where OTEL_EXPORTER_OTLP_ENDPOINT is set."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_traceback,
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if log_format == "json" else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    hush_libraries()
    for ours in ("chassis", service):
        logging.getLogger(ours).setLevel(logging.INFO)
    structlog.contextvars.bind_contextvars(service=service)
    provider = TracerProvider(resource=Resource.create({"service.name": f"casepath-{service}"}))
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        # Only where it is needed: it takes a third of the time in which a worker's process starts.
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def without_traceback(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """An exception as its type and place: its message and its frames may quote a patient's data."""
    raised = event.pop("exc_info", None)
    if raised is True:
        raised = sys.exc_info()
    error = raised[1] if isinstance(raised, tuple) else raised
    if isinstance(error, BaseException):
        event["defect"] = defect_and_place(error)
    return event


def hush_libraries() -> None:
    """Deny by default: libraries quote what they parse, and so a patient's name. Some name their loggers after files."""
    logging.captureWarnings(True)
    logging.getLogger().setLevel(logging.CRITICAL + 1)
    for library in LET_SPEAK:
        logging.getLogger(library).setLevel(logging.ERROR)


def tracer() -> trace.Tracer:
    return trace.get_tracer("casepath")


def continued(name: str, metadata: Mapping[str, str]) -> AbstractContextManager[object]:
    """A span in the trace that the caller names (W3C traceparent), and none where it names none."""
    if "traceparent" not in metadata:
        return nullcontext()
    return tracer().start_as_current_span(name, propagate.extract(metadata))


def consuming(topic: str, sent: str) -> AbstractContextManager[object]:
    """The span of a record's handling, in the trace that its header names."""
    return tracer().start_as_current_span(f"process {topic}", propagate.extract({"traceparent": sent}), trace.SpanKind.CONSUMER)


def traceparent() -> str:
    """The current span as a W3C traceparent; empty outside a span."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get("traceparent", "")
