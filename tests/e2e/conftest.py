"""One visit, from its first message to the record, that the tests of the record share."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import pytest_asyncio

from casepath.cases.v1.cases_pb2 import Case
from conftest import Platform
from embedded import samples
from embedded.demo import STAGES, watched
from embedded.hospital import Visit, scan, send, sequence

STAMPS = iter(range(20260301120000, 20260301130000))
SECONDS = 150


@dataclass(frozen=True, slots=True)
class Done:
    """A visit whose every stage is done."""

    visit: Visit
    case: Case


def new_visit(platform: Platform) -> Visit:
    return Visit(str(next(STAMPS)), UUID(platform.home.namespace()))


async def begin(platform: Platform, visit: Visit) -> None:
    """Everything that the hospital does in a visit."""
    await send(platform.ports["mllp"], [visit.registration(), visit.order()])
    scan(visit, samples.SLIDE, platform.home.scanner)
    sequence(visit, samples.READS, platform.home.sequencer)


async def ended(platform: Platform, visit: Visit) -> Case:
    """The case once every stage is done."""
    async with asyncio.timeout(SECONDS):
        async for case in watched(visit.case_id, platform.ports):
            if all(stage.done(case) for stage in STAGES):
                return case
    raise AssertionError("a watch does not end by itself")


@pytest_asyncio.fixture(scope="session")
async def done(platform: Platform) -> Done:
    visit = new_visit(platform)
    await begin(platform, visit)
    return Done(visit, await ended(platform, visit))
