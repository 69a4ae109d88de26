"""What befalls a running platform, by the numbers that a seed gives."""

import asyncio
import os
import signal
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from chaos import machine
from chaos.machine import Side
from conftest import Platform
from embedded.programs import LISTENERS, SERVICES, brokers, numbered

SERVERS = ("fhir", "orthanc")
# Disks of a platform: of these, of each archive and broker, and of what else its home holds (views, keys, logs, work).
OBJECTS, REST = "objects", "rest"
DISK_SIZE = "4g"
# What scanners and sequencers write to is not the platform's, and has room.
OTHERS = ("scanner", "sequencer")
# A visit's work is mostly done by then.
LAST_SECONDS = 12.0
MOST = 4
# Beyond the time after which a group goes on without a member that is not heard of (10 s).
LONGEST_SECONDS = 25.0
RESTART_SECONDS = 5.0
# What a service gets beyond what it has; so much it asks for soon.
MEMORY = 4 << 20
APART = "apart"
HOSPITAL = "hospital"
# Each with a broker; by turns with everything else.
ZONES = ("zone 1", "zone 2", "zone 3")
# By more than a token lives, and by more than a certificate has been valid.
MISDATED = {
    "an hour ahead": timedelta(hours=1),
    "an hour behind": timedelta(hours=-1),
    "three days ahead": timedelta(days=3),
    "three days behind": timedelta(days=-3),
}

# For whom it is, and whether it lasts.
KINDS: Mapping[str, tuple[Callable[[Sequence[str]], Sequence[str]], bool]] = {
    "killed": (lambda brokers: [*SERVICES, *SERVERS, *brokers], False),
    "stopped": (lambda brokers: [*SERVICES, *SERVERS, *brokers], True),
    "restarted": (lambda _: [*SERVICES], True),
    "out of memory": (lambda _: [*SERVICES], True),
    "full": (lambda brokers: [OBJECTS, REST, *SERVERS, *brokers], True),
    "parted": (lambda brokers: [*SERVERS, *brokers], True),
    "unanswered": (lambda brokers: [*SERVERS, *brokers], True),
    "cut off": (lambda brokers: [*SERVICES, *([*brokers, *ZONES] if len(brokers) == len(ZONES) else [])], True),
    **dict.fromkeys(MISDATED, (lambda brokers: [*SERVICES, *SERVERS, *brokers], True)),
}
# These need nothing of the machine.
ANYWHERE = ("killed", "stopped", "restarted")


@dataclass(frozen=True, slots=True)
class Blow:
    """After so many seconds something befalls a program, or a store, once or for a while.

    It is killed (SIGKILL), stopped (SIGSTOP, SIGCONT), told to end every five seconds (SIGTERM: its group shares out anew), or
    gets no more memory (it is killed when it asks for more), or its clock jumps, and back; a disk is full; nothing that is sent
    to a server arrives, or nothing that it answers; a service is cut off from everything, a broker from the other brokers, though
    not from who reads and writes, or a zone, a broker with a third of everything else, from the other two.
    """

    after: float
    how: str
    whom: str
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.whom} {self.how} at {self.after:.1f} s" + (f" for {self.seconds:.0f} s" if self.seconds else "")


def blows(rng: Random, count: int, kinds: Sequence[str] = ANYWHERE) -> list[Blow]:
    """Of three brokers each is as likely to be struck as any other program."""
    return sorted((blow(rng, nodes(count), kinds) for _ in range(rng.randint(1, MOST))), key=lambda one: one.after)


def blow(rng: Random, brokers: Sequence[str], kinds: Sequence[str]) -> Blow:
    after = rng.random() * LAST_SECONDS
    # Programs die more often than anything else befalls them.
    how = "killed" if rng.random() < 0.5 else rng.choice(kinds)
    of, lasts = KINDS[how]
    return Blow(after, how, rng.choice(of(brokers)), rng.random() * LONGEST_SECONDS if lasts else 0.0)


async def strike(platform: Platform, one: Blow) -> None:
    await asyncio.sleep(one.after)
    pid = platform.home.state()["pids"].get(one.whom, 0)
    match one.how:
        case "killed":
            send(pid, signal.SIGKILL)
        case "stopped":
            send(pid, signal.SIGSTOP)
            try:
                await asyncio.sleep(one.seconds)
            finally:
                send(pid, signal.SIGCONT)
        case "restarted":
            for _ in range(1 + int(one.seconds / RESTART_SECONDS)):
                send(platform.home.state()["pids"][one.whom], signal.SIGTERM)
                await asyncio.sleep(RESTART_SECONDS)
        case "out of memory":
            with machine.no_more_memory(pid, MEMORY):
                await asyncio.sleep(one.seconds)
        case "full":
            with machine.full(disk(platform.home.folder, one.whom), DISK_SIZE):
                await asyncio.sleep(one.seconds)
        case "parted" | "unanswered":
            with machine.dropping(ports(platform, one.whom), answers_alone=one.how == "unanswered"):
                await asyncio.sleep(one.seconds)
        case "cut off":
            with machine.parted(*sides(platform, one.whom)):
                await asyncio.sleep(one.seconds)
        case how:
            with machine.misdated(platform.home.folder / APART, one.whom, MISDATED[how]):
                await asyncio.sleep(one.seconds)


def nodes(count: int) -> list[str]:
    return [numbered("kafka", node) for node in range(1, count + 1)]


def programs(count: int) -> list[str]:
    """All of a platform of so many brokers."""
    return [*nodes(count), *SERVERS, HOSPITAL, *SERVICES]


def disks(count: int) -> list[str]:
    """Those of a platform of so many brokers, the one that others are in first."""
    return [REST, OBJECTS, *SERVERS, *nodes(count), *OTHERS]


def disk(home: Path, name: str) -> Path:
    return home if name == REST else home / name


def sides(platform: Platform, whom: str) -> tuple[Side, Side]:
    """Who is cut off, and from whom."""
    cluster, everything = nodes(brokers(platform.home.folder)), programs(brokers(platform.home.folder))
    if whom in cluster:
        between = [listener for name, listener in LISTENERS.items() if name != "CLIENT"]
        return (
            side(platform, [whom], between),
            side(platform, [other for other in cluster if other != whom], between),
        )
    here = everything[ZONES.index(whom) :: len(ZONES)] if whom in ZONES else [whom]
    return side(platform, here), side(platform, [other for other in everything if other not in here])


def side(platform: Platform, members: Sequence[str], listeners: Iterable[str] = LISTENERS.values()) -> Side:
    groups = [machine.group_of(platform.home.folder / APART, member) for member in members]
    return Side(groups, {port for member in members for port in ports(platform, member, listeners)})


def ports(platform: Platform, program: str, listeners: Iterable[str] = LISTENERS.values()) -> Collection[int]:
    """On which a program listens; of a broker at these listeners. A service that does not run has none."""
    if program in SERVERS:
        return [platform.ports[program]]
    if program.startswith("kafka"):
        return [platform.ports[program.replace("kafka", listener)] for listener in listeners]
    return machine.listening(platform.home.state()["pids"].get(program, 0))


def send(pid: int, number: signal.Signals) -> None:
    """To a program that may have ended by itself, or by another blow."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
