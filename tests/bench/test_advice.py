"""A prescriber's request to its cards, over HTTP, against a bare answer by the same server."""

import asyncio
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Iterator
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
import jwt
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import examples
from advice.adapters.clients import Clients
from advice.cds_hooks import CdsHooks
from advice.patients import Patients
from chassis.access import Signer
from chassis.access_log import AccessLog
from chassis.http_server import HttpServer
from chassis.objects import Objects
from chassis.publisher import MemoryPublisher
from chassis.worker import Received
from embedded import samples
from sequencing.pharmacogenomics.messages import changed_drugs, report_message
from sequencing.pharmacogenomics.outside_calls import read_outside
from sequencing.pharmacogenomics.report import reported
from sequencing.pharmacogenomics.variant_file import read_genotypes

PATIENTS = int(os.environ.get("BENCH_PATIENTS", "2000"))
REQUESTS, CALLERS = 500, (1, 8)
URL, ISSUER = "http://advice", "https://prescriber.example"
PATH = "/cds-services/pharmacogenomics-order-sign"
SIGNER = Signer.fresh()


def patient(number: int) -> str:
    return str(uuid5(UUID(int=0), str(number)))


async def keep(objects: Objects) -> None:
    """Patients of whom each has a report of their own, as large as a real one."""
    report = report_message(reported(read_genotypes(samples.GENOTYPES), read_outside(samples.OUTSIDE_CALLS)))
    patients = Patients(objects)
    for number in range(PATIENTS):
        report.genes[0].reason = str(number)
        issued = examples.pharmacogenomics_reported(await objects.put(report.SerializeToString()))
        issued.patient_id = patient(number)
        del issued.changed_drugs[:]
        issued.changed_drugs.extend(changed_drugs(report))
        await patients.keep(Received(issued, examples.envelope("sequencing.pharmacogenomics.reported.v1")))


def serve(folder: str, told: "Queue[int]") -> None:
    async def bare(request: Request) -> Response:
        await request.body()
        return JSONResponse({"cards": []})

    hooks = CdsHooks(
        Patients(Objects.at(f"file://{folder}")),
        Clients.at(Path(folder) / "clients.json"),
        AccessLog(MemoryPublisher(), "advice"),
        examples.NAMESPACE,
        URL,
        "fr",
        "",
    )
    app = hooks.app()
    app.router.routes.append(Route("/bare", bare, methods=["POST"]))
    server = HttpServer(app, "127.0.0.1", 0)
    told.put(server.port)
    asyncio.run(server.run(asyncio.Event()))


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "clients.json").write_text(json.dumps({ISSUER: json.loads(SIGNER.public_keys())}))
    asyncio.run(keep(Objects.at(f"file://{tmp_path}")))
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    process = context.Process(target=serve, args=(str(tmp_path), told), daemon=True)
    process.start()
    yield f"http://127.0.0.1:{told.get(timeout=30)}"
    process.terminate()
    process.join()


def request(number: int) -> dict[str, Any]:
    order = {"resourceType": "MedicationRequest", "id": "m", "medicationCodeableConcept": {"text": "WARFARINE 5 mg"}}
    drafts = {"resourceType": "Bundle", "entry": [{"resource": order}]}
    context = {"patientId": patient(number), "draftOrders": drafts}
    return {"hook": "order-sign", "hookInstance": str(uuid4()), "context": context}


def headers() -> dict[str, str]:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": URL + PATH, "iat": now, "exp": now + 60, "jti": str(uuid4())}
    return {"Authorization": f"Bearer {jwt.encode(claims, SIGNER.key, 'ES256', {'kid': SIGNER.kid})}"}


async def milliseconds(base: str, path: str, callers: int, first: int, cards: bool) -> list[float]:
    """Of each request, each about another patient."""
    found: list[float] = []

    async def call(client: httpx.AsyncClient, numbers: range) -> None:
        for number in numbers:
            body, sent = request(number % PATIENTS), headers()
            began = time.perf_counter()
            answer = await client.post(f"{base}{path}", json=body, headers=sent)
            found.append(1000 * (time.perf_counter() - began))
            assert bool(answer.raise_for_status().json()["cards"]) == cards

    async with httpx.AsyncClient() as client, asyncio.TaskGroup() as group:
        for caller in range(callers):
            group.create_task(call(client, range(first + caller, first + REQUESTS, callers)))
    return sorted(found)


def test_cards_are_there_before_a_prescriber_waits(address: str) -> None:
    print(f"\nadvice of {PATIENTS} patients, {REQUESTS} requests a row, each about another patient (ms: median, 99th, highest)")
    for number, callers in enumerate(CALLERS):
        for name, path, first, cards in (
            ("first asking", PATH, REQUESTS * number, True),
            ("asked again", PATH, REQUESTS * number, True),
            ("bare answer", "/bare", 0, False),
        ):
            told = asyncio.run(milliseconds(address, path, callers, first, cards))
            p99 = told[int(0.99 * len(told))]
            print(f"  {callers} callers, {name:14} {statistics.median(told):8.2f} {p99:8.2f} {told[-1]:8.2f}")
