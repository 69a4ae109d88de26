"""From an older version to this one and back, service by service, while a hospital sends: nothing lost, nothing twice."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from upgrade.older import commit, has, installed

from chaos.trial import told
from composed import SECONDS, composed
from conftest import Platform
from e2e.conftest import begin, every_stage_is_done, incomplete, new_visit, once
from e2e.test_reconcile import archives, rows
from embedded.hospital import Visit
from embedded.programs import SERVICES, Program
from embedded.reading_back import archived
from embedded.supervisor import Supervisor

BETWEEN_ORDERS = 2.0


@asynccontextmanager
async def ordering(platform: Platform) -> AsyncIterator[list[Visit]]:
    """Orders, one after the other, each told until it is acknowledged."""
    visits: list[Visit] = []

    async def order() -> None:
        while True:
            visit = new_visit(platform)
            await told(platform, visit.registration())
            await told(platform, visit.order())
            visits.append(visit)
            await asyncio.sleep(BETWEEN_ORDERS)

    sending = asyncio.create_task(order())
    try:
        yield visits
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


def of_version(programs: list[Program], python: Path) -> list[Program]:
    return [replace(one, argv=(str(python), *one.argv[1:])) for one in programs if has(python, one.name)]


async def replaced(supervisor: Supervisor, programs: list[Program]) -> None:
    """A rolling upgrade, or the way back: each service ends politely before its other version starts, and those that the other
    version does not have end."""
    gone = (supervisor.tasks.keys() & set(SERVICES)) - {one.name for one in programs}
    if gone:
        await supervisor.stop(*gone)
    for one in programs:
        await supervisor.stop(one.name)
        await supervisor.start(one, seconds=SECONDS)


def begun_by(python: Path, home: Path) -> Path:
    """A home whose accounts, keys and projects of research a version of casepath declared."""
    home.mkdir()
    declare = "import pathlib, sys; from embedded.programs import access; access(pathlib.Path(sys.argv[1]))"
    subprocess.run([python, "-c", declare, home], check=True)
    return home


async def done(platform: Platform, visit: Visit) -> list[str]:
    """What the record of a visit lacks or has otherwise, once every stage is done."""
    case = await once(platform, visit, every_stage_is_done)
    return incomplete(case, await archived(case, platform.home.folder, platform.ports))


async def test_services_are_upgraded_and_rolled_back_while_orders_come(tmp_path: Path) -> None:
    older = installed(commit())
    async with composed(begun_by(older, tmp_path / "home")) as hospital:
        platform, supervisor, these = hospital.platform, hospital.supervisor, hospital.services
        those = of_version(these, older)
        await hospital.start(*those)
        before, during, after, last = (new_visit(platform) for _ in range(4))
        await begin(platform, before)
        assert await done(platform, before) == []
        async with ordering(platform) as visits:
            await begin(platform, during)
            await replaced(supervisor, these)
            await begin(platform, after)
            assert await done(platform, during) == []
            await replaced(supervisor, those)
            assert await done(platform, after) == []
            await begin(platform, last)
            assert await done(platform, last) == []
        assert len(visits) > len(these)
        for visit in visits:
            await once(platform, visit, lambda case: any(entry.kind == "ServiceRequest" for entry in case.filed))
        balanced = await asyncio.to_thread(platform.casepath, "reconcile", *archives(platform))
        assert balanced.returncode == 0, balanced.stdout + balanced.stderr
        assert rows(balanced.stdout)["intake.order.placed.v1"][1] == len(visits) + 4
        letters = await asyncio.to_thread(platform.casepath, "dlq", "list")
        assert "no dead letter waits" in letters.stdout
