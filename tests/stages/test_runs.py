"""Runs of research: asked for, carried on, called off, taken over, and told by GA4GH's own schema."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import jsonschema
import pytest
import pytest_asyncio
import yaml
from httpx import ASGITransport, AsyncClient, Response
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7
from stages.research_lab import DUPONT, FINE, LEROY, Lab, going, lab

from casepath.sequencing.v1.calling_pb2 import ENGINE_BCFTOOLS
from casepath.sequencing.v1.runs_pb2 import (
    RUN_STATE_CANCELED,
    RUN_STATE_COMPLETE,
    RUN_STATE_EXECUTOR_ERROR,
    RUN_STATE_SYSTEM_ERROR,
    ReadPair,
    RunHeader,
    RunLease,
)
from chassis.access import Forbidden, Gate, Principal, Signer
from chassis.errors import Malformed, NotFound
from embedded import samples
from sequencing.local import Request, computed
from sequencing.rejection import ReadsUnfit
from sequencing.runs.ledger import LEASE_SECONDS, Ledger
from sequencing.runs.wes import Wes
from sequencing.tasks import results
from waiting import eventually_async

__all__ = ["going", "lab"]

SPECIFICATION = yaml.safe_load((Path(__file__).parents[1] / "data/wes/workflow_execution_service.openapi.yaml").read_text())
SERVICE_INFO = "https://raw.githubusercontent.com/ga4gh-discovery/ga4gh-service-info/v1.0.0/service-info.yaml"
NOBODY = Principal("martin", frozenset({"pathologist"}))


async def test_a_run_gives_what_one_machine_gives_and_the_same_again_at_once(going: Lab, tmp_path: Path) -> None:
    run = await going.ended(await going.submit())
    assert (run.state, run.cached, run.reason) == (RUN_STATE_COMPLETE, False, "")
    assert len(run.tasks) == run.tasks_known > 8
    outlook = going.catalogue.outlook(run)
    assert outlook.cost == pytest.approx(0.1 * sum(task.seconds for task in run.tasks) / 3600)
    alone = await computed(
        Request([samples.READS], (), samples.REFERENCE, "S1", tmp_path / "alone", ENGINE_BCFTOOLS, 2, 1, FINE),
        lambda finished, begun: None,
    )
    found = await going.catalogue.file(run, "alignments.bam", tmp_path)
    assert hashlib.sha256(found.read_bytes()).digest() == hashlib.sha256(alone.alignments.read_bytes()).digest()
    again = await going.ended(await going.submit())
    assert (again.state, again.cached, len(again.tasks)) == (RUN_STATE_COMPLETE, True, 0)
    assert again.result == run.result


async def test_a_run_that_is_called_off_ends_at_the_border_of_a_task(going: Lab) -> None:
    run = await going.submit("S2")

    async def begun() -> bool:
        return bool((await going.ledger.get(run.run_id)).tasks)

    await eventually_async(begun)
    await going.catalogue.cancel(run.run_id, LEROY)
    ended = await going.ended(run)
    assert ended.state == RUN_STATE_CANCELED
    assert not ended.HasField("result")
    assert await results(going.objects).names(ended.computation_id) == set()
    again = await going.ended(await going.submit("S2"))
    assert (again.state, again.cached) == (RUN_STATE_COMPLETE, False)


async def test_another_service_goes_on_from_what_is_finished_where_one_died(lab: Lab) -> None:
    run = await lab.submit("S3")
    dying = lab.runner()
    await dying.round()

    async def begun() -> bool:
        return len((await lab.ledger.get(run.run_id)).tasks) >= 3

    await eventually_async(begun)
    (task,) = dying.going.values()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    finished = set(await dying.results.names((await lab.ledger.get(run.run_id)).computation_id))
    stop = asyncio.Event()
    running = asyncio.create_task(lab.runner().run(stop))
    ended = await lab.ended(run)
    stop.set()
    await running
    assert ended.state == RUN_STATE_COMPLETE
    assert finished <= {one.name for one in ended.tasks}


async def test_a_run_is_carried_on_by_one_service_at_a_time(lab: Lab) -> None:
    run = await lab.submit("S4")
    ledgers = [Ledger(lab.objects) for _ in range(4)]
    leases = [lease for lease in await asyncio.gather(*(one.claimed(run.run_id) for one in ledgers)) if lease]
    assert len(leases) == 1
    assert await ledgers[0].claimed(run.run_id) is None
    await ledgers[0].give_back(leases[0])
    assert await ledgers[1].claimed(run.run_id)


@pytest.mark.parametrize("ahead", [timedelta(days=3), timedelta(days=-3)])
async def test_a_lease_passes_when_nobody_renews_it_whatever_its_holders_clock_says(lab: Lab, ahead: timedelta) -> None:
    run = await lab.submit("S4")
    holder, passed = Ledger(lab.objects), 0.0
    other = Ledger(lab.objects, lambda: passed)
    name = await holder.claimed(run.run_id)
    assert name
    lease = RunLease(holder=holder.holder)
    for renewed in range(3):
        lease.until.FromDatetime(datetime.now(UTC) + ahead + timedelta(seconds=renewed))
        await holder.leases.put(name, lease)
        assert await other.claimed(run.run_id) is None
        passed += LEASE_SECONDS
        assert await other.claimed(run.run_id) is None
    passed += 0.1
    assert await other.claimed(run.run_id)


async def test_reads_that_do_not_align_end_in_an_error_and_not_in_no_variants(going: Lab, tmp_path: Path) -> None:
    files = {}
    for number in (1, 2):
        path = tmp_path / f"r{number}.fastq"
        path.write_text("".join(f"@r{index}\n{'ACGGTCATTGCA' * 8}\n+\n{'I' * 96}\n" for index in range(200)))
        files[path.name] = path
    reads = [ReadPair(first="r1.fastq", second="r2.fastq")]
    header = RunHeader(project="sarcomas", sample="S5", reference="hg19-chr20", engine=ENGINE_BCFTOOLS, reads=reads)
    ended = await going.ended(await going.submission.submit(header, files, LEROY))
    assert (ended.state, ended.reason) == (RUN_STATE_EXECUTOR_ERROR, "wrong reference")


async def test_a_defect_ends_its_run_and_not_the_service(lab: Lab) -> None:
    runner, run = lab.runner(), await lab.submit("S6")
    runner.indexes = {}
    await runner.round()
    await asyncio.wait(runner.going.values())
    await runner.round()
    ended = await lab.ledger.get(run.run_id)
    assert (ended.state, ended.reason) == (RUN_STATE_SYSTEM_ERROR, "a defect of casepath: see the service's log")


async def test_a_project_that_asks_for_much_does_not_keep_another_from_beginning(lab: Lab) -> None:
    for number in range(4):
        await lab.submit(f"M{number}")
    other = await lab.submit("O1", "others", DUPONT)
    runner = lab.runner()
    runner.pool.idle.clear()
    await runner.round()
    assert other.run_id in runner.going
    for one in runner.going.values():
        one.cancel()
    await asyncio.gather(*runner.going.values(), return_exceptions=True)


async def test_only_members_run_for_a_project_and_see_its_runs(lab: Lab) -> None:
    for who, project in ((DUPONT, "sarcomas"), (LEROY, "unknown"), (NOBODY, "sarcomas")):
        with pytest.raises(Forbidden):
            await lab.submit(project=project, who=who)
    run = await lab.submit()
    assert [one.run_id for one in await lab.catalogue.all(LEROY)] == [run.run_id]
    assert await lab.catalogue.all(DUPONT) == []
    for asked in (lab.catalogue.get(run.run_id, DUPONT), lab.catalogue.cancel(run.run_id, DUPONT)):
        with pytest.raises(NotFound, match="no such run"):
            await asked
    with pytest.raises(NotFound):
        await lab.catalogue.get("../others", LEROY)


async def test_what_is_not_fit_is_refused_before_it_is_a_run(lab: Lab, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.fastq.gz"
    damaged.write_bytes(samples.READS[0].read_bytes()[:-100])
    header = RunHeader(project="sarcomas", sample="S1", reference="hg19-chr20", engine=ENGINE_BCFTOOLS)
    header.reads.add(first="a", second="b")
    with pytest.raises(ReadsUnfit, match="gzip stream"):
        await lab.submission.submit(header, {"a": damaged, "b": samples.READS[1]}, LEROY)
    with pytest.raises(Malformed, match="1 files are named and were not sent: b"):
        await lab.submission.submit(header, {"a": damaged}, LEROY)
    header.reference = "T2T"
    with pytest.raises(NotFound, match="not declared"):
        await lab.submission.submit(header, {"a": damaged, "b": damaged}, LEROY)
    assert await lab.ledger.all() == []


async def test_the_schedule_says_what_waits_and_was_used(lab: Lab) -> None:
    await lab.submit()
    lab.pool.usage["sarcomas"].seconds = 7200
    (line,) = (await lab.catalogue.schedule(LEROY)).projects
    assert (line.project, line.queued_runs, line.core_hours_used, line.core_hours) == ("sarcomas", 1, 2, 10)
    operator = Principal("ops", frozenset({"operator"}))
    assert [one.project for one in (await lab.catalogue.schedule(operator)).projects] == ["others", "sarcomas"]
    with pytest.raises(Forbidden):
        await lab.catalogue.schedule(NOBODY)


async def test_hours_of_this_week_are_counted_again_after_a_start(lab: Lab) -> None:
    run = await lab.submit()
    for days in (0, 8):
        task = run.tasks.add(name=f"align-0000-{days:06}", seconds=100)
        task.ended_at.FromSeconds(int(datetime.now(UTC).timestamp()) - days * 86400)
    await lab.ledger.keep(run)
    lab.pool.usage.clear()
    await lab.runner().count_this_week()
    assert lab.pool.usage["sarcomas"].seconds == 100


def conforms(answer: Response, schema: str) -> dict[str, Any]:
    """The answer, which is of GA4GH's schema. What service-info refers to on the internet is left aside."""
    found: dict[str, Any] = answer.raise_for_status().json()
    registry: Registry[Any] = Registry().with_resources(
        [
            ("wes", DRAFT7.create_resource(nullable(SPECIFICATION))),
            (SERVICE_INFO, DRAFT7.create_resource({})),
        ]
    )
    Draft7Validator({"$ref": f"wes#/components/schemas/{schema}"}, registry=registry).validate(found)
    return found


def nullable(schema: Any) -> Any:
    """OpenAPI 3.0's `nullable` in JSON Schema."""
    if isinstance(schema, dict):
        found = {name: nullable(value) for name, value in schema.items()}
        if found.pop("nullable", False):
            return {"anyOf": [found, {"type": "null"}]}
        if str(found.get("$ref", "")).startswith("https://"):
            return {"$ref": SERVICE_INFO}
        return found
    return [nullable(one) for one in schema] if isinstance(schema, list) else schema


@pytest_asyncio.fixture
async def wes(going: Lab) -> AsyncIterator[AsyncClient]:
    signer = Signer.fresh()
    keys = going.folder / "keys.json"
    keys.write_text(signer.public_keys())
    app = Wes(going.catalogue, going.submission, Gate.at(keys), going.folder / "scratch", "CHU").app()
    token = signer.token("leroy", ["researcher"], 60)
    headers = {"Authorization": f"Bearer {token}"}
    async with AsyncClient(
        transport=ASGITransport(app), base_url="http://wes/ga4gh/wes/v1", headers=headers, timeout=60
    ) as client:
        yield client


def fields(**other: Any) -> dict[str, str]:
    params = {"reads": [["r1.fastq.gz", "r2.fastq.gz"]], "reference": "hg19-chr20", "sample": "S9", **other}
    return {
        "workflow_type": "CASEPATH",
        "workflow_type_version": "1",
        "workflow_url": "variants",
        "workflow_params": json.dumps(params),
        "tags": json.dumps({"project": "sarcomas", "study": "x"}),
    }


def attachments() -> list[tuple[str, tuple[str, bytes]]]:
    return [
        ("workflow_attachment", (f"r{number}.fastq.gz", path.read_bytes())) for number, path in enumerate(samples.READS, start=1)
    ]


async def test_a_run_from_submission_to_its_files_by_ga4ghs_own_schema(wes: AsyncClient) -> None:
    conforms(await wes.get("/service-info", headers={"Authorization": ""}), "ServiceInfo")
    run_id = conforms(await wes.post("/runs", data=fields(), files=attachments()), "RunId")["run_id"]

    async def complete() -> bool:
        return bool(conforms(await wes.get(f"/runs/{run_id}/status"), "RunStatus")["state"] == "COMPLETE")

    await eventually_async(complete)
    log = conforms(await wes.get(f"/runs/{run_id}"), "RunLog")
    assert log["request"]["tags"] == {"project": "sarcomas", "study": "x"}
    assert log["run_log"]["exit_code"] == 0
    listed = conforms(await wes.get("/runs"), "RunListResponse")
    assert listed["runs"][0]["run_id"] == run_id
    tasks = conforms(await wes.get(f"/runs/{run_id}/tasks?page_size=2"), "TaskListResponse")
    assert (len(tasks["task_logs"]), tasks["next_page_token"]) == (2, "2")
    conforms(await wes.get(f"/runs/{run_id}/tasks/{tasks['task_logs'][0]['id']}"), "TaskLog")
    assert "join-0000-000000" in (await wes.get(log["run_log"]["stdout"])).text
    variants = await wes.get(log["outputs"]["variants.vcf.gz"])
    assert variants.content[:2] == b"\x1f\x8b"
    conforms(await wes.post(f"/runs/{run_id}/cancel"), "RunId")
    assert conforms(await wes.get(f"/runs/{run_id}/status"), "RunStatus")["state"] == "COMPLETE"


async def test_a_workflow_of_ones_own_by_ga4ghs_own_schema(wes: AsyncClient) -> None:
    info = conforms(await wes.get("/service-info"), "ServiceInfo")
    assert info["workflow_type_versions"]["SMK"] == {"workflow_type_version": ["9"]}
    snakefile = (
        "rule all:\n    input: 'in/a.txt'\n    output: 'results/b/a.txt'\n"
        "    shell: 'cat {input} > {output}; echo {config[x]} >> {output}'\n"
    )
    asked = {
        "workflow_type": "SMK",
        "workflow_type_version": "9",
        "workflow_url": "workflow/Snakefile",
        "workflow_params": json.dumps({"x": 7}),
        "tags": json.dumps({"project": "sarcomas"}),
    }
    attached = [("workflow_attachment", ("workflow/Snakefile", snakefile)), ("workflow_attachment", ("in/a.txt", "six"))]
    run_id = conforms(await wes.post("/runs", data=asked, files=attached), "RunId")["run_id"]

    async def complete() -> bool:
        return bool(conforms(await wes.get(f"/runs/{run_id}/status"), "RunStatus")["state"] == "COMPLETE")

    await eventually_async(complete)
    log = conforms(await wes.get(f"/runs/{run_id}"), "RunLog")
    assert log["request"]["workflow_params"] == {"x": 7}
    assert (await wes.get(log["outputs"]["results/b/a.txt"])).text == "six7\n"
    assert "1 of 1 steps" in (await wes.get(log["outputs"]["snakemake.log"])).text
    for wrong in ({"workflow_type_version": "7"}, {"workflow_url": "elsewhere"}, {"workflow_params": "{"}):
        assert (await wes.post("/runs", data={**asked, **wrong}, files=attached)).status_code == 400


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"workflow_type": "CWL"}, 400),
        ({"workflow_url": "https://elsewhere.example/x.cwl"}, 400),
        ({"workflow_params": "{"}, 400),
        ({"workflow_params": "[]"}, 400),
        ({"workflow_params": json.dumps({"reads": "r1"})}, 400),
        ({"workflow_params": json.dumps({"engine": "other"})}, 400),
        ({"tags": json.dumps({"project": "others"})}, 403),
        ({"tags": "{}"}, 400),
    ],
)
async def test_a_request_that_is_not_one_is_told_why(wes: AsyncClient, wrong: dict[str, str], status: int) -> None:
    answer = await wes.post("/runs", data={**fields(), **wrong}, files=attachments())
    assert answer.status_code == status
    jsonschema.validate(answer.json(), SPECIFICATION["components"]["schemas"]["ErrorResponse"])
    assert answer.json()["msg"]


async def test_a_request_says_how_long_it_is_before_any_of_it_is_kept(wes: AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"x"

    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await wes.post("/runs", content=endless(), headers=multipart)).status_code == 400
    large = {**multipart, "Content-Length": str(1 << 50)}
    assert (await wes.post("/runs", content=b"x", headers=large)).status_code == 400


async def test_without_a_token_nothing_is_told_and_what_is_not_there_is_not_found(wes: AsyncClient) -> None:
    assert (await wes.get("/runs", headers={"Authorization": ""})).status_code == 401
    assert (await wes.get(f"/runs/{uuid4()}")).status_code == 404
    assert (await wes.get("/runs?page_size=x")).status_code == 400


async def test_an_attachments_name_does_not_lead_elsewhere(wes: AsyncClient) -> None:
    for name in ("../r1.fastq.gz", ".r1", "a/b"):
        files = [("workflow_attachment", (name, b"x"))]
        assert (await wes.post("/runs", data=fields(), files=files)).status_code == 400
