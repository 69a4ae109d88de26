"""A portal's desk in this process, with whoever a test has behind it, and nobody else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx

import examples
from chassis.access import Signer
from chassis.access_log import AccessLog
from chassis.objects import Objects
from chassis.publisher import MemoryPublisher
from portal.adapters.case_service import CaseService
from portal.adapters.dicomweb import Dicomweb
from portal.adapters.ledger_service import LedgerServiceClient
from portal.adapters.operations_service import operations_service
from portal.adapters.run_service import RunServiceClient
from portal.adapters.study_service import study_service
from portal.desk import Desk
from portal.disputes import Disputes
from portal.drafts import Drafts
from portal.people import Door, Tokens
from portal.reports import Genomics, Reports

NOBODY_LISTENS = "127.0.0.1:1"


@asynccontextmanager
async def desk_at(
    objects: Objects, publisher: MemoryPublisher, door: Door, signer: Signer, study_images: str = "", **behind: Any
) -> AsyncIterator[Desk]:
    """`behind` are fields of the desk that somebody answers; `study_images` is where the hub's DICOMweb is."""
    cases = CaseService(NOBODY_LISTENS, None)
    async with httpx.AsyncClient() as client:
        desk = Desk(
            cases=cases,
            runs=RunServiceClient("", None),
            ledger=LedgerServiceClient("", None),
            studies=study_service("", None),
            operations=operations_service("", None),
            slides=Dicomweb(f"http://{NOBODY_LISTENS}", client, "slides"),
            study_images=Dicomweb(study_images, client, "the hub"),
            objects=objects,
            reports=Reports(objects, publisher),
            genomics=Genomics(objects, publisher),
            drafts=Drafts(objects),
            disputes=Disputes(objects),
            door=door,
            tokens=Tokens(signer),
            publisher=publisher,
            accesses=AccessLog(publisher, "portal"),
            namespace=examples.NAMESPACE,
            record_link="",
        )
        yield replace(desk, **behind)
    await cases.close()
