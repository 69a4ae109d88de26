"""What a machine can refuse its programs: memory, room on a disk, a network, and the time. Most of it needs root on Linux."""

import os
import shutil
import struct
import subprocess
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path

import psutil

from embedded.supervisor import LAUNCHER

MEMORY = Path("/sys/fs/cgroup/memory")
PROGRAMS = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
NUMBERS = count()
APART, OWN_CLOCK = Path(__file__).with_name("apart.sh"), Path(__file__).with_name("own_clock.c")
# Of the first program; nobody else has such a group.
GROUPS = 46_000


@dataclass(frozen=True, slots=True)
class Side:
    """Programs that reach each other: by their groups, and by the ports on which they listen."""

    groups: Collection[int]
    ports: Collection[int]


def lacking() -> list[str]:
    """What of a machine's means is not here, and how it is had."""
    found = [] if os.geteuid() == 0 else ["root, to mount, to limit memory and to drop packets"]
    if not (MEMORY / "memory.limit_in_bytes").exists():
        found.append("the memory controller of cgroup v1 at /sys/fs/cgroup/memory")
    if shutil.which("nft", path=PROGRAMS) is None:
        found.append("nft: apt-get install nftables")
    if shutil.which("setpriv", path=PROGRAMS) is None:
        found.append("setpriv: apt-get install util-linux")
    if shutil.which("cc") is None:
        found.append("a C compiler: apt-get install gcc libc6-dev")
    return found


@contextmanager
def disk(folder: Path, size: str) -> Iterator[None]:
    """A disk of so much room, mounted at a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield
    finally:
        run("umount", "--lazy", str(folder))


@contextmanager
def full(folder: Path, size: str) -> Iterator[None]:
    """A disk has no room beyond what is on it, and then as much as before."""
    while True:
        room = os.statvfs(folder)
        try:
            sized(folder, str((room.f_blocks - room.f_bfree) * room.f_frsize))
            break
        except subprocess.CalledProcessError:
            # More was written meanwhile.
            continue
    try:
        yield
    finally:
        sized(folder, size)


def sized(folder: Path, size: str) -> None:
    run("mount", "-o", f"remount,size={size}", str(folder))


@contextmanager
def no_more_memory(pid: int, beyond: int) -> Iterator[None]:
    """A process gets so many bytes more, and is killed when it asks for others."""
    group = MEMORY / f"casepath-chaos-{os.getpid()}-{next(NUMBERS)}"
    before = MEMORY / Path(of_memory(pid)).relative_to("/")
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(str(beyond))
        with suppress(ProcessLookupError):
            (group / "cgroup.procs").write_text(str(pid))
        yield
    finally:
        for one in (group / "cgroup.procs").read_text().split():
            with suppress(ProcessLookupError):
                (before / "cgroup.procs").write_text(one)
        group.rmdir()


def of_memory(pid: int) -> str:
    """The group of a process; that of all where it has just ended."""
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    except FileNotFoundError:
        return "/"
    return next((path for _, kinds, path in (line.split(":", 2) for line in lines) if "memory" in kinds.split(",")), "/")


@contextmanager
def dropping(ports: Collection[int], *, answers_alone: bool) -> Iterator[None]:
    """What is sent to these ports of this machine is lost, and what is sent from them; or what is sent from them alone."""
    with lost(f"tcp sport {listed(ports)}", *([] if answers_alone else [f"tcp dport {listed(ports)}"])):
        yield


@contextmanager
def parted(one: Side, other: Side) -> Iterator[None]:
    """Nothing that the programs of one side send to the ports of the other arrives, and nothing of the other at its own."""
    ways = ((one, other), (other, one))
    with lost(*(f"meta skgid {listed(a.groups)} tcp dport {listed(b.ports)}" for a, b in ways if b.ports)):
        yield


@contextmanager
def lost(*matches: str) -> Iterator[None]:
    """What a machine sends to itself is lost where it matches one of these (nft(8))."""
    table = f"casepath_chaos_{next(NUMBERS)}"
    nft(f"add table inet {table}")
    try:
        nft(f"add chain inet {table} out {{ type filter hook output priority 0 ; }}")
        for match in matches:
            nft(f"add rule inet {table} out {match} drop")
        yield
    finally:
        nft(f"delete table inet {table}")


def listed(numbers: Collection[int]) -> str:
    return f"{{ {', '.join(map(str, sorted(numbers)))} }}"


def listening(pid: int) -> set[int]:
    """On which ports a program listens, and those that it started; none where it has ended."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return {
            found.laddr.port
            for one in [process, *process.children(recursive=True)]
            for found in one.net_connections("tcp")
            if found.status == psutil.CONN_LISTEN
        }
    return set()


@contextmanager
def told_apart(folder: Path, programs: Sequence[str], groups: bool = True) -> Iterator[None]:
    """Each of these programs, as a platform starts it from now on, has a clock of its own, and a group (which needs root)."""
    folder.mkdir()
    for number, name in enumerate(programs, start=GROUPS):
        (folder / f"{name}.clock").write_bytes(bytes(8))
        if groups:
            (folder / f"{name}.group").write_text(str(number))
    library = folder.with_suffix(".so")
    run("cc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(library), str(OWN_CLOCK))
    own = {LAUNCHER: str(APART), "CHAOS_PRELOAD": str(library), "CHAOS_APART": str(folder)}
    os.environ.update(own)
    try:
        yield
    finally:
        for name in own:
            del os.environ[name]


def group_of(apart: Path, program: str) -> int:
    return int((apart / f"{program}.group").read_text())


@contextmanager
def misdated(apart: Path, program: str, ahead: timedelta) -> Iterator[None]:
    """A program's clock is ahead by so much, or behind."""
    clock = apart / f"{program}.clock"
    set_ahead(clock, ahead)
    try:
        yield
    finally:
        set_ahead(clock, timedelta())


def set_ahead(clock: Path, ahead: timedelta) -> None:
    with clock.open("r+b", buffering=0) as file:
        file.write(struct.pack("q", int(ahead.total_seconds())))


def nft(command: str) -> None:
    run("nft", command)


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PATH": PROGRAMS})
