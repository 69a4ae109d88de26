"""What studies add to the service, where the deployment says where they are asked for."""

import asyncio
from pathlib import Path

from casepath.hub.v1.studies_pb2_grpc import add_StudyServiceServicer_to_server
from chassis.access import Gate
from chassis.access_log import AccessLog
from chassis.errors import Misconfigured
from chassis.grpc_server import GrpcServer
from chassis.http_server import HttpServer, host_and_port
from chassis.isolated import Isolated
from chassis.objects import Objects
from chassis.publisher import Publisher
from chassis.service import Part
from hub.adapters.released import Released
from hub.adapters.study_store import StudyStore
from hub.adapters.warehouse import Warehouse
from hub.settings import HubSettings
from hub.studies.dicomweb import Dicomweb
from hub.studies.keeping import Keeping
from hub.studies.study_service import DESCRIPTOR, StudyService
from hub.studies.studying import Studying


def studies(
    settings: HubSettings, warehouse: Warehouse, publisher: Publisher, isolated: Isolated, scratch: Path, taken: asyncio.Event
) -> list[Part]:
    """Raise Misconfigured where there is an address and nobody to trust. `taken` is set after each snapshot."""
    if not settings.studies_address:
        return []
    if settings.access_keys is None:
        raise Misconfigured("CASEPATH_ACCESS_KEYS: studies are asked for with tokens, and nobody's keys are known")
    studying = Studying(warehouse, StudyStore(settings.store), isolated, scratch, settings.least_class)
    gate, accesses = Gate.at(settings.access_keys), AccessLog(publisher, "hub")
    service = StudyService(studying, gate, accesses)
    add = [lambda server: add_StudyServiceServicer_to_server(service, server)]
    server = GrpcServer(settings.studies_address, add, [DESCRIPTOR], lambda: True, identity=settings.identity)
    return [server.run, Keeping(studying, taken, settings.snapshot_seconds).run, *images(settings, studying, gate, accesses)]


def images(settings: HubSettings, studying: Studying, gate: Gate, accesses: AccessLog) -> list[Part]:
    if not settings.study_images_address:
        return []
    if not settings.released:
        raise Misconfigured("CASEPATH_RELEASED_OBJECTS: images are looked at, and nothing says where hospitals released them")
    web = Dicomweb(studying, Released([Objects.at(one) for one in settings.released]), gate, accesses)
    return [HttpServer(web.app(), *host_and_port(settings.study_images_address), settings.http_identity).run]
