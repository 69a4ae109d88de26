"""portal: the worklist and the viewer, in the browser."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from chassis.access import Signer
from chassis.access_log import AccessLog
from chassis.accounts import Accounts, load_accounts
from chassis.http_server import HttpServer, host_and_port
from chassis.objects import Objects
from chassis.publisher import KafkaPublisher
from chassis.service import main, run_parts
from chassis.worker import Worker
from portal.adapters.case_service import CaseService
from portal.adapters.run_service import RunServiceClient
from portal.adapters.slide_pixels import SlidePixels
from portal.desk import Desk
from portal.disputes import Disputes
from portal.drafts import Drafts
from portal.people import Door
from portal.reports import Reports
from portal.settings import PortalSettings
from portal.web import application

TIMEOUT = 30.0


async def compose(settings: PortalSettings) -> None:
    signer, objects = Signer.at(settings.signing_key), Objects.at(settings.objects)
    door = Door(Accounts(load_accounts(settings.accounts)), signer)
    async with (
        KafkaPublisher(settings.cluster, "casepath-portal") as publisher,
        httpx.AsyncClient(timeout=TIMEOUT) as client,
        asking(CaseService(settings.cases_address, settings.identity)) as cases,
        asking(RunServiceClient(settings.runs_address, settings.identity)) as runs,
    ):
        desk = Desk(
            cases=cases,
            runs=runs,
            slides=SlidePixels(settings.slides_dicomweb, client),
            objects=objects,
            reports=Reports(objects, publisher),
            drafts=Drafts(objects),
            disputes=Disputes(objects),
            door=door,
            publisher=publisher,
            accesses=AccessLog(publisher, "portal"),
            namespace=settings.namespace_id,
            record_link=settings.record_link,
        )
        await desk.reports.resume()
        app = application(desk, hashlib.sha256(signer.pem() + b"sessions").hexdigest(), settings.https_only)
        server = HttpServer(app, *host_and_port(settings.portal_address))
        worker = Worker(desk.disputes.routes(), publisher, kafka=settings.cluster, service="portal")
        await run_parts(settings, [server.run, worker.run], {"kafka": worker.assigned.is_set})


@asynccontextmanager
async def asking[S: (CaseService, RunServiceClient)](service: S) -> AsyncIterator[S]:
    try:
        yield service
    finally:
        await service.close()


if __name__ == "__main__":
    main("portal", PortalSettings, compose)
