"""KEDA's own operator scales workloads up and down by the lag of a real broker, and nothing is lost or done twice by it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from google.protobuf.message import Message

import examples
from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.portal.v1.reading_pb2 import ReportSigned
from casepath.topics import (
    INTAKE_ORDER_PLACED,
    PORTAL_REPORT_SIGNED,
    RESULTS_RESULT_DELIVERED,
    SEQUENCING_TASK_REQUESTED,
    Topic,
)
from chart.rendering import CHART
from chassis.events import Event, sealed
from kafka.broker import records_on
from kubernetes.control_plane import Cluster
from kubernetes.keda import keda
from kubernetes.node import Node
from kubernetes.site import Site
from waiting import eventually, eventually_async

NAMESPACE = "scaled"
RESULTS, WORKERS = "casepath-results", "casepath-sequencing-workers"
REPORTS = 300
SECONDS_FOR_ONE = 1.0
MOST = 6
ONLY = ("results", "sequencing-workers")
EVERY = (*("advice", "audit", "cases", "inference", "intake", "operations", "portal", "records", "sequencing", "slides"), *ONLY)


@dataclass(frozen=True, slots=True)
class Counts:
    """The wanted pods of workloads, in the order in which they were seen."""

    seen: dict[str, list[int]]

    def changed_to(self, name: str, count: int) -> bool:
        return self.seen[name][-1:] == [count]


@pytest.fixture(scope="module")
def scaler(cluster: Cluster) -> Iterator[None]:
    with keda(cluster):
        yield


@pytest.fixture(scope="module")
async def counts(cluster: Cluster, node: Node, site: Site, scaler: None) -> AsyncIterator[Counts]:
    site.prepare(cluster, NAMESPACE, node.folder / "claims")
    services: dict[str, Any] = {name: {"enabled": name in ONLY} for name in EVERY}
    services["results"]["scaling"] = {"fewest": 1, "most": MOST, "lag": 20}
    services["sequencing-workers"]["scaling"] = {"fewest": 0, "most": 2, "lag": 2}
    scaling = {"mode": "keda", "pollingInterval": 2, "cooldownPeriod": 5, "scaleDownSeconds": 5}
    values = site.values_file(node.folder, services=services, scaling=scaling)
    await helm(cluster, "install", "casepath", str(CHART), "--values", str(values), "--wait", "--timeout", "3m")
    found = Counts({RESULTS: [], WORKERS: []})
    watching = asyncio.create_task(watch(cluster, found))
    yield found
    watching.cancel()
    await helm(cluster, "uninstall", "casepath", "--wait")


async def helm(cluster: Cluster, *arguments: str) -> str:
    return await asyncio.to_thread(cluster.helm, *arguments, "--namespace", NAMESPACE)


async def watch(cluster: Cluster, counts: Counts) -> None:
    while True:
        for name, seen in counts.seen.items():
            one = await asyncio.to_thread(cluster.get, f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{name}")
            if seen[-1:] != [one["spec"]["replicas"]]:
                seen.append(one["spec"]["replicas"])
        await asyncio.sleep(0.5)


async def publish(site: Site, topic: Topic[Any], keyed: Sequence[tuple[str, Message]]) -> None:
    async with AIOKafkaProducer(**site.kafka.client()) as producer:
        for key, message in keyed:
            cause = uuid4()
            (record,) = sealed(
                [Event(topic, key, message)], cause=cause, correlation=cause, source="test", time=datetime.now(UTC)
            )
            await producer.send(topic.name, record.value, key=key.encode(), headers=list(record.headers))
        await producer.flush()


def reports() -> tuple[list[OrderPlaced], list[ReportSigned]]:
    """Of as many cases."""
    orders, signed = [], []
    for number in range(REPORTS):
        order, report, case = examples.order(), examples.report_signed(), str(uuid4())
        order.case_id = report.case_id = case
        order.accession = f"{order.accession}{number:04}"
        orders.append(order)
        signed.append(report)
    return orders, signed


async def test_lag_brings_pods_and_its_end_takes_them_away_with_each_result_delivered_once(
    counts: Counts, cluster: Cluster, node: Node, site: Site
) -> None:
    site.hospital.seconds = SECONDS_FOR_ONE
    await eventually(lambda: counts.changed_to(RESULTS, 1))
    stopped_before = len(node.stopped)
    orders, signed = reports()
    await publish(site, INTAKE_ORDER_PLACED, [(order.case_id, order) for order in orders])
    await publish(site, PORTAL_REPORT_SIGNED, [(report.case_id, report) for report in signed])

    await eventually(lambda: max(counts.seen[RESULTS]) == MOST, 120)
    await eventually(lambda: len(site.hospital.received) == REPORTS, 240)
    await eventually_async(told(site, RESULTS_RESULT_DELIVERED.name, REPORTS))
    await eventually(lambda: counts.changed_to(RESULTS, 1), 120)

    assert set(site.hospital.received.values()) == {1}
    assert len(await records_on(site.kafka, RESULTS_RESULT_DELIVERED.name)) == REPORTS
    assert not await records_on(site.kafka, PORTAL_REPORT_SIGNED.dead_letters)
    await eventually(lambda: len(node.stopped) >= stopped_before + MOST - 1)
    gone = node.stopped[stopped_before:]
    assert not [one for one in gone if one.killed or one.status], gone
    print(f"{RESULTS}: {counts.seen[RESULTS]}; {len(gone)} pods went, the slowest in {max(one.seconds for one in gone):.1f} s")


def told(site: Site, topic: str, count: int) -> Callable[[], Awaitable[bool]]:
    async def whether() -> bool:
        return len(await records_on(site.kafka, topic)) >= count

    return whether


async def test_batch_work_is_done_by_nobody_until_there_is_some(counts: Counts, site: Site) -> None:
    await eventually(lambda: counts.changed_to(WORKERS, 0), 60)
    async with AIOKafkaProducer(**site.kafka.client()) as producer:
        # No message of that topic: it comes to its end at once, in the dead letters.
        await producer.send_and_wait(SEQUENCING_TASK_REQUESTED.name, b"\xff", key=b"k")
    await eventually(lambda: counts.changed_to(WORKERS, 1), 60)
    await eventually_async(told(site, SEQUENCING_TASK_REQUESTED.dead_letters, 1), 60)
    await eventually(lambda: counts.changed_to(WORKERS, 0), 60)


async def test_each_scaled_object_is_ready_and_has_a_scaler_of_its_own(counts: Counts, cluster: Cluster) -> None:
    scaled = cluster.get(f"/apis/keda.sh/v1alpha1/namespaces/{NAMESPACE}/scaledobjects")["items"]
    assert {one["metadata"]["name"] for one in scaled} == {RESULTS, WORKERS}
    for one in scaled:
        conditions = {each["type"]: each["status"] for each in one["status"]["conditions"]}
        assert conditions["Ready"] == "True"
        assert one["status"]["hpaName"] == one["metadata"]["name"]
    scalers = cluster.get(f"/apis/autoscaling/v2/namespaces/{NAMESPACE}/horizontalpodautoscalers")["items"]
    assert {one["metadata"]["name"] for one in scalers} == {RESULTS, WORKERS}
