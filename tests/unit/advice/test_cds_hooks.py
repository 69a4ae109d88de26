import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
import pytest_asyncio
from httpx import ASGITransport, AsyncClient

import examples
from advice.adapters.clients import Clients
from advice.cds_hooks import CdsHooks, outcomes
from advice.patients import Patients
from casepath.topics import SEQUENCING_PHARMACOGENOMICS_REPORTED
from chassis.access import Signer
from chassis.access_log import AccessLog
from chassis.errors import Misconfigured
from chassis.objects import Objects
from chassis.publisher import MemoryPublisher
from chassis.worker import Received

URL, ISSUER = "https://advice.example", "https://prescriber.example"
SIGN = "/cds-services/pharmacogenomics-order-sign"
SIGNER = Signer.fresh()

type Ask = Callable[..., Any]


def clients(folder: Path, signer: Signer = SIGNER) -> Clients:
    file = folder / "clients.json"
    file.write_text(json.dumps({ISSUER: json.loads(signer.public_keys())}))
    return Clients.at(file)


def token(path: str = SIGN, signer: Signer = SIGNER, **other: Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": URL + path, "iat": now, "exp": now + 60, "jti": str(uuid4()), **other}
    return jwt.encode({name: value for name, value in claims.items() if value}, signer.key, "ES256", {"kid": signer.kid})


@pytest.fixture
def patients(tmp_path: Path) -> Patients:
    return Patients(Objects.at(f"file://{tmp_path / 'objects'}"))


@pytest_asyncio.fixture
async def client(patients: Patients, tmp_path: Path) -> AsyncClient:
    report = await patients.objects.put(examples.pharmacogenomic_report().SerializeToString())
    issued = examples.pharmacogenomics_reported(report)
    await patients.keep(Received(issued, examples.envelope(SEQUENCING_PHARMACOGENOMICS_REPORTED.name)))
    app = CdsHooks(patients, clients(tmp_path), AccessLog(MemoryPublisher(), "advice"), examples.NAMESPACE, URL, "fr", "").app()
    return AsyncClient(transport=ASGITransport(app), base_url=URL)


def body(patient: str = examples.PATIENT, drug: str = "fluorouracil") -> dict[str, Any]:
    order = {"resourceType": "MedicationRequest", "id": "m", "medicationCodeableConcept": {"text": drug}}
    drafts = {"resourceType": "Bundle", "entry": [{"resource": order}]}
    return {"hook": "order-sign", "hookInstance": str(uuid4()), "context": {"patientId": patient, "draftOrders": drafts}}


def headers(**other: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(**other)}", "Accept-Language": "en-GB,fr;q=0.5"}


async def test_anybody_may_see_which_services_there_are(client: AsyncClient) -> None:
    services = (await client.get("/cds-services")).json()["services"]
    assert {one["hook"] for one in services} == {"patient-view", "order-select", "order-sign"}
    assert all(one["prefetch"] == {"patient": "Patient/{{context.patientId}}"} for one in services)


async def test_a_prescriber_is_told_what_the_genome_says_of_the_drug(client: AsyncClient) -> None:
    (card,) = (await client.post(SIGN, json=body(), headers=headers())).json()["cards"]
    assert card["summary"] == "fluorouracil: DPYD Intermediate Metabolizer"


async def test_of_a_report_that_was_withdrawn_nothing_warns_any_more_and_that_nothing_is_known_is_said(
    client: AsyncClient, patients: Patients
) -> None:
    assert len((await client.post(SIGN, json=body(), headers=headers())).json()["cards"]) == 1
    await patients.keep_withdrawn(Received(examples.genomics_withdrawn(), examples.envelope("portal.genomics.withdrawn.v1")))
    assert (await client.post(SIGN, json=body(), headers=headers())).json() == {"cards": []}
    known, untold = await patients.of([examples.PATIENT])
    assert (known, untold) == ([], True)


async def test_what_is_known_under_a_merged_number_is_told_under_both_until_the_merge_is_undone(
    client: AsyncClient, patients: Patients
) -> None:
    survivor = examples.survivor().patient_id
    await patients.merges.hear(Received(examples.merged(), examples.envelope("intake.patient.merged.v1")))
    for patient in (survivor, examples.PATIENT):
        assert len((await client.post(SIGN, json=body(patient), headers=headers())).json()["cards"]) == 1
    await patients.merges.hear(Received(examples.unlinked(), examples.envelope("intake.patients.unlinked.v1")))
    assert (await client.post(SIGN, json=body(survivor), headers=headers())).json() == {"cards": []}


async def test_of_a_patient_that_nobody_sequenced_there_is_nothing_to_say(client: AsyncClient) -> None:
    assert (await client.post(SIGN, json=body(str(uuid4())), headers=headers())).json() == {"cards": []}


async def test_a_patient_that_cannot_be_told_is_a_precondition_that_failed(client: AsyncClient) -> None:
    assert (await client.post(SIGN, json=body("1742"), headers=headers())).status_code == 412


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/cds-services/pharmacogenomics-order-select"},
        {"signer": Signer.fresh()},
        {"iss": "https://other.example"},
        {"exp": 1},
        {"exp": int(time.time()) + 86400},
        {"jti": None},
    ],
    ids=["for another service", "another key", "another issuer", "expired", "good for a day", "without an id"],
)
async def test_a_token_that_is_not_for_this_is_refused(client: AsyncClient, other: dict[str, Any]) -> None:
    answer = await client.post(SIGN, json=body(), headers=headers(**other))
    assert answer.status_code == 401
    assert "cards" not in answer.json()


async def test_a_request_without_a_token_and_a_token_that_was_used_are_refused(client: AsyncClient) -> None:
    used = headers()
    assert (await client.post(SIGN, json=body(), headers=used)).status_code == 200
    assert (await client.post(SIGN, json=body(), headers=used)).status_code == 401
    assert (await client.post(SIGN, json=body())).status_code == 401


@pytest.mark.parametrize("content", [b"", b"not JSON", b"[]", b"{}", b'{"hook": "order-select"}', b"[" * (1 << 21)])
async def test_what_is_no_request_is_told_so(client: AsyncClient, content: bytes) -> None:
    answer = await client.post(SIGN, content=content, headers=headers())
    assert answer.status_code == 400
    assert answer.json()["error"]


async def test_a_service_that_there_is_not_is_not_found(client: AsyncClient) -> None:
    path = "/cds-services/other"
    assert (await client.post(path, json=body(), headers=headers(path=path))).status_code == 404


async def test_feedback_is_taken_without_what_a_person_wrote(client: AsyncClient) -> None:
    path = f"{SIGN}/feedback"
    reason = {"reason": {"code": "considered"}, "userComment": "Mme Exemple"}
    given = {"feedback": [{"card": str(uuid4()), "outcome": "overridden", "overrideReason": reason}]}
    assert (await client.post(path, json=given, headers=headers(path=path))).status_code == 200
    assert (await client.post(path, json={"feedback": [{"outcome": "other"}]}, headers=headers(path=path))).status_code == 400


@pytest.mark.parametrize("reason", ["considered", {"reason": "considered"}, {"reason": {"code": ["considered"]}}, ["considered"]])
def test_feedback_whose_reason_is_none_of_ours_counts_without_one(reason: object) -> None:
    assert outcomes({"feedback": [{"outcome": "overridden", "overrideReason": reason}]}) == [("overridden", "")]


async def test_a_request_that_nests_too_deep_is_refused(client: AsyncClient) -> None:
    answer = await client.post(SIGN, content="[" * 100_000, headers=headers())
    assert (answer.status_code, answer.json()) == (400, {"error": "the request is not JSON"})


async def test_a_report_that_cannot_be_read_is_not_silence(client: AsyncClient, tmp_path: Path) -> None:
    for file in (tmp_path / "objects" / "sha256").rglob("*"):
        if file.is_file():
            file.write_bytes(b"other bytes")
    answer = await client.post(SIGN, json=body(), headers=headers())
    assert answer.status_code == 503
    assert "nothing is known" in answer.json()["error"]


@pytest.mark.parametrize("text", ["", "[]", '{"https://a": 3}', '{"https://a": {"keys": []}}'])
def test_a_file_that_names_no_clients_is_refused_at_the_start(tmp_path: Path, text: str) -> None:
    file = tmp_path / "clients.json"
    file.write_text(text)
    with pytest.raises(Misconfigured, match="CASEPATH_ADVICE_CLIENTS"):
        Clients.at(file)
