"""The services of a hospital as their `__main__` composes them, on a broker and stores in memory."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from filing_world import MemoryArchive
from memory_objects import MemoryObjects

import examples
from advice.patients import Patients
from audit.adapters.audit_events import MemoryAuditEvents
from audit.adapters.ledger import Ledger
from audit.recording import Recording
from casepath.cases.v1.cases_pb2 import Case
from casepath.topics import INTAKE_ORDER_PLACED, TOPICS
from cases.handlers import after
from chassis.access import Signer
from chassis.events import Event
from chassis.kafka import Kafka
from chassis.objects import Objects
from chassis.orders import ShelvedOrders
from chassis.worker import Backoff, Received, Route, Worker
from intake.identities import Identities
from records.adapters.fhir_server import MemoryFhirServer
from records.filing import Filing
from results.adapters.mllp_sender import MemorySender
from results.handlers import Parties
from results.sending import Sending
from simulation.broker import Broker, Member, MemberPublisher
from simulation.compute import NOWHERE, UncomputedScoring, calling
from simulation.faults import Faults, Killed, Process
from simulation.research import UncopiedReleasing
from simulation.stores import AskedArchive, AskedAuditEvents, AskedFhir, AskedSender

SIGNER = Signer.fresh()
PARTIES = Parties(("CASEPATH", "LAB"), ("HIS", "CHU"))
BACKOFF = Backoff(first=0.5, longest=40.0)
GRACE_SECONDS = 5.0
# What waits longer than this for something becomes a dead letter; longer than any fault lasts.
RETRY_SECONDS = 300.0
RESTART_SECONDS = 2.0


@dataclass(slots=True)
class World:
    """What outlives every process: the broker, what is stored, and what was told to others."""

    faults: Faults
    broker: Broker = field(default_factory=Broker)
    held: dict[str, bytes] = field(default_factory=dict)
    released: dict[str, bytes] = field(default_factory=dict)
    fhir: MemoryFhirServer = field(default_factory=MemoryFhirServer)
    archive: MemoryArchive = field(default_factory=MemoryArchive)
    sender: MemorySender = field(default_factory=MemorySender)
    audit_events: MemoryAuditEvents = field(default_factory=MemoryAuditEvents)
    table: dict[str, Case] = field(default_factory=dict)

    def clock(self) -> datetime:
        return examples.NOON.astimezone(UTC) + timedelta(days=1, seconds=asyncio.get_running_loop().time())


class Folding:
    """Cases' table. Faust keeps it by itself: a fold is one step here, and what Faust does is for trials on the real one."""

    def __init__(self, process: Process, table: dict[str, Case]) -> None:
        self.process = process
        self.table = table

    def routes(self) -> list[Route[Any]]:
        return [Route(topic, self.fold) for topic in TOPICS if "cases" in topic.consumers]

    async def fold(self, received: Received[Any]) -> Iterable[Event]:
        def folded() -> None:
            key = str(received.data.case_id)
            case = after(self.table.get(key), received.envelope, received.data)
            if case is not None:
                self.table[key] = case

        await self.process.asks(folded)
        return ()


def intake(_: Process, __: World, objects: Objects) -> list[Route[Any]]:
    return Identities(objects).routes()


def records(process: Process, world: World, objects: Objects) -> list[Route[Any]]:
    orders = ShelvedOrders(objects, "records", examples.NAMESPACE)
    return Filing(AskedFhir(process, world.fhir), AskedArchive(process, world.archive), objects, orders, NOWHERE).routes()


def results(process: Process, world: World, objects: Objects) -> list[Route[Any]]:
    orders = ShelvedOrders(objects, "results", examples.NAMESPACE)
    return Sending(objects, orders, AskedSender(process, world.sender), PARTIES).routes()


def cases(process: Process, world: World, _: Objects) -> list[Route[Any]]:
    return Folding(process, world.table).routes()


def audit(process: Process, world: World, objects: Objects) -> list[Route[Any]]:
    return Recording(Ledger(objects, SIGNER), AskedAuditEvents(process, world.audit_events)).routes()


def advice(_: Process, __: World, objects: Objects) -> list[Route[Any]]:
    return Patients(objects).routes()


def inference(process: Process, _: World, objects: Objects) -> list[Route[Any]]:
    return UncomputedScoring(process, objects).routes()


def sequencing(process: Process, _: World, objects: Objects) -> list[Route[Any]]:
    orders = ShelvedOrders(objects, "sequencing", examples.NAMESPACE)
    return [Route(INTAKE_ORDER_PLACED, orders.keep), *calling(process, objects, orders).routes()]


def deidentification(process: Process, world: World, objects: Objects) -> list[Route[Any]]:
    return UncopiedReleasing(objects, MemoryObjects(world.released, process.asks)).routes()


type Compose = Callable[[Process, World, Objects], list[Route[Any]]]

SERVICES: Mapping[str, Compose] = {
    one.__name__: one for one in (intake, records, results, cases, audit, advice, inference, sequencing, deidentification)
}


class Hospital:
    """Runs replicas of services, each again when it ends. `defects` is what none of them should ever say."""

    def __init__(self, world: World, replicas: Mapping[str, int]) -> None:
        self.world = world
        self.replicas = replicas
        self.defects: list[str] = []
        self.running: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        self.running = [
            asyncio.create_task(self.supervise(name, f"{name}-{number}"))
            for name, count in self.replicas.items()
            for number in range(count)
        ]

    async def supervise(self, service: str, name: str) -> None:
        while True:
            process = Process(name, self.world.faults)
            process.start(self.run(service, process))
            await asyncio.wait(process.tasks)
            await asyncio.sleep(RESTART_SECONDS)

    async def run(self, service: str, process: Process) -> None:
        routes = SERVICES[service](process, self.world, MemoryObjects(self.world.held, process.asks))
        worker = Worker(
            [Route(one.topic, one.handle, min(one.retry_for, RETRY_SECONDS), one.batch) for one in routes],
            MemberPublisher(process, self.world.broker),
            kafka=Kafka("-"),
            service=service,
            backoff=BACKOFF,
            grace=GRACE_SECONDS,
            consumer=Member(process, self.world.broker, service),
            clock=self.world.clock,
        )
        try:
            await worker.run(asyncio.Event())
        except Killed:
            return
        except Exception as error:  # noqa: BLE001 - told, and the run fails by it
            self.defects.append(f"{process.name} ended: {error!r}")

    async def end(self) -> None:
        for task in self.running:
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)
