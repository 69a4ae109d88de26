"""Researchers' own workflows, by Snakemake in bubblewrap: what they make, what they cannot reach, and how they make way."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from stages.research_lab import LEROY, Lab, going, lab

from casepath.sequencing.v1.runs_pb2 import (
    RUN_STATE_CANCELED,
    RUN_STATE_COMPLETE,
    RUN_STATE_EXECUTOR_ERROR,
    Run,
    RunHeader,
    WorkflowHeader,
    WorkflowHeaderFile,
)
from chassis.errors import Malformed, Misconfigured
from sequencing.adapters.bubblewrap import Bubblewrap, must_work
from sequencing.provenance import METADATA
from sequencing.runs.catalogue import files
from sequencing.runs.turns import CARE
from sequencing.workflows.folder import Folder, results
from waiting import eventually_async

__all__ = ["going", "lab"]

COUNTING = """
configfile: "config.yaml"

rule all:
    input: "results/total.txt"

rule count:
    input: "reads/{name}.fastq"
    output: "counts/{name}.txt"
    shell: "sleep {config[pause]}; echo $(( $(wc -l < {input}) / 4 )) > {output}"

rule total:
    input: expand("counts/{name}.txt", name=config["names"])
    output: "results/total.txt"
    run:
        import pysam
        with open(output[0], "w") as out:
            print(sum(int(open(path).read()) for path in input), config.get("unit", ""), file=out)
            if "reference" in config:
                print(*pysam.FastaFile(config["reference"]).references, file=out)
"""
READ = "@r\nACGT\n+\nIIII\n"


def counting(pause: float = 0.0) -> dict[str, str]:
    return {
        "Snakefile": COUNTING,
        "config.yaml": f"pause: {pause}\nunit: pairs\nnames: [a, b, c]\n",
        "reads/a.fastq": READ,
        "reads/b.fastq": READ * 2,
        "reads/c.fastq": READ * 3,
    }


async def submit(lab: Lab, content: Mapping[str, str], **header: str) -> Run:
    folder = lab.folder / "sent"
    folder.mkdir(exist_ok=True)
    sent = {}
    for number, text in enumerate(content.values()):
        sent[str(number)] = folder / str(number)
        sent[str(number)].write_text(text)
    named = [WorkflowHeaderFile(path=path, name=str(number)) for number, path in enumerate(content)]
    workflow = WorkflowHeader(files=named, snakefile=header.get("snakefile", ""), config=header.get("config", ""))
    asked = RunHeader(project="sarcomas", reference=header.get("reference", ""), workflow=workflow)
    return await lab.submission.submit(asked, sent, LEROY)


async def content_of(lab: Lab, run: Run, name: str) -> str:
    return (await lab.objects.get(files(run)[name])).decode()


async def test_a_workflow_leaves_its_results_its_log_and_where_they_come_from_and_the_same_again_at_once(going: Lab) -> None:
    asked = {"config": json.dumps({"unit": "reads"}), "reference": "hg19-chr20"}
    run = await going.ended(await submit(going, counting(), **asked))
    assert (run.state, run.reason) == (RUN_STATE_COMPLETE, ""), await content_of(going, run, "snakemake.log")
    assert list(files(run)) == ["results/total.txt", "snakemake.log", "Snakefile", METADATA]
    assert await content_of(going, run, "results/total.txt") == "6 reads\nchr20\n"
    assert "5 of 5 steps (100%) done" in await content_of(going, run, "snakemake.log")
    assert [one.name.split("-")[1] for one in run.tasks] == ["count", "count", "count", "total", "all", "snakemake"]
    crate = json.loads(await content_of(going, run, METADATA))
    named = {one.get("name") for one in crate["@graph"]}
    assert {"Snakefile", "reads/a.fastq", "results/total.txt", "snakemake"} <= named
    again = await going.ended(await submit(going, counting(), **asked))
    assert (again.state, again.cached, again.files) == (RUN_STATE_COMPLETE, True, run.files)
    other = await going.ended(await submit(going, counting()))
    assert (other.cached, await content_of(going, other, "results/total.txt")) == (False, "6 pairs\n")


PRYING = """
import os, pathlib, socket, subprocess

def tried(what):
    try:
        return str(what())
    except Exception as error:
        return type(error).__name__

rule all:
    output: "results/found.txt"
    run:
        found = {
            "broker": tried(lambda: socket.create_connection(("127.0.0.1", int(config["port"])), 2)),
            "store": tried(lambda: pathlib.Path(config["store"]).exists()),
            "environment": sorted(name for name in os.environ if name.startswith("CASEPATH")),
            "processes": len([name for name in os.listdir("/proc") if name.isdigit()]) > 20,
            "etc": sorted(os.listdir("/etc")),
            "homes": tried(lambda: pathlib.Path("/home").exists()),
            "root": tried(lambda: pathlib.Path("/written").write_text("x")),
            "usr": tried(lambda: pathlib.Path("/usr/written").write_text("x")),
            "namespace": subprocess.run(["unshare", "--user", "true"]).returncode != 0,
            "user": os.getuid(),
        }
        pathlib.Path(output[0]).write_text(str(found))
"""


async def test_a_workflow_finds_no_network_no_store_no_settings_and_no_other_process(
    going: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASEPATH_KAFKA", "127.0.0.1:1")
    listening = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    config = {"port": listening.sockets[0].getsockname()[1], "store": str(going.folder / "objects")}
    run = await going.ended(await submit(going, {"Snakefile": PRYING}, config=json.dumps(config)))
    listening.close()
    assert run.state == RUN_STATE_COMPLETE, run.reason
    found = await content_of(going, run, "results/found.txt")
    told = eval(found)
    assert set(told.pop("etc")) <= {"alternatives", "ld.so.cache", "fonts"}
    assert told == {
        "broker": "ConnectionRefusedError",
        "store": "False",
        "environment": [],
        "processes": False,
        "homes": "False",
        "root": "OSError",
        "usr": "OSError",
        "namespace": True,
        "user": 65534,
    }


WRONG = {
    "shell: 'exit 3'": "rule it failed: see snakemake.log",
    "shell: 'ln -s /usr/bin/env {output}'": "results/out.txt is not a plain file, and links are not followed",
    "shell: 'touch {output} \"results/a b\"'": "results holds a file whose name is not of letters",
    "shell: 'rm -r results; ln -s /etc results'": "the workflow failed: see snakemake.log",
    "shell: 'truncate -s 1G {output}'": "rule it failed: see snakemake.log",
    "shell: 'for n in 1 2 3; do truncate -s 40M $n; done; sleep 60'": "the workflow's folder grew beyond 64 MiB",
    # One that tells of progress all the time.
    "shell: 'truncate -s 40M 1; truncate -s 40M 2; for n in $(seq 60); do echo \"1 of $n steps (\"; sleep 1; done'": (
        "the workflow's folder grew beyond 64 MiB"
    ),
    # And one that writes while it is killed: its log is of when all of it had ended.
    "shell: 'truncate -s 40M 1; truncate -s 40M 2; while true; do echo on; done'": "the workflow's folder grew beyond 64 MiB",
    "run: bytearray(8 << 30)": "rule it failed: see snakemake.log",
    "shell 'true'": "the workflow failed: see snakemake.log",
}


async def test_what_goes_wrong_in_a_workflow_is_told_with_its_log(going: Lab) -> None:
    sent = {rule: await submit(going, {"Snakefile": f"rule it:\n    output: 'results/out.txt'\n    {rule}\n"}) for rule in WRONG}
    for rule, run in sent.items():
        ended = await going.ended(run)
        assert (rule, ended.state) == (rule, RUN_STATE_EXECUTOR_ERROR)
        assert WRONG[rule] in ended.reason
        assert list(files(ended)) == ["snakemake.log"]
        assert await content_of(going, ended, "snakemake.log")


async def test_a_workflow_makes_way_for_care_at_the_border_of_a_job_and_goes_on_from_there(lab: Lab) -> None:
    run = await submit(lab, counting(pause=1.0))
    stop = asyncio.Event()
    running = asyncio.create_task(lab.runner().run(stop))
    await begun(lab, run)
    # The other process has work; care waits for this one.
    async with lab.pool.slot(CARE), asyncio.timeout(120), lab.pool.slot(CARE):
        waiting = await lab.ledger.get(run.run_id)
        assert waiting.HasField("snapshot") or await eventually_kept(lab, run)
        assert waiting.state not in (RUN_STATE_COMPLETE, RUN_STATE_EXECUTOR_ERROR)
    ended = await lab.ended(run)
    stop.set()
    await running
    assert (ended.state, ended.reason) == (RUN_STATE_COMPLETE, "")
    jobs = [one.name.split("-")[1] for one in ended.tasks]
    assert jobs.count("count") == 3
    assert jobs.count("snakemake") >= 2
    assert await lab.objects.names("sequencing/interrupted") == set()


async def test_another_service_goes_on_from_where_a_workflow_last_made_way(lab: Lab) -> None:
    lab.bounds = replace(lab.bounds, turn=0.5)
    run = await submit(lab, counting(pause=1.0))
    dying = lab.runner()
    await dying.round()
    await eventually_kept(lab, run)
    first = (await lab.ledger.get(run.run_id)).snapshot.path

    async def the_newest_alone() -> bool:
        newest = (await lab.ledger.get(run.run_id)).snapshot.path
        names = await lab.objects.names("sequencing/interrupted")
        return newest != first and names == {newest.removeprefix("sequencing/interrupted/")}

    await eventually_async(the_newest_alone)
    (task,) = dying.going.values()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert list((lab.folder / "scratch").iterdir()) == []
    lab.bounds = replace(lab.bounds, turn=60)
    stop = asyncio.Event()
    running = asyncio.create_task(lab.runner().run(stop))
    ended = await lab.ended(run)
    stop.set()
    await running
    assert ended.state == RUN_STATE_COMPLETE
    assert await content_of(lab, ended, "results/total.txt") == "6 pairs\n"
    assert (await content_of(lab, ended, "snakemake.log")).count("Building DAG of jobs") >= 2


async def test_a_job_that_does_not_end_where_care_waits_is_begun_again(lab: Lab) -> None:
    lab.bounds = replace(lab.bounds, grace=0.0)
    run = await submit(lab, {"Snakefile": "rule it:\n    output: 'results/x'\n    shell: 'sleep 6; touch {output}'\n"})
    stop = asyncio.Event()
    running = asyncio.create_task(lab.runner().run(stop))

    async def said() -> bool:
        return any("rule it" in log.read_text() for log in (lab.folder / "scratch").glob("*/snakemake.log"))

    await eventually_async(said)
    async with lab.pool.slot(CARE), asyncio.timeout(5), lab.pool.slot(CARE):
        assert (await lab.ledger.get(run.run_id)).state not in (RUN_STATE_COMPLETE, RUN_STATE_EXECUTOR_ERROR)
    assert (await lab.ended(run)).state == RUN_STATE_COMPLETE
    stop.set()
    await running


ASKED_TO_END_AS_A_JOB_ENDS = """
import os, signal
from snakemake.scheduling.job_scheduler import JobScheduler

finish = JobScheduler._finish_jobs

def interrupted(self):
    if self._tofinish:
        os.kill(os.getpid(), signal.SIGTERM)
    finish(self)

JobScheduler._finish_jobs = interrupted

rule all:
    input: "b"

rule a:
    output: "a"
    shell: "touch {output}"

rule b:
    input: "a"
    output: "b"
    # May begin before the thread that heeds the signal has its turn, and not end before it has.
    shell: "sleep 2; touch {output}"
"""


async def test_a_workflow_that_is_asked_to_end_in_the_moment_in_which_a_job_ends_does(going: Lab) -> None:
    ended = await going.ended(await submit(going, {"Snakefile": ASKED_TO_END_AS_A_JOB_ENDS}))
    assert "Will exit after finishing currently running jobs" in await content_of(going, ended, "snakemake.log")


async def test_a_workflow_that_is_called_off_ends_with_all_its_processes(going: Lab) -> None:
    run = await submit(going, {"Snakefile": "rule it:\n    output: 'x'\n    shell: 'exec -a called-off-by-test sleep 600'\n"})

    def there() -> bool:
        return any("called-off-by-test" in (one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"]))

    async def sleeping() -> bool:
        return there()

    async def gone() -> bool:
        return not there()

    await eventually_async(sleeping)
    await going.catalogue.cancel(run.run_id, LEROY)
    assert (await going.ended(run)).state == RUN_STATE_CANCELED
    await eventually_async(gone)


async def test_a_workflow_has_so_many_hours(lab: Lab) -> None:
    lab.bounds = replace(lab.bounds, seconds=3)
    run = await submit(lab, {"Snakefile": "rule it:\n    output: 'x'\n    shell: 'sleep 600'\n"})
    stop = asyncio.Event()
    running = asyncio.create_task(lab.runner().run(stop))
    ended = await lab.ended(run)
    stop.set()
    await running
    assert (ended.state, "was not done in" in ended.reason) == (RUN_STATE_EXECUTOR_ERROR, True)


@pytest.mark.parametrize(
    ("content", "header", "said"),
    [
        ({"Snakefile": "", "../up": ""}, {}, "breaks its contract"),
        ({"Snakefile": "", "/etc/x": ""}, {}, "breaks its contract"),
        ({"Snakefile": "", ".snakemake/x": ""}, {}, "breaks its contract"),
        ({"rules.smk": ""}, {}, "workflow/Snakefile is not among"),
        ({"Snakefile": ""}, {"snakefile": "other.smk"}, "other.smk is not among"),
        ({"Snakefile": "", "Snakefile/x": ""}, {}, "of a file and of a folder"),
        ({"Snakefile": ""}, {"config": "[1]"}, "not a JSON object"),
    ],
)
async def test_a_folder_that_is_no_workflow_is_refused_before_it_is_a_run(
    lab: Lab, content: dict[str, str], header: dict[str, str], said: str
) -> None:
    with pytest.raises(Malformed, match=said):
        await submit(lab, content, **header)
    assert await lab.ledger.all() == []


async def test_a_platform_without_a_sandbox_says_that_it_runs_none(lab: Lab) -> None:
    lab.submission = replace(lab.submission, workflows=False)
    with pytest.raises(Malformed, match="runs no workflows of your own"):
        await submit(lab, counting())


def test_a_machine_that_gives_no_sandbox_is_told_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = Bubblewrap(memory=1 << 30, file=1 << 20)
    must_work(sandbox, tmp_path)
    refusing = tmp_path / "bwrap"
    refusing.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(Misconfigured, match="No permissions to create new namespace"):
        must_work(sandbox, tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    with pytest.raises(Misconfigured, match="install it"):
        must_work(sandbox, tmp_path)


def test_results_are_plain_files_below_their_folder(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.make()
    assert results(folder.work) == {}
    deep = folder.work / "results" / "a" / "b.txt"
    deep.parent.mkdir(parents=True)
    deep.touch()
    assert results(folder.work) == {"results/a/b.txt": deep}


async def begun(lab: Lab, run: Run) -> None:
    async def has() -> bool:
        return bool((await lab.ledger.get(run.run_id)).tasks)

    await eventually_async(has)


async def eventually_kept(lab: Lab, run: Run) -> bool:
    async def has() -> bool:
        return (await lab.ledger.get(run.run_id)).HasField("snapshot")

    await eventually_async(has)
    return True
