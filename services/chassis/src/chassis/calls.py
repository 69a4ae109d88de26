"""Calls between services over TLS: each proves itself by its certificate, and topics.yaml says who may call what.

A certificate's common name is the principal, and its alternative name what a caller expects to find (RFC 9525).
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import grpc

from chassis.access import Forbidden
from chassis.access_log import AccessLog, Asker
from chassis.errors import CasepathError, Misconfigured
from chassis.grpc_errors import refuse

NAME = "x509_common_name"
# Who is asked whether a service is well, and gives nothing else away.
HEALTH = ("/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch")

type Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose certificates count, and this process's own key and certificate in one PEM file, where it has one."""

    ca: Path
    pem: Path | None = None

    @classmethod
    def at(cls, ca: Path | None, pem: Path | None) -> "Identity":
        """Raise Misconfigured where a file is missing."""
        for name, file in (("CASEPATH_TLS_CA", ca), ("CASEPATH_TLS_IDENTITY", pem)):
            if file is None or not file.is_file():
                raise Misconfigured(f"{name} names no file; only where calls need no proof, CASEPATH_TLS_OFF=true")
        assert ca is not None
        return cls(ca, pem)

    def own(self) -> bytes:
        if self.pem is None:
            raise Misconfigured("CASEPATH_TLS_IDENTITY: a server proves itself by a certificate")
        return self.pem.read_bytes()

    def server(self, mutual: bool) -> grpc.ServerCredentials:
        """`mutual`: callers prove themselves too."""
        own, ca = self.own(), self.ca.read_bytes() if mutual else None
        return grpc.ssl_server_credentials([(own, own)], root_certificates=ca, require_client_auth=mutual)

    def channel(self) -> grpc.ChannelCredentials:
        """Raise Misconfigured where a file cannot be read."""
        try:
            own = self.pem.read_bytes() if self.pem else None
            return grpc.ssl_channel_credentials(self.ca.read_bytes(), own, own)
        except OSError as error:
            raise Misconfigured(f"who signs the platform's certificates is not known (CASEPATH_TLS_CA): {error}") from None


def connected(address: str, service: str, identity: Identity | None, interceptors: Sequence[Any] = ()) -> grpc.aio.Channel:
    """A channel to a service, which must prove to be that service; without `identity` nobody proves anything."""
    if identity is None:
        return grpc.aio.insecure_channel(address, interceptors=interceptors)
    return grpc.aio.secure_channel(address, identity.channel(), options=expecting(service), interceptors=interceptors)


def connected_blocking(address: str, service: str, identity: Identity | None) -> grpc.Channel:
    """The same for the blocking stubs of commands."""
    if identity is None:
        return grpc.insecure_channel(address)
    return grpc.secure_channel(address, identity.channel(), options=expecting(service))


def expecting(service: str) -> list[tuple[str, str]]:
    """Services are found under many addresses, and have one name."""
    return [("grpc.ssl_target_name_override", service)]


class Admission(grpc.aio.ServerInterceptor):
    """Lets a call through whose caller is declared for its method, and no other. Who is not is told to audit."""

    def __init__(self, callers: Mapping[str, frozenset[str]], accesses: AccessLog | None = None) -> None:
        self.callers = callers
        self.accesses = accesses

    async def intercept_service(
        self,
        continuation: "Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]]",
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        handler = await continuation(handler_call_details)
        method = str(handler_call_details.method)
        if handler is None or method in HEALTH:
            return handler
        return guarded(handler, partial(self.admit, method))

    async def admit(self, method: str, context: Context) -> None:
        name = name_of(context)
        if name not in self.callers.get(method, frozenset()):
            error: CasepathError = Forbidden(f"{name or 'nobody'} may not call {method}")
            if self.accesses is not None:
                error = await self.accesses.refused(Asker(name, address=address_of(context)), method, (), error)
            await refuse(context, error)


def guarded(handler: Any, admit: Callable[[Context], Awaitable[None]]) -> Any:
    """A handler that asks first who calls."""
    made = {"request_deserializer": handler.request_deserializer, "response_serializer": handler.response_serializer}
    behaviour = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream

    async def one(request: Any, context: Context) -> Any:
        await admit(context)
        return await behaviour(request, context)

    async def several(request: Any, context: Context) -> AsyncIterator[Any]:
        await admit(context)
        async for answer in behaviour(request, context):
            yield answer

    if handler.response_streaming:
        kind = grpc.stream_stream_rpc_method_handler if handler.request_streaming else grpc.unary_stream_rpc_method_handler
        return kind(several, **made)
    kind = grpc.stream_unary_rpc_method_handler if handler.request_streaming else grpc.unary_unary_rpc_method_handler
    return kind(one, **made)


def name_of(context: Context) -> str:
    """Who calls, by their certificate; empty where they have none."""
    return next((name.decode("utf-8", "replace") for name in context.auth_context().get(NAME, ())), "")


def address_of(context: Context) -> str:
    """From where a call comes: `ipv4:10.0.0.1:4711` is 10.0.0.1."""
    kind, _, rest = context.peer().partition(":")
    return unquote(rest).rpartition(":")[0].strip("[]") if kind in ("ipv4", "ipv6") else ""
