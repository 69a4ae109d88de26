"""portal: the worklist and the viewer, in the browser."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from chassis.access import Signer
from chassis.access_log import AccessLog
from chassis.accounts import AccountsFile
from chassis.http_client import http_client
from chassis.http_server import HttpServer, host_and_port
from chassis.objects import Objects
from chassis.publisher import KafkaPublisher
from chassis.service import Part, main, run_parts
from chassis.worker import Worker
from portal.adapters.case_service import CaseService
from portal.adapters.dicomweb import Dicomweb
from portal.adapters.ledger_service import LedgerServiceClient
from portal.adapters.operations_service import operations_service
from portal.adapters.run_service import RunServiceClient
from portal.adapters.study_service import study_service
from portal.desk import Desk
from portal.disputes import Disputes
from portal.drafts import Drafts
from portal.login_pages import Login, PasswordLogin, SignOnLogin
from portal.people import Door, PasswordDoor, Tokens
from portal.reports import Genomics, Reports
from portal.settings import PortalSettings, SingleSignOn
from portal.single_sign_on import Ended, KnownStaff, SignOnDoor
from portal.web import application

TIMEOUT = 30.0


class Closed(Protocol):
    async def close(self) -> None: ...


async def compose(settings: PortalSettings) -> None:
    signer, objects = Signer.at(settings.signing_key), settings.store
    provider = settings.single_sign_on
    async with (
        KafkaPublisher(settings.cluster, "casepath-portal") as publisher,
        http_client(TIMEOUT, settings.tls_ca) as client,
        asking(CaseService(settings.cases_address, settings.identity)) as cases,
        asking(RunServiceClient(settings.runs_address, settings.identity)) as runs,
        asking(LedgerServiceClient(settings.ledger_address, settings.identity)) as ledger,
        asking(study_service(settings.studies_address, settings.identity)) as studies,
        asking(operations_service(settings.operations_address, settings.identity)) as operations,
    ):
        accesses = AccessLog(publisher, "portal")
        door, login, looking = await entrance(settings, provider, objects, accesses)
        desk = Desk(
            cases=cases,
            runs=runs,
            ledger=ledger,
            studies=studies,
            operations=operations,
            slides=Dicomweb(settings.slides_dicomweb, client, "slides"),
            study_images=Dicomweb(settings.study_images, client, "the hub"),
            objects=objects,
            reports=Reports(objects, publisher),
            genomics=Genomics(objects, publisher),
            drafts=Drafts(objects),
            disputes=Disputes(objects),
            door=door,
            tokens=Tokens(signer),
            publisher=publisher,
            accesses=accesses,
            namespace=settings.namespace_id,
            record_link=settings.record_link,
        )
        await desk.reports.resume()
        await desk.genomics.resume()
        secret = hashlib.sha256(signer.pem() + b"sessions").hexdigest()
        app = application(desk, login, secret, settings.https_only, provider.issuer if provider else "")
        server = HttpServer(app, *host_and_port(settings.portal_address), settings.http_identity)
        worker = Worker(desk.disputes.routes(), publisher, kafka=settings.cluster, service="portal")
        await run_parts(settings, [server.run, worker.run, *looking], {"kafka": worker.assigned.is_set})


async def entrance(
    settings: PortalSettings, provider: SingleSignOn | None, objects: Objects, accesses: AccessLog
) -> tuple[Door, Login, list[Part]]:
    """How people come in, and what must run for that. Raise Misconfigured."""
    if provider is not None:
        staff = KnownStaff(objects)
        await staff.load()
        sign_on = SignOnDoor(provider, settings.portal_url, staff, Ended(objects))
        return sign_on, SignOnLogin(sign_on, accesses), [staff.run]
    assert settings.accounts is not None
    by_password = PasswordDoor(AccountsFile(settings.accounts).now)
    return by_password, PasswordLogin(by_password, accesses), []


@asynccontextmanager
async def asking[S: Closed](service: S) -> AsyncIterator[S]:
    try:
        yield service
    finally:
        await service.close()


if __name__ == "__main__":
    main("portal", PortalSettings, compose)
