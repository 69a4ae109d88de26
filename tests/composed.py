"""A platform whose programs a test changes before it starts them: another version of them, another setting."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from chassis.provision import apply, differences
from conftest import Platform, free_ports, load_snapshot
from embedded.platform import Home, servers
from embedded.programs import SERVICES, Program, kafka_admin, kafka_passwords, services
from embedded.supervisor import Supervisor
from span_collector import collecting

SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Composed:
    """Servers that run, with topics and rights; and the services as `casepath up` would start them, of which none runs yet."""

    platform: Platform
    supervisor: Supervisor
    services: list[Program]

    async def start(self, *programs: Program) -> None:
        await self.supervisor.start(*programs, seconds=SECONDS)


@asynccontextmanager
async def composed(folder: Path) -> AsyncIterator[Composed]:
    home, ports = Home(folder), free_ports()
    folder.mkdir(exist_ok=True)
    load_snapshot(folder)
    supervisor = Supervisor(folder)
    with collecting() as spans:
        try:
            await supervisor.start(*await servers(folder, ports, print), seconds=SECONDS)
            admin = kafka_admin(folder, ports)
            await apply(admin, await differences(admin), kafka_passwords(folder))
            yield Composed(Platform(home, ports, spans), supervisor, services(folder, ports, home.namespace()))
        finally:
            await supervisor.stop(*SERVICES)
            await supervisor.stop()
