"""Runs as whoever asks may see them: of their own projects."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.sequencing.v1.runs_pb2 import RUN_STATE_COMPLETE, GetScheduleResponse, Outlook, ProjectSchedule, Run
from chassis.access import Permission, Principal
from chassis.errors import NotFound
from chassis.objects import Objects
from sequencing.local import NAMES
from sequencing.provenance import METADATA
from sequencing.references import References
from sequencing.runs.ledger import Ledger
from sequencing.runs.outlook import outlook, seconds_left
from sequencing.runs.projects import Projects
from sequencing.runs.turns import CARE
from sequencing.workers import Workers


def files(run: Run) -> dict[str, ObjectRef]:
    """What it has left, by name: of a workflow its log, and where it is complete, its Snakefile and what it left."""
    found = {one.path: one.object for one in run.files}
    if run.state == RUN_STATE_COMPLETE:
        found |= {one.path: one.object for one in run.workflow.files if one.path == run.workflow.snakefile}
    if run.HasField("result"):
        found |= {name: getattr(run.result, field) for field, name in NAMES.items()}
    return found | ({METADATA: run.provenance} if run.HasField("provenance") else {})


@dataclass(frozen=True, slots=True)
class Catalogue:
    """`price` is of a core for an hour, in `currency`; zero where the deployment has none."""

    ledger: Ledger
    projects: Projects
    objects: Objects
    pool: Workers
    references: References
    price: float = 0.0
    currency: str = "EUR"
    workflows: bool = False

    async def get(self, run_id: str, who: Principal) -> Run:
        """A run of one of somebody's projects. Raise NotFound for others' too: what they have is not told."""
        mine = self.projects.of(who)
        try:
            run = await self.ledger.get(str(UUID(run_id)))
        except ValueError:
            raise NotFound("there is no such run") from None
        if run.project not in mine:
            raise NotFound("there is no such run")
        return run

    async def all(self, who: Principal, project: str = "") -> list[Run]:
        mine = self.projects.of(who)
        if project:
            self.projects.must(who, project)
        return [run for run in await self.ledger.all() if run.project == project or (not project and run.project in mine)]

    async def cancel(self, run_id: str, who: Principal) -> Run:
        run = await self.get(run_id, who)
        await self.ledger.cancel(run)
        return await self.ledger.get(run.run_id)

    async def file(self, run: Run, name: str, folder: Path) -> Path:
        """A result on disk. Raise NotFound where the run has none of this name."""
        found = files(run).get(name)
        if found is None:
            raise NotFound("the run has no result of this name")
        return await self.objects.as_file(found, folder)

    def outlook(self, run: Run) -> Outlook:
        return outlook(run, self.pool.processes, self.price, self.currency)

    async def schedule(self, who: Principal) -> GetScheduleResponse:
        """Of one's own projects; of every project for operators."""
        who.must(Permission.READ_SCHEDULE)
        shown = self.projects.of(who) if who.may(Permission.RUN_WORKFLOWS) else sorted(self.projects.projects)
        waiting = {name: len(found) for name, found in self.pool.waiting.items()}
        found = GetScheduleResponse(
            processes=self.pool.processes,
            care_waiting=waiting.get(CARE, 0),
            references=sorted(self.references.references),
            workflows=self.workflows,
        )
        open_ = await self.ledger.unfinished()
        for name in shown:
            runs = [await self.ledger.get(run.run_id) for run in open_ if run.project == name]
            used = self.pool.usage[name]
            line = ProjectSchedule(
                project=name,
                queued_runs=sum(not run.HasField("started_at") for run in runs),
                running_runs=sum(run.HasField("started_at") for run in runs),
                tasks_waiting=waiting.get(name, 0),
                tasks_running=used.running,
                core_hours_used=used.seconds / 3600,
                core_hours=self.projects.projects[name].core_hours_a_week or 0.0,
            )
            left = [seconds for run in runs if (seconds := seconds_left(run, self.pool.processes)) is not None]
            if left:
                line.clears_in_seconds = sum(left) / len(left) * len(runs)
            found.projects.append(line)
        return found
