"""An order that cannot wait, from its message to the AI."""

import asyncio

from casepath.cases.v1.cases_pb2 import Case
from casepath.intake.v1.order_pb2 import URGENCY_STAT
from casepath.topics import INFERENCE_URGENT_SHARD_REQUESTED
from conftest import Platform
from e2e.conftest import SECONDS, new_visit
from embedded import samples
from embedded.demo import watched
from embedded.hospital import scan, send
from kafka.broker import records_on


async def test_the_slide_of_an_urgent_order_goes_by_the_urgent_topic(platform: Platform) -> None:
    visit = new_visit(platform)
    first, found, rest = visit.order().partition("\rOBR|1|")
    await send(platform.ports["mllp"], [f"{first}\rTQ1|1||||||||S{found}{rest}"])
    scan(visit, samples.SLIDE, platform.home.scanner)
    case = await scored(platform, visit.case_id)
    assert case.slides[0].ingested.urgency == URGENCY_STAT
    records = await records_on(platform.kafka, INFERENCE_URGENT_SHARD_REQUESTED.name)
    assert any(record.key.decode().startswith(case.slides[0].scored.job_id) for record in records)


async def scored(platform: Platform, case_id: str) -> Case:
    async with asyncio.timeout(SECONDS):
        async for case in watched(case_id, platform.home, platform.ports):
            if case.slides and case.slides[0].HasField("scored"):
                return case
    raise AssertionError("a watch does not end by itself")
