"""KEDA's own operator and metrics server, as processes beside a control plane."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from conftest import free_ports
from go_programs import KEDA_METRICS, KEDA_OPERATOR
from kubernetes.control_plane import Cluster, alive, answers, running, wait_for

NAMESPACE = "keda"
METRICS = "external.metrics.k8s.io"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def make_definitions(cluster: Cluster) -> None:
    for file in sorted((KEDA_OPERATOR.source() / "config/crd/bases").glob("*.yaml")):
        for definition in yaml.safe_load_all(file.read_text()):
            if definition:
                cluster.make(DEFINITIONS, definition)
    with cluster.client() as client:
        wait_for(lambda: answers(client, "/apis/keda.sh/v1alpha1/scaledobjects"), cluster.folder / "kube-apiserver.log")


def publish_metrics_server(cluster: Cluster, port: int) -> None:
    """The API server asks it for external metrics. It listens on loopback, which no endpoint may name: an external name may."""
    cluster.make("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    named = {"name": "keda-metrics-apiserver", "namespace": NAMESPACE}
    spec: dict[str, Any] = {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]}
    cluster.make(
        f"/api/v1/namespaces/{NAMESPACE}/services", {"apiVersion": "v1", "kind": "Service", "metadata": named, "spec": spec}
    )
    service = {**named, "port": port}
    about = {"group": METRICS, "version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100, "service": service}
    cluster.make(
        "/apis/apiregistration.k8s.io/v1/apiservices",
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": f"v1beta1.{METRICS}"},
            "spec": {**about, "insecureSkipTLSVerify": True},
        },
    )


def certificates(cluster: Cluster) -> Path:
    """In the files that both programs look for."""
    folder = cluster.folder / "keda-certificates"
    folder.mkdir()
    own = cluster.authority.identity("keda")
    shutil.copy(own, folder / "tls.crt")
    shutil.copy(own, folder / "tls.key")
    shutil.copy(cluster.authority.certificate, folder / "ca.crt")
    return folder


@contextmanager
def keda(cluster: Cluster) -> Iterator[None]:
    ports = free_ports()
    metrics, probes, service, server, exported = (ports.base + offset for offset in range(5))
    make_definitions(cluster)
    publish_metrics_server(cluster, server)
    folder = certificates(cluster)
    # All namespaces are watched.
    here = {"KUBECONFIG": str(cluster.kubeconfig), "WATCH_NAMESPACE": ""}
    here |= {"POD_NAMESPACE": NAMESPACE, "KEDA_CLUSTER_OBJECT_NAMESPACE": NAMESPACE}
    with patch.dict(os.environ, here), ExitStack() as stack:
        operator = stack.enter_context(
            running(
                "keda-operator",
                [
                    *(KEDA_OPERATOR.built(), f"--kubeconfig={cluster.kubeconfig}", f"--cert-dir={folder}"),
                    *(f"--metrics-bind-address=127.0.0.1:{metrics}", f"--health-probe-bind-address=127.0.0.1:{probes}"),
                    *(f"--metrics-service-bind-address=127.0.0.1:{service}", "--zap-encoder=console"),
                ],
                cluster.folder,
            )
        )
        metrics_server = stack.enter_context(
            running(
                "keda-metrics",
                [
                    *(KEDA_METRICS.built(), f"--lister-kubeconfig={cluster.kubeconfig}", f"--secure-port={server}"),
                    *(f"--authentication-kubeconfig={cluster.kubeconfig}", f"--authorization-kubeconfig={cluster.kubeconfig}"),
                    *(f"--metrics-service-address=localhost:{service}", f"--port={exported}", "--bind-address=127.0.0.1"),
                    *(f"--client-ca-file={folder / 'ca.crt'}", f"--tls-cert-file={folder / 'tls.crt'}"),
                    *(f"--tls-private-key-file={folder / 'tls.key'}", f"--cert-dir={folder}"),
                ],
                cluster.folder,
            )
        )
        with cluster.client() as client:
            asked = f"/apis/{METRICS}/v1beta1"
            wait_for(lambda: alive(metrics_server) and answers(client, asked), cluster.folder / "keda-metrics.log")
            wait_for(lambda: alive(operator), cluster.folder / "keda-operator.log")
        yield
