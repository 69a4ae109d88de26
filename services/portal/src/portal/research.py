"""The launchpad: runs of research, asked for, followed, called off, and taken home."""

from itertools import batched
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from casepath.sequencing.v1.calling_pb2 import ENGINE_BCFTOOLS, ENGINE_GATK
from casepath.sequencing.v1.runs_pb2 import ReadPair, Run, RunHeader, RunState, WorkflowHeader, WorkflowHeaderFile
from chassis.errors import Malformed
from chassis.suffixes import suffix_of
from portal.desk import Desk, render
from portal.people import Person
from portal.presenting import short

ENGINES = {"bcftools": ENGINE_BCFTOOLS, "gatk": ENGINE_GATK}
MOST_FILES = 64
# Of a workflow and its inputs.
MOST_WORKFLOW_FILES = 1000


class Launchpad:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def whole(self, request: Request, person: Person) -> Response:
        token = self.desk.tokens.of(person)
        runs, schedule = await self.desk.runs.all(token), await self.desk.runs.schedule(token)
        return render(
            request, "research.html", person=person, runs=runs, schedule=schedule, engines=list(ENGINES), run_state=run_state
        )

    async def submit(self, request: Request, person: Person) -> Response:
        async with request.form(max_files=MOST_FILES, max_fields=20) as form:
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
            sent = [one for one in form.getlist("reads") if isinstance(one, UploadFile) and one.filename]
            files = {f"{number}{suffix_of(one.filename or '')}": one for number, one in enumerate(sent)}
            run = await self.desk.runs.submit(self.desk.tokens.of(person), header_of(fields, list(files)), files)
        return RedirectResponse(f"/research/{run.run_id}", 303)

    async def submit_workflow(self, request: Request, person: Person) -> Response:
        async with request.form(max_files=MOST_WORKFLOW_FILES, max_fields=20) as form:
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
            sent = [one for one in form.getlist("files") if isinstance(one, UploadFile) and one.filename]
            paths = {path: one for one in sent if (path := path_of(one.filename or ""))}
            files = {str(number): one for number, one in enumerate(paths.values())}
            header = workflow_header_of(fields, list(paths))
            run = await self.desk.runs.submit(self.desk.tokens.of(person), header, files)
        return RedirectResponse(f"/research/{run.run_id}", 303)

    async def run(self, request: Request, person: Person) -> Response:
        answer = await self.desk.runs.get(self.desk.tokens.of(person), str(request.path_params["run_id"]))
        shown: dict[str, Any] = {"run": answer.run, "outlook": answer.outlook, "files": answer.files, "run_state": run_state}
        return render(request, "run.html", person=person, **shown)

    async def cancel(self, request: Request, person: Person) -> Response:
        run = await self.desk.runs.cancel(self.desk.tokens.of(person), str(request.path_params["run_id"]))
        return RedirectResponse(f"/research/{run.run_id}", 303)

    async def file(self, request: Request, person: Person) -> Response:
        """The first part is asked for before the answer begins, so that a refusal is told as one."""
        name = request.path_params["name"]
        content = self.desk.runs.file(self.desk.tokens.of(person), str(request.path_params["run_id"]), name)
        first = await anext(content, b"")

        async def whole() -> Any:
            yield first
            async for chunk in content:
                yield chunk

        headers = {"Content-Disposition": f'attachment; filename="{name.rsplit("/", 1)[-1]}"'}
        return StreamingResponse(whole(), media_type="application/octet-stream", headers=headers)


def header_of(fields: dict[str, str], names: list[str]) -> RunHeader:
    """Raise Malformed where files are no pairs."""
    if not names or len(names) % 2:
        raise Malformed("choose files of reads two by two: R1 and R2 of each lane, in order of name")
    return RunHeader(
        project=fields.get("project", ""),
        sample=fields.get("sample", ""),
        reference=fields.get("reference", ""),
        engine=ENGINES.get(fields.get("engine", ""), ENGINE_BCFTOOLS),
        reads=[ReadPair(first=first, second=second) for first, second in batched(names, 2)],
    )


def path_of(name: str) -> str:
    """Of a file below the folder that was chosen, whose own name comes first; empty for what is hidden, or of earlier results."""
    path = name.split("/")[1:]
    return "" if any(part.startswith(".") for part in path) or path[:1] == ["results"] else "/".join(path)


def workflow_header_of(fields: dict[str, str], paths: list[str]) -> RunHeader:
    """Raise Malformed where no folder was chosen."""
    if not paths:
        raise Malformed("choose the folder that holds the Snakefile")
    return RunHeader(
        project=fields.get("project", ""),
        reference=fields.get("reference", ""),
        workflow=WorkflowHeader(
            files=[WorkflowHeaderFile(path=path, name=str(number)) for number, path in enumerate(paths)],
            config=fields.get("config", ""),
        ),
    )


def run_state(run: Run) -> str:
    return short(RunState, run.state)
