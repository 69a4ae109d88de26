"""GA4GH Workflow Execution Service 1.1 (ga4gh/workflow-execution-service-schemas): runs over HTTP, for members of projects.

One workflow is offered: `variants`, of type CASEPATH. Its parameters are those of a run; its files are the request's attachments.
Researchers' own are of type SMK: the Snakefile and all that it needs are attachments, and the parameters its configuration.
"""

import json
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.timestamp_pb2 import Timestamp
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from casepath.sequencing.v1.calling_pb2 import Engine
from casepath.sequencing.v1.runs_pb2 import RUN_STATE_COMPLETE, Run, RunHeader, RunState, WorkflowHeader, WorkflowHeaderFile
from chassis.access import Gate, Principal
from chassis.errors import CasepathError, Malformed, NotFound
from chassis.http_errors import headers_of, status_of
from chassis.json_text import json_of
from sequencing.computations import engine_name, engine_named
from sequencing.runs.catalogue import Catalogue, files
from sequencing.runs.submission import LARGEST, Submission

BASE = "/ga4gh/wes/v1"
TYPE, TYPE_VERSION, WORKFLOW, WES = "CASEPATH", "1", "variants", "1.1.0"
SNAKEMAKE, SNAKEMAKE_VERSION = "SMK", "9"
TARGETS = "targets"
DEFAULT_PAGE, LARGEST_PAGE = 50, 500
PROJECT = "project"

type Endpoint = Callable[[Request, Principal], Awaitable[Response]]


class Wes:
    def __init__(self, catalogue: Catalogue, submission: Submission, gate: Gate, scratch: Path, organisation: str) -> None:
        self.catalogue = catalogue
        self.submission = submission
        self.gate = gate
        self.scratch = scratch
        self.organisation = organisation

    def app(self) -> Starlette:
        run = f"{BASE}/runs/{{run_id}}"
        routes = [
            Route(f"{BASE}/service-info", self.service_info),
            Route(f"{BASE}/runs", self.guarded(self.list_runs)),
            Route(f"{BASE}/runs", self.guarded(self.submit), methods=["POST"]),
            Route(run, self.guarded(self.run_log)),
            Route(f"{run}/status", self.guarded(self.status)),
            Route(f"{run}/cancel", self.guarded(self.cancel), methods=["POST"]),
            Route(f"{run}/tasks", self.guarded(self.tasks)),
            Route(f"{run}/tasks/{{task_id}}", self.guarded(self.task)),
            Route(f"{run}/log", self.guarded(self.log)),
            Route(f"{run}/files/{{name:path}}", self.guarded(self.file)),
        ]
        return Starlette(routes=routes, exception_handlers={HTTPException: refused})

    def guarded(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                return await endpoint(request, self.gate.principal(request.headers.get("authorization")))
            except CasepathError as error:
                return refusal(error)

        return answer

    async def service_info(self, request: Request) -> Response:
        """Open to anybody, and so without the numbers of runs."""
        return JSONResponse(
            {
                "id": "org.casepath.sequencing",
                "name": "casepath: reads to variants on demand",
                "type": {"group": "org.ga4gh", "artifact": "wes", "version": WES},
                "organization": {"name": self.organisation, "url": str(request.base_url)},
                "version": version("casepath-sequencing"),
                "workflow_type_versions": {
                    TYPE: {"workflow_type_version": [TYPE_VERSION]},
                    **({SNAKEMAKE: {"workflow_type_version": [SNAKEMAKE_VERSION]}} if self.submission.workflows else {}),
                },
                "supported_wes_versions": [WES],
                "supported_filesystem_protocols": ["http", "https"],
                "workflow_engine_versions": {"casepath": {"workflow_engine_version": [version("casepath-sequencing")]}},
                "default_workflow_engine_parameters": [],
                "system_state_counts": {},
                "auth_instructions_url": f"{str(request.base_url).rstrip('/')}{BASE}/service-info",
                "tags": {"workflows": WORKFLOW, "project": "name yours as the tag 'project'"},
            }
        )

    async def list_runs(self, request: Request, who: Principal) -> Response:
        size, start = page_of(request)
        runs = await self.catalogue.all(who)
        return JSONResponse(
            {
                "runs": [summary(run) for run in runs[start : start + size]],
                "next_page_token": str(start + size) if len(runs) > start + size else "",
            }
        )

    async def submit(self, request: Request, who: Principal) -> Response:
        # Before anything of a stranger's is written to disk.
        self.submission.projects.of(who)
        length = request.headers.get("content-length", "")
        if not length.isdigit() or int(length) > LARGEST:
            raise Malformed(f"say how long the request is, of at most {LARGEST} bytes (Content-Length)")
        async with request.form(max_files=1000, max_fields=50) as form:
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
            attached = [one for one in form.getlist("workflow_attachment") if isinstance(one, UploadFile) and one.filename]
            if fields.get("workflow_type") == SNAKEMAKE:
                header = workflow_header_of(fields, [one.filename or "" for one in attached])
            else:
                header = header_of(fields)
            with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
                files = {one.filename or "": await kept(one, Path(folder)) for one in attached}
                run = await self.submission.submit(header, files, who)
        return JSONResponse({"run_id": run.run_id})

    async def run_log(self, request: Request, who: Principal) -> Response:
        run = await self.run_of(request, who)
        base = address(request, run)
        outlook = self.catalogue.outlook(run)
        logs = [f"{len(run.tasks)} of {run.tasks_known} tasks", f"{outlook.core_seconds:.0f} s of a core"]
        if outlook.cost:
            logs.append(f"{outlook.cost:.2f} {outlook.currency}")
        if outlook.HasField("seconds_left"):
            logs.append(f"about {outlook.seconds_left:.0f} s left")
        if run.cached:
            logs.append("the same was computed before")
        if run.reason:
            logs.append(run.reason)
        return JSONResponse(
            {
                "run_id": run.run_id,
                "request": request_of(run),
                "state": state(run),
                "run_log": {
                    "name": run.workflow.snakefile or WORKFLOW,
                    **times(run),
                    "stdout": f"{base}/log",
                    "system_logs": logs,
                    **({"exit_code": 0 if run.state == RUN_STATE_COMPLETE else 1} if run.HasField("ended_at") else {}),
                },
                "task_logs_url": f"{base}/tasks",
                "task_logs": None,
                "outputs": outputs(run, base),
            }
        )

    async def status(self, request: Request, who: Principal) -> Response:
        run = await self.run_of(request, who)
        return JSONResponse({"run_id": run.run_id, "state": state(run)})

    async def cancel(self, request: Request, who: Principal) -> Response:
        run = await self.catalogue.cancel(request.path_params["run_id"], who)
        return JSONResponse({"run_id": run.run_id})

    async def tasks(self, request: Request, who: Principal) -> Response:
        run = await self.run_of(request, who)
        size, start = page_of(request)
        logs = task_logs(run)
        more = str(start + size) if len(logs) > start + size else ""
        return JSONResponse({"task_logs": logs[start : start + size], "next_page_token": more})

    async def task(self, request: Request, who: Principal) -> Response:
        run = await self.run_of(request, who)
        for one in task_logs(run):
            if one["id"] == request.path_params["task_id"]:
                return JSONResponse(one)
        raise NotFound("the run has no such task")

    async def log(self, request: Request, who: Principal) -> Response:
        run = await self.run_of(request, who)
        lines = [f"{one.ended_at.ToJsonString()} {one.name} {one.seconds:.2f} s" for one in run.tasks]
        return PlainTextResponse("".join(f"{line}\n" for line in [*lines, *([run.reason] if run.reason else [])]))

    async def file(self, request: Request, who: Principal) -> Response:
        run = await self.run_of(request, who)
        folder = tempfile.TemporaryDirectory(dir=self.scratch)
        try:
            path = await self.catalogue.file(run, request.path_params["name"], Path(folder.name))
        except CasepathError:
            folder.cleanup()
            raise
        name = request.path_params["name"].rsplit("/", 1)[-1]
        return FileResponse(path, filename=name, background=BackgroundTask(folder.cleanup))

    async def run_of(self, request: Request, who: Principal) -> Run:
        return await self.catalogue.get(request.path_params["run_id"], who)


def header_of(fields: Mapping[str, str]) -> RunHeader:
    """Raise Malformed where it is not a request of this workflow."""
    if fields.get("workflow_type") != TYPE or fields.get("workflow_type_version") != TYPE_VERSION:
        raise Malformed(f"workflow_type is {TYPE}, and workflow_type_version {TYPE_VERSION}")
    if fields.get("workflow_url") != WORKFLOW:
        raise Malformed(f"workflow_url is {WORKFLOW}")
    params, tags = object_of(fields, "workflow_params"), object_of(fields, "tags")
    said = {**params, "engine": engine_of(params.get("engine", "bcftools")), "tags": tags, "project": tags.get(PROJECT, "")}
    if isinstance(said.get("reads"), list):
        said["reads"] = [pair_of(one) for one in said["reads"]]
    try:
        return ParseDict(said, RunHeader())
    except ParseError as error:
        raise Malformed(f"workflow_params are not reads, alignments, reference, sample and engine: {error}") from None


def workflow_header_of(fields: Mapping[str, str], names: list[str]) -> RunHeader:
    """Raise Malformed where it is not a request of a workflow of one's own."""
    if fields.get("workflow_type_version") != SNAKEMAKE_VERSION:
        raise Malformed(f"workflow_type_version of {SNAKEMAKE} is {SNAKEMAKE_VERSION}")
    tags = object_of(fields, "tags")
    parameters = object_of(fields, "workflow_engine_parameters")
    workflow = WorkflowHeader(
        files=[WorkflowHeaderFile(path=name, name=name) for name in names],
        snakefile=fields.get("workflow_url", ""),
        targets=str(parameters.get(TARGETS, "")).split(),
        config=fields.get("workflow_params", ""),
    )
    reference = str(parameters.get("reference", ""))
    header = RunHeader(project=str(tags.get(PROJECT, "")), reference=reference, workflow=workflow)
    header.tags.update({str(name): str(value) for name, value in tags.items()})
    return header


def object_of(fields: Mapping[str, str], name: str) -> dict[str, Any]:
    found = json_of(fields.get(name) or "{}", f"{name} is not JSON")
    if not isinstance(found, dict):
        raise Malformed(f"{name} is not a JSON object")
    return found


def engine_of(name: object) -> str:
    try:
        return Engine.Name(engine_named(str(name)))
    except KeyError:
        raise Malformed("the engine is bcftools or gatk") from None


def pair_of(one: object) -> object:
    """["R1", "R2"] as the contract has it."""
    return {"first": one[0], "second": one[1]} if isinstance(one, list) and len(one) == 2 else one


async def kept(file: UploadFile, folder: Path) -> Path:
    """Under a name of our own: the attachment's may lead elsewhere."""
    path = folder / str(uuid4())
    with path.open("wb") as out:
        while chunk := await file.read(1 << 20):
            out.write(chunk)
    return path


def page_of(request: Request) -> tuple[int, int]:
    try:
        size = int(request.query_params.get("page_size") or DEFAULT_PAGE)
        start = int(request.query_params.get("page_token") or 0)
    except ValueError:
        raise Malformed("page_size and page_token are numbers") from None
    return min(max(size, 1), LARGEST_PAGE), max(start, 0)


def state(run: Run) -> str:
    return RunState.Name(run.state).removeprefix("RUN_STATE_")


def summary(run: Run) -> dict[str, Any]:
    return {"run_id": run.run_id, "state": state(run), **times(run), "tags": tags_of(run)}


def tags_of(run: Run) -> dict[str, str]:
    return {**run.tags, PROJECT: run.project}


def times(run: Run) -> dict[str, str]:
    found = {}
    if run.HasField("started_at"):
        found["start_time"] = instant(run.started_at)
    if run.HasField("ended_at"):
        found["end_time"] = instant(run.ended_at)
    return found


def instant(stamp: Timestamp) -> str:
    return stamp.ToDatetime(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def request_of(run: Run) -> dict[str, Any]:
    if run.HasField("workflow"):
        return {
            "workflow_type": SNAKEMAKE,
            "workflow_type_version": SNAKEMAKE_VERSION,
            "workflow_url": run.workflow.snakefile,
            "workflow_params": json.loads(run.workflow.config or "{}"),
            "workflow_engine_parameters": {TARGETS: " ".join(run.workflow.targets), "reference": run.reference},
            "tags": tags_of(run),
        }
    engine = engine_name(run.engine)
    return {
        "workflow_type": TYPE,
        "workflow_type_version": TYPE_VERSION,
        "workflow_url": WORKFLOW,
        "workflow_params": {"sample": run.sample, "reference": run.reference, "engine": engine},
        "tags": tags_of(run),
    }


def task_logs(run: Run) -> list[dict[str, Any]]:
    return [
        {
            "id": one.name,
            "name": one.name,
            "end_time": instant(one.ended_at),
            "exit_code": 0,
            "system_logs": [f"{one.seconds:.2f} s"],
        }
        for one in run.tasks
    ]


def outputs(run: Run, base: str) -> dict[str, str]:
    return {name: f"{base}/files/{name}" for name in files(run)}


def address(request: Request, run: Run) -> str:
    return f"{str(request.base_url).rstrip('/')}{BASE}/runs/{run.run_id}"


async def refused(request: Request, error: Exception) -> Response:
    """What Starlette refuses: an address, a method, a body that is not of its kind."""
    assert isinstance(error, HTTPException)
    body = {"msg": error.detail, "status_code": error.status_code}
    return JSONResponse(body, error.status_code, headers=error.headers)


def refusal(error: CasepathError) -> Response:
    status = status_of(error)
    return JSONResponse({"msg": str(error), "status_code": status}, status, headers=headers_of(status))
