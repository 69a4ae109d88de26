"""Answering LedgerService (casepath.audit.v1)."""

from collections.abc import Callable
from typing import Any

import grpc

from audit.adapters.lines import Asked, Lines
from casepath.audit.v1.ledger_pb2 import ListLinesRequest, ListLinesResponse
from casepath.audit.v1.ledger_pb2_grpc import LedgerServiceServicer
from chassis.errors import Malformed, Unavailable
from chassis.events import check
from chassis.grpc_errors import refuse

DEFAULT_PAGE = 50

type Context = grpc.aio.ServicerContext[Any, Any]


class LedgerQueries(LedgerServiceServicer):
    """Nothing is answered before all that there was at the start is taken: a part of the ledger would be shown as the whole."""

    def __init__(self, lines: Lines, caught_up: Callable[[], bool]) -> None:
        self.lines = lines
        self.caught_up = caught_up

    async def ListLines(self, request: ListLinesRequest, context: Context) -> ListLinesResponse:
        try:
            check(request)
            if not self.caught_up():
                raise Unavailable("the ledger is still being read: ask again later")
            page = self.lines.page(asked(request))
        except (Malformed, Unavailable) as error:
            await refuse(context, error)
        return ListLinesResponse(lines=page.lines, next_page_token=page.end)


def asked(request: ListLinesRequest) -> Asked:
    whole = Asked()
    return Asked(
        of=request.of if request.HasField("of") else None,
        user=request.user_id,
        refused=request.refused,
        for_a_purpose=request.for_a_purpose,
        since=request.since.ToNanoseconds() if request.HasField("since") else whole.since,
        until=request.until.ToNanoseconds() if request.HasField("until") else whole.until,
        size=request.page_size or DEFAULT_PAGE,
        after=request.page_token,
    )
