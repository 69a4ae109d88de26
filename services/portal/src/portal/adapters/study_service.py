"""Asking the hub for studies."""

from typing import TYPE_CHECKING

from casepath.hub.v1.studies_pb2_grpc import StudyServiceStub
from chassis.calls import Identity
from portal.adapters.token_calls import TokenCalls

if TYPE_CHECKING:
    from casepath.hub.v1.studies_pb2_grpc import StudyServiceAsyncStub

type StudyService = TokenCalls[StudyServiceAsyncStub]

# Rows of millions of persons are made in the call.
TIMEOUT = 600.0


def study_service(address: str, identity: Identity | None) -> StudyService:
    return TokenCalls(StudyServiceStub, "hub", address, identity, "this deployment has no studies on a region's data", TIMEOUT)
