"""`casepath reprocess` on the running platform; test_models.py has slides read again by another version."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psutil

from casepath.cases.v1.cases_pb2 import SLIDE_STATE_AI_FAILED, SLIDE_STATE_READY
from casepath.inference.v1.scoring_pb2 import ShardRequested
from casepath.topics import INFERENCE_SHARD_REQUESTED, SEQUENCING_READS_RECEIVED
from chassis.reading import come_to, held, message_of
from conftest import Platform
from e2e.conftest import Done, new_visit, once
from e2e.test_models import casepath
from embedded import samples
from embedded.hospital import Visit, scan, send
from embedded.reading_back import archived, differences
from kafka.broker import records_on
from waiting import eventually_async

WHY = ("--by", "op", "--reason", "bcftools was wrong", "--yes")


async def test_reads_are_chosen_by_the_tool_that_called_them_and_the_same_tools_make_nothing_new(
    platform: Platform, done: Done
) -> None:
    case, before = ("--case", done.visit.case_id), await archived(done.case, platform.home.folder, platform.ports)
    (tool,) = [one for one in done.case.samples[0].called.tools if one.startswith("bcftools")]
    failed = platform.casepath("reprocess", "reads", *case, "--failed", *WHY)
    assert failed.stdout.strip() == "0 reads of 0 cases", failed.stderr
    other = platform.casepath("reprocess", "reads", *case, "--tool", "bcftools 0.1", *WHY)
    assert other.stdout.strip() == "0 reads of 0 cases", other.stderr
    nobody = platform.casepath("reprocess", "reads", "--case", str(uuid4()), *WHY)
    assert nobody.stdout.strip() == "0 reads of 0 cases", nobody.stderr
    told = platform.casepath("reprocess", "reads", *case, "--tool", tool, *WHY)
    assert told.stdout.startswith("1 reads of 1 cases"), told.stderr
    again = [one for one in await records_on(platform.kafka, SEQUENCING_READS_RECEIVED.name) if one.key == case[1].encode()]
    assert len({dict(one.headers)["ce_id"] for one in again}) == 1 < len(again)

    async def is_taken() -> bool:
        done = await come_to(platform.kafka, [SEQUENCING_READS_RECEIVED], "sequencing")
        return all(done[one.topic][one.partition] > one.offset for one in again)

    async def is_told() -> bool:
        return "reprocess reads" in platform.casepath("audit", "show", *case).stdout

    await eventually_async(is_taken)
    await eventually_async(is_told)
    assert (await archived(done.case, platform.home.folder, platform.ports)).resources == before.resources


@contextmanager
def models_at_rest(platform: Platform) -> Iterator[None]:
    """The processes of models stand still, so that what is asked of one is under way as long as a test wants."""
    processes = psutil.Process(platform.home.state()["pids"]["inference"]).children()
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


async def job_of(platform: Platform, visit: Visit) -> str:
    """By which a slide of the visit is being read; empty where none is yet."""
    topic, kafka = INFERENCE_SHARD_REQUESTED, platform.kafka
    asked = [await message_of(kafka, one, ShardRequested) for one in await held(kafka, topic.name, topic.partitions)]
    return next((one.job_id for one in asked if one is not None and one.case_id == visit.case_id), "")


async def test_a_reading_that_failed_is_done_anew_by_the_same_version(platform: Platform, tmp_path: Path) -> None:
    visit = new_visit(platform)
    await send(platform.ports["mllp"], [visit.registration(), visit.order()])
    with models_at_rest(platform):
        scan(visit, samples.SLIDE, platform.home.scanner)
        job = await eventually_async(lambda: job_of(platform, visit))
        assert "stopped" in casepath(platform, tmp_path, "martin", "pathologist", "cancel", job)
        await once(platform, visit, lambda case: any(one.state == SLIDE_STATE_AI_FAILED for one in case.slides))
    case = ("--case", visit.case_id)
    told = platform.casepath("reprocess", "slides", *case, "--failed", *WHY)
    assert told.stdout.startswith("1 slides of 1 cases"), told.stderr
    read = await once(
        platform,
        visit,
        lambda case: (
            any(one.state == SLIDE_STATE_READY for one in case.slides)
            # That it failed, and what was found.
            and sum(entry.kind == "Provenance" for entry in case.filed) == 2
        ),
    )
    (slide,) = [one for one in read.slides if one.HasField("scored")]
    assert slide.scored.job_id not in ("", job)
    assert slide.scored.model == slide.failed.model
    assert differences(read, await archived(read, platform.home.folder, platform.ports)) == []
    again = platform.casepath("reprocess", "slides", *case, "--failed", *WHY)
    assert again.stdout.strip() == "0 slides of 0 cases", again.stderr
