"""The worker loop on a real broker."""

import asyncio
from collections import Counter
from collections.abc import Iterable

import pytest
from aiokafka import TopicPartition

import examples
from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.records.v1.filing_pb2 import EntriesFiled
from casepath.topics import Topic
from chassis.errors import Rejected, Unavailable
from chassis.events import Event
from chassis.kafka import Kafka
from chassis.publisher import announce
from chassis.worker import Backoff, Handle, Received, Route, Worker
from kafka.broker import committed, new_topic, orders, publish, publish_raw, publisher, records_on, running, said
from waiting import eventually, eventually_async

QUICK = Backoff(first=0.01, longest=0.05)


class Recording:
    """A handler that remembers what it took and leads to one event each."""

    def __init__(self, out: Topic[EntriesFiled]) -> None:
        self.out = out
        self.taken: list[str] = []

    async def handle(self, received: Received[OrderPlaced]) -> Iterable[Event]:
        self.taken.append(received.data.accession)
        return [Event(self.out, examples.CASE, examples.filed())]


class Bench:
    """One test's topics and group."""

    def __init__(self, kafka: Kafka, source: Topic[OrderPlaced], out: Topic[EntriesFiled]) -> None:
        self.kafka = kafka
        self.source = source
        self.out = out
        self.group = f"group-{source.name}"

    def worker(
        self, one: object, handle: Handle[OrderPlaced], batch: int = 100, retry_for: float = 900, grace: float = 20
    ) -> Worker:
        route = Route(self.source, handle, retry_for=retry_for, batch=batch)
        return Worker(
            [route],
            one,  # type: ignore[arg-type]
            kafka=self.kafka,
            service="test",
            group=self.group,
            backoff=QUICK,
            grace=grace,
            session_timeout_ms=6000,
        )

    async def done(self, count: int) -> None:
        """Wait until offsets up to `count` are committed."""

        async def reached() -> bool:
            return await committed(self.kafka, self.group, self.source.name) >= count

        await eventually_async(reached)

    async def outputs(self) -> Counter[str]:
        return Counter(said(record)["ce_id"] for record in await records_on(self.kafka, self.out.name))


@pytest.fixture
async def bench(kafka: Kafka) -> Bench:
    return Bench(kafka, await new_topic(kafka, OrderPlaced), await new_topic(kafka, EntriesFiled, 1))


async def test_each_record_leads_to_its_events_and_is_committed(bench: Bench) -> None:
    await publish(bench.kafka, bench.source, orders(250))
    recording = Recording(bench.out)
    async with publisher(bench.kafka) as one, running(bench.worker(one, recording.handle)):
        await bench.done(250)
    assert recording.taken == [f"S26-{number:04}" for number in range(250)]
    assert set((await bench.outputs()).values()) == {1}


async def test_poison_becomes_a_dead_letter_and_its_neighbours_go_on(bench: Bench) -> None:
    await publish(bench.kafka, bench.source, orders(2))
    await publish_raw(bench.kafka, bench.source.name, b"\xff\xff", [("ce_id", b"poison")])
    await publish_raw(bench.kafka, bench.source.name, b"", [])
    await publish(bench.kafka, bench.source, orders(4)[2:])
    recording = Recording(bench.out)
    async with publisher(bench.kafka) as one, running(bench.worker(one, recording.handle)):
        await bench.done(6)
    assert recording.taken == ["S26-0000", "S26-0001", "S26-0002", "S26-0003"]
    letters = await records_on(bench.kafka, bench.source.dead_letters)
    assert [letter.value for letter in letters] == [b"\xff\xff", b""]
    assert all(said(letter)["error_service"] == "test" and said(letter)["error"] for letter in letters)


async def test_a_rejection_is_not_retried(bench: Bench) -> None:
    await publish(bench.kafka, bench.source, orders(3))
    tries: Counter[str] = Counter()

    async def refuse_second(received: Received[OrderPlaced]) -> Iterable[Event]:
        tries[received.data.accession] += 1
        if received.data.accession == "S26-0001":
            raise Rejected("never")
        return ()

    async with publisher(bench.kafka) as one, running(bench.worker(one, refuse_second)):
        await bench.done(3)
    assert set(tries.values()) == {1}
    (letter,) = await records_on(bench.kafka, bench.source.dead_letters)
    assert said(letter)["error"] == "never"


async def test_a_retriable_error_holds_its_partition_in_order_and_no_other(bench: Bench) -> None:
    await publish(bench.kafka, bench.source, orders(3), partition=0)
    await publish(bench.kafka, bench.source, orders(9)[5:], partition=1)
    ended: list[str] = []
    others_done = asyncio.Event()

    async def handle(received: Received[OrderPlaced]) -> Iterable[Event]:
        name = received.data.accession
        if name == "S26-0001" and not others_done.is_set():
            raise Unavailable("not yet")
        ended.append(name)
        if name == "S26-0008":
            others_done.set()
        return ()

    async with publisher(bench.kafka) as one, running(bench.worker(one, handle)):
        await bench.done(7)
    assert [name for name in ended if name < "S26-0005"] == ["S26-0000", "S26-0001", "S26-0002"]
    assert ended.index("S26-0008") < ended.index("S26-0001")
    assert await records_on(bench.kafka, bench.source.dead_letters) == []


async def test_a_condition_that_never_comes_ends_as_a_dead_letter(bench: Bench) -> None:
    await publish(bench.kafka, bench.source, orders(2))
    taken: list[str] = []

    async def handle(received: Received[OrderPlaced]) -> Iterable[Event]:
        if received.data.accession == "S26-0000":
            raise Unavailable("never there")
        taken.append(received.data.accession)
        return ()

    async with publisher(bench.kafka) as one, running(bench.worker(one, handle, retry_for=0.2)):
        await bench.done(2)
    (letter,) = await records_on(bench.kafka, bench.source.dead_letters)
    assert said(letter)["error"].startswith("gave up after")
    assert taken == ["S26-0001"]


async def test_a_resend_leads_to_the_same_event_ids(bench: Bench) -> None:
    for _ in range(3):
        await publish(bench.kafka, bench.source, orders(10))
    recording = Recording(bench.out)
    async with publisher(bench.kafka) as one, running(bench.worker(one, recording.handle)):
        await bench.done(30)
    found = await bench.outputs()
    assert len(found) == 10
    assert set(found.values()) == {3}


async def test_a_worker_that_dies_in_the_middle_loses_nothing(bench: Bench) -> None:
    await publish(bench.kafka, bench.source, orders(40))
    recording = Recording(bench.out)
    reached = asyncio.Event()

    async def stuck(received: Received[OrderPlaced]) -> Iterable[Event]:
        if received.data.accession == "S26-0015":
            reached.set()
            await asyncio.Event().wait()
        return await recording.handle(received)

    async with publisher(bench.kafka) as one:
        dying = asyncio.create_task(bench.worker(one, stuck, batch=4, grace=0).run(asyncio.Event()))
        await reached.wait()
        dying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dying
        async with running(bench.worker(one, recording.handle)):
            await bench.done(40)
    assert len(await bench.outputs()) == 40
    assert set(recording.taken) == {f"S26-{number:04}" for number in range(40)}


async def test_a_stop_finishes_the_record_in_hand_and_releases_the_rest(bench: Bench) -> None:
    await publish(bench.kafka, bench.source, orders(20))
    first, second = Recording(bench.out), Recording(bench.out)
    in_hand, go_on = asyncio.Event(), asyncio.Event()

    async def slow(received: Received[OrderPlaced]) -> Iterable[Event]:
        if len(first.taken) == 5:
            in_hand.set()
            await go_on.wait()
        return await first.handle(received)

    async with publisher(bench.kafka) as one:
        worker = bench.worker(one, slow)
        async with running(worker) as stop:
            await in_hand.wait()
            stop.set()
            await eventually(lambda: worker.stopping)
            go_on.set()
        assert await committed(bench.kafka, bench.group, bench.source.name) == len(first.taken) == 6
        async with running(bench.worker(one, second.handle)):
            await bench.done(20)
    assert first.taken + second.taken == [f"S26-{number:04}" for number in range(20)]
    assert set((await bench.outputs()).values()) == {1}


async def test_work_longer_than_the_session_keeps_the_membership(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await publish(bench.kafka, bench.source, orders(2))
    taken: list[str] = []

    async def long(received: Received[OrderPlaced]) -> Iterable[Event]:
        taken.append(received.data.accession)
        if len(taken) == 1:
            await asyncio.wait({asyncio.ensure_future(asyncio.Event().wait())}, timeout=9)
        return ()

    async with publisher(bench.kafka) as one:
        worker = bench.worker(one, long)
        assignments = 0
        assigned = worker.on_partitions_assigned

        async def count(found: set[TopicPartition]) -> None:
            nonlocal assignments
            assignments += 1
            await assigned(found)

        monkeypatch.setattr(worker, "on_partitions_assigned", count)
        async with running(worker):
            await bench.done(2)
    assert taken == ["S26-0000", "S26-0001"]
    assert assignments == 1


async def test_a_record_in_hand_for_longer_than_the_session_is_not_given_to_one_who_joins(bench: Bench) -> None:
    await publish(bench.kafka, bench.source, orders(2))
    first, second = Recording(bench.out), Recording(bench.out)
    in_hand, go_on = asyncio.Event(), asyncio.Event()

    async def slow(received: Received[OrderPlaced]) -> Iterable[Event]:
        in_hand.set()
        await go_on.wait()
        return await first.handle(received)

    async with publisher(bench.kafka) as one, running(bench.worker(one, slow)):
        await in_hand.wait()
        joining = bench.worker(one, second.handle)
        async with running(joining):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(joining.assigned.wait(), 9)
            go_on.set()
            await bench.done(2)
    assert sorted(first.taken + second.taken) == ["S26-0000", "S26-0001"]
    assert set((await bench.outputs()).values()) == {1}


async def test_workers_that_join_and_leave_lose_nothing_and_repeat_only_the_same_events(bench: Bench) -> None:
    halves = orders(200)
    await publish(bench.kafka, bench.source, halves[:100], partition=0)
    await publish(bench.kafka, bench.source, halves[100:], partition=1)
    first, second = Recording(bench.out), Recording(bench.out)
    joined = asyncio.Event()

    async def held(received: Received[OrderPlaced]) -> Iterable[Event]:
        if len(first.taken) == 30:
            joined.set()
        await asyncio.sleep(0)
        return await first.handle(received)

    async with publisher(bench.kafka) as one, running(bench.worker(one, held, batch=10)):
        await joined.wait()
        async with running(bench.worker(one, second.handle, batch=10)):
            await publish(bench.kafka, bench.source, orders(210)[200:], partition=0)
        await publish(bench.kafka, bench.source, orders(220)[210:], partition=1)
        await bench.done(220)
    assert set(first.taken + second.taken) == {f"S26-{number:04}" for number in range(220)}
    # Messages of the two halves share causes by position, so count what was led to by what was sent.
    assert sum((await bench.outputs()).values()) >= 220


async def test_an_output_that_is_too_large_becomes_a_dead_letter_of_its_input(bench: Bench) -> None:
    await publish(bench.kafka, bench.source, orders(3))

    async def handle(received: Received[OrderPlaced]) -> Iterable[Event]:
        key = "k" * (2 << 20) if received.data.accession == "S26-0001" else "k"
        return [Event(bench.out, key, examples.filed())]

    async with publisher(bench.kafka) as one, running(bench.worker(one, handle)):
        await bench.done(3)
    (letter,) = await records_on(bench.kafka, bench.source.dead_letters)
    assert "larger than the broker takes" in said(letter)["error"]
    assert len(await bench.outputs()) == 2


@pytest.mark.usefixtures("tracing")
async def test_a_trace_goes_on_through_the_headers(bench: Bench) -> None:
    recording = Recording(bench.out)
    async with publisher(bench.kafka) as one:
        await announce(one, [Event(bench.source, "k", examples.order())], cause=examples.NAMESPACE, source="test")
        async with running(bench.worker(one, recording.handle)):
            await bench.done(1)
    (source,), (out,) = await records_on(bench.kafka, bench.source.name), await records_on(bench.kafka, bench.out.name)
    first, second = said(source)["traceparent"].split("-"), said(out)["traceparent"].split("-")
    assert first[1] == second[1]
    assert first[2] != second[2]
