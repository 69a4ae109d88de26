"""Calls of a service over gRPC in a person's name."""

from collections.abc import Callable

import grpc
from opentelemetry.instrumentation.grpc import aio_client_interceptors

from chassis.calls import Identity, connected
from chassis.errors import Unavailable
from chassis.grpc_errors import answers_of

type Token = tuple[tuple[str, str], ...]


class TokenCalls[S]:
    """One channel; without an address there is nobody to ask. Raise what a status means."""

    def __init__(
        self,
        stub: Callable[[grpc.aio.Channel], S],
        service: str,
        address: str,
        identity: Identity | None,
        without: str,
        seconds: float,
    ) -> None:
        """`without` is what is said where there is no address; an answer may take so many `seconds`."""
        self.channel = connected(address, service, identity, aio_client_interceptors()) if address else None
        self.asked: S | None = stub(self.channel) if self.channel else None
        self.service = service
        self.without = without
        self.seconds = seconds

    @property
    def stub(self) -> S:
        if self.asked is None:
            raise Unavailable(self.without)
        return self.asked

    async def close(self) -> None:
        if self.channel is not None:
            await self.channel.close()

    async def ask[Q, A](self, method: "grpc.aio.UnaryUnaryMultiCallable[Q, A]", request: Q, token: str) -> A:
        """One call of a method of `stub`."""
        with answers_of(self.service):
            return await method(request, timeout=self.seconds, metadata=bearer(token))


def bearer(token: str) -> Token:
    return (("authorization", f"Bearer {token}"),)
