"""`casepath run`: variants on demand, on a platform."""

import json
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import click
from google.protobuf.json_format import MessageToDict

from casepath.sequencing.v1.runs_pb2 import (
    CancelRunRequest,
    DownloadResultRequest,
    GetRunRequest,
    GetScheduleRequest,
    ListRunsRequest,
    Outlook,
    ReadPair,
    Run,
    RunHeader,
    RunState,
    SubmitRunRequest,
    WatchRunRequest,
    WorkflowHeader,
    WorkflowHeaderFile,
)
from casepath.sequencing.v1.runs_pb2_grpc import RunServiceStub
from chassis.asking import Calls, Where, asks_platform
from chassis.errors import Malformed, Rejected
from chassis.suffixes import suffix_of
from sequencing.computations import engine_named
from sequencing.workflows.folder import RESULTS

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
CHUNK = 1 << 20
COMPLETE = "complete"


asked_of_runs = asks_platform("--runs", "CASEPATH_RUNS_ADDRESS", "127.0.0.1:18055")


@click.group()
def run() -> None:
    """Reads to variants, or workflows of your own, on a platform, for a project of research."""


@run.command()
@click.option("--project", required=True, help="Whose hours are used.")
@click.option("--reads", multiple=True, nargs=2, type=FILE, metavar="R1 R2", help="FASTQ files of a pair; once for each lane.")
@click.option("--alignments", multiple=True, type=FILE, metavar="BAM|CRAM", help="Alignments, to be aligned again.")
@click.option("--reference", required=True, help="Name of a reference that the platform declares.")
@click.option("--sample", default="sample", show_default=True, help="Sample name in BAM and VCF.")
@click.option("--engine", type=click.Choice(["bcftools", "gatk"]), default="bcftools", show_default=True, help="What calls.")
@click.option("--tag", "tags", multiple=True, metavar="NAME=VALUE", help="Anything that you want to find it by.")
@click.option("--watch", "watching", is_flag=True, help="Stay until it has ended.")
@asked_of_runs
def submit(
    project: str,
    reads: tuple[tuple[Path, Path], ...],
    alignments: tuple[Path, ...],
    reference: str,
    sample: str,
    engine: str,
    tags: tuple[str, ...],
    watching: bool,
    platform: Where,
) -> None:
    """Send reads, and have their variants called when care leaves time for it. Prints the run's id."""
    files = [path for pair in reads for path in pair] + list(alignments)
    named = {f"{number}{suffix_of(path.name)}": path for number, path in enumerate(files)}
    names = list(named)
    header = RunHeader(
        project=project,
        sample=sample,
        reference=reference,
        engine=engine_named(engine),
        reads=[ReadPair(first=names[2 * at], second=names[2 * at + 1]) for at in range(len(reads))],
        alignments=names[2 * len(reads) :],
        tags=dict(pair_of(tag, "a tag") for tag in tags),
    )
    with calls(platform) as stub:
        made = stub("SubmitRun", parts(header, named)).run
        click.echo(made.run_id)
        if watching:
            follow(stub, made.run_id)


@run.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--project", required=True, help="Whose hours are used.")
@click.option("--snakefile", default="", help="Path in the folder.  [default: workflow/Snakefile or Snakefile]")
@click.option("--target", "targets", multiple=True, help="Rule or file to be made.  [default: the first rule]")
@click.option("--config", "settings", multiple=True, metavar="NAME=VALUE", help="Goes before the workflow's own configuration.")
@click.option("--reference", default="", help="A reference that the platform declares; config['reference'] is its FASTA file.")
@click.option("--tag", "tags", multiple=True, metavar="NAME=VALUE", help="Anything that you want to find it by.")
@click.option("--watch", "watching", is_flag=True, help="Stay until it has ended.")
@asked_of_runs
def workflow(
    folder: Path,
    project: str,
    snakefile: str,
    targets: tuple[str, ...],
    settings: tuple[str, ...],
    reference: str,
    tags: tuple[str, ...],
    watching: bool,
    platform: Where,
) -> None:
    """Send a folder with a Snakemake workflow and its inputs, and have it run in a sandbox. Prints the run's id.

    It finds this folder's files, but what is hidden and its results/, and no network. What it leaves in results/ is kept, with
    its log: `casepath run download`.
    """
    found = workflow_files(folder)
    paths = {path: str(number) for number, path in enumerate(found)}
    header = RunHeader(
        project=project,
        reference=reference,
        tags=dict(pair_of(tag, "a tag") for tag in tags),
        workflow=WorkflowHeader(
            files=[WorkflowHeaderFile(path=path, name=name) for path, name in paths.items()],
            snakefile=snakefile,
            targets=targets,
            config=json.dumps(dict(pair_of(one, "a setting") for one in settings)),
        ),
    )
    with calls(platform) as stub:
        made = stub("SubmitRun", parts(header, {name: found[path] for path, name in paths.items()})).run
        click.echo(made.run_id)
        if watching:
            follow(stub, made.run_id)


@run.command()
@click.argument("run_id")
@asked_of_runs
def watch(run_id: str, platform: Where) -> None:
    """Show how a run goes until it has ended; the exit status says whether it is complete."""
    with calls(platform) as stub:
        follow(stub, run_id)


@run.command()
@click.argument("run_id")
@asked_of_runs
def cancel(run_id: str, platform: Where) -> None:
    """Call a run off, at the border of its next task."""
    with calls(platform) as stub:
        click.echo(state(stub("CancelRun", CancelRunRequest(run_id=run_id)).run))


@run.command()
@click.argument("run_id")
@asked_of_runs
def logs(run_id: str, platform: Where) -> None:
    """Print a run's tasks as they ended, and what went wrong."""
    with calls(platform) as stub:
        found = stub("GetRun", GetRunRequest(run_id=run_id)).run
    for task in found.tasks:
        click.echo(f"{task.ended_at.ToDatetime(UTC):%Y-%m-%d %H:%M:%S} {task.name:24} {task.seconds:8.2f} s")
    if found.reason:
        click.echo(found.reason)


@run.command("list")
@click.option("--project", default="", help="Of this project alone.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@asked_of_runs
def list_(project: str, as_json: bool, platform: Where) -> None:
    """List the runs of your projects, the newest first."""
    with calls(platform) as stub:
        found = stub("ListRuns", ListRunsRequest(project=project)).runs
    if as_json:
        click.echo(json.dumps([MessageToDict(one, preserving_proto_field_name=True) for one in found], indent=2))
        return
    for one in found:
        when, named = one.submitted_at.ToDatetime(UTC), one.sample or one.workflow.snakefile
        click.echo(f"{one.run_id}  {when:%Y-%m-%d %H:%M}  {one.project:16} {named:16} {state(one)}")


@run.command()
@click.argument("run_id")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write into.")
@asked_of_runs
def download(run_id: str, out: Path, platform: Where) -> None:
    """Write a run's results: BAM, VCF and gVCF with their indexes, or what a workflow left; where they come from (RO-Crate)."""
    out.mkdir(parents=True, exist_ok=True)
    with calls(platform) as stub:
        for name in stub("GetRun", GetRunRequest(run_id=run_id)).files:
            partial = out / f"{name}.partial"
            partial.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                for answer in stub("DownloadResult", DownloadResultRequest(run_id=run_id, name=name)):
                    file.write(answer.chunk)
            partial.replace(out / name)
            click.echo(out / name)


@run.command()
@asked_of_runs
def schedule(platform: Where) -> None:
    """Say what waits, what runs, what was used this week, and when the queue clears."""
    with calls(platform) as stub:
        found = stub("GetSchedule", GetScheduleRequest())
    click.echo(f"{found.processes} processes; {found.care_waiting} tasks of care wait")
    for one in found.projects:
        hours = f" of {one.core_hours:g}" if one.core_hours else ""
        clears = f"; clears in about {one.clears_in_seconds / 60:.0f} min" if one.HasField("clears_in_seconds") else ""
        click.echo(
            f"{one.project}: {one.running_runs} runs go, {one.queued_runs} wait; tasks: {one.tasks_running} run, "
            f"{one.tasks_waiting} wait; {one.core_hours_used:.2f}{hours} core-hours this week{clears}"
        )


def calls(platform: Where) -> Calls:
    return Calls(RunServiceStub, "sequencing", platform)


def follow(stub: Calls, run_id: str) -> None:
    """A line a change. Raise Rejected where the run ends as anything but complete."""
    last = Run()
    for answer in stub("WatchRun", WatchRunRequest(run_id=run_id)):
        last = answer.run
        click.echo(progress(last, answer.outlook), err=True)
    if state(last) != COMPLETE:
        raise Rejected(f"the run ended as {state(last)}: {last.reason}")


def progress(one: Run, outlook: Outlook) -> str:
    known = f" of {one.tasks_known}" if one.tasks_known else ""
    told = [f"{state(one)}: {len(one.tasks)}{known} tasks, {outlook.core_seconds:.0f} core-seconds"]
    if outlook.cost:
        told.append(f"{outlook.cost:.2f} {outlook.currency}")
    if outlook.HasField("seconds_left"):
        told.append(f"about {outlook.seconds_left:.0f} s left")
    if one.cached:
        told.append("computed before")
    return ", ".join(told)


def parts(header: RunHeader, files: dict[str, Path]) -> Iterator[SubmitRunRequest]:
    yield SubmitRunRequest(header=header)
    for name, path in files.items():
        yield SubmitRunRequest(file=name)
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield SubmitRunRequest(chunk=chunk)


def pair_of(text: str, what: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise Malformed(f"{what} is NAME=VALUE")
    return name, value


def workflow_files(folder: Path) -> dict[str, Path]:
    """Of a folder by their paths, but what is hidden, and results of earlier runs. Raise Malformed where there is none."""
    found: dict[str, Path] = {}
    for root, folders, names in folder.walk():
        folders[:] = sorted(name for name in folders if not name.startswith(".") and (root != folder or name != RESULTS))
        found |= {(root / name).relative_to(folder).as_posix(): root / name for name in sorted(names) if not name.startswith(".")}
    if not found:
        raise Malformed(f"{folder} holds no workflow")
    return found


def state(one: Run) -> str:
    return RunState.Name(one.state).removeprefix("RUN_STATE_").lower().replace("_", " ")
