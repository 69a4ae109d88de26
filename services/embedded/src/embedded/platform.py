"""The whole platform in one home folder: servers, topics, services."""

import asyncio
import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psutil

from chassis.errors import CasepathError, Misconfigured, Unavailable
from chassis.provision import provision
from embedded.java import Tell
from embedded.ports import Ports
from embedded.programs import Program, fhir, kafka, orthanc, services
from embedded.supervisor import Supervisor

SERVERS_TIMEOUT = 180.0
SERVICES_TIMEOUT = 120.0


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds everything of one platform."""

    folder: Path

    @property
    def state_file(self) -> Path:
        return self.folder / "state.json"

    @property
    def scanner(self) -> Path:
        """Where the slide scanner drops files."""
        return self.folder / "scanner"

    @property
    def sequencer(self) -> Path:
        """Where the sequencer drops reads."""
        return self.folder / "sequencer"

    def namespace(self) -> str:
        """This deployment's secret, made on first use and kept."""
        file = self.folder / "namespace"
        if not file.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(str(uuid4()))
        return file.read_text()

    def references(self, declared: dict[str, Path]) -> None:
        """Declare the references that sequencing may use."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "references.json").write_text(json.dumps({name: str(path) for name, path in declared.items()}))

    def supervisor(self) -> psutil.Process | None:
        """The process that runs this platform, if it is alive and is the one that wrote the state."""
        try:
            state = json.loads(self.state_file.read_text())
            process = psutil.Process(state["supervisor"])
            return process if abs(process.create_time() - state["since"]) < 2 else None
        except (FileNotFoundError, psutil.NoSuchProcess, json.JSONDecodeError, KeyError):
            return None


async def servers(home: Path, ports: Ports, tell: Tell) -> list[Program]:
    """Kafka, Orthanc and HAPI FHIR; what they need is fetched first."""
    return await asyncio.to_thread(lambda: [kafka(home, ports, tell), orthanc(home, ports), fhir(home, ports, tell)])


async def run(home: Home, ports: Ports, tell: Tell) -> None:
    """Start all, say so in the state file, and keep it running until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    since = psutil.Process().create_time()
    state: dict[str, object] = {"supervisor": os.getpid(), "since": since, "port_base": ports.base, "ready": False}

    def save() -> None:
        partial = home.state_file.with_suffix(".partial")
        partial.write_text(json.dumps({**state, "pids": supervisor.pids, "restarts": supervisor.restarts}))
        partial.replace(home.state_file)

    supervisor = Supervisor(home.folder, save)
    save()
    starting = asyncio.create_task(start(supervisor, home, ports, tell))
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            state["ready"] = True
            save()
            await stop.wait()
    except CasepathError as error:
        state["error"] = str(error)
        save()
    finally:
        starting.cancel()
        await supervisor.stop()


async def start(supervisor: Supervisor, home: Home, ports: Ports, tell: Tell) -> None:
    tell("starting Kafka, Orthanc and HAPI FHIR")
    await supervisor.start(*await servers(home.folder, ports, tell), seconds=SERVERS_TIMEOUT)
    created = await provision(f"127.0.0.1:{ports['kafka']}")
    tell(f"topics: {len(created)} created")
    tell("starting the services")
    await supervisor.start(*services(home.folder, ports, home.namespace()), seconds=SERVICES_TIMEOUT)


def wait_ready(home: Home, timeout: float) -> None:
    """Wait for a supervisor that was just started. Raise what it says when it fails."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if home.state_file.exists():
            state = json.loads(home.state_file.read_text())
            if state.get("ready"):
                return
            if "error" in state:
                raise Unavailable(str(state["error"]))
        time.sleep(0.3)
    raise Unavailable(f"the platform is not ready after {timeout:.0f} s; see {home.folder / 'logs'}")


def halt(home: Home) -> bool:
    """Stop the platform of this home; return whether one was running."""
    process = home.supervisor()
    if process is None:
        return False
    process.terminate()
    try:
        process.wait(timeout=60)
    except psutil.TimeoutExpired as error:
        raise Misconfigured(f"the platform (process {process.pid}) does not stop; kill it") from error
    home.state_file.unlink(missing_ok=True)
    return True
