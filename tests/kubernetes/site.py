"""A hospital's servers on this machine, and what an operator makes before the chart is installed: Secrets and values."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from hl7.mllp import start_hl7_server

from chassis.kafka import Kafka
from chassis.provision import apply, differences
from embedded.hospital_system import LARGEST, take
from embedded.platform import Home
from embedded.ports import Ports
from embedded.programs import (
    access,
    archive_authorization,
    authority_of,
    fhir,
    kafka,
    kafka_admin,
    kafka_passwords,
    orthanc,
    references,
)
from embedded.supervisor import Supervisor
from kubernetes.control_plane import Cluster

SECONDS = 180.0
RELEASED = "file:///objects/released"


@dataclass(slots=True)
class HospitalSystem:
    """Takes results, each after a while, and counts how often it got each by its MSH-10."""

    seconds: float = 0.0
    received: dict[str, int] = field(default_factory=dict)

    async def kept(self, control: str, _: bytes) -> None:
        self.received[control] = self.received.get(control, 0) + 1
        await asyncio.sleep(self.seconds)


@dataclass(frozen=True, slots=True)
class Site:
    home: Path
    ports: Ports
    hospital: HospitalSystem

    @property
    def kafka(self) -> Kafka:
        return kafka_admin(self.home, self.ports)

    def secrets(self) -> dict[str, dict[str, bytes]]:
        """By the names that the chart's values have."""
        folder, authority = access(self.home), authority_of(self.home)
        ca = authority.certificate.read_bytes()
        found = {
            "casepath-namespace": {"namespace": Home(self.home).namespace().encode()},
            "casepath-kafka-ca": {"ca.crt": ca},
            "casepath-access": {"keys.json": (folder / "keys.json").read_bytes()},
            "casepath-signing": {"signing-key.pem": (folder / "signing-key.pem").read_bytes()},
            "casepath-audit": {"audit-key.pem": (folder / "audit-key.pem").read_bytes()},
            "casepath-advice": {"prescribers.json": (folder / "prescribers.json").read_bytes()},
            "casepath-releases": {"releases.json": (folder / "releases.json").read_bytes()},
            "casepath-accounts": {"accounts.json": (folder / "accounts.json").read_bytes()},
            "casepath-dicomweb": {"authorization": archive_authorization(self.home).read_bytes()},
        }
        for service, password in kafka_passwords(self.home).items():
            found[f"casepath-kafka-{service}"] = {"password": password.encode()}
            found[f"casepath-tls-{service}"] = {
                "tls-combined.pem": authority.identity(service).read_bytes(),
                "ca.crt": ca,
            }
        return found

    def values(self, **more: Any) -> dict[str, Any]:
        return {
            "image": {"registry": "registry.example/casepath"},
            "kafka": {"bootstrap": f"127.0.0.1:{self.ports['kafka']}", "replication": 1},
            "objects": {"url": "file:///objects", "claim": "casepath-objects"},
            "keys": {"url": "file:///keys", "claim": "casepath-keys"},
            "fhir": {"url": f"http://127.0.0.1:{self.ports['fhir']}/fhir", "creation": "version-0"},
            "dicomweb": {"url": f"http://127.0.0.1:{self.ports['orthanc']}/dicom-web"},
            "files": {"accounts": {"secret": "casepath-accounts"}, "dicomwebAuthorization": {"secret": "casepath-dicomweb"}},
            "hospitalSystem": {"address": f"127.0.0.1:{self.ports['his']}"},
            "scanners": {"callingTitles": ["SCANNER"]},
            "references": {"claim": "casepath-references", "default": next(iter(json.loads(references(self.home).read_text())))},
            "advice": {"url": "https://advice.example"},
            "research": {"objects": RELEASED, "hospital": "site"},
            "hub": {"released": [RELEASED]},
            "services": {"deidentification": {"enabled": True}, "hub": {"enabled": True}},
            **more,
        }

    def prepare(self, cluster: Cluster, namespace: str, claims: Path) -> None:
        """What there must be before the chart: a namespace for restricted pods, its Secrets, and the claims' content."""
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        cluster.make(
            "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}
        )
        for name, data in self.secrets().items():
            encoded = {key: base64.b64encode(content).decode() for key, content in data.items()}
            secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": encoded}
            cluster.make(f"/api/v1/namespaces/{namespace}/secrets", secret)
        (claims / namespace / "casepath-keys").mkdir(parents=True)
        folder = claims / namespace / "casepath-references"
        folder.mkdir(parents=True)
        (folder / "references.json").write_text(references(self.home).read_text())

    def values_file(self, folder: Path, **more: Any) -> Path:
        file = folder / f"values-{uuid4().hex}.yaml"
        file.write_text(yaml.safe_dump(self.values(**more)))
        return file


@asynccontextmanager
async def site_running(folder: Path, ports: Ports) -> AsyncIterator[Site]:
    """Kafka with its topics and principals, Orthanc, HAPI FHIR and the hospital's system."""
    home, hospital = folder / "site", HospitalSystem()
    taking = partial(take, kept=hospital.kept)
    supervisor = Supervisor(home)
    programs = [kafka(home, ports, print), orthanc(home, ports), fhir(home, ports, print)]
    try:
        await supervisor.start(*programs, seconds=SECONDS)
        admin = kafka_admin(home, ports)
        await apply(admin, await differences(admin), kafka_passwords(home))
        async with await start_hl7_server(taking, host="127.0.0.1", port=ports["his"], limit=LARGEST):
            yield Site(home, ports, hospital)
    finally:
        await supervisor.stop()
