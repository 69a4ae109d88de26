"""Who may call which method of a service: every caller and method is tried on the running platform."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from casepath.audit.v1 import ledger_pb2
from casepath.audit.v1.ledger_pb2_grpc import LedgerServiceStub
from casepath.callers import CALLERS
from casepath.cases.v1 import cases_pb2
from casepath.cases.v1.cases_pb2_grpc import CaseServiceStub
from chassis.calls import Identity, connected
from chassis.kafka_rights import principals
from conftest import Platform
from embedded.certificates import Authority

REQUESTS = {
    "GetCase": cases_pb2.GetCaseRequest(case_id="11111111-1111-5111-8111-111111111111"),
    "ListCases": cases_pb2.ListCasesRequest(),
    "WatchCase": cases_pb2.WatchCaseRequest(case_id="11111111-1111-5111-8111-111111111111"),
    "ListWorklist": cases_pb2.ListWorklistRequest(relation=cases_pb2.Relation(user_id="u", every_unit=True)),
    "WatchWorklist": cases_pb2.WatchWorklistRequest(),
    "ListLines": ledger_pb2.ListLinesRequest(),
}
STREAMS = {"WatchCase", "WatchWorklist"}
CELLS = [(caller, method) for caller in [*principals(), "stranger"] for method in sorted(CALLERS)]


@dataclass(frozen=True, slots=True)
class Server:
    """Who answers a service's methods, and the name of its port."""

    name: str
    port: str
    stub: Callable[[grpc.aio.Channel], Any]


SERVERS = {
    "casepath.cases.v1.CaseService": Server("cases", "cases", CaseServiceStub),
    "casepath.audit.v1.LedgerService": Server("audit", "ledger", LedgerServiceStub),
}


async def outcome(address: str, identity: Identity | None, method: str) -> grpc.StatusCode:
    """What a call ends with. A watch that goes on is OK: it is left after its first answer, or after a moment without one."""
    _, service, name = method.split("/")
    server = SERVERS[service]
    async with connected(address, server.name, identity) as channel:
        call = getattr(server.stub(channel), name)
        try:
            if name in STREAMS:
                await call(REQUESTS[name], timeout=2).read()
            else:
                await call(REQUESTS[name], timeout=10)
        except grpc.aio.AioRpcError as error:
            return error.code()
    return grpc.StatusCode.OK


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("other"))


def test_every_method_of_cases_and_audit_is_declared() -> None:
    services = [*cases_pb2.DESCRIPTOR.services_by_name.values(), *ledger_pb2.DESCRIPTOR.services_by_name.values()]
    assert set(CALLERS) == {f"/{service.full_name}/{method.name}" for service in services for method in service.methods}
    assert {name for callers in CALLERS.values() for name in callers} <= set(principals())


@pytest.mark.parametrize(("caller", "method"), CELLS)
async def test_a_caller_is_answered_where_it_is_declared_and_nowhere_else(platform: Platform, caller: str, method: str) -> None:
    address = f"127.0.0.1:{platform.ports[SERVERS[method.split('/')[1]].port]}"
    found = await outcome(address, platform.identity(caller), method)
    assert (found is grpc.StatusCode.PERMISSION_DENIED) == (caller not in CALLERS[method])
    assert found in {
        grpc.StatusCode.OK,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.PERMISSION_DENIED,
    }


async def test_who_has_no_certificate_or_one_of_somebody_else_gets_no_answer(
    platform: Platform, other: Authority, tmp_path: Path
) -> None:
    method, trusted = "/casepath.cases.v1.CaseService/ListCases", platform.identity("portal")
    assert await outcome(platform.cases, trusted, method) is grpc.StatusCode.OK
    forged = Identity(trusted.ca, other.identity("portal"))
    for identity in (None, Identity(trusted.ca), forged):
        assert await outcome(platform.cases, identity, method) is grpc.StatusCode.UNAVAILABLE


async def test_a_service_that_is_another_is_not_believed(platform: Platform, other: Authority) -> None:
    method, portal = "/casepath.cases.v1.CaseService/ListCases", platform.identity("portal")
    slides = f"127.0.0.1:{platform.ports['slides']}"
    assert await outcome(slides, portal, method) is grpc.StatusCode.UNAVAILABLE
    other.identity("cases")
    assert await outcome(platform.cases, Identity(other.certificate, portal.pem), method) is grpc.StatusCode.UNAVAILABLE
