"""The real platform, started once a run for the tests that need it, as a user starts it."""

import faulthandler
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from chassis.access import Signer
from chassis.calls import Identity
from chassis.encryption import Encryption
from chassis.errors import Misconfigured
from chassis.kafka import Kafka
from chassis.keys import FileKeys
from chassis.objects import Objects
from embedded import samples
from embedded.commands import reached
from embedded.platform import Home
from embedded.ports import Ports
from embedded.programs import authority_of, bootstrap, kafka_admin, kafka_password_file, keys
from span_collector import SpanCollector, collecting

CASEPATH = Path(sys.executable).with_name("casepath")
OF_THE_PLATFORM = ("tests/kafka/", "tests/e2e/", "tests/chaos/")
# The run is over, and its process is not: a thread waits for ever, and is named.
MOST_SECONDS_TO_END = 120


class OnePlatform(LoadScopeScheduling):  # type: ignore[misc]
    """Of more workers one has the platform and every test of it; the others have the rest, by file."""

    def _split_scope(self, nodeid: str) -> str:
        return "the platform" if nodeid.startswith(OF_THE_PLATFORM) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OnePlatform:
    return OnePlatform(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    # A worker of xdist waits for the others, and is ended with them.
    if not hasattr(config, "workerinput"):
        faulthandler.dump_traceback_later(MOST_SECONDS_TO_END, exit=True, file=2)


@dataclass(frozen=True)
class Platform:
    home: Home
    ports: Ports
    spans: SpanCollector

    @property
    def kafka(self) -> Kafka:
        """As its administrator, who may do all, and read all."""
        return replace(kafka_admin(self.home.folder, self.ports), encryption=self.encryption)

    @property
    def administered(self) -> list[str]:
        """Options of a command of its cluster's administrator."""
        kafka = self.kafka
        return ["--kafka", kafka.bootstrap, "--kafka-ca", str(kafka.ca), "--identity", str(kafka.identity)]

    @cached_property
    def encryption(self) -> Encryption:
        """By its keys, as one more process has them."""
        return Encryption(FileKeys(keys(self.home.folder)))

    def identity(self, name: str) -> Identity:
        """The certificate of a service of this platform, or of the operator."""
        authority = authority_of(self.home.folder)
        return Identity(authority.certificate, authority.identity(name))

    def as_principal(self, name: str) -> Kafka:
        authority = authority_of(self.home.folder)
        password = kafka_password_file(self.home.folder, name)
        return Kafka.of_user(bootstrap(self.home.folder, self.ports), authority.certificate, name, password)

    @property
    def signer(self) -> Signer:
        """Whose word its services take."""
        return Signer.at(self.home.folder / "access" / "signing-key.pem")

    @property
    def objects(self) -> Objects:
        """What its services stored, with the keys to read it."""
        return Objects.at(f"file://{self.home.folder / 'objects'}", self.encryption)

    @property
    def hub(self) -> tuple[str, str]:
        """Where its tables are, and their catalog."""
        folder = self.home.folder / "hub"
        return f"file://{folder / 'warehouse'}", f"sqlite:///{folder / 'catalog.sqlite'}"

    @property
    def cases(self) -> str:
        return f"127.0.0.1:{self.ports['cases']}"

    def casepath(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command against this platform."""
        env = {
            "PATH": "/usr/bin:/bin:/usr/sbin",
            **reached(self.home.folder, self.ports),
            "COLUMNS": "200",
        }
        return subprocess.run([str(CASEPATH), *arguments], env=env, capture_output=True, text=True, check=False, timeout=120)


def free_ports() -> Ports:
    """A free hundred below those that the system gives to outgoing connections."""
    for _ in range(50):
        ports = Ports(random.randrange(20_000, 32_000, 100))
        try:
            ports.check_free()
        except Misconfigured:
            continue
        return ports
    raise RuntimeError("no hundred free ports were found")


@pytest.fixture(scope="session")
def tracing() -> TracerProvider:
    """Of the whole process, which takes one and no other."""
    found = trace.get_tracer_provider()
    if not isinstance(found, TracerProvider):
        found = TracerProvider()
        trace.set_tracer_provider(found)
    return found


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with collecting() as spans, running_platform(tmp_path_factory.mktemp("platform"), spans) as one:
        yield one


@contextmanager
def running_platform(folder: Path, spans: SpanCollector, *up: str) -> Iterator[Platform]:
    """A platform that is started with these arguments more."""
    home, ports = Home(folder), free_ports()
    load_snapshot(home.folder)
    arguments = ["--home", str(home.folder)]
    started = subprocess.run(
        [str(CASEPATH), "up", *arguments, "--port-base", str(ports.base), *up],
        env={**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{spans.port}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 0, started.stdout + started.stderr
    try:
        yield Platform(home, ports, spans)
    finally:
        subprocess.run([str(CASEPATH), "down", *arguments], check=True, capture_output=True)


def load_snapshot(home: Path) -> None:
    """Two variants of the sample reads, as if ClinVar knew them: what is said of them is invented."""
    download = home / "clinvar.vcf"
    download.write_text(
        "##fileformat=VCFv4.1\n##fileDate=2026-09-05\n##source=ClinVar\n"
        + "".join(f'##INFO=<ID={name},Number=.,Type=String,Description="x">\n' for name in ("CLNSIG", "CLNREVSTAT", "CLNDN"))
        + "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        + "20\t6298\t900000001\tT\tA\t.\t.\tCLNSIG=Benign;CLNREVSTAT=criteria_provided,_single_submitter\n"
        + "20\t6617\t900000002\tC\tA\t.\t.\tCLNSIG=Pathogenic;CLNREVSTAT=reviewed_by_expert_panel;CLNDN=An_invented_disease\n"
    )
    arguments = ["--reference", str(samples.REFERENCE), "--into", str(home / "snapshots")]
    subprocess.run([str(CASEPATH), "variants", "snapshot", str(download), *arguments], check=True, capture_output=True)


@pytest.fixture(scope="session")
def kafka(platform: Platform) -> Kafka:
    return platform.kafka
