"""Asking the hub for studies, over gRPC, in a person's name."""

from typing import TYPE_CHECKING

import grpc
from opentelemetry.instrumentation.grpc import aio_client_interceptors

from casepath.hub.v1.studies_pb2_grpc import StudyServiceStub
from chassis.calls import Identity, connected
from chassis.errors import Unavailable
from chassis.grpc_errors import answers_of
from portal.adapters.run_service import bearer

if TYPE_CHECKING:
    from casepath.hub.v1.studies_pb2_grpc import StudyServiceAsyncStub

# Rows of millions of persons are made in the call.
TIMEOUT = 600.0


class StudyServiceClient:
    """One channel; without an address there are no studies. Raise what a status means."""

    def __init__(self, address: str, identity: Identity | None) -> None:
        self.channel = connected(address, "hub", identity, aio_client_interceptors()) if address else None
        self.asked: StudyServiceAsyncStub | None = StudyServiceStub(self.channel) if self.channel else None

    @property
    def stub(self) -> "StudyServiceAsyncStub":
        if self.asked is None:
            raise Unavailable("this deployment has no studies on a region's data")
        return self.asked

    async def close(self) -> None:
        if self.channel is not None:
            await self.channel.close()

    async def ask[Q, A](self, method: "grpc.aio.UnaryUnaryMultiCallable[Q, A]", request: Q, token: str) -> A:
        """One call of a method of `stub`."""
        with answers_of("hub"):
            return await method(request, timeout=TIMEOUT, metadata=bearer(token))
