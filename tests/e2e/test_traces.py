"""One trace from the scanner to the record, over Kafka and gRPC: which step came from which."""

import httpx

from conftest import Platform
from e2e.conftest import Done, enter
from span_collector import Edge
from waiting import eventually

RECEIVED = ("casepath-slides", "receive slides")


def process(service: str, topic: str) -> tuple[str, str]:
    return f"casepath-{service}", f"process {topic}.v1"


SLIDE: set[Edge] = {
    (RECEIVED, process("inference", "slides.slide.ingested")),
    (RECEIVED, process("records", "slides.slide.ingested")),
    (RECEIVED, process("cases", "slides.slide.ingested")),
    (process("inference", "slides.slide.ingested"), process("inference", "inference.shard.requested")),
    (process("inference", "inference.shard.requested"), process("inference", "inference.shard.scored")),
    (process("inference", "inference.shard.scored"), process("records", "inference.slide.scored")),
    (process("records", "inference.slide.scored"), process("cases", "records.entries.filed")),
    (process("records", "inference.slide.scored"), process("audit", "records.entries.filed")),
}
READS: set[Edge] = {
    (("casepath-sequencing", "receive sequencing"), process("sequencing", "sequencing.reads.received")),
    (process("sequencing", "sequencing.reads.received"), process("sequencing", "sequencing.calling.requested")),
    (process("sequencing", "sequencing.calling.requested"), process("sequencing", "sequencing.task.requested")),
    (process("sequencing", "sequencing.task.requested"), process("sequencing", "sequencing.task.done")),
    (process("sequencing", "sequencing.task.done"), process("records", "sequencing.variants.called")),
}


ORDER: set[Edge] = {
    (("casepath-intake", "receive intake"), process("intake", "intake.order.received")),
    (process("intake", "intake.order.received"), process("records", "intake.order.placed")),
    (process("intake", "intake.order.received"), process("cases", "intake.order.placed")),
}


async def test_a_slide_is_one_trace_from_the_scanner_to_its_record(platform: Platform, done: Done) -> None:
    await eventually(lambda: any(edges >= SLIDE for edges in platform.spans.edges().values()))


async def test_reads_are_one_trace_from_the_sequencer_to_their_record(platform: Platform, done: Done) -> None:
    await eventually(lambda: any(edges >= READS for edges in platform.spans.edges().values()))


async def test_a_message_of_the_hospital_is_a_trace_of_its_own(platform: Platform, done: Done) -> None:
    await eventually(lambda: any(edges >= ORDER for edges in platform.spans.edges().values()))


async def test_a_question_over_grpc_is_traced_to_whoever_asks(platform: Platform, done: Done) -> None:
    def asked() -> bool:
        return any(
            before[0] == "casepath-portal" and after == ("casepath-cases", before[1])
            for edges in platform.spans.edges().values()
            for before, after in edges
        )

    base = f"http://127.0.0.1:{platform.ports['portal']}"
    async with httpx.AsyncClient(base_url=base, headers={"Origin": base}, timeout=60) as client:
        await enter(client, platform, "martin")
        (await client.get(f"/cases/{done.visit.case_id}")).raise_for_status()
    await eventually(asked)


def test_no_span_names_a_patient(platform: Platform, done: Done) -> None:
    said = {text for span in platform.spans.spans for text in span.step}
    assert said
    assert not any(name in text for text in said for name in (done.visit.accession, f"P{done.visit.stamp}", "Démo"))
