"""The whole platform in one home folder: servers, topics, services."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

from chassis.backup.index import backup_of, place
from chassis.backup.restoring import restore
from chassis.errors import CasepathError, Misconfigured, Unavailable
from chassis.provision import apply, differences
from embedded.java import Tell
from embedded.ports import Ports
from embedded.programs import (
    SERVICES,
    Program,
    brokers,
    fhir,
    hospital,
    kafka,
    kafka_admin,
    kafka_passwords,
    orthanc,
    services,
    stores,
)
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

    def supervisor(self) -> psutil.Process | None:
        """The process that runs this platform, if it is alive and is the one that wrote the state."""
        try:
            state = self.state()
            process = psutil.Process(state["supervisor"])
            return process if abs(process.create_time() - state["since"]) < 2 else None
        except (psutil.NoSuchProcess, KeyError):
            return None

    def have_brokers(self, count: int) -> None:
        """Say of a new home how many brokers it is to have. Raise Misconfigured where it has others."""
        if (self.folder / "kafka" / "server.properties").exists():
            if brokers(self.folder) != count:
                raise Misconfigured(f"the cluster of this home has {brokers(self.folder)} brokers, which stays so")
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "brokers").write_text(f"{count}\n")

    def state(self) -> dict[str, Any]:
        """What the supervisor last said of itself; empty where there is none."""
        try:
            said = json.loads(self.state_file.read_text())
        except FileNotFoundError:
            return {}
        return dict(said)


async def servers(home: Path, ports: Ports, tell: Tell) -> list[Program]:
    """Kafka, Orthanc, HAPI FHIR and who takes results; what they need is fetched first."""

    def found() -> list[Program]:
        cluster = [kafka(home, ports, tell, node) for node in range(1, brokers(home) + 1)]
        return [*cluster, orthanc(home, ports), fhir(home, ports, tell), hospital(home, ports)]

    return await asyncio.to_thread(found)


async def run(home: Home, ports: Ports, backup: str = "") -> None:
    """Start all, from a backup where one is named, say so in the state file, and keep it running until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    since = psutil.Process().create_time()
    state: dict[str, object] = {"supervisor": os.getpid(), "since": since, "port_base": ports.base, "ready": False}

    def save() -> None:
        partial = home.state_file.with_suffix(".partial")
        partial.write_text(json.dumps({**state, "pids": supervisor.pids, "restarts": supervisor.restarts}))
        partial.replace(home.state_file)

    def tell(doing: str) -> None:
        state["doing"] = doing
        save()

    supervisor = Supervisor(home.folder, save)
    starting = asyncio.create_task(start(supervisor, home, ports, tell, backup))
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
        # A service needs the servers to finish what it holds.
        await supervisor.stop(*SERVICES)
        await supervisor.stop()


async def start(supervisor: Supervisor, home: Home, ports: Ports, tell: Tell, backup: str) -> None:
    tell("starting Kafka, Orthanc and HAPI FHIR")
    await supervisor.start(*await servers(home.folder, ports, tell), seconds=SERVERS_TIMEOUT)
    tell("creating topics, and who may read and write them")
    admin = kafka_admin(home.folder, ports)
    await apply(admin, await differences(admin, brokers(home.folder)), await asyncio.to_thread(kafka_passwords, home.folder))
    if backup:
        kept = place(backup)
        await restore(admin, stores(home.folder), kept, await backup_of(kept), lambda line: tell(f"restoring {line}"))
    tell("starting the services")
    await supervisor.start(*services(home.folder, ports, home.namespace()), seconds=SERVICES_TIMEOUT)
    tell("running")


def launch(home: Home, ports: Ports, tell: Tell, backup: str = "") -> None:
    """Start a platform in a process of its own, from a backup where one is named, and wait until it is ready.

    Raise Misconfigured when this home's platform runs already or a port is taken, Unavailable when it does not start.
    """
    if home.supervisor() is not None:
        raise Misconfigured(f"the platform in {home.folder} is running already: casepath down --home {home.folder} stops it")
    ports.check_free()
    home.folder.mkdir(parents=True, exist_ok=True)
    home.state_file.unlink(missing_ok=True)
    log = home.folder / "logs" / "platform.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "embedded", str(home.folder), str(ports.base), *([backup] if backup else [])]
    with log.open("ab") as output:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    try:
        wait_ready(home, process, log, tell)
    except BaseException:
        process.terminate()
        process.wait()
        raise


def wait_ready(home: Home, process: subprocess.Popen[bytes], log: Path, tell: Tell) -> None:
    """Wait for a supervisor that was just started, telling what it does. Raise what it says when it fails."""
    doing = ""
    while process.poll() is None:
        state = home.state()
        if "error" in state:
            raise Unavailable(str(state["error"]))
        if state.get("doing", doing) != doing:
            doing = state["doing"]
            tell(doing)
        if state.get("ready"):
            return
        time.sleep(0.2)
    raise Unavailable(str(home.state().get("error", f"the platform ended while it started; see {log}")))


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
