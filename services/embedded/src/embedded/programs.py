"""The programs of the embedded platform: what to run, and how to know that it is ready."""

import json
import shutil
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_bytes, token_urlsafe

from chassis.access import Signer
from chassis.accounts import account, save_accounts
from chassis.calls import Identity
from chassis.errors import Misconfigured
from chassis.kafka import MECHANISM, Kafka
from chassis.kafka_rights import OPERATOR, principals
from chassis.objects import Objects, digest
from embedded import samples
from embedded.certificates import Authority, private
from embedded.java import Tell, fhir_classpath, java, kafka_classpath
from embedded.ports import Ports

DICOMWEB_PLUGINS = (
    Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so"),
    Path("/usr/local/share/orthanc/plugins/libOrthancDicomWeb.so"),
)
QUIET_JAVA = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
# Of the broker's certificate, and of the one who administers it.
BROKER, ADMIN = "broker", "admin"
LISTENERS = {"CLIENT": "kafka", "INTERNAL": "kafka-internal", "CONTROLLER": "kafka-controller"}
SCRAM_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule"
CLUSTER_ID = "Y2FzZXBhdGgtZW1iZWRkZQ"
SERVICES = (
    "intake",
    "slides",
    "inference",
    "sequencing",
    "records",
    "cases",
    "portal",
    "advice",
    "results",
    "audit",
    "deidentification",
    "hub",
    "operations",
)
# Nobody waits for these while they look at a screen or for an acknowledgement.
BACKGROUND = ("inference", "sequencing", "records", "audit", "results", "deidentification", "hub", "operations")
LATER = 10
# Name, as it is printed, role, and units: LAB is whom the demonstration's orders are sent to.
DEMONSTRATION = (
    ("martin", "Dr Alix Martin", "pathologist", ("LAB",)),
    ("bernard", "Dr Noé Bernard", "pathologist", ("LAB",)),
    ("moreau", "Dr Camille Moreau", "pathologist", ("LAB-SUD",)),
    ("lefebvre", "Dr Maxime Lefebvre", "biologist", ("LAB",)),
    ("petit", "Lou Petit", "technician", ("LAB",)),
    ("robert", "Claude Robert", "model-publisher", ()),
    ("dubois", "Dr Sacha Dubois", "model-approver", ()),
    ("leroy", "Dominique Leroy", "researcher", ()),
    ("garnier", "Sam Garnier", "identity-manager", ()),
    ("fournier", "Andréa Fournier", "auditor", ()),
    ("roux", "Jo Roux", "operator", ()),
    ("girard", "Charlie Girard", "data-protection-officer", ()),
    ("bonnet", "Pr Morgan Bonnet", "scientific-committee", ()),
)
PROJECTS = {"demonstration": {"members": ["leroy"], "share": 1, "core_hours_a_week": 10}}
RELEASES = {
    "demonstration": {
        "contents": ["cases", "slides", "scores", "reports", "reviews", "pharmacogenomics", "variants"],
        "reference": "none: for demonstration, of made patients",
    }
}
PRESCRIBER = "https://prescriber.example"
REPOSITORY = Path(__file__).parents[4]


@dataclass(frozen=True, slots=True)
class Program:
    """One process. `ready` is a URL that answers 200, or host:port that accepts; `niceness` as nice(1) has it."""

    name: str
    argv: tuple[str, ...]
    ready: str
    env: dict[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    niceness: int = 0


def brokers(home: Path) -> int:
    """How many brokers the cluster of a home has; that is said when it is first started, and stays so."""
    file = home / "brokers"
    return int(file.read_text()) if file.exists() else 1


def numbered(name: str, node: int) -> str:
    """What a program or port of one node of the cluster is called."""
    return name if node == 1 else f"{name}-{node}"


def bootstrap(home: Path, ports: Ports, listener: str = "kafka") -> str:
    """Where the cluster of a home is reached."""
    return ",".join(f"127.0.0.1:{ports[numbered(listener, node)]}" for node in range(1, brokers(home) + 1))


def kafka(home: Path, ports: Ports, tell: Tell, node: int = 1) -> Program:
    """Apache Kafka, KRaft, a node that is both broker and controller. Nobody who has no password or certificate of this home
    gets anything of it.

    Clients prove themselves by SCRAM; the controller, the broker and who makes its topics and principals by certificate, on
    listeners of their own.
    """
    name, count, authority = numbered("kafka", node), brokers(home), authority_of(home)
    folder, replicas, in_sync = home / name, str(count), str(max(1, count - 1))
    at = {listener: f"127.0.0.1:{ports[numbered(port, node)]}" for listener, port in LISTENERS.items()}
    voters = (f"{one}@127.0.0.1:{ports[numbered('kafka-controller', one)]}" for one in range(1, count + 1))
    folder.mkdir(parents=True, exist_ok=True)
    properties = {
        "process.roles": "broker,controller",
        "node.id": str(node),
        "controller.quorum.voters": ",".join(voters),
        "controller.listener.names": "CONTROLLER",
        "listeners": ",".join(f"{listener}://{address}" for listener, address in at.items()),
        "advertised.listeners": ",".join(f"{listener}://{at[listener]}" for listener in ("CLIENT", "INTERNAL")),
        "listener.security.protocol.map": "CLIENT:SASL_SSL,INTERNAL:SSL,CONTROLLER:SSL",
        "inter.broker.listener.name": "INTERNAL",
        "sasl.enabled.mechanisms": MECHANISM,
        "listener.name.client.scram-sha-512.sasl.jaas.config": f"{SCRAM_MODULE} required;",
        "listener.name.internal.ssl.client.auth": "required",
        "listener.name.controller.ssl.client.auth": "required",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(authority.identity(BROKER)),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority.certificate),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:CN={BROKER};User:CN={ADMIN}",
        "log.dirs": str(folder / "logs"),
        "offsets.topic.num.partitions": "4",
        "offsets.topic.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        "transaction.state.log.num.partitions": "2",
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": in_sync,
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        "num.network.threads": "2",
        "num.io.threads": "2",
        "background.threads": "2",
        "log.cleaner.dedupe.buffer.size": "16777216",
        "log.segment.bytes": "67108864",
    }
    config = folder / "server.properties"
    config.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
    options = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", QUIET_JAVA)
    base = (java(), *options, "-cp", kafka_classpath(tell))
    format_ = (*base, "kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", CLUSTER_ID, "-c", str(config))
    return Program(
        name=name,
        argv=(base[0], "-Xmx256m", *base[1:], "kafka.Kafka", str(config)),
        before=format_,
        ready=at["CLIENT"],
    )


def authority_of(home: Path) -> Authority:
    """Who signs the certificates of this home: of the broker, and of each service and the operator by their names."""
    return Authority(home / "access" / "tls")


def operator_of(home: Path) -> Identity:
    """As whom an operator of this home calls services."""
    authority = authority_of(home)
    return Identity(authority.certificate, authority.identity(OPERATOR))


def kafka_admin(home: Path, ports: Ports) -> Kafka:
    """Who makes topics and principals."""
    authority = authority_of(home)
    return Kafka(bootstrap(home, ports, "kafka-internal"), authority.certificate, identity=authority.identity(ADMIN))


def kafka_passwords(home: Path) -> dict[str, str]:
    """Of every principal, each in a file of its own, made on first use."""
    found = {}
    for name in principals():
        file = kafka_password_file(home, name)
        if not file.exists():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            private(file, token_urlsafe(32).encode())
        found[name] = file.read_text()
    return found


def kafka_password_file(home: Path, principal: str) -> Path:
    return home / "access" / "kafka" / f"{principal}.password"


def orthanc(home: Path, ports: Ports) -> Program:
    """Orthanc with its DICOMweb plugin. Raise Misconfigured where it is not installed."""
    executable = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin:/usr/local/sbin")
    plugin = next((path for path in DICOMWEB_PLUGINS if path.exists()), None)
    if executable is None or plugin is None:
        raise Misconfigured("Orthanc is not installed: apt-get install orthanc orthanc-dicomweb")
    folder = home / "orthanc"
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "orthanc.json"
    settings = {
        "Name": "casepath",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "HttpPort": ports["orthanc"],
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": dict([archive_account(home)]),
        "DicomServerEnabled": False,
        "OverwriteInstances": False,
        "Plugins": [str(plugin)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    config.touch(mode=0o600)
    config.write_text(json.dumps(settings, indent=2))
    return Program("orthanc", (executable, str(config)), f"127.0.0.1:{ports['orthanc']}")


def archive_account(home: Path) -> tuple[str, str]:
    """Name and password by which Orthanc lets in; made on first use, with the header that services send."""
    file = archive_authorization(home)
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        private(file, b"Basic " + b64encode(f"casepath:{token_urlsafe(24)}".encode()))
    name, _, password = b64decode(file.read_text().removeprefix("Basic ")).decode().partition(":")
    return name, password


def archive_authorization(home: Path) -> Path:
    return home / "access" / "orthanc.authorization"


def fhir(home: Path, ports: Ports, tell: Tell) -> Program:
    """HAPI FHIR R4 over H2."""
    folder = home / "fhir"
    folder.mkdir(parents=True, exist_ok=True)
    argv = (
        java(),
        "-Xmx900m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        QUIET_JAVA,
        f"-Dcasepath.fhir.database={folder / 'database'}",
        f"-Dcasepath.fhir.port={ports['fhir']}",
        "-cp",
        fhir_classpath(tell),
        "FhirServer",
    )
    return Program("fhir", argv, f"http://127.0.0.1:{ports['fhir']}/fhir/metadata", niceness=LATER)


def hospital(home: Path, ports: Ports) -> Program:
    """The hospital's system, as far as it takes results: what it takes lies in a folder."""
    argv = (sys.executable, "-m", "embedded.hospital_system", str(ports["his"]), str(home / "hospital"))
    return Program("hospital", argv, f"127.0.0.1:{ports['his']}")


def services(home: Path, ports: Ports, namespace: str) -> list[Program]:
    """casepath's own services, on the embedded servers."""
    access(home)
    authority = authority_of(home)
    authority.identity(OPERATOR)
    shared = {
        "CASEPATH_KAFKA": bootstrap(home, ports),
        "CASEPATH_REPLICATION": str(brokers(home)),
        "CASEPATH_KAFKA_CA": str(authority.certificate),
        "CASEPATH_TLS_CA": str(authority.certificate),
        "CASEPATH_OBJECTS": f"file://{home / 'objects'}",
        "CASEPATH_KEYS": f"file://{keys(home)}",
        "CASEPATH_NAMESPACE": namespace,
        "CASEPATH_WORK_FOLDER": str(home / "work"),
        "CASEPATH_MLLP_PORT": str(ports["mllp"]),
        "CASEPATH_FHIR_IN_ADDRESS": f"127.0.0.1:{ports['fhir-in']}",
        "CASEPATH_SLIDE_FOLDER": str(home / "scanner"),
        "CASEPATH_READS_FOLDER": str(home / "sequencer"),
        "CASEPATH_REFERENCES": str(references(home)),
        "CASEPATH_INDEXES": str(home / "indexes"),
        "CASEPATH_SNAPSHOTS": str(home / "snapshots"),
        "CASEPATH_REFERENCE": samples.REFERENCE_NAME,
        "CASEPATH_ACCESS_KEYS": str(home / "access" / "keys.json"),
        "CASEPATH_SIGNING_KEY": str(home / "access" / "signing-key.pem"),
        "CASEPATH_AUDIT_KEY": str(home / "access" / "audit-key.pem"),
        "CASEPATH_ACCOUNTS": str(home / "access" / "accounts.json"),
        "CASEPATH_SLIDES_ADDRESS": f"127.0.0.1:{ports['slides']}",
        "CASEPATH_DICOMWEB_ADDRESS": f"127.0.0.1:{ports['dicomweb']}",
        "CASEPATH_SLIDES_DICOMWEB": f"http://127.0.0.1:{ports['dicomweb']}/dicomweb",
        "CASEPATH_DICOM_ADDRESS": f"127.0.0.1:{ports['dicom']}",
        "CASEPATH_DICOM_CALLING": "SCANNER",
        "CASEPATH_PORTAL_ADDRESS": f"127.0.0.1:{ports['portal']}",
        "CASEPATH_PROJECTS": str(home / "access" / "projects.json"),
        "CASEPATH_WORKFLOWS": "if-possible",
        "CASEPATH_RUNS_ADDRESS": f"127.0.0.1:{ports['runs']}",
        "CASEPATH_STUDIES_ADDRESS": f"127.0.0.1:{ports['studies']}",
        "CASEPATH_STUDY_IMAGES_ADDRESS": f"127.0.0.1:{ports['study-images']}",
        "CASEPATH_STUDY_IMAGES": f"http://127.0.0.1:{ports['study-images']}",
        "CASEPATH_OPERATIONS_ADDRESS": f"127.0.0.1:{ports['operations']}",
        "CASEPATH_WES_ADDRESS": f"127.0.0.1:{ports['wes']}",
        "CASEPATH_ADVICE_ADDRESS": f"127.0.0.1:{ports['advice']}",
        "CASEPATH_ADVICE_URL": f"http://127.0.0.1:{ports['advice']}",
        "CASEPATH_ADVICE_CLIENTS": str(home / "access" / "prescribers.json"),
        "CASEPATH_RELEASES": str(home / "access" / "releases.json"),
        "CASEPATH_RELEASED_OBJECTS": f"file://{home / 'released'}",
        "CASEPATH_HOSPITAL": "demonstration",
        "CASEPATH_RESULTS_ADDRESS": f"127.0.0.1:{ports['his']}",
        "CASEPATH_PORTAL_URL": f"http://127.0.0.1:{ports['portal']}",
        "CASEPATH_RECORD_LINK": f"http://127.0.0.1:{ports['fhir']}/fhir/{{kind}}/{{identifier}}",
        "CASEPATH_BUNDLE": str(REPOSITORY / "services/inference/models/camelyon16-tile-demo"),
        "CASEPATH_EVALUATION_TILES": str(REPOSITORY / "services/inference/training/tiles"),
        "CASEPATH_MODEL_KEYS": str(home / "access" / "model-keys"),
        "CASEPATH_INFERENCE_ADDRESS": f"127.0.0.1:{ports['inference']}",
        "CASEPATH_CASES_ADDRESS": f"127.0.0.1:{ports['cases']}",
        "CASEPATH_CASES_DATABASE": str(home / "cases.sqlite"),
        "CASEPATH_LEDGER_ADDRESS": f"127.0.0.1:{ports['ledger']}",
        "CASEPATH_LEDGER_DATABASE": str(home / "ledger.sqlite"),
        "CASEPATH_DICOMWEB": f"http://127.0.0.1:{ports['orthanc']}/dicom-web",
        "CASEPATH_DICOMWEB_AUTHORIZATION": str(archive_authorization(home)),
        "CASEPATH_FHIR_CREATION": "version-0",
        "CASEPATH_FHIR": f"http://127.0.0.1:{ports['fhir']}/fhir",
    }
    return [
        Program(
            name=name,
            argv=(sys.executable, "-m", name),
            ready=f"http://127.0.0.1:{ports[f'health-{name}']}/readyz",
            env={
                **shared,
                "CASEPATH_KAFKA_USER": name,
                "CASEPATH_KAFKA_PASSWORD_FILE": str(kafka_password_file(home, name)),
                "CASEPATH_TLS_IDENTITY": str(authority.identity(name)),
                "CASEPATH_HEALTH_PORT": str(ports[f"health-{name}"]),
                **(region(home) if name == "hub" else {}),
            },
            niceness=LATER if name in BACKGROUND else 0,
        )
        for name in SERVICES
    ]


def stores(home: Path) -> dict[str, Objects]:
    """A hospital's object stores and the hub's, by the names that a backup has for them."""
    return {name: Objects.at(f"file://{home / name}") for name in ("objects", "released", "hub")}


def region(home: Path) -> dict[str, str]:
    """The hub's own store and catalog: elsewhere it is another place's."""
    folder = home / "hub"
    folder.mkdir(exist_ok=True)
    return {
        "CASEPATH_OBJECTS": f"file://{folder}",
        "CASEPATH_CATALOG": f"sqlite:///{folder / 'catalog.sqlite'}",
        "CASEPATH_SNAPSHOT_SECONDS": "10",
    }


def access(home: Path) -> Path:
    """Whose word counts: the portal's signing key and audit's, their public halves for others, and accounts for demonstration.

    A prescribing system's key and a project of research besides, for demonstration. Made on first use. The accounts' passwords
    are in the folder too, for its owner alone to read.
    """
    folder = home / "access"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "model-keys").mkdir(exist_ok=True)
    own_key(folder / "signing-key.pem", folder / "keys.json")
    own_key(folder / "audit-key.pem", folder / "audit-keys.json")
    own_key(
        folder / "prescriber-key.pem",
        folder / "prescribers.json",
        lambda keys: json.dumps({PRESCRIBER: json.loads(keys)}, indent=2) + "\n",
    )
    releases = folder / "releases.json"
    if not releases.exists():
        keyed = {name: {**one, "key": b64encode(token_bytes(32)).decode()} for name, one in RELEASES.items()}
        private(releases, json.dumps(keyed, indent=2).encode() + b"\n")
    if not (folder / "projects.json").exists():
        (folder / "projects.json").write_text(json.dumps(PROJECTS, indent=2) + "\n")
    if not (folder / "accounts.json").exists():
        passwords = {name: token_urlsafe(9) for name, *_ in DEMONSTRATION}
        kept = folder / "passwords.txt"
        kept.touch(mode=0o600)
        kept.write_text("".join(f"{name} {password}\n" for name, password in passwords.items()))
        accounts = [account(name, full, [role], passwords[name], units) for name, full, role, units in DEMONSTRATION]
        save_accounts(folder / "accounts.json", accounts)
    return folder


def keys(home: Path) -> Path:
    """The keys of this home's cases and patients, for its owner alone to read."""
    folder = home / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def own_key(file: Path, public: Path, told: Callable[[str], str] = str) -> None:
    """A signing key, for its owner alone to read, and a file that tells others its public half. Made on first use."""
    if file.exists():
        return
    signer = Signer.fresh()
    public.write_text(told(signer.public_keys()))
    file.touch(mode=0o600)
    file.write_bytes(signer.pem())


def references(home: Path) -> Path:
    """Declares the sample reference, unless this home's file declares others already."""
    file = home / "references.json"
    before = json.dumps({samples.REFERENCE_NAME: str(samples.REFERENCE)}, indent=2) + "\n"
    if not file.exists() or file.read_text() == before:
        sample = {"fasta": str(samples.REFERENCE), "sha256": digest(samples.REFERENCE)[0]}
        file.write_text(json.dumps({samples.REFERENCE_NAME: sample}, indent=2) + "\n")
    return file
