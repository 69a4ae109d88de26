import mmap
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from chassis.drop_folder import DropFolder
from chassis.errors import Unavailable
from chassis.isolated import Crashed, Isolated
from chassis.quarantine import Quarantine, Remedy
from chassis.scratch import scratch

REMEDY = Remedy("Do this.", "Faites ceci.")


def test_a_file_is_handed_over_when_it_has_stopped_growing(tmp_path: Path) -> None:
    drop = DropFolder(tmp_path, lambda path: path.is_file(), quiet=2)
    file = tmp_path / "scan.svs"
    file.write_bytes(b"a")
    assert drop.scan(now=0) == []
    assert drop.scan(now=1.9) == []
    file.write_bytes(b"ab")
    assert drop.scan(now=2.1) == []
    assert drop.scan(now=4.2) == [file]


@pytest.mark.parametrize("name", [".hidden", "scan.partial", "scan.tmp"])
def test_a_file_that_its_sender_still_writes_is_not_looked_at(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    drop = DropFolder(tmp_path, lambda path: path.is_file(), quiet=0)
    assert drop.scan(now=0) == []


def test_what_is_set_aside_keeps_its_reason_in_both_languages_and_comes_back_whole(tmp_path: Path) -> None:
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    file = incoming / "scan.svs"
    file.write_bytes(b"pixels")
    quarantine = Quarantine(tmp_path / "quarantine")
    quarantine.hold("id", [file], "TRUNCATED", REMEDY, "detail")
    (held,) = quarantine.held()
    assert not file.exists()
    assert held.reason == "TRUNCATED"
    reason = (held.folder / "reason.json").read_text()
    assert "Do this." in reason
    assert "Faites ceci." in reason
    (held.folder / "scan.svs.json").write_text("{}")
    quarantine.release(held, incoming)
    assert file.read_bytes() == b"pixels"
    assert (incoming / "scan.svs.json").exists()
    assert quarantine.held() == []


def test_setting_aside_again_after_a_crash_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "scan.svs"
    file.write_bytes(b"pixels")
    quarantine = Quarantine(tmp_path / "quarantine")
    for _ in range(2):
        quarantine.hold("id", [file], "TRUNCATED", REMEDY, "")
    (held,) = quarantine.held()
    assert held.files[0].read_bytes() == b"pixels"


def die(_: int) -> int:
    os._exit(3)


def hang(_: int) -> None:
    threading.Event().wait()


def double(number: int) -> int:
    return number * 2


async def test_a_process_that_dies_takes_one_input_with_it() -> None:
    with Isolated() as isolated:
        with pytest.raises(Crashed):
            await isolated.run(die, 1, 30)
        assert await isolated.run(double, 2, 30) == 4


def die_once(began: Path) -> str:
    if not began.exists():
        began.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


async def test_an_input_is_not_blamed_for_a_process_that_died_once_for_lack_of_memory(tmp_path: Path) -> None:
    with Isolated() as isolated:
        assert await isolated.run(die_once, tmp_path / "began", 30) == "done"


def write_without_room(path: Path) -> None:
    """As on a full disk, the page that is written to has no place in the file."""
    with path.open("w+b") as file:
        file.truncate(mmap.PAGESIZE)
        with mmap.mmap(file.fileno(), mmap.PAGESIZE) as mapped:
            file.truncate(0)
            mapped[0] = 1


async def test_an_input_is_not_blamed_for_a_disk_without_room_for_a_mapped_file(tmp_path: Path) -> None:
    with Isolated() as isolated:
        with pytest.raises(Unavailable, match="is there room"):
            await isolated.run(write_without_room, tmp_path / "mapped", 30)
        assert await isolated.run(double, 2, 30) == 4


async def test_an_input_is_not_blamed_for_a_process_that_died_before_it() -> None:
    with Isolated() as isolated:
        os.kill(await isolated.living(), signal.SIGKILL)
        assert await isolated.run(double, 2, 30) == 4


async def test_work_that_does_not_end_is_ended() -> None:
    with Isolated() as isolated:
        with pytest.raises(Crashed, match="not done in"):
            await isolated.run(hang, 1, 0.2)
        assert await isolated.run(double, 2, 30) == 4


def own_process(_: int) -> int:
    return os.getpid()


async def test_another_process_takes_over_after_so_many_pieces_of_work() -> None:
    with Isolated(most=2) as isolated:
        processes = [await isolated.run(own_process, number, 30) for number in range(5)]
    first, second, third = processes[0], processes[2], processes[4]
    assert processes == [first, first, second, second, third]
    assert len({first, second, third}) == 3


def test_scratch_left_by_a_dead_process_is_removed_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    program = "import os, sys; from pathlib import Path; from chassis.scratch import scratch\n"
    program += "with scratch(Path(sys.argv[1]), 'test') as folder: print(folder, flush=True); os._exit(9)"
    killed = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    left = Path(killed.stdout.strip())
    assert left.exists()
    with scratch(tmp_path, "test") as mine:
        assert not left.exists()
        with scratch(tmp_path, "test") as other:
            assert mine.exists()
        assert not other.exists()
    assert not mine.exists()
