"""A platform made anew from a backup that was taken while it worked, and from keys and certificates that were kept apart."""

import re
import shutil
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import httpx

from casepath.cases.v1.cases_pb2 import Case
from conftest import Platform, running_platform
from e2e.conftest import Done, enter, every_stage_is_done, new_visit, once
from e2e.test_reconcile import archives, rows
from embedded.hospital import send
from embedded.reading_back import archived
from hub.adapters.warehouse import Warehouse
from waiting import eventually, eventually_async


def back_up(platform: Platform, place: Path) -> str:
    """Take one; return what the command told."""
    stores = [f"--{name}=file://{platform.home.folder / name}" for name in ("released", "hub")]
    taken = platform.casepath("backup", "take", str(place), *platform.administered, *stores)
    assert taken.returncode == 0, taken.stderr
    return taken.stderr


def kept_apart(platform: Platform, home: Path) -> None:
    """What is no part of a backup: who this platform is, whom it trusts, and the keys."""
    shutil.copytree(platform.home.folder / "access", home / "access")
    shutil.copy(platform.home.folder / "namespace", home / "namespace")
    (home / "keys").mkdir(mode=0o700)
    for file in (platform.home.folder / "keys").glob("*.sqlite"):
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(home / "keys" / file.name)) as copy:
            source.backup(copy)


def leroy_at(platform: Platform) -> httpx.AsyncClient:
    base = f"http://127.0.0.1:{platform.ports['portal']}"
    return httpx.AsyncClient(base_url=base, headers={"Origin": base}, timeout=60, follow_redirects=True)


async def asked_for_study(platform: Platform) -> str:
    """Its address."""
    async with leroy_at(platform) as client:
        await enter(client, platform, "leroy")
        asked = await client.post(
            "/studies",
            data={
                "title": "What a backup keeps",
                "purpose": "Whether a study is there after everything else is lost.",
                "reference": "MR-004 no. 2026-118",
                "project": "demonstration",
                "until": (date.today() + timedelta(days=90)).isoformat(),
                "reason-measurement": "Diplotypes are there.",
            },
        )
        assert asked.status_code == 200, asked.text
        return asked.url.path


async def test_what_was_acknowledged_before_a_backup_is_all_there_after_everything_else_is_lost(
    platform: Platform, done: Done, tmp_path: Path
) -> None:
    place, home = tmp_path / "backup", tmp_path / "restored"
    await eventually(Warehouse(*platform.hub).projects, 60)
    study = await asked_for_study(platform)
    back_up(platform, place)
    visit = new_visit(platform)
    await send(platform.ports["mllp"], [visit.registration(), visit.order()])
    told = back_up(platform, place)
    new = re.search(r"(\d+) records, (\d+) new", told)
    assert new is not None
    assert int(new[1]) > int(new[2]) > 0
    assert platform.casepath("backup", "check", str(place)).stdout.endswith(f"{new[1]} records, sound\n")
    # Tables that the hub makes anew would still have rows of who withdraws later.
    assert not [path for path in (place / "objects" / "hub").rglob("*") if "warehouse" in path.parts or "sqlite" in path.name]
    kept_apart(platform, home)
    with running_platform(home, platform.spans, "--restore", str(place)) as again:
        await once(again, visit, lambda case: bool(case.order.case_id))
        case = await once(again, done.visit, every_stage_is_done)
        repaired = again.casepath("reconcile", "--repair", *archives(again))
        assert repaired.returncode == 0, repaired.stdout + repaired.stderr
        assert all(missing == 0 for *_, missing in rows(repaired.stdout).values())

        async def is_whole() -> bool:
            return await unlike(platform, again, case) == []

        await eventually_async(is_whole, 120)
        async with leroy_at(again) as client:
            await enter(client, again, "leroy")
            assert "What a backup keeps" in (await client.get(study)).text
        await eventually(lambda: persons(again) == persons(platform), 120)
        ledger = again.casepath("audit", "verify")
        assert ledger.returncode == 0, ledger.stdout + ledger.stderr
        before = again.casepath("case", "show", visit.case_id, "--json").stdout
        await send(again.ports["mllp"], [visit.registration(), visit.order()])
        await once(again, visit, lambda case: any(entry.kind == "ServiceRequest" for entry in case.filed))
        assert again.casepath("case", "show", visit.case_id, "--json").stdout == before


async def unlike(lost: Platform, again: Platform, case: Case) -> list[str]:
    """What the archives of the one have of a case, and those of the other do not."""
    had = await archived(case, lost.home.folder, lost.ports)
    has = await archived(case, again.home.folder, again.ports)
    resources = [f"{kind}/{identifier}" for kind, identifier in had.resources.keys() ^ has.resources.keys()]
    return resources + [uid for uid, _ in had.instances.items() ^ has.instances.items()]


def persons(platform: Platform) -> set[str]:
    """Of whom the hub's newest snapshot has rows."""
    tables = Warehouse(*platform.hub)
    if not tables.snapshots():
        return set()
    with tables.snapshot() as database:
        return {one for (one,) in database.execute("select person_source_value from person").fetchall()}
