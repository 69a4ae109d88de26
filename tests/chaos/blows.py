"""What befalls a running platform, by the numbers that a seed gives."""

import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from conftest import Platform
from embedded.programs import SERVICES, numbered

SERVERS = ("fhir", "orthanc")
# A visit's work is mostly done by then.
LAST_SECONDS = 12.0
MOST = 4
# Beyond the time after which a group goes on without a member that is not heard of (10 s).
LONGEST_STOP_SECONDS = 25.0


@dataclass(frozen=True, slots=True)
class Blow:
    """After so many seconds a program is killed (SIGKILL), or stopped for a while (SIGSTOP, SIGCONT)."""

    after: float
    how: Literal["killed", "stopped"]
    whom: str
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.whom} {self.how} at {self.after:.1f} s" + (f" for {self.seconds:.0f} s" if self.seconds else "")


def blows(rng: Random, brokers: int) -> list[Blow]:
    """Of three brokers each is as likely to be struck as any other program."""
    programs = [*SERVICES, *SERVERS, *(numbered("kafka", node) for node in range(1, brokers + 1))]
    return sorted((blow(rng, programs) for _ in range(rng.randint(1, MOST))), key=lambda one: one.after)


def blow(rng: Random, programs: Sequence[str]) -> Blow:
    after, whom = rng.random() * LAST_SECONDS, rng.choice(programs)
    if rng.random() < 0.7:
        return Blow(after, "killed", whom)
    return Blow(after, "stopped", whom, rng.random() * LONGEST_STOP_SECONDS)


async def strike(platform: Platform, one: Blow) -> None:
    await asyncio.sleep(one.after)
    pid = platform.home.state()["pids"][one.whom]
    if one.how == "killed":
        send(pid, signal.SIGKILL)
        return
    send(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(one.seconds)
    finally:
        send(pid, signal.SIGCONT)


def send(pid: int, number: signal.Signals) -> None:
    """To a program that may have ended by itself, or by another blow."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
