"""An order by FHIR, on the running platform: the same patient and case as by HL7 v2."""

from typing import Any

import httpx

from conftest import Platform
from e2e.conftest import new_visit, once
from embedded import samples
from embedded.hospital import AUTHORITY, SLIDE_CONTAINER, Visit, scan, send

TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"


def typed(code: str, value: str, **more: str) -> dict[str, Any]:
    return {"type": {"coding": [{"system": TYPES, "code": code}]}, "value": value, **more}


def transaction(visit: Visit, status: str, updated: str) -> dict[str, Any]:
    """One slide of one specimen. The patient is the one whom the hospital's messages name."""
    meta = {"lastUpdated": updated}
    person = {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [typed("PI", f"P{visit.stamp}", system=f"urn:oid:{AUTHORITY}")],
        "name": [{"use": "official", "family": "Démo", "given": ["Camille", "Anne"]}],
        "gender": "female",
        "birthDate": "1964-02-29",
    }
    specimen = {
        "resourceType": "Specimen",
        "id": "s1",
        "identifier": [{"value": "T1"}],
        "subject": {"reference": "Patient/p1"},
        "container": [{"identifier": [{"value": SLIDE_CONTAINER}]}],
    }
    request = {
        "resourceType": "ServiceRequest",
        "id": "r1",
        "meta": meta,
        "identifier": [typed("ACSN", visit.accession), typed("PLAC", f"PL{visit.stamp}-1")],
        "status": status,
        "intent": "order",
        "code": {"coding": [{"system": "http://loinc.org", "code": "11529-5", "display": "Surgical pathology study"}]},
        "subject": {"reference": "Patient/p1"},
        "specimen": [{"reference": "Specimen/s1"}],
        "performer": [{"display": "LAB"}],
    }
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
        for one in (person, specimen, request)
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


async def test_an_order_by_fhir_is_the_case_that_a_message_would_have_made(platform: Platform) -> None:
    visit = new_visit(platform)
    token = platform.signer.token("his", ["ordering-system"], 600)
    base, bearer = f"http://127.0.0.1:{platform.ports['fhir-in']}", {"Authorization": f"Bearer {token}"}
    await send(platform.ports["mllp"], [visit.registration()])
    async with httpx.AsyncClient(base_url=base, headers=bearer, timeout=30) as client:
        placed = transaction(visit, "active", "2026-03-01T10:00:00Z")
        for _ in range(2):
            answer = await client.post("/fhir", json=placed)
            assert answer.status_code == 200, answer.text
        scan(visit, samples.SLIDE, platform.home.scanner)
        case = await once(platform, visit, lambda case: any(slide.HasField("ingested") for slide in case.slides))
        assert case.order.patient.patient_id == visit.patient_id
        assert (case.order.unit, [slide.slide_id for slide in case.slides]) == ("LAB", [SLIDE_CONTAINER])
        refused = await client.post("/fhir", json=transaction(visit, "draft", "2026-03-01T11:00:00Z"))
        assert refused.json()["issue"][0]["expression"] == ["Bundle.entry[2].resource.status"]
        assert (await client.post("/fhir", json=transaction(visit, "revoked", "2026-03-01T11:00:00Z"))).is_success
        await once(platform, visit, lambda case: all(one.called_off for one in case.order.services))
    async with httpx.AsyncClient(base_url=base) as stranger:
        assert (await stranger.post("/fhir", json=placed)).status_code == 401
