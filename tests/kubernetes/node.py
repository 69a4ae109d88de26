"""A node that runs pods as processes of this machine: what a kubelet does, without containers.

A pod's files come from its Secrets and volumes as the API server has them, its environment is its own and nothing else,
its probes are asked, and it is told to stop as Kubernetes does it: its preStop hook, SIGTERM, and SIGKILL at the end of its
grace. Each pod has an address of its own in 127.0.0.0/8. What an image has at /app is this repository's.
"""

import base64
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from kubernetes.control_plane import Cluster, Resource

NODE = "node-1"
MODELS = Path(__file__).parents[2] / "services/inference/models"
POLL_SECONDS = 0.25
PROBE_SECONDS = 0.5
STRATEGIC = {"Content-Type": "application/strategic-merge-patch+json"}
# Before the path of a file in an address.
SCHEMES = ("file://", "sqlite:///")


@dataclass(slots=True)
class Running:
    """A pod's process."""

    pod: Resource
    address: str
    process: "subprocess.Popen[bytes]"
    ready: bool = False
    probed: float = 0.0
    ended: int | None = None
    stopping: float = 0.0
    told: bool = False


@dataclass(slots=True)
class Stopped:
    """How a pod that was told to stop ended: its exit status and the seconds that it took."""

    name: str
    status: int
    seconds: float
    killed: bool


@dataclass(slots=True)
class Node:
    cluster: Cluster
    folder: Path
    running: dict[str, Running] = field(default_factory=dict)
    stopped: list[Stopped] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    addresses: int = 0
    end: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def working(self) -> Iterator["Node"]:
        """Take pods until the end of the context, then end what still runs."""
        labels = {"kubernetes.io/hostname": NODE, "topology.kubernetes.io/zone": "zone-1"}
        self.cluster.make("/api/v1/nodes", {"kind": "Node", "apiVersion": "v1", "metadata": {"name": NODE, "labels": labels}})
        thread = threading.Thread(target=self.work, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.end.set()
            thread.join()
            for one in self.running.values():
                one.process.kill()
                one.process.wait()

    def work(self) -> None:
        with self.cluster.client() as client:
            while not self.end.wait(POLL_SECONDS):
                try:
                    pods = client.get("/api/v1/pods").json()["items"]
                    for pod in pods:
                        self.look_after(client, pod)
                except (httpx.HTTPError, AssertionError, KeyError, OSError) as error:
                    self.defects.append(f"{type(error).__name__}: {error}")

    def look_after(self, client: httpx.Client, pod: Resource) -> None:
        uid, metadata = pod["metadata"]["uid"], pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        if metadata.get("deletionTimestamp"):
            if uid not in self.running or self.has_stopped(self.running[uid]):
                self.running.pop(uid, None)
                client.request("DELETE", path, json={"gracePeriodSeconds": 0})
            return
        if not pod["spec"].get("nodeName"):
            client.post(
                f"{path}/binding",
                json={
                    "apiVersion": "v1",
                    "kind": "Binding",
                    "metadata": {"name": metadata["name"]},
                    "target": {"apiVersion": "v1", "kind": "Node", "name": NODE},
                },
            )
            return
        if pod["status"].get("phase") in ("Succeeded", "Failed"):
            return
        if uid not in self.running:
            self.running[uid] = self.started(client, pod)
        one = self.running[uid]
        one.ended = one.process.poll()
        now = time.monotonic()
        if one.ended is None and now - one.probed < PROBE_SECONDS:
            return
        one.probed, one.ready = now, one.ended is None and self.is_ready(one)
        client.patch(f"{path}/status", headers=STRATEGIC, json={"status": status_of(one)})

    def started(self, client: httpx.Client, pod: Resource) -> Running:
        self.addresses += 1
        address = f"127.30.{self.addresses // 250}.{self.addresses % 250 + 1}"
        root = self.folder / "pods" / pod["metadata"]["name"]
        places = self.volumes(client, pod, root)
        (container,) = pod["spec"]["containers"]
        environment = {"PATH": "/usr/bin:/bin", "PYTHONWARNINGS": "ignore"}
        for one in container.get("env", []):
            environment[one["name"]] = self.value(client, pod, one, places, address)
        service = container["image"].rsplit("/", 1)[-1].split(":")[0].split("@")[0]
        arguments = [self.resolved(one, places) for one in container.get("args", [])]
        with (root / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", service, *arguments], env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        return Running(pod, address, process)

    def volumes(self, client: httpx.Client, pod: Resource, root: Path) -> dict[str, Path]:
        """Each mounted path, and the folder that stands for it."""
        namespace = pod["metadata"]["namespace"]
        folders = {}
        for volume in pod["spec"].get("volumes", []):
            folder = root / "volumes" / volume["name"]
            if "persistentVolumeClaim" in volume:
                folder = self.folder / "claims" / namespace / volume["persistentVolumeClaim"]["claimName"]
            folder.mkdir(parents=True, exist_ok=True)
            sources = [{**volume["secret"], "name": volume["secret"]["secretName"]}] if "secret" in volume else []
            sources += [one["secret"] for one in volume.get("projected", {}).get("sources", [])]
            for source in sources:
                answer = client.get(f"/api/v1/namespaces/{namespace}/secrets/{source['name']}")
                assert answer.status_code == 200, f"{pod['metadata']['name']}: no Secret {source['name']}"
                data = answer.json()["data"]
                for item in source.get("items") or [{"key": key, "path": key} for key in data]:
                    (folder / item["path"]).write_bytes(base64.b64decode(data[item["key"]]))
            folders[volume["name"]] = folder
        root.mkdir(parents=True, exist_ok=True)
        mounts = pod["spec"]["containers"][0].get("volumeMounts", [])
        return {"/app/models": MODELS, **{one["mountPath"]: folders[one["name"]] for one in mounts}}

    def value(self, client: httpx.Client, pod: Resource, one: Resource, places: dict[str, Path], address: str) -> str:
        if "valueFrom" in one:
            wanted = one["valueFrom"]["secretKeyRef"]
            answer = client.get(f"/api/v1/namespaces/{pod['metadata']['namespace']}/secrets/{wanted['name']}")
            return base64.b64decode(answer.json()["data"][wanted["key"]]).decode()
        return self.resolved(one["value"], places).replace("0.0.0.0", address)

    def resolved(self, text: str, places: dict[str, Path]) -> str:
        """A text with the folders that stand for mounted paths, and the addresses that stand for names of Services."""
        scheme = next((one for one in SCHEMES if text.startswith(one)), "")
        text = text.removeprefix(scheme)
        for path in sorted(places, key=len, reverse=True):
            text = re.sub(rf"(?<![\w/.-]){re.escape(path)}(?=/|$|=)", str(places[path]), text)
            if text.startswith(str(places[path])):
                break
        return scheme + re.sub(r"([a-z0-9-]+)\.([a-z0-9-]+)\.svc\b", self.service_address, text)

    def service_address(self, match: "re.Match[str]") -> str:
        for one in self.running.values():
            labels, namespace = one.pod["metadata"]["labels"], one.pod["metadata"]["namespace"]
            if namespace == match[2] and match[1].endswith(f"-{labels['app.kubernetes.io/component']}"):
                return one.address
        # Not started yet: the name stands, and does not resolve.
        return match[0]

    def is_ready(self, one: Running) -> bool:
        probe = one.pod["spec"]["containers"][0].get("readinessProbe")
        if probe is None:
            return True
        with suppress(httpx.HTTPError):
            return (
                httpx.get(f"http://{one.address}:8090{probe['httpGet']['path']}", timeout=2, trust_env=False).status_code == 200
            )
        return False

    def has_stopped(self, one: Running) -> bool:
        """Whether a pod that is to go has gone; it is told to, and killed when its grace is over."""
        now, spec = time.monotonic(), one.pod["spec"]
        if one.process.poll() is None:
            one.stopping = one.stopping or now
            hook = spec["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            if not one.told and now - one.stopping >= hook:
                one.process.send_signal(signal.SIGTERM)
                one.told = True
            if now - one.stopping < spec["terminationGracePeriodSeconds"]:
                return False
            one.process.kill()
            one.process.wait()
        status = one.process.returncode
        self.stopped.append(Stopped(one.pod["metadata"]["name"], status, now - (one.stopping or now), status == -signal.SIGKILL))
        return True

    def log_of(self, name: str) -> str:
        return (self.folder / "pods" / name / "log").read_text()


def status_of(one: Running) -> dict[str, Any]:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    (container,) = one.pod["spec"]["containers"]
    state: dict[str, Any] = {"running": {"startedAt": at}}
    phase = "Running"
    if one.ended is not None:
        state = {"terminated": {"exitCode": one.ended, "reason": "Completed" if one.ended == 0 else "Error", "finishedAt": at}}
        phase = "Succeeded" if one.ended == 0 else "Failed"
    ready = "True" if one.ready and one.ended is None else "False"
    conditions = [{"type": kind, "status": ready, "lastTransitionTime": at} for kind in ("ContainersReady", "Ready")]
    conditions += [{"type": kind, "status": "True", "lastTransitionTime": at} for kind in ("PodScheduled", "Initialized")]
    return {
        "phase": phase,
        "podIP": one.address,
        "podIPs": [{"ip": one.address}],
        "conditions": conditions,
        "containerStatuses": [
            {
                "name": container["name"],
                "image": container["image"],
                "imageID": container["image"],
                "ready": ready == "True",
                "started": True,
                "restartCount": 0,
                "state": state,
            }
        ],
    }
