import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import grpc
import pytest
import pytest_asyncio

import examples
from casepath.cases.v1.cases_pb2 import Case, GetCaseRequest, ListCasesRequest, WatchCaseRequest
from casepath.cases.v1.cases_pb2_grpc import CaseServiceStub, add_CaseServiceServicer_to_server
from cases.adapters.case_view import CaseView
from cases.queries import CaseQueries
from chassis.access_log import AccessLog
from chassis.publisher import MemoryPublisher

if TYPE_CHECKING:
    from casepath.cases.v1.cases_pb2_grpc import CaseServiceAsyncStub


@pytest_asyncio.fixture
async def stub(view: CaseView) -> AsyncIterator["CaseServiceAsyncStub"]:
    server = grpc.aio.server()
    add_CaseServiceServicer_to_server(CaseQueries(view, asyncio.Event(), AccessLog(MemoryPublisher(), "cases")), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield CaseServiceStub(channel)
    await server.stop(None)


def case(number: int, samples: int = 0) -> Case:
    made = Case(case_id=f"{number:08}-0000-4000-8000-000000000000")
    for sample in range(samples):
        made.samples.add(sample_id=str(sample))
    return made


async def test_a_case_is_answered_and_an_unknown_one_is_not_found(view: CaseView, stub: "CaseServiceAsyncStub") -> None:
    view.put(case(1))
    assert (await stub.GetCase(GetCaseRequest(case_id=case(1).case_id))).case == case(1)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.GetCase(GetCaseRequest(case_id=examples.CASE))
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_request_that_breaks_its_contract_is_an_invalid_argument(stub: "CaseServiceAsyncStub") -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.GetCase(GetCaseRequest(case_id="1 OR 1=1"))
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_pages_hold_every_case_once_in_order(view: CaseView, stub: "CaseServiceAsyncStub") -> None:
    for number in (5, 1, 4, 2, 3):
        view.put(case(number))
    found, token = [], ""
    while True:
        page = await stub.ListCases(ListCasesRequest(page_size=2, page_token=token))
        found += [one.case_id for one in page.cases]
        token = page.next_page_token
        if not token:
            break
    assert found == [case(number).case_id for number in range(1, 6)]


async def test_a_watch_gives_the_case_now_and_at_each_change(view: CaseView, stub: "CaseServiceAsyncStub") -> None:
    view.put(case(1))
    watch = aiter(stub.WatchCase(WatchCaseRequest(case_id=case(1).case_id)))
    assert (await anext(watch)).case == case(1)
    view.put(case(2))
    view.put(case(1, samples=1))
    assert (await anext(watch)).case == case(1, samples=1)


async def test_a_watch_waits_for_a_case_that_is_not_known_yet(view: CaseView, stub: "CaseServiceAsyncStub") -> None:
    watch = aiter(stub.WatchCase(WatchCaseRequest(case_id=case(1).case_id)))
    waiting = asyncio.ensure_future(anext(watch))
    await asyncio.wait({waiting}, timeout=0.05)
    view.put(case(1))
    assert (await waiting).case == case(1)
