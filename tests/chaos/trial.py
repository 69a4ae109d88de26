"""One trial: a visit of a patient while programs are killed and stopped, from its first message to the record."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import httpx

from casepath.cases.v1.cases_pb2 import Case
from chaos.blows import ANYWHERE, Blow, blows, strike
from chassis.errors import Rejected, Unavailable
from conftest import Platform
from e2e.conftest import every_stage_is_done, incomplete, new_visit, seen
from embedded import samples
from embedded.hospital import Visit, genotype, scan, send, sequence
from embedded.programs import brokers
from embedded.reading_back import archived

# From the last blow on; a platform that takes longer has lost something.
SECONDS = 240
AGAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    seed: int
    blows: list[Blow]
    seconds: float
    problems: list[str]


async def trial(platform: Platform, seed: int, kinds: Sequence[str] = ANYWHERE) -> Outcome:
    """A visit in which programs are killed, stopped and worse, and messages and scans come up to three times."""
    rng, visit, began = Random(seed), new_visit(platform), time.monotonic()
    falling = blows(rng, brokers(platform.home.folder), kinds)
    problems: list[str] = []
    striking = [asyncio.create_task(strike(platform, one)) for one in falling]
    try:
        async with asyncio.timeout(SECONDS):
            await begin(platform, visit, rng)
            await asyncio.gather(*striking)
            case = await seen(platform, visit, every_stage_is_done)
            problems += await read_back(platform, case)
    except TimeoutError:
        problems.append(f"after {SECONDS} s the case {visit.case_id} is not done")
    finally:
        for one in striking:
            one.cancel()
        ended = await asyncio.gather(*striking, return_exceptions=True)
        problems += [f"a blow could not be struck: {one!r}" for one in ended if isinstance(one, Exception)]
    return Outcome(seed, falling, time.monotonic() - began, problems)


async def begin(platform: Platform, visit: Visit, rng: Random) -> None:
    """Everything that the hospital does in a visit; some of it again, as systems do that heard no answer."""
    await told(platform, visit.registration())
    for _ in range(rng.choice([1, 1, 2, 3])):
        await told(platform, visit.order())
        scan(visit, samples.SLIDE, platform.home.scanner)
    sequence(visit, samples.READS, platform.home.sequencer)
    genotype(visit, samples.GENOTYPES, samples.OUTSIDE_CALLS, platform.home.sequencer)
    for _ in range(rng.choice([0, 1, 2])):
        await asyncio.sleep(rng.random())
        await told(platform, rng.choice([visit.registration(), visit.order()]))


async def told(platform: Platform, message: str) -> None:
    """Until it is acknowledged."""
    while True:
        try:
            return await send(platform.ports["mllp"], [message])
        except (Unavailable, Rejected):
            await asyncio.sleep(AGAIN_SECONDS)


async def read_back(platform: Platform, case: Case) -> list[str]:
    """As soon as the archives answer, which may just have been killed too."""
    while True:
        try:
            return incomplete(case, await archived(case, platform.home.folder, platform.ports))
        except httpx.HTTPError:
            await asyncio.sleep(AGAIN_SECONDS)
