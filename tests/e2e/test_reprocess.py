"""`casepath reprocess` on the running platform; slides are in test_models.py, where there is another version to read them."""

from uuid import uuid4

from casepath.topics import SEQUENCING_READS_RECEIVED
from chassis.reading import come_to
from conftest import Platform
from e2e.conftest import Done
from embedded.reading_back import archived
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
