import asyncio
from pathlib import Path

import pytest

from chassis.proofs import Proofs
from chassis.settings import Settings
from portal.settings import PortalSettings

QUICK = 0.005


def running(files: list[Path]) -> tuple["asyncio.Task[None]", asyncio.Event]:
    stop = asyncio.Event()
    return asyncio.create_task(Proofs(files, spread=0, every=QUICK).run(stop)), stop


async def test_a_file_that_is_renewed_ends_the_process(tmp_path: Path) -> None:
    own, ca = tmp_path / "own.pem", tmp_path / "ca.pem"
    own.write_text("first")
    ca.write_text("authority")
    watch, _ = running([own, ca])
    partial = tmp_path / "partial"
    partial.write_text("second")
    partial.replace(own)
    await asyncio.wait_for(watch, 10)


async def test_files_that_stay_or_are_written_again_as_they_were_do_not(tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    own.write_text("first")
    proofs = Proofs([own, tmp_path / "away"], spread=0)
    own.write_text("first")
    assert proofs.renewed() == []
    own.unlink()
    assert proofs.renewed() == []
    own.write_text("second")
    assert proofs.renewed() == [own]


async def test_a_stop_ends_the_watch_also_while_it_waits_for_its_turn(tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    own.write_text("first")
    stop = asyncio.Event()
    watch = asyncio.create_task(Proofs([own], spread=3600, every=QUICK).run(stop))
    own.write_text("second")
    stop.set()
    await asyncio.wait_for(watch, 10)


def test_settings_name_what_is_read_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TLS_IDENTITY", "SIGNING_KEY"):
        file = tmp_path / f"{name.lower()}.pem"
        file.write_text(name)
        monkeypatch.setenv(f"CASEPATH_{name}", str(file))
    monkeypatch.setenv("CASEPATH_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("CASEPATH_OBJECTS", "file:///tmp/objects")
    monkeypatch.setenv("CASEPATH_NAMESPACE", "7c9b1d3a-0f43-4f0e-9f57-7a1f6a4a9b11")
    monkeypatch.setenv("CASEPATH_SLIDES_DICOMWEB", "http://127.0.0.1:1/dicomweb")
    assert [file.name for file in PortalSettings().proofs] == ["tls_identity.pem", "signing_key.pem"]
    assert [file.name for file in Settings().proofs] == ["tls_identity.pem"]
