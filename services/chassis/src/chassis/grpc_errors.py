"""Errors over gRPC: ours as a status, and a status as one of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import grpc

from chassis.access import Forbidden, Unauthenticated
from chassis.errors import CasepathError, Malformed, NotFound, Overloaded, Rejected, Retriable, TooLate, Unavailable

CODES: tuple[tuple[type[CasepathError], grpc.StatusCode], ...] = (
    (Unauthenticated, grpc.StatusCode.UNAUTHENTICATED),
    (Forbidden, grpc.StatusCode.PERMISSION_DENIED),
    (NotFound, grpc.StatusCode.NOT_FOUND),
    (Overloaded, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (TooLate, grpc.StatusCode.DEADLINE_EXCEEDED),
    (Retriable, grpc.StatusCode.UNAVAILABLE),
    (CasepathError, grpc.StatusCode.INVALID_ARGUMENT),
)
REFUSALS: dict[grpc.StatusCode, type[Rejected]] = {
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.INVALID_ARGUMENT: Malformed,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: Forbidden,
    grpc.StatusCode.DATA_LOSS: Rejected,
}


async def refuse(context: grpc.aio.ServicerContext[Any, Any], error: CasepathError) -> NoReturn:
    """End a call with the status that says what is to be done."""
    await context.abort(next(code for kind, code in CODES if isinstance(error, kind)), str(error))
    raise AssertionError("abort raises")


def meaning(error: grpc.RpcError, service: str) -> CasepathError:
    """What a status of `service`, named with its address, says to whoever asked."""
    refused = REFUSALS.get(error.code())
    if refused is not None:
        return refused(error.details() or "refused")
    return Unavailable(f"{service} does not answer ({error.code().name}): is the platform up?")


@contextmanager
def answers_of(service: str) -> Iterator[None]:
    """Calls of `service`: raise what a status of it means."""
    try:
        yield
    except grpc.RpcError as error:
        raise meaning(error, service) from error
