"""What runs of research add to the service, where the deployment has projects."""

from collections.abc import Mapping
from pathlib import Path

import structlog

from casepath.sequencing.v1.runs_pb2_grpc import add_RunServiceServicer_to_server
from chassis.access import Gate
from chassis.errors import Misconfigured
from chassis.grpc_server import GrpcServer
from chassis.http_server import HttpServer, host_and_port
from chassis.isolated import Isolated
from chassis.objects import Objects
from chassis.service import Part
from sequencing.adapters.bubblewrap import Bubblewrap, must_work
from sequencing.adapters.reference_index import IndexedReference
from sequencing.references import References
from sequencing.runs.catalogue import Catalogue
from sequencing.runs.ledger import Ledger
from sequencing.runs.projects import Projects
from sequencing.runs.run_service import DESCRIPTOR, RunService
from sequencing.runs.runner import Runner
from sequencing.runs.submission import Submission
from sequencing.runs.wes import Wes
from sequencing.settings import SequencingSettings
from sequencing.workers import Workers
from sequencing.workflows.carrying import Bounds, Workflows

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def research(
    settings: SequencingSettings,
    objects: Objects,
    projects: Projects,
    references: References,
    indexes: Mapping[str, IndexedReference],
    pool: Workers,
    checking: Isolated,
    scratch: Path,
) -> list[Part]:
    """The runner, and the ways in that have an address. Raise Misconfigured where these have nobody to trust."""
    if settings.projects is None:
        return []
    ledger = Ledger(objects)
    workflows = workflows_of(settings, objects, pool, indexes, scratch)
    parts: list[Part] = [Runner(ledger, objects, references, indexes, pool, settings.grain, workflows).run]
    if settings.access_keys is None:
        if settings.runs_address or settings.wes_address:
            raise Misconfigured("CASEPATH_ACCESS_KEYS: runs are asked for with tokens, and nobody's keys are known")
        return parts
    gate = Gate.at(settings.access_keys)
    own = workflows is not None
    catalogue = Catalogue(ledger, projects, objects, pool, references, settings.core_hour_price, settings.currency, own)
    submission = Submission(ledger, projects, objects, references, indexes, checking, own)
    if settings.runs_address:
        service = RunService(catalogue, submission, gate, scratch)
        add = [lambda server: add_RunServiceServicer_to_server(service, server)]
        parts.append(GrpcServer(settings.runs_address, add, [DESCRIPTOR], lambda: True, identity=settings.identity).run)
    if settings.wes_address:
        app = Wes(catalogue, submission, gate, scratch, settings.organisation).app()
        parts.append(HttpServer(app, *host_and_port(settings.wes_address), settings.http_identity).run)
    return parts


def workflows_of(
    settings: SequencingSettings, objects: Objects, pool: Workers, indexes: Mapping[str, IndexedReference], scratch: Path
) -> Workflows | None:
    """None where the deployment wants none. Raise Misconfigured where it must have them and this machine gives no sandbox."""
    if settings.workflows == "never":
        return None
    disk = settings.workflow_disk << 20
    sandbox = Bubblewrap(settings.workflow_memory << 20, disk, settings.workflow_tools)
    try:
        must_work(sandbox, scratch)
    except Misconfigured as error:
        if settings.workflows == "always":
            raise
        log.warning("workflows", outcome="not offered", error=str(error))
        return None
    bounds = Bounds(3600 * settings.workflow_hours, disk, settings.threads)
    return Workflows(objects, pool, indexes, sandbox, bounds, scratch)
