"""CDS Hooks 2.0 over HTTP: discovery, three services, and feedback."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import structlog
from prometheus_client import Counter, Histogram
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from advice.adapters.clients import Clients
from advice.handlers import OVERRIDES, Speaker, cards
from advice.labels import LABELS
from advice.patients import Patients
from advice.prescriptions import asked
from chassis.access import Unauthenticated
from chassis.access_log import AccessLog, Asker, address_of, operation_of, patient_entry
from chassis.errors import Malformed, NotFound, Retriable
from chassis.http_bodies import bounded_body
from chassis.json_text import json_of
from chassis.language import Language

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# By the name under which each is called.
SERVICES = {f"pharmacogenomics-{hook}": hook for hook in ("patient-view", "order-select", "order-sign")}
LARGEST = 1 << 20
OUTCOMES = ("accepted", "overridden")
SECONDS = Histogram(
    "casepath_advice_seconds", "From a request to its cards", ["hook"], buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
)
GIVEN = Counter("casepath_advice_cards", "Cards given", ["hook", "indicator"])
FEEDBACK = Counter("casepath_advice_feedback", "What became of cards", ["outcome", "reason"])

type Endpoint = Callable[[Request], Awaitable[Response]]


class CdsHooks:
    """`url` is the address under which clients reach it: their tokens are for it."""

    def __init__(
        self,
        patients: Patients,
        clients: Clients,
        accesses: AccessLog,
        namespace: UUID,
        url: str,
        language: Language,
        portal: str,
    ) -> None:
        self.accesses = accesses
        self.patients = patients
        self.clients = clients
        self.namespace = namespace
        self.url = url.rstrip("/")
        self.language = language
        self.portal = portal

    def app(self) -> Starlette:
        service = "/cds-services/{service}"
        routes = [
            Route("/cds-services", self.discovery),
            Route(service, answered(self.call), methods=["POST"]),
            Route(service + "/feedback", answered(self.feedback), methods=["POST"]),
        ]
        return Starlette(routes=routes)

    async def discovery(self, request: Request) -> Response:
        texts = LABELS[self.spoken(request)]
        services = [
            {
                "id": name,
                "hook": hook,
                "title": texts["title"],
                "description": texts["description"],
                "prefetch": {"patient": "Patient/{{context.patientId}}"},
            }
            for name, hook in SERVICES.items()
        ]
        return JSONResponse({"services": services})

    async def call(self, request: Request) -> Response:
        began = time.perf_counter()
        client, hook = await self.trusted(request)
        asking = asked(await body_of(request), hook, self.namespace)
        if not asking.patients:
            # Section "HTTP Status Codes": what was to be prefetched is not there.
            return JSONResponse({"error": "the patient is not known by this id: send prefetch.patient with identifiers"}, 412)
        known, untold = await self.patients.of(asking.patients)
        asker = replace(client, user_id=f"{asking.user} at {client.user_id}") if asking.user else client
        await self.accesses.read(asker, operation_of(request), map(patient_entry, asking.patients))
        found = cards(asking, known, untold, Speaker(self.spoken(request), self.portal))
        for card in found:
            GIVEN.labels(hook, card["indicator"]).inc()
        seconds = time.perf_counter() - began
        SECONDS.labels(hook).observe(seconds)
        log.info("advice", hook=hook, cards=len(found), seconds=round(seconds, 4))
        return JSONResponse({"cards": found})

    async def feedback(self, request: Request) -> Response:
        """Counted by outcome and reason. What a person wrote is not kept: it may name a patient."""
        await self.trusted(request)
        body = await body_of(request)
        for outcome, reason in outcomes(body):
            FEEDBACK.labels(outcome, reason).inc()
        return Response(status_code=200)

    async def trusted(self, request: Request) -> tuple[Asker, str]:
        """Which client asks, and the hook of the service that it calls. Raise NotFound, Unauthenticated or Unavailable."""
        name, address = request.path_params["service"], address_of(request)
        if name not in SERVICES:
            raise NotFound("there is no such service")
        try:
            client = self.clients.check(request.headers.get("authorization"), f"{self.url}{request.url.path}")
        except Unauthenticated as error:
            raise await self.accesses.refused(Asker(address=address), operation_of(request), (), error) from None
        return Asker(client, ("prescribing system",), address), SERVICES[name]

    def spoken(self, request: Request) -> Language:
        for said in request.headers.get("accept-language", "").split(","):
            match said.strip()[:2].lower():
                case "fr":
                    return "fr"
                case "en":
                    return "en"
        return self.language


async def body_of(request: Request) -> object:
    """Raise Malformed for what is no JSON, or too large."""
    body = await bounded_body(request, LARGEST, "the request is larger than a megabyte")
    return json_of(body, "the request is not JSON")


def outcomes(body: object) -> list[tuple[str, str]]:
    """Each outcome and the code of its reason, empty where it is none of ours. Raise Malformed for what is no feedback."""
    given = body.get("feedback") if isinstance(body, dict) else None
    if not isinstance(given, list) or not all(isinstance(one, dict) and one.get("outcome") in OUTCOMES for one in given):
        raise Malformed("feedback is a list of outcomes, accepted or overridden")
    return [(one["outcome"], reason_of(one)) for one in given]


def reason_of(outcome: Mapping[str, Any]) -> str:
    """The code of why advice was not followed, empty where it is none of ours."""
    found: Any = outcome
    for name in ("overrideReason", "reason", "code"):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) and found in OVERRIDES else ""


def answered(endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Unauthenticated as error:
            return JSONResponse({"error": str(error)}, 401, headers={"WWW-Authenticate": "Bearer"})
        except NotFound as error:
            return JSONResponse({"error": str(error)}, 404)
        except Malformed as error:
            return JSONResponse({"error": str(error)}, 400)
        except Retriable as error:
            log.warning("advice", outcome="unavailable", error=str(error))
            return JSONResponse({"error": "the reports cannot be read now; nothing is known of this patient's genome"}, 503)

    return answer
