import asyncio
import errno
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from random import Random

import pytest
from aiokafka.structs import ConsumerRecord

import examples
from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.topics import INTAKE_ORDER_PLACED, RECORDS_ENTRIES_FILED
from chassis.errors import Rejected, Unavailable
from chassis.events import Event, Outgoing
from chassis.kafka import Kafka
from chassis.publisher import MemoryPublisher
from chassis.worker import Backoff, Received, Route, Worker, outcome, pure
from simulation.broker import Broker, Member
from simulation.faults import CALM, Faults, Process


def record(value: bytes | None = None, headers: list[tuple[str, bytes]] | None = None) -> ConsumerRecord:
    content = examples.order().SerializeToString() if value is None else value
    said = examples.envelope(INTAKE_ORDER_PLACED.name).headers() if headers is None else headers
    return ConsumerRecord(INTAKE_ORDER_PLACED.name, 3, 7, 0, 0, b"key", content, None, 3, len(content), tuple(said))


def settle(route: Route[OrderPlaced], one: ConsumerRecord) -> list[Outgoing]:
    return asyncio.run(outcome(route, one, "test"))


def filed(_: OrderPlaced) -> Iterable[Event]:
    return [Event(RECORDS_ENTRIES_FILED, examples.CASE, examples.filed())]


def full_database() -> sqlite3.Error:
    """What SQLite raises where it has no room."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.OperationalError) as full:
            database.execute("CREATE TABLE one (word TEXT)")
    return full.value


def said(out: Outgoing) -> dict[str, str]:
    return {name: value.decode() for name, value in out.headers}


def test_a_handled_record_leads_to_events_that_name_it_as_their_cause() -> None:
    (out,) = settle(Route(INTAKE_ORDER_PLACED, pure(filed)), record())
    cause = examples.envelope(INTAKE_ORDER_PLACED.name)
    assert said(out)["ce_causationid"] == str(cause.id)
    assert said(out)["ce_correlationid"] == str(cause.correlation_id)


def test_handling_a_record_twice_gives_the_same_events() -> None:
    route = Route(INTAKE_ORDER_PLACED, pure(filed))
    first, second = settle(route, record()), settle(route, record())
    assert [(o.key, o.value, said(o)["ce_id"]) for o in first] == [(o.key, o.value, said(o)["ce_id"]) for o in second]


@pytest.mark.parametrize(
    "poison",
    [record(b"\xff\xff"), record(b""), record(headers=[]), record(headers=[("ce_id", b"x")])],
    ids=["not protobuf", "empty", "no headers", "bad header"],
)
def test_a_record_that_cannot_be_read_becomes_a_dead_letter_as_it_was(poison: ConsumerRecord) -> None:
    (out,) = settle(Route(INTAKE_ORDER_PLACED, pure(filed)), poison)
    assert out.topic == INTAKE_ORDER_PLACED.dead_letters
    assert (out.key, out.value) == (poison.key, poison.value)
    assert said(out)["error"]
    assert said(out)["error_service"] == "test"


def test_a_rejection_becomes_a_dead_letter_with_its_reason() -> None:
    async def refuse(_: Received[OrderPlaced]) -> Iterable[Event]:
        raise Rejected("no such thing")

    (out,) = settle(Route(INTAKE_ORDER_PLACED, refuse), record())
    assert (said(out)["error_type"], said(out)["error"]) == ("Rejected", "no such thing")


def test_a_defect_becomes_a_dead_letter_that_says_where_and_not_with_what() -> None:
    async def fail(received: Received[OrderPlaced]) -> Iterable[Event]:
        raise ValueError(received.data.patient.family_name)

    (out,) = settle(Route(INTAKE_ORDER_PLACED, fail), record())
    assert said(out)["error_type"] == "Defect"
    assert "test_worker" in said(out)["error"]
    assert "Exemple" not in said(out)["error"]


@pytest.mark.parametrize(
    "refusal",
    [OSError(errno.ENOSPC, "No space left on device"), full_database(), ExceptionGroup("both", [OSError(errno.EMFILE, "")])],
    ids=["a full disk", "a full database", "files"],
)
def test_what_the_machine_refuses_for_a_while_is_left_to_the_loop(refusal: Exception) -> None:
    async def fail(_: Received[OrderPlaced]) -> Iterable[Event]:
        raise refusal

    with pytest.raises(Unavailable, match="this machine cannot do it now"):
        settle(Route(INTAKE_ORDER_PLACED, fail), record())


def test_a_retriable_error_is_left_to_the_loop() -> None:
    async def wait(_: Received[OrderPlaced]) -> Iterable[Event]:
        raise Unavailable("later")

    with pytest.raises(Unavailable):
        settle(Route(INTAKE_ORDER_PLACED, wait), record())


def test_a_dead_letter_of_a_dead_letter_carries_one_reason() -> None:
    headers = [*examples.envelope(INTAKE_ORDER_PLACED.name).headers(), ("error", b"old"), ("error_service", b"old")]
    (out,) = settle(Route(INTAKE_ORDER_PLACED, pure(filed)), record(b"\xff", headers))
    assert [name for name, _ in out.headers].count("error") == 1
    assert said(out)["error"] != "old"


async def test_a_repeat_of_what_was_given_up_is_not_waited_for_again() -> None:
    """Found by a simulation: each repeat held its neighbours for as long as the first one had."""
    tries = 0

    async def never(_: Received[OrderPlaced]) -> Iterable[Event]:
        nonlocal tries
        tries += 1
        raise Unavailable("its order has not come")

    route = Route(INTAKE_ORDER_PLACED, never, retry_for=0.05)
    member = Member(Process("test", Faults(Random(0), CALM, 0)), Broker(), "test")
    worker = Worker([route], MemoryPublisher(), kafka=Kafka("-"), service="test", backoff=Backoff(0.01, 0.01), consumer=member)
    first = await worker.settle(route, record(), [])
    before = tries
    again = await worker.settle(route, record(), [])
    assert before > 1
    assert tries == before + 1
    assert [said(out)["error_type"] for one in (first, again) for out in one.outgoing] == ["Unavailable"] * 2


def test_delays_grow_to_their_bound() -> None:
    delays = [Backoff(first=1, longest=8).delay(attempt) for attempt in range(50)]
    assert all(0.5 <= delay <= 8 for delay in delays)
    assert max(delays[:1]) <= 1
    assert min(delays[3:]) >= 4
