"""The chart installed, upgraded and rolled back by helm on a real API server, with the services running as its pods say."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from chart.rendering import CHART
from kubernetes.control_plane import Cluster
from kubernetes.node import Node
from kubernetes.site import Site
from waiting import eventually

NAMESPACE = "casepath"
WORKLOADS = {
    *("casepath-advice", "casepath-inference", "casepath-intake", "casepath-portal", "casepath-records", "casepath-results"),
    *("casepath-audit", "casepath-cases", "casepath-sequencing", "casepath-slides", "casepath-sequencing-workers"),
    *("casepath-operations", "casepath-deidentification", "casepath-hub"),
}

OTHERS = {"casepath-sequencing-workers": 0, "casepath-intake": 2, "casepath-advice": 2}


@pytest.fixture(scope="module")
async def installed(cluster: Cluster, node: Node, site: Site) -> AsyncIterator[Site]:
    site.prepare(cluster, NAMESPACE, node.folder / "claims")
    values = site.values_file(node.folder)
    await helm(cluster, "install", "casepath", str(CHART), "--values", str(values), "--wait", "--timeout", "5m")
    yield site
    await helm(cluster, "uninstall", "casepath", "--wait")


async def helm(cluster: Cluster, *arguments: str) -> str:
    return await asyncio.to_thread(cluster.helm, *arguments, "--namespace", NAMESPACE)


def workloads(cluster: Cluster) -> dict[str, tuple[int, int]]:
    """Wanted and ready pods of each workload."""
    found = {}
    for kind in ("deployments", "statefulsets"):
        for one in cluster.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/{kind}")["items"]:
            found[one["metadata"]["name"]] = (one["spec"]["replicas"], one["status"].get("readyReplicas", 0))
    return found


async def test_every_service_gets_ready_with_what_the_chart_gives_it(installed: Site, cluster: Cluster) -> None:
    states = workloads(cluster)
    assert set(states) == WORKLOADS
    assert {name: wanted for name, (wanted, _) in states.items()} == {**dict.fromkeys(WORKLOADS, 1), **OTHERS}
    assert all(wanted == ready for wanted, ready in states.values())


async def test_helm_test_asks_each_service(installed: Site, cluster: Cluster, node: Node) -> None:
    said = await helm(cluster, "test", "casepath", "--timeout", "2m")
    assert "Phase:          Succeeded" in said
    log = node.log_of("casepath-ready")
    assert log.count("/readyz ready") == sum(1 for name in WORKLOADS if serves(cluster, name))


def serves(cluster: Cluster, name: str) -> bool:
    ports = cluster.get(f"/api/v1/namespaces/{NAMESPACE}/services/{name}")["spec"]["ports"]
    return any(port["name"] != "health" for port in ports)


async def test_an_upgrade_and_its_rollback_replace_pods_without_one_being_killed(
    installed: Site, cluster: Cluster, node: Node
) -> None:
    before = len(node.stopped)
    values = installed.values_file(node.folder, defaults={"env": {"CASEPATH_LOG_FORMAT": "console"}})
    await helm(cluster, "upgrade", "casepath", str(CHART), "--values", str(values), "--wait", "--timeout", "5m")
    pods = cluster.get(f"/api/v1/namespaces/{NAMESPACE}/pods")["items"]
    variables = [
        {one["name"]: one.get("value") for one in pod["spec"]["containers"][0]["env"]}
        for pod in pods
        if "deletionTimestamp" not in pod["metadata"] and "app.kubernetes.io/part-of" in pod["metadata"]["labels"]
    ]
    assert variables
    assert all(one.get("CASEPATH_LOG_FORMAT") == "console" for one in variables)
    await helm(cluster, "rollback", "casepath", "1", "--wait", "--timeout", "5m")
    await eventually(lambda: all(wanted == ready for wanted, ready in workloads(cluster).values()))
    await eventually(lambda: len(node.stopped) >= before + 2 * (len(WORKLOADS) - 1))
    stopped = node.stopped[before:]
    assert not [one for one in stopped if one.killed or one.status], stopped


async def test_a_pod_that_is_not_restricted_is_refused(installed: Site, cluster: Cluster) -> None:
    with cluster.client() as client:
        container = {"name": "x", "image": "x"}
        answer = client.post(
            f"/api/v1/namespaces/{NAMESPACE}/pods",
            json={"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": [container]}},
        )
    assert answer.status_code == 403
    assert "violates PodSecurity" in answer.json()["message"]
