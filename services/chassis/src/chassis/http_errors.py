"""Errors over HTTP: ours as a status (RFC 9110, section 15), and what goes with it."""

from collections.abc import Iterable

from chassis.access import Forbidden, Unauthenticated
from chassis.errors import CasepathError, NotFound, Overloaded, Retriable

STATUSES: tuple[tuple[type[CasepathError], int], ...] = (
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Overloaded, 429),
    (Retriable, 503),
    (CasepathError, 400),
)
RETRY_SECONDS = 2


def status_of(error: CasepathError, own: Iterable[tuple[type[CasepathError], int]] = ()) -> int:
    """`own` are the statuses of errors that a service alone has; they come first."""
    return next(status for kind, status in (*own, *STATUSES) if isinstance(error, kind))


def headers_of(status: int) -> dict[str, str]:
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}
    return {"Retry-After": str(RETRY_SECONDS)} if status in (429, 503) else {}
