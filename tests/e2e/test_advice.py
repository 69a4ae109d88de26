"""A prescriber's system asks, over CDS Hooks, about the patient of a visit."""

import json
import time
from typing import Any
from uuid import uuid4

import httpx
import jwt

from chassis.access import Signer
from conftest import Platform
from e2e.conftest import Done
from embedded.programs import PRESCRIBER


def asked(platform: Platform, signer: Signer, hook: str, context: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    url = f"http://127.0.0.1:{platform.ports['advice']}/cds-services/pharmacogenomics-{hook}"
    now = int(time.time())
    claims = {"iss": PRESCRIBER, "aud": url, "iat": now, "exp": now + 60, "jti": str(uuid4())}
    token = jwt.encode(claims, signer.key, "ES256", {"kid": signer.kid})
    body = {"hook": hook, "hookInstance": str(uuid4()), "context": context, **fields}
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "fr"}
    answer = httpx.post(url, content=json.dumps(body), headers=headers, timeout=30).raise_for_status()
    cards: list[dict[str, Any]] = answer.json()["cards"]
    return cards


def order(drug: str) -> dict[str, Any]:
    request = {"resourceType": "MedicationRequest", "id": "m", "medicationCodeableConcept": {"text": drug}}
    return {"resourceType": "Bundle", "entry": [{"resource": request}]}


def test_who_orders_a_drug_that_the_genome_asks_to_dose_otherwise_is_told_so(
    platform: Platform, prescriber: Signer, done: Done
) -> None:
    drafts = order("WARFARINE 5 mg comprimé")
    context = {"patientId": done.visit.patient_id, "selections": ["MedicationRequest/m"], "draftOrders": drafts}
    (card, *_) = asked(platform, prescriber, "order-select", context)
    assert card["summary"].startswith("warfarine : ")
    assert card["indicator"] == "warning"
    assert "VKORC1" in card["summary"]
    (link,) = card["links"]
    assert httpx.get(link["url"], headers={"Accept": "text/html"}).headers["location"] == "/login"


def test_a_patient_of_another_server_is_known_by_their_identifier(platform: Platform, prescriber: Signer, done: Done) -> None:
    patient = done.case.order.patient
    identifier = {"system": f"urn:oid:{patient.assigning_authority}", "value": patient.identifier}
    prefetch = {"patient": {"resourceType": "Patient", "id": "1742", "identifier": [identifier]}}
    (card,) = asked(platform, prescriber, "patient-view", {"patientId": "1742"}, prefetch=prefetch)
    assert card["summary"].startswith("Le génome demande")


def test_a_drug_whose_gene_was_not_called_is_said_to_be_unanswered(platform: Platform, prescriber: Signer, done: Done) -> None:
    cards = asked(platform, prescriber, "order-sign", {"patientId": done.visit.patient_id, "draftOrders": order("carbamazépine")})
    assert cards
    assert all("pas de conseil" in card["summary"] for card in cards)
