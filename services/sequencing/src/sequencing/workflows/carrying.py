"""One workflow to its end: in turns, each of which makes way for others at the border of a job, and goes on from there."""

import asyncio
import json
import os
import select
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4, uuid5

from casepath.sequencing.v1.runs_pb2 import RUN_STATE_RUNNING, Run, WorkflowFile
from chassis.errors import Rejected
from chassis.objects import Objects, Shelf
from sequencing.adapters.bubblewrap import CONFIG, REFERENCE, Bubblewrap, Room
from sequencing.adapters.reference_index import IndexedReference
from sequencing.workers import Workers
from sequencing.workflows.crate import workflow_crate
from sequencing.workflows.folder import LOG, Folder, lay_out, packed, results, size, unpack
from sequencing.workflows.progress import Failed, Finished, Known, told

# Processes that were killed are gone by then, or wait for a disk that does not answer.
GONE_SECONDS = 30
TICK_SECONDS = 1.0
# A turn is as long as this where others wait, and what it has made is kept then in any case.
TURN_SECONDS = 900.0
# Where care waits, a job has so long to come to its end. It is begun again in the next turn.
GRACE_SECONDS = 600.0
DISK_TICKS = 5
# What is kept one by one of a run's jobs.
MOST_TASKS = 1000
INSIDE = Path(__file__).with_name("inside.py").read_text()
NAMESPACE = UUID("6a5a3e0c-6d3c-4b52-9f0d-2f6a0d1f7c11")

# Told of a run after each change; raises where it was called off.
type Tell = Callable[[Run], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one run: seconds of a process in all, and bytes on disk; `threads` of one turn."""

    seconds: float
    disk: int
    threads: int = 1
    turn: float = TURN_SECONDS
    grace: float = GRACE_SECONDS


@dataclass(slots=True)
class Turn:
    """What came of a turn so far. `border` is when the last job ended; `read` how much of the log was looked at."""

    border: float = field(default_factory=time.monotonic)
    read: int = 0
    earlier: int = 0
    failed: str = ""
    stopping: float | None = None


class Workflows:
    """`indexes` are of every declared reference, by name."""

    def __init__(
        self,
        objects: Objects,
        pool: Workers,
        indexes: Mapping[str, IndexedReference],
        sandbox: Bubblewrap,
        bounds: Bounds,
        scratch: Path,
    ) -> None:
        self.objects = objects
        self.pool = pool
        self.indexes = indexes
        self.sandbox = sandbox
        self.bounds = bounds
        self.scratch = scratch
        self.made = Shelf(objects, Run, "sequencing/workflows")
        self.engine = f"snakemake {version('snakemake')}"

    async def carry(self, run: Run, tell: Tell) -> None:
        """Leave its results in `run`. Raise Rejected where the workflow fails, with its log in `run` too."""
        run.computation_id = identity(run, self.engine, self.reference(run))
        same = await self.made.get(run.computation_id)
        if same is not None:
            run.cached = not run.tasks
            run.files.extend(same.files)
            run.provenance.CopyFrom(same.provenance)
            return
        run.state = RUN_STATE_RUNNING
        if not run.HasField("started_at"):
            run.started_at.GetCurrentTime()
        with TemporaryDirectory(dir=self.scratch) as name:
            folder = Folder(Path(name))
            await self.begin(run, folder)
            await tell(run)
            try:
                while not await self.turn(run, folder, tell):
                    before = run.snapshot.path
                    await self.keep(run, folder)
                    await tell(run)
                    if before:
                        await self.objects.remove(str(PurePosixPath(before).parent))
                found = await asyncio.to_thread(results, folder.work)
            except Rejected:
                await self.file(run, {LOG: folder.log})
                raise
            await self.file(run, {**found, LOG: folder.log})
        run.tasks_known = len(run.tasks)
        run.provenance.CopyFrom(await self.objects.put(workflow_crate(run, self.engine)))
        await self.made.put(run.computation_id, run)

    async def forget(self, run: Run) -> None:
        """What is needed no longer when it has ended."""
        run.ClearField("snapshot")
        await self.objects.remove(interrupted(run))

    def reference(self, run: Run) -> IndexedReference | None:
        return self.indexes[run.reference] if run.reference else None

    async def begin(self, run: Run, folder: Folder) -> None:
        """As it was sent, or as it was when it last made way."""
        folder.make()
        config = json.loads(run.workflow.config or "{}")
        reference = self.reference(run)
        if reference is not None:
            config["reference"] = f"{REFERENCE}/{reference.fasta.name}"
        folder.config.write_text(json.dumps(config))
        with TemporaryDirectory(dir=self.scratch) as name:
            if run.HasField("snapshot"):
                archive = await self.objects.as_file(run.snapshot, Path(name))
                await asyncio.to_thread(unpack, archive, folder)
                return
            files = {one.path: await self.objects.as_file(one.object, Path(name)) for one in run.workflow.files}
            await asyncio.to_thread(lay_out, folder.work, files)

    async def keep(self, run: Run, folder: Folder) -> None:
        with TemporaryDirectory(dir=self.scratch) as name:
            archive = await asyncio.to_thread(packed, folder, Path(name) / "work.tar")
            run.snapshot.CopyFrom(await self.objects.put(archive, folder=f"{interrupted(run)}/{uuid4()}"))

    async def file(self, run: Run, found: Mapping[str, Path]) -> None:
        del run.files[:]
        for name, path in found.items():
            run.files.append(WorkflowFile(path=name, object=await self.objects.put(path)))

    async def turn(self, run: Run, folder: Folder, tell: Tell) -> bool:
        """Whether it came to its end; else it made way. Raise Rejected where it failed, or goes beyond its bounds."""
        async with self.pool.slot(run.project):
            state = Turn(read=folder.log.stat().st_size, earlier=len(run.tasks))
            try:
                return await self.watched(run, folder, state, tell)
            finally:
                now = time.monotonic()
                if now > state.border:
                    count(run, "snakemake", now - state.border)

    async def watched(self, run: Run, folder: Folder, state: Turn, tell: Tell) -> bool:
        process, inner, all_of_it = await self.started(run, folder)
        ending = asyncio.create_task(process.wait())
        spent = sum(task.seconds for task in run.tasks)
        began, ticks = time.monotonic(), 0
        try:
            while not ending.done():
                await asyncio.wait({ending}, timeout=TICK_SECONDS)
                ticks += 1
                due = ticks % DISK_TICKS == 0
                if look(run, folder, state) or due:
                    await tell(run)
                if due and await asyncio.to_thread(size, folder) > self.bounds.disk:
                    raise Rejected(f"the workflow's folder grew beyond {self.bounds.disk >> 20} MiB")
                if spent + time.monotonic() - began > self.bounds.seconds:
                    raise Rejected(f"the workflow was not done in {self.bounds.seconds / 3600:g} hours")
                if self.must_make_way(time.monotonic() - began):
                    self.make_way(state, process, inner)
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
            await ending
            await gone(all_of_it)
        look(run, folder, state)
        if process.returncode == 0:
            return True
        if state.stopping is not None:
            return False
        raise Rejected(f"rule {state.failed} failed: see {LOG}" if state.failed else f"the workflow failed: see {LOG}")

    def must_make_way(self, seconds: float) -> bool:
        return self.pool.care_waits() or seconds > self.bounds.turn

    def make_way(self, state: Turn, process: asyncio.subprocess.Process, inner: int) -> None:
        """Snakemake begins no further job when it is asked to end (SIGTERM), and ends with those that run."""
        now = time.monotonic()
        if state.stopping is None:
            state.stopping = now
        with suppress(ProcessLookupError):
            if self.pool.care_waits() and now - state.stopping > self.bounds.grace:
                process.kill()
            else:
                os.kill(inner, signal.SIGTERM)

    async def started(self, run: Run, folder: Folder) -> tuple[asyncio.subprocess.Process, int, int | None]:
        """The sandbox, the number of Snakemake's process in it, and a descriptor by which one sees that this has ended."""
        reference = self.reference(run)
        room = Room(folder.work, folder.temporary, folder.config, reference.fasta if reference is not None else None)
        told_by, told_to = os.pipe()
        try:
            with folder.log.open("ab") as log:
                process = await asyncio.create_subprocess_exec(
                    *self.sandbox.command(room, snakemake(run, self.bounds.threads), told_to),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(told_to,),
                )
            os.close(told_to)
            told_to = -1
            told_it = await asyncio.to_thread(read_all, told_by)
        finally:
            os.close(told_by)
            if told_to >= 0:
                os.close(told_to)
        inner = int(json.loads(told_it)["child-pid"]) if told_it else process.pid
        try:
            return process, inner, os.pidfd_open(inner)
        except ProcessLookupError:
            return process, inner, None


async def gone(process: int | None) -> None:
    """Wait until a sandbox's first process has ended (pidfd_open(2)), and with it every other: a sandbox that was killed is gone
    before them, and they would write on while its log is stored."""
    if process is None:
        return
    try:
        ended = select.poll()
        ended.register(process, select.POLLIN)
        await asyncio.to_thread(ended.poll, GONE_SECONDS * 1000)
    finally:
        os.close(process)


def snakemake(run: Run, threads: int) -> list[str]:
    return [
        *(sys.executable, "-c", INSIDE, "--snakefile", run.workflow.snakefile, "--configfile", CONFIG),
        *("--cores", str(threads), "--nocolor", "--nolock", "--rerun-incomplete", "--scheduler", "greedy"),
        *("--", *run.workflow.targets),
    ]


def look(run: Run, folder: Folder, state: Turn) -> bool:
    """Read on in the log, to the end of its last line; say whether it told of anything."""
    with folder.log.open("rb") as file:
        file.seek(state.read)
        whole, newline, _ = file.read().rpartition(b"\n")
    state.read += len(whole) + len(newline)
    before, known = len(run.tasks), run.tasks_known
    for one in told(whole.decode(errors="replace")):
        match one:
            case Finished(rule):
                now = time.monotonic()
                count(run, rule, now - state.border)
                state.border = now
            case Known(jobs):
                run.tasks_known = state.earlier + jobs
            case Failed(rule):
                state.failed = state.failed or rule
    return len(run.tasks) != before or run.tasks_known != known


def count(run: Run, rule: str, seconds: float) -> None:
    if len(run.tasks) >= MOST_TASKS:
        run.tasks[-1].name = "others"
        run.tasks[-1].seconds += seconds
    else:
        run.tasks.add(name=f"{len(run.tasks) + 1:04}-{rule}", seconds=seconds)
    run.tasks[-1].ended_at.GetCurrentTime()


def identity(run: Run, engine: str, reference: IndexedReference | None) -> str:
    """The same files, targets and configuration by the same engine are the same workflow."""
    files = sorted(f"{one.path} {one.object.sha256}" for one in run.workflow.files)
    config = json.dumps(json.loads(run.workflow.config or "{}"), sort_keys=True)
    said = [engine, reference.folder.name if reference is not None else "", run.workflow.snakefile, config]
    return str(uuid5(NAMESPACE, "\n".join([*said, "", *run.workflow.targets, "", *files])))


def interrupted(run: Run) -> str:
    """Where folders of a run that made way are, as objects that nobody needs after its end."""
    return f"sequencing/interrupted/{run.run_id}"


def read_all(descriptor: int) -> bytes:
    found = b""
    while part := os.read(descriptor, 4096):
        found += part
    return found
