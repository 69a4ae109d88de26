"""Asking audit for lines of its ledger, over gRPC."""

from typing import TYPE_CHECKING

from opentelemetry.instrumentation.grpc import aio_client_interceptors

from casepath.audit.v1.ledger_pb2 import ListLinesRequest, ListLinesResponse
from casepath.audit.v1.ledger_pb2_grpc import LedgerServiceStub
from chassis.calls import Identity, connected
from chassis.errors import Unavailable
from chassis.grpc_errors import answers_of

if TYPE_CHECKING:
    from casepath.audit.v1.ledger_pb2_grpc import LedgerServiceAsyncStub

TIMEOUT = 10.0


class LedgerServiceClient:
    """One channel; without an address there is no ledger to ask. Raise Malformed or Unavailable as audit answers."""

    def __init__(self, address: str, identity: Identity | None) -> None:
        self.channel = connected(address, "audit", identity, aio_client_interceptors()) if address else None
        self.stub: LedgerServiceAsyncStub | None = LedgerServiceStub(self.channel) if self.channel else None

    async def close(self) -> None:
        if self.channel is not None:
            await self.channel.close()

    async def lines(self, request: ListLinesRequest) -> ListLinesResponse:
        if self.stub is None:
            raise Unavailable("this deployment does not say where its ledger is asked for")
        with answers_of("audit"):
            return await self.stub.ListLines(request, timeout=TIMEOUT)
