"""A gRPC server with health (grpc.health.v1), reflection and trace context."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import grpc
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from opentelemetry.instrumentation.grpc import aio_server_interceptor

from casepath.records.v1.filing_pb2 import Entry
from chassis.access import Forbidden, Gate, Principal, Unauthenticated
from chassis.access_log import AccessLog, Asker
from chassis.calls import Admission, Identity, address_of
from chassis.errors import CasepathError, Misconfigured
from chassis.events import check
from chassis.grpc_errors import refuse
from chassis.stopping import stopped

type Register = Callable[[grpc.aio.Server], None]


class GrpcServer:
    """Serves until stopped; health says SERVING for each named service while `ready()` is true.

    A message that callers send is of at most `message_bytes`. Not `traced`, calls have no span, which costs each 0.15 ms. With
    an `identity` it is served over TLS; with `callers` besides, they prove themselves, and only those declared are answered:
    `accesses` is told of the others.
    """

    def __init__(
        self,
        address: str,
        register: Sequence[Register],
        services: Sequence[str],
        ready: Callable[[], bool],
        message_bytes: int = 4 << 20,
        traced: bool = True,
        identity: Identity | None = None,
        callers: Mapping[str, frozenset[str]] | None = None,
        accesses: AccessLog | None = None,
    ) -> None:
        self.address = address
        self.services = [*services, ""]
        self.ready = ready
        # By default gRPC shares a taken port with whoever has it, and each gets some of the calls.
        options = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", message_bytes)]
        mutual = identity is not None and callers is not None
        interceptors = [
            *([aio_server_interceptor()] if traced else []),
            *([Admission(callers or {}, accesses)] if mutual else []),
        ]
        self.server = grpc.aio.server(interceptors=interceptors, options=options)
        self.health = health.aio.HealthServicer()
        for add in register:
            add(self.server)
        health_pb2_grpc.add_HealthServicer_to_server(self.health, self.server)
        named = [*services, health.SERVICE_NAME, reflection.SERVICE_NAME]
        reflection.enable_server_reflection(named, self.server)
        try:
            if identity is None:
                self.port = self.server.add_insecure_port(address)
            else:
                self.port = self.server.add_secure_port(address, identity.server(mutual))
        except RuntimeError as error:
            raise Misconfigured(f"cannot listen on {address}: is the port taken?") from error

    async def run(self, stop: asyncio.Event) -> None:
        await self.server.start()
        last = None
        try:
            while not stop.is_set():
                state = health_pb2.HealthCheckResponse.SERVING if self.ready() else health_pb2.HealthCheckResponse.NOT_SERVING
                if state != last:
                    for service in self.services:
                        await self.health.set(service, state)
                    last = state
                await stopped(stop, 0.5)
        finally:
            await self.health.enter_graceful_shutdown()
            await self.server.stop(grace=5)


def caller(gate: Gate, context: grpc.aio.ServicerContext[Any, Any]) -> Principal:
    """Who calls, by the bearer token in the metadata. Raise Unauthenticated."""
    sent = dict(context.invocation_metadata() or ()).get("authorization")
    return gate.principal(sent if isinstance(sent, str) else None)


async def answered[R](
    request: Message,
    context: grpc.aio.ServicerContext[Any, Any],
    gate: Gate,
    accesses: AccessLog,
    operation: str,
    act: Callable[[Principal, Asker], Awaitable[R]],
    entries: Iterable[Entry] = (),
) -> R:
    """What an act of whoever calls gives, or its refusal. One of somebody is told to audit, with the `entries` that it is of.

    Who is not known, or asks for nothing that is well formed, asks for no entry either.
    """
    asker, of = Asker(address=address_of(context)), tuple[Entry, ...]()
    try:
        who = caller(gate, context)
        check(request)
        asker, of = Asker.of(who, asker.address), tuple(entries)
        return await act(who, asker)
    except (Unauthenticated, Forbidden) as error:
        await refuse(context, await accesses.refused(asker, operation, of, error))
    except CasepathError as error:
        await refuse(context, error)


def operation_of(service: str, request: Message) -> str:
    """The method of a service that has this request."""
    return f"{service}/{type(request).__name__.removesuffix('Request')}"
