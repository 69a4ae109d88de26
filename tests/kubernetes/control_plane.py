"""A Kubernetes control plane on loopback: etcd, kube-apiserver and kube-controller-manager, as they are published."""

import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import httpx
import yaml
from cryptography.hazmat.primitives import serialization

from conftest import free_ports
from embedded.certificates import Authority, private
from go_programs import API_SERVER, CONTROLLERS, ETCD, HELM

CONTROLLER_NAMES = (
    *("deployment", "replicaset", "statefulset", "job", "horizontal-pod-autoscaler", "serviceaccount", "namespace"),
    *("garbage-collector", "disruption", "resourcequota"),
)
ADMINISTRATOR = "administrator"
SECONDS = 120.0

type Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running API server, as its administrator reaches it."""

    url: str
    folder: Path
    token: str
    authority: Authority

    @property
    def kubeconfig(self) -> Path:
        return self.folder / "kubeconfig"

    def client(self) -> httpx.Client:
        context = ssl.create_default_context(cafile=self.authority.certificate)
        return httpx.Client(
            base_url=self.url, verify=context, headers={"Authorization": f"Bearer {self.token}"}, timeout=30, trust_env=False
        )

    def helm(self, *arguments: str) -> str:
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "KUBECONFIG": str(self.kubeconfig)}
        ended = subprocess.run([HELM.built(), *arguments], env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def make(self, path: str, resource: Resource) -> Resource:
        with self.client() as client:
            answer = client.post(path, json=resource, params={"fieldValidation": "Strict"})
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    def get(self, path: str) -> Resource:
        with self.client() as client:
            answer = client.get(path)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def write_kubeconfig(file: Path, url: str, token: str, authority: Authority) -> None:
    named = {"name": "casepath"}
    file.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{**named, "cluster": {"server": url, "certificate-authority": str(authority.certificate)}}],
                "users": [{**named, "user": {"token": token}}],
                "contexts": [{**named, "context": {"cluster": "casepath", "user": "casepath"}}],
                "current-context": "casepath",
            }
        )
    )


@contextmanager
def running(name: str, argv: Sequence[str | Path], folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process with its log in the folder, ended with the context."""
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen([str(part) for part in argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def control_plane(folder: Path) -> Iterator[Cluster]:
    """A cluster without nodes. What the API server asks other servers (aggregation) is proved by the same authority."""
    ports, token = free_ports(), token_urlsafe(24)
    etcd, peer, api, controllers = (ports.base + offset for offset in range(4))
    authority = Authority(folder / "pki")
    accounts = authority.key()
    key, public = folder / "accounts.key", folder / "accounts.pub"
    plain = serialization.NoEncryption()
    private(key, accounts.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    format_ = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(accounts.public_key().public_bytes(serialization.Encoding.PEM, format_))
    private(folder / "tokens.csv", f"{token},{ADMINISTRATOR},1,system:masters\n".encode())
    url = f"https://127.0.0.1:{api}"
    cluster = Cluster(url, folder, token, authority)
    write_kubeconfig(cluster.kubeconfig, url, token, authority)
    server, proxy, ca = authority.identity("kube-apiserver"), authority.identity("front-proxy"), authority.certificate
    with ExitStack() as stack:
        stack.enter_context(
            running(
                "etcd",
                [
                    *(ETCD.built(), "--data-dir", folder / "etcd", "--unsafe-no-fsync", "--log-level=error"),
                    *(f"--listen-client-urls=http://127.0.0.1:{etcd}", f"--advertise-client-urls=http://127.0.0.1:{etcd}"),
                    *(f"--listen-peer-urls=http://127.0.0.1:{peer}", f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}"),
                    f"--initial-cluster=default=http://127.0.0.1:{peer}",
                ],
                folder,
            )
        )
        api_server = stack.enter_context(
            running(
                "kube-apiserver",
                [
                    *(API_SERVER.built(), f"--etcd-servers=http://127.0.0.1:{etcd}", "--bind-address=127.0.0.1"),
                    *(f"--secure-port={api}", f"--tls-cert-file={server}", f"--tls-private-key-file={server}"),
                    *("--service-cluster-ip-range=10.96.0.0/16", f"--service-account-key-file={public}"),
                    *(f"--service-account-signing-key-file={key}", "--service-account-issuer=https://kubernetes.default.svc"),
                    *("--authorization-mode=RBAC", f"--token-auth-file={folder / 'tokens.csv'}", "--allow-privileged=false"),
                    *(f"--client-ca-file={ca}", f"--requestheader-client-ca-file={ca}"),
                    *("--requestheader-allowed-names=front-proxy", "--requestheader-username-headers=X-Remote-User"),
                    *("--requestheader-group-headers=X-Remote-Group", "--requestheader-extra-headers-prefix=X-Remote-Extra-"),
                    *(f"--proxy-client-cert-file={proxy}", f"--proxy-client-key-file={proxy}"),
                ],
                folder,
            )
        )
        with cluster.client() as client:
            wait_for(lambda: alive(api_server) and answers(client, "/readyz"), folder / "kube-apiserver.log")
        stack.enter_context(
            running(
                "kube-controller-manager",
                [
                    *(CONTROLLERS.built(), f"--kubeconfig={cluster.kubeconfig}", "--leader-elect=false"),
                    *("--bind-address=127.0.0.1", f"--secure-port={controllers}", f"--cert-dir={folder / 'controllers'}"),
                    *(f"--service-account-private-key-file={key}", f"--root-ca-file={ca}"),
                    f"--controllers={','.join(f'{name}-controller' for name in CONTROLLER_NAMES)}",
                    *("--horizontal-pod-autoscaler-sync-period=2s", "--concurrent-deployment-syncs=5"),
                ],
                folder,
            )
        )
        yield cluster


def answers(client: httpx.Client, path: str) -> bool:
    try:
        return client.get(path).status_code == 200
    except httpx.HTTPError:
        return False


def alive(process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None, f"{process.args!r} ended with {process.returncode}"
    return True


def wait_for(condition: Any, log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not ready; {log} ends:\n{log.read_text()[-3000:]}"
        time.sleep(0.2)
