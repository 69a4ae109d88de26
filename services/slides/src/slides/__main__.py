"""slides: from the scanner to DICOM, and frames to whoever reads."""

import re
from functools import partial

from starlette.applications import Starlette
from starlette.routing import Mount

from casepath.slides.v1.frames_pb2 import DESCRIPTOR
from casepath.slides.v1.frames_pb2_grpc import add_SlideServiceServicer_to_server
from casepath.topics import INTAKE_ORDER_PLACED, RECORDS_CASE_MOVED
from chassis.access import Gate
from chassis.access_log import AccessLog
from chassis.dicomweb.frames import Frames
from chassis.drop_folder import DropArea, DropFolder, Watcher
from chassis.grpc_server import GrpcServer
from chassis.http_server import HttpServer, host_and_port
from chassis.isolated import Isolated
from chassis.objects import Objects
from chassis.orders import ShelvedOrders
from chassis.publisher import KafkaPublisher
from chassis.scratch import scratch
from chassis.service import Part, main, run_parts
from chassis.worker import Route, Worker
from slides.adapters.scan_prefix import ScanPrefix
from slides.adapters.store_scp import StoreScp, scanners
from slides.adapters.stow import Stow
from slides.catalogue import Catalogue
from slides.dicomweb import Dicomweb
from slides.frame_service import SlideService
from slides.inbox import Inbox
from slides.ingestion import Ingestion, is_scan
from slides.scans import scan_unit, scans
from slides.settings import SlideSettings


async def compose(settings: SlideSettings) -> None:
    objects, gate, namespace = settings.store, Gate.at(settings.access_keys), settings.namespace_id
    orders = ShelvedOrders(objects, "slides", namespace)
    catalogue, frames, area = Catalogue(objects), Frames(objects), DropArea.at(settings.slide_folder)
    inbox = Inbox(area.incoming, namespace)
    with Isolated() as isolated, scratch(settings.work_folder, "slides") as folder:
        async with KafkaPublisher(settings.cluster, "casepath-slides") as publisher:
            worker = Worker(
                [Route(INTAKE_ORDER_PLACED, orders.keep), Route(RECORDS_CASE_MOVED, orders.move)],
                publisher,
                kafka=settings.cluster,
                service="slides",
            )
            name = re.compile(settings.slide_name)
            ingestion = Ingestion(area, name, namespace, orders, objects, catalogue, publisher, isolated, folder)
            drop = DropFolder(area.incoming, is_scan, settings.slide_quiet_seconds, partial(scan_unit, area.incoming))
            watcher = Watcher(drop, partial(scans, area.incoming), ingestion.take, ingestion.resume)
            accesses = AccessLog(publisher, "slides")
            web = Dicomweb(catalogue, frames, Stow(inbox, folder), gate, accesses, namespace, settings.dicomweb_base)
            http = HttpServer(
                Starlette(routes=[Mount("/dicomweb", web.app())]),
                *host_and_port(settings.dicomweb_address),
                settings.http_identity,
            )
            service = SlideService(catalogue, frames, inbox, gate, accesses)
            grpc = GrpcServer(
                settings.slides_address,
                [lambda server: add_SlideServiceServicer_to_server(service, server)],
                [DESCRIPTOR.services_by_name["SlideService"].full_name],
                lambda: True,
                identity=settings.identity,
            )
            parts: list[Part] = [worker.run, watcher.run, http.run, grpc.run]
            if settings.dicom_address:
                calling = scanners(settings.dicom_calling)
                at = host_and_port(settings.dicom_address)
                parts.append(StoreScp(inbox, *at, settings.dicom_title, calling, accesses).run)
            if settings.scan_prefix:
                parts.append(ScanPrefix(Objects.at(settings.scan_prefix), area.incoming).run)
            ready = {"kafka": worker.assigned.is_set, "folder": lambda: watcher.watching}
            await run_parts(settings, parts, ready)


if __name__ == "__main__":
    main("slides", SlideSettings, compose)
