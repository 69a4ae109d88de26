"""FHIR R4 transactions over HTTP (section 3.1.0.11): for whoever bears a token that may send orders."""

import json
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import structlog
from prometheus_client import Counter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chassis.access import Forbidden, Gate, Permission, Unauthenticated
from chassis.access_log import AccessLog, Asker, address_of, operation_of
from chassis.errors import CasepathError, Malformed
from chassis.fhir import MEDIA_TYPE, Resource
from chassis.http_bodies import TooLarge, bounded_body
from chassis.http_errors import headers_of, status_of
from chassis.publisher import Publisher, announce
from intake.fhir_bundles import BESIDE, KEPT, NotTaken, events, notified, read
from intake.precedence import Precedence

log: structlog.stdlib.BoundLogger = structlog.get_logger()

BUNDLES = Counter("casepath_fhir_bundles_total", "FHIR transactions, by status", ["status"])
UNREADABLE, TOO_LARGE = 422, 413
# FHIR's issue types for what is not of the content.
CODES = {401: "login", 403: "forbidden", 413: "too-long", 422: "invalid", 503: "transient"}


class FhirEndpoint:
    """Answers 200 only after the broker acknowledged all that a transaction says; nothing of one that is refused is kept."""

    def __init__(
        self, publisher: Publisher, gate: Gate, accesses: AccessLog, namespace: UUID, largest: int, precedence: Precedence
    ) -> None:
        self.publisher = publisher
        self.gate = gate
        self.accesses = accesses
        self.namespace = namespace
        self.largest = largest
        self.precedence = precedence

    def app(self) -> Starlette:
        return Starlette(
            routes=[Route("/fhir", self.transaction, methods=["POST"]), Route("/fhir/metadata", self.metadata, methods=["GET"])]
        )

    async def transaction(self, request: Request) -> Response:
        with self.precedence.answering():
            answer = await self.answered(request)
        BUNDLES.labels(str(answer.status_code)).inc()
        return answer

    async def answered(self, request: Request) -> Response:
        who = Asker(address=address_of(request))
        try:
            principal = self.gate.principal(request.headers.get("authorization"))
            who = Asker.of(principal, who.address)
            principal.must(Permission.SEND_ORDERS)
            bundle = read(await bounded_body(request, self.largest, f"more than {self.largest} bytes"))
            canonical = json.dumps(bundle, sort_keys=True, separators=(",", ":")).encode()
            cause = uuid5(self.namespace, f"fhir|{sha256(canonical).hexdigest()}")
            said = events(bundle, self.namespace)
            published = await announce(self.publisher, said, cause=cause, source="intake") if said else []
        except (Unauthenticated, Forbidden) as error:
            return refusal(await self.accesses.refused(who, operation_of(request), (), error))
        except CasepathError as error:
            log.info("transaction", outcome="refused", error=str(error))
            return refusal(error)
        named = {"event_id": dict(published[0].headers)["ce_id"].decode()} if published else {}
        log.info("transaction", outcome="taken", events=len(published), **named)
        if notified(bundle) is not None:
            return Response(status_code=200)
        return fhir({"resourceType": "Bundle", "type": "transaction-response", "entry": [kept(one) for one in bundle["entry"]]})

    async def metadata(self, request: Request) -> Response:
        """What is taken here (FHIR R4 section 5.1)."""
        return fhir(
            {
                "resourceType": "CapabilityStatement",
                "status": "active",
                "date": "2026-11-26",
                "kind": "instance",
                "implementation": {
                    "description": "casepath: patients and orders in, by transaction or a subscription's REST-hook"
                },
                "fhirVersion": "4.0.1",
                "format": ["json"],
                "rest": [
                    {
                        "mode": "server",
                        "security": {"description": "Authorization: Bearer, with a token that may send orders"},
                        "resource": [{"type": kind, "interaction": [{"code": "create"}, {"code": "update"}]} for kind in KEPT],
                        "interaction": [{"code": "transaction"}],
                    }
                ],
            }
        )


def kept(entry: Resource) -> Resource:
    """What became of one entry."""
    if entry["resource"]["resourceType"] not in BESIDE:
        return {"response": {"status": "200 OK"}}
    return {"response": {"status": "200 OK", "outcome": outcome("information", "informational", "", "it is not kept here")}}


def refusal(error: CasepathError) -> Response:
    status = status_of(error, ((TooLarge, TOO_LARGE), (Malformed, UNREADABLE)))
    place, text = (error.place, error.text) if isinstance(error, NotTaken) else ("", str(error))
    code = error.code if isinstance(error, NotTaken) else CODES.get(status, "processing")
    return fhir(outcome("error", code, place, text), status)


def outcome(severity: str, code: str, place: str, text: str) -> Resource:
    issue: dict[str, Any] = {"severity": severity, "code": code, "diagnostics": text}
    if place:
        issue["expression"] = [place]
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def fhir(content: Resource, status: int = 200) -> Response:
    return JSONResponse(content, status, headers=headers_of(status), media_type=MEDIA_TYPE)
