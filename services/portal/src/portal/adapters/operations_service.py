"""Asking operations how the platform is, and to act on it."""

from typing import TYPE_CHECKING

from casepath.operations.v1.operations_pb2_grpc import OperationsServiceStub
from chassis.calls import Identity
from portal.adapters.token_calls import TokenCalls

if TYPE_CHECKING:
    from casepath.operations.v1.operations_pb2_grpc import OperationsServiceAsyncStub

type OperationsService = TokenCalls[OperationsServiceAsyncStub]

# To reconcile, every event that Kafka keeps is read.
TIMEOUT = 600.0


def operations_service(address: str, identity: Identity | None) -> OperationsService:
    without = "this deployment does not say where operations is asked"
    return TokenCalls(OperationsServiceStub, "operations", address, identity, without, TIMEOUT)
