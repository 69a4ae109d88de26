"""What a machine can refuse its programs: memory, room on a disk, a network, and the time. Most of it needs root on Linux."""

import os
import shutil
import struct
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import count
from pathlib import Path

from embedded.supervisor import LAUNCHER

MEMORY = Path("/sys/fs/cgroup/memory")
BALLAST = "ballast"
PROGRAMS = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
NUMBERS = count()
OWN_CLOCK = Path(__file__).with_name("own_clock.sh")


def lacking() -> list[str]:
    """What of a machine's means is not here, and how it is had."""
    found = [] if os.geteuid() == 0 else ["root, to mount, to limit memory and to drop packets"]
    if not (MEMORY / "memory.limit_in_bytes").exists():
        found.append("the memory controller of cgroup v1 at /sys/fs/cgroup/memory")
    if shutil.which("nft", path=PROGRAMS) is None:
        found.append("nft: apt-get install nftables")
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
def full(folder: Path) -> Iterator[None]:
    """The disk of a folder has no room."""
    file = folder / f"{BALLAST}-{next(NUMBERS)}"
    with file.open("wb") as ballast, suppress(OSError):
        room = os.statvfs(folder)
        os.posix_fallocate(ballast.fileno(), 0, max(1, room.f_bavail * room.f_frsize))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


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
def dropping(ports: Sequence[int], *, answers_alone: bool) -> Iterator[None]:
    """What is sent to these ports of this machine is lost, and what is sent from them; or what is sent from them alone."""
    table, listed = f"casepath_chaos_{next(NUMBERS)}", ", ".join(map(str, ports))
    nft(f"add table inet {table}")
    try:
        nft(f"add chain inet {table} out {{ type filter hook output priority 0 ; }}")
        nft(f"add rule inet {table} out tcp sport {{ {listed} }} drop")
        if not answers_alone:
            nft(f"add rule inet {table} out tcp dport {{ {listed} }} drop")
        yield
    finally:
        nft(f"delete table inet {table}")


@contextmanager
def clocks(folder: Path) -> Iterator[None]:
    """Each program that a platform starts from now on has a clock of its own, which a file of its name in this folder sets."""
    folder.mkdir()
    library = folder.with_suffix(".so")
    run("cc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(library), str(OWN_CLOCK.with_suffix(".c")))
    own = {LAUNCHER: str(OWN_CLOCK), "CHAOS_PRELOAD": str(library), "CHAOS_CLOCKS": str(folder)}
    os.environ.update(own)
    try:
        yield
    finally:
        for name in own:
            del os.environ[name]


@contextmanager
def misdated(clock: Path, ahead: timedelta) -> Iterator[None]:
    """A program's clock is ahead by so much, or behind."""
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
