"""What befalls a running platform, by the numbers that a seed gives."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from chaos import machine
from conftest import Platform
from embedded.programs import LISTENERS, SERVICES, numbered

SERVERS = ("fhir", "orthanc")
OBJECTS = "objects"
# A visit's work is mostly done by then.
LAST_SECONDS = 12.0
MOST = 4
# Beyond the time after which a group goes on without a member that is not heard of (10 s).
LONGEST_SECONDS = 25.0
RESTART_SECONDS = 5.0
# What a service gets beyond what it has; so much it asks for soon.
MEMORY = 4 << 20
CLOCKS = "clocks"
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
    "full": (lambda _: [OBJECTS], True),
    "parted": (lambda brokers: [*SERVERS, *brokers], True),
    "unanswered": (lambda brokers: [*SERVERS, *brokers], True),
    **dict.fromkeys(MISDATED, (lambda brokers: [*SERVICES, *SERVERS, *brokers], True)),
}
# These need nothing of the machine.
ANYWHERE = ("killed", "stopped", "restarted")


@dataclass(frozen=True, slots=True)
class Blow:
    """After so many seconds something befalls a program, or a store, once or for a while.

    It is killed (SIGKILL), stopped (SIGSTOP, SIGCONT), told to end every five seconds (SIGTERM: its group shares out anew), or
    gets no more memory (it is killed when it asks for more), or its clock jumps, and back; a store is full; nothing that is sent
    to a server arrives, or nothing that it answers.
    """

    after: float
    how: str
    whom: str
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.whom} {self.how} at {self.after:.1f} s" + (f" for {self.seconds:.0f} s" if self.seconds else "")


def blows(rng: Random, brokers: int, kinds: Sequence[str] = ANYWHERE) -> list[Blow]:
    """Of three brokers each is as likely to be struck as any other program."""
    nodes = [numbered("kafka", node) for node in range(1, brokers + 1)]
    return sorted((blow(rng, nodes, kinds) for _ in range(rng.randint(1, MOST))), key=lambda one: one.after)


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
            with machine.full(platform.home.folder / one.whom):
                await asyncio.sleep(one.seconds)
        case "parted" | "unanswered":
            with machine.dropping(ports(platform, one.whom), answers_alone=one.how == "unanswered"):
                await asyncio.sleep(one.seconds)
        case how:
            with machine.misdated(platform.home.folder / CLOCKS / one.whom, MISDATED[how]):
                await asyncio.sleep(one.seconds)


def ports(platform: Platform, server: str) -> list[int]:
    """On which a server listens."""
    if server in SERVERS:
        return [platform.ports[server]]
    return [platform.ports[server.replace("kafka", listener)] for listener in LISTENERS.values()]


def send(pid: int, number: signal.Signals) -> None:
    """To a program that may have ended by itself, or by another blow."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
