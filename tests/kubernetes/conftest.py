"""One cluster, one node and one hospital's servers for the run."""

from collections.abc import AsyncIterator, Iterator

import pytest

from conftest import free_ports
from kubernetes.control_plane import Cluster, control_plane
from kubernetes.node import Node
from kubernetes.site import Site, site_running


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with control_plane(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture(scope="session")
def node(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with Node(cluster, tmp_path_factory.mktemp("node")).working() as node:
        yield node
    assert not node.defects, node.defects[:5]


@pytest.fixture(scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with site_running(tmp_path_factory.mktemp("servers"), free_ports()) as running:
        yield running
