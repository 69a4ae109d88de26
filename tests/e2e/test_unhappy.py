"""Bad input, early input, and what mends it, on the running platform."""

import asyncio
import gzip
import json
from pathlib import Path
from uuid import uuid4

import pydicom
import pytest
from hl7.mllp import open_hl7_connection

import examples
from casepath.cases.v1.cases_pb2 import SLIDE_STATE_AI_FAILED, Case
from casepath.inference.v1.scoring_pb2 import FAILURE_REASON_RESOLUTION_TOO_LOW
from casepath.sequencing.v1.sequencing_pb2 import REJECTION_REASON_QUALITY_LENGTH, ReadsRejected
from casepath.topics import BY_NAME
from conftest import Platform
from e2e.conftest import begin, ended, is_set_aside, new_visit, nothing_waits
from embedded import samples
from embedded.demo import watched
from embedded.hospital import SLIDE_CONTAINER, Visit, drop, genotype, scan, send, sequence
from embedded.reading_back import archived, differences
from kafka.broker import publish_raw, records_on
from waiting import eventually, eventually_async

DATA = Path(__file__).parents[1] / "data" / "slides"


async def reason(platform: Platform, name: str, folder: str = "scanner") -> Path:
    """The folder in which a file of this name was set aside."""

    def held() -> Path | None:
        for file in (platform.home.folder / folder / "quarantine").glob("*/reason.json"):
            if (file.parent / name).exists():
                return file.parent
        return None

    found = await eventually(held)
    assert found is not None
    return found


def said(folder: Path) -> str:
    return str(json.loads((folder / "reason.json").read_text())["reason"])


async def ingested(platform: Platform, visit: Visit) -> Case:
    async with asyncio.timeout(60):
        async for case in watched(visit.case_id, platform.home, platform.ports):
            if any(slide.HasField("ingested") for slide in case.slides) and any(e.kind == "ImagingStudy" for e in case.filed):
                return case
    raise AssertionError("a watch does not end by itself")


async def test_a_scan_and_reads_that_arrive_before_their_order_join_it(platform: Platform) -> None:
    visit = new_visit(platform)
    scan(visit, samples.SLIDE, platform.home.scanner)
    sequence(visit, samples.READS, platform.home.sequencer)
    genotype(visit, samples.GENOTYPES, samples.OUTSIDE_CALLS, platform.home.sequencer)
    assert said(await reason(platform, f"{visit.accession}_{SLIDE_CONTAINER}.svs")) == "NO_MATCHING_ORDER"
    assert said(await reason(platform, f"{visit.accession}_B1_R1.fastq.gz", "sequencer")) == "NO_MATCHING_ORDER"
    assert said(await reason(platform, f"{visit.accession}_B2.vcf", "sequencer")) == "NO_MATCHING_ORDER"
    await send(platform.ports["mllp"], [visit.order()])
    case = await ended(platform, visit)
    assert differences(case, await archived(case, platform.home.folder, platform.ports)) == []


async def test_a_slide_without_pixel_size_waits_for_a_person_and_is_then_filed(platform: Platform) -> None:
    visit = new_visit(platform)
    await send(platform.ports["mllp"], [visit.order()])
    name = f"{visit.accession}_{SLIDE_CONTAINER}.svs"
    drop(DATA / "jpeg2000-no-mpp.svs", platform.home.scanner / "incoming", name)
    folder = await reason(platform, name)
    assert said(folder) == "NO_MICRONS_PER_PIXEL"
    (folder / f"{name}.json").write_text('{"microns_per_pixel": 0.25}')
    case = await ingested(platform, visit)
    assert not folder.exists()
    assert case.slides[0].ingested.instances


async def test_a_dicom_slide_is_filed_byte_for_byte_under_its_own_patient_alone(platform: Platform, tmp_path: Path) -> None:
    visit, other = new_visit(platform), new_visit(platform)
    await send(platform.ports["mllp"], [visit.order(), other.order()])
    dataset = pydicom.dcmread(DATA / "lossless-jpeg2000.dcm")
    dataset.PatientID, dataset.AccessionNumber = f"P{visit.stamp}", visit.accession
    dataset.save_as(tmp_path / "slide.dcm")
    scan(visit, tmp_path / "slide.dcm", platform.home.scanner)
    scan(other, tmp_path / "slide.dcm", platform.home.scanner)
    assert said(await reason(platform, f"{other.accession}_{SLIDE_CONTAINER}.dcm")) == "OTHER_IDENTITY"
    case = await ingested(platform, visit)
    (instance,) = case.slides[0].ingested.instances
    held = await archived(case, platform.home.folder, platform.ports)
    assert held.instances[instance.sop_instance_uid] == instance.object.sha256
    # At 29 micrometres a pixel there is nothing for the model to read: said as a failure, never as nothing found.
    async with asyncio.timeout(60):
        async for later in watched(visit.case_id, platform.home, platform.ports):
            if later.slides[0].HasField("failed"):
                assert later.slides[0].state == SLIDE_STATE_AI_FAILED
                assert later.slides[0].failed.reason == FAILURE_REASON_RESOLUTION_TOO_LOW
                break
    why = ("--by", "op", "--reason", "the model's computer failed", "--yes")
    told = platform.casepath("reprocess", "slides", "--failed", "--case", visit.case_id, *why)
    assert told.stdout.startswith("1 slides of 1 cases"), told.stderr


@pytest.mark.parametrize("share", [0.5, 0.9])
async def test_a_truncated_slide_is_set_aside_and_its_neighbour_is_filed(
    platform: Platform, share: float, tmp_path: Path
) -> None:
    bad, good = new_visit(platform), new_visit(platform)
    await send(platform.ports["mllp"], [bad.order(), good.order()])
    content = samples.SLIDE.read_bytes()
    cut = tmp_path / "cut.svs"
    cut.write_bytes(content[: int(len(content) * share)])
    scan(bad, cut, platform.home.scanner)
    scan(good, samples.SLIDE, platform.home.scanner)
    assert said(await reason(platform, f"{bad.accession}_{SLIDE_CONTAINER}.svs")) == "TRUNCATED"
    assert (await ingested(platform, good)).slides[0].ingested.slide_id == SLIDE_CONTAINER


async def test_bad_reads_are_rejected_with_record_and_line(platform: Platform, tmp_path: Path) -> None:
    visit = new_visit(platform)
    await send(platform.ports["mllp"], [visit.order()])
    lines = gzip.decompress(samples.READS[0].read_bytes()).split(b"\n")
    lines[4 * 999 + 3] = lines[4 * 999 + 3][:-1]
    bad = tmp_path / "bad.fastq.gz"
    bad.write_bytes(gzip.compress(b"\n".join(lines), 1))
    sequence(visit, (bad, samples.READS[1]), platform.home.sequencer)
    folder = await reason(platform, f"{visit.accession}_B1_R1.fastq.gz", "sequencer")
    assert said(folder) == "QUALITY_LENGTH"
    events = [ReadsRejected.FromString(r.value) for r in await records_on(platform.kafka, "sequencing.reads.rejected.v1")]
    assert any(
        (e.run_id, e.reason, e.file, e.record, e.line) == (folder.name, REJECTION_REASON_QUALITY_LENGTH, 1, 1000, 4000)
        for e in events
    )


async def exchange(platform: Platform, *frames: bytes) -> list[str]:
    """What the listener answers to each frame on one connection."""
    reader, writer = await open_hl7_connection("127.0.0.1", platform.ports["mllp"])
    answers = []
    try:
        for frame in frames:
            writer.writeblock(frame)
            await writer.drain()
            answers.append((await asyncio.wait_for(reader.readblock(), 30)).decode())
    finally:
        writer.close()
    return answers


async def test_bad_messages_are_answered_with_a_reason_and_the_connection_goes_on(platform: Platform) -> None:
    visit = new_visit(platform)
    good = visit.registration()
    unsupported, incomplete = good.replace("ADT^A01", "ADT^A99"), good.replace(f"P{visit.stamp}^", "^")
    answers = await exchange(platform, b"hello", unsupported.encode(), incomplete.encode(), good.encode())
    assert "MSA|AR" in answers[0]
    assert "MSA|AR" in answers[1]
    assert "MSA|AE" in answers[2]
    assert "ERR||PID^1^3|101" in answers[2]
    assert "MSA|AA" in answers[3]


async def test_one_control_id_sent_again_is_one_order(platform: Platform) -> None:
    visit = new_visit(platform)
    await exchange(platform, *[visit.order().encode()] * 3)
    records = [r for r in await records_on(platform.kafka, "intake.order.placed.v1") if r.key == visit.case_id.encode()]
    assert len({dict(record.headers)["ce_id"] for record in records}) == 1

    async def assembled() -> Case | None:
        shown = platform.casepath("case", "show", visit.case_id, "--json")
        return Case() if shown.returncode == 0 and shown.stdout.count('"intake.order.placed.v1"') == 1 else None

    assert await eventually_async(assembled) is not None


async def test_dead_letters_are_listed_replayed_and_set_aside_again(platform: Platform) -> None:
    topic = "records.entries.filed.v1"
    nothing_waits(platform, BY_NAME[topic])
    consumers = len(BY_NAME[topic].consumers)
    envelope = examples.envelope(topic, cause="poison")
    await publish_raw(platform.kafka, topic, b"\xff\xff\xff", envelope.headers())

    async def listed() -> bool:
        return await is_set_aside(platform, BY_NAME[topic], str(envelope.id))

    await eventually_async(listed)
    # Each consumer set it aside; it is sent round once for all of them.
    assert platform.casepath("dlq", "replay", topic).stdout.strip() == "1 replayed"

    async def came_back() -> bool:
        return len([r for r in await records_on(platform.kafka, f"{topic}.dlq") if r.value == b"\xff\xff\xff"]) == 2 * consumers

    await eventually_async(came_back)
    assert await listed()

    other = examples.envelope(topic, cause="other poison")
    await publish_raw(platform.kafka, topic, b"\xff\xff", other.headers())
    await eventually_async(lambda: is_set_aside(platform, BY_NAME[topic], str(other.id)))
    nobody = platform.casepath("dlq", "discard", topic, str(uuid4()), "--by", "op", "--reason", "none", "--yes")
    assert (nobody.returncode, "no dead letter" in nobody.stderr) == (65, True)
    told = platform.casepath("dlq", "discard", topic, str(envelope.id), "--by", "op", "--reason", "a test's poison", "--yes")
    assert told.stdout.startswith(f"{consumers} discarded"), told.stderr
    left = platform.casepath("dlq", "list", topic).stdout
    assert str(envelope.id) not in left
    assert left.count(str(other.id)) == consumers

    async def in_the_ledger() -> bool:
        shown = platform.casepath("audit", "show", "--user", "op").stdout
        return "discard" in shown and "replay" in platform.casepath("audit", "show", "--user", "operator").stdout

    await eventually_async(in_the_ledger)
    assert platform.casepath("dlq", "discard", topic, str(other.id), "--by", "op", "--reason", "done", "--yes").returncode == 0


async def test_a_published_event_is_checked_against_its_contract(platform: Platform, tmp_path: Path) -> None:
    visit = new_visit(platform)
    message = json.loads((Path(__file__).parents[1] / "contract/golden/intake.order.placed.v1.json").read_text())
    file = tmp_path / "order.json"
    file.write_text(json.dumps({**message, "accession": ""}))
    refused = platform.casepath("publish", "intake.order.placed.v1", str(file), "--key", visit.case_id)
    assert refused.returncode == 65
    assert "accession" in refused.stderr
    file.write_text(json.dumps({**message, "caseId": visit.case_id}))
    first, second = (platform.casepath("publish", "intake.order.placed.v1", str(file), "--key", visit.case_id) for _ in range(2))
    assert first.stdout == second.stdout

    async def shown() -> bool:
        return platform.casepath("case", "show", visit.case_id).returncode == 0

    await eventually_async(shown)
    assert visit.case_id in platform.casepath("case", "list").stdout


async def test_a_second_platform_on_the_same_ports_is_refused(platform: Platform, tmp_path: Path) -> None:
    other = platform.casepath("up", "--home", str(tmp_path / "other"), "--port-base", str(platform.ports.base))
    assert other.returncode == 78
    assert "is taken" in other.stderr
    again = platform.casepath("up", "--home", str(platform.home.folder), "--port-base", str(platform.ports.base))
    assert again.returncode == 78
    assert "running already" in again.stderr


async def test_stopping_a_home_in_which_nothing_runs_stops_nothing(platform: Platform, tmp_path: Path) -> None:
    stopped = platform.casepath("down", "--home", str(tmp_path))
    assert stopped.returncode == 0
    assert "nothing runs" in stopped.stdout
    assert platform.home.supervisor() is not None


async def test_two_visits_at_once_end_in_two_records(platform: Platform) -> None:
    visits = [new_visit(platform), new_visit(platform)]
    for visit in visits:
        await begin(platform, visit)
    for visit in visits:
        case = await ended(platform, visit)
        assert differences(case, await archived(case, platform.home.folder, platform.ports)) == []
