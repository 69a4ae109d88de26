"""What a FHIR transaction says is what HL7 v2 would have said; what it says wrongly is refused with its place."""

import copy
import json
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import httpx
import jwt
import pytest

import examples
from casepath.intake.v1.order_pb2 import URGENCY_STAT, OrderPlaced
from casepath.intake.v1.patient_pb2 import PatientRegistered
from chassis.access import Gate, Signer
from chassis.access_log import AccessLog
from chassis.events import check
from chassis.publisher import MemoryPublisher
from intake.adapters.fhir_endpoint import FhirEndpoint
from intake.fhir_bundles import NOTIFICATION, NotTaken, events, read
from intake.precedence import Precedence
from records import handlers

type Bundle = dict[str, Any]
type Change = Callable[[Bundle], None]

TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"


def bundle() -> Bundle:
    """The example's order, as records files it: a hospital's system says the same."""
    order = examples.order()
    resources = handlers.of_order(order)
    for one in resources:
        one.pop("extension", None)
        one["meta"] = {"lastUpdated": "2026-03-01T12:00:00Z"}
        if one["resourceType"] == "Patient":
            one["identifier"][0]["type"] = {"coding": [{"system": TYPES, "code": "PI"}]}
        if one["resourceType"] == "ServiceRequest":
            one["performer"] = [{"display": examples.UNIT}]
    entries = [
        {
            "fullUrl": f"urn:uuid:{one['id']}",
            "resource": one,
            "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"},
        }
        for one in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def wanted() -> OrderPlaced:
    """The same, with a local system of codes by its URI."""
    order = examples.order()
    order.services[0].specimens[0].site.system = "urn:casepath:local:L"
    return order


def of(found: Bundle, kind: str, number: int = 0) -> Bundle:
    resources = [entry["resource"] for entry in found["entry"]]
    one: Bundle = [one for one in resources if one["resourceType"] == kind][number]
    return one


def said(found: Bundle) -> list[Any]:
    made = events(read(json.dumps(found).encode()), examples.NAMESPACE)
    for one in made:
        check(one.data)
    return [one.data for one in made]


def changed(*changes: Change) -> Bundle:
    found = copy.deepcopy(bundle())
    for change in changes:
        change(found)
    return found


def test_a_transaction_says_what_a_message_says() -> None:
    registered, placed = said(bundle())
    assert isinstance(registered, PatientRegistered)
    assert registered.patient == examples.patient()
    assert placed == wanted()


def test_references_may_be_by_full_url() -> None:
    def by_url(found: Bundle) -> None:
        for entry in found["entry"]:
            one = entry["resource"]
            for reference in [one.get("subject"), *one.get("specimen", ())]:
                if reference:
                    reference["reference"] = f"urn:uuid:{reference['reference'].split('/')[1]}"
            entry["request"] = {"method": "POST", "url": one["resourceType"]}
        for entry in found["entry"]:
            del entry["resource"]["id"]

    assert said(changed(by_url))[1] == wanted()


def notification(kind: str, found: Bundle) -> Bundle:
    """As Subscriptions R5 Backport 1.1 has it in R4, by REST-hook with full resources."""
    status = {
        "resourceType": "Parameters",
        "id": "b0bf7154-6967-4f64-b0b5-d994dfb59a7d",
        "meta": {"profile": [NOTIFICATION]},
        "parameter": [
            {"name": "subscription", "valueReference": {"reference": "https://his.example/fhir/Subscription/orders"}},
            {"name": "status", "valueCode": "active"},
            {"name": "type", "valueCode": kind},
            {"name": "events-since-subscription-start", "valueString": "2"},
        ],
    }
    first = {"fullUrl": "urn:uuid:b0bf7154-6967-4f64-b0b5-d994dfb59a7d", "resource": status}
    first |= {"request": {"method": "GET", "url": "Subscription/orders/$status"}, "response": {"status": "200"}}
    entries = [{**one, "response": {"status": "201"}} for one in found["entry"]]
    return {"resourceType": "Bundle", "type": "history", "entry": [first, *entries]}


def test_a_notification_of_a_subscription_says_what_a_transaction_says() -> None:
    assert said(notification("event-notification", bundle())) == said(bundle())


def test_a_notification_that_asks_for_an_answer_says_nothing() -> None:
    nothing = {**bundle(), "entry": []}
    assert said(notification("handshake", nothing)) == said(notification("heartbeat", nothing)) == []


@pytest.mark.parametrize(
    ("found", "place"),
    [
        (notification("query-status", bundle()), "Bundle.entry[0].resource.parameter"),
        ({**bundle(), "type": "history"}, "Bundle.type"),
        (notification("event-notification", {**bundle(), "entry": []}), "Bundle.entry"),
    ],
)
def test_what_is_no_notification_is_refused(found: Bundle, place: str) -> None:
    with pytest.raises(NotTaken) as refused:
        said(found)
    assert refused.value.place == place


async def test_a_servers_handshake_and_its_notification_are_answered() -> None:
    publisher = MemoryPublisher()
    async with endpoint(publisher) as client:
        for found, events_after in (
            (notification("handshake", {**bundle(), "entry": []}), 0),
            (notification("event-notification", bundle()), 2),
        ):
            answer = await client.post("/fhir", json=found, headers=bearer("ordering-system"))
            assert (answer.status_code, answer.content, len(publisher.records)) == (200, b"", events_after)


def test_what_is_revoked_is_called_off_and_what_is_urgent_is() -> None:
    def revoke(found: Bundle) -> None:
        of(found, "ServiceRequest")["status"] = "revoked"
        of(found, "ServiceRequest", 1)["priority"] = "stat"

    (_, placed) = said(changed(revoke))
    assert isinstance(placed, OrderPlaced)
    assert [one.called_off for one in placed.services] == [True, False]
    assert placed.urgency == URGENCY_STAT


def test_each_service_counts_from_when_it_was_said() -> None:
    def earlier(found: Bundle) -> None:
        of(found, "ServiceRequest")["meta"]["lastUpdated"] = "2026-03-01T11:00:00Z"

    (_, placed) = said(changed(earlier))
    assert placed.recorded_at == examples.stamp()
    assert [one.HasField("recorded_at") for one in placed.services] == [True, False]


def test_a_reason_may_be_a_condition_beside_the_order_or_one_that_is_elsewhere() -> None:
    def because(found: Bundle) -> None:
        code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "N63", "display": "Nodule du sein"}]}
        condition = {"resourceType": "Condition", "id": "c1", "code": code, "subject": of(found, "ServiceRequest")["subject"]}
        found["entry"].append({"resource": condition, "request": {"method": "PUT", "url": "Condition/c1"}})
        request = of(found, "ServiceRequest")
        request["reasonCode"] = [{"text": "Bilan d'extension"}]
        request["reasonReference"] = [{"reference": "Condition/c1"}, {"reference": "Condition/c2", "display": "Mastectomie"}]
        request["note"] = [{"text": "Récidive ?"}]

    (_, placed) = said(changed(because))
    assert isinstance(placed, OrderPlaced)
    assert [(one.code, one.text, one.system) for one in placed.services[0].reasons] == [("N63", "Nodule du sein", "I10")]
    assert placed.services[0].clinical_information.splitlines() == ["Bilan d'extension", "Mastectomie", "Récidive ?"]


def test_what_comes_beside_an_order_is_left_out() -> None:
    def beside(found: Bundle) -> None:
        doctor = {"resourceType": "Practitioner", "id": "d1"}
        found["entry"].insert(0, {"resource": doctor, "request": {"method": "PUT", "url": "Practitioner/d1"}})

    assert said(changed(beside)) == said(bundle())


@pytest.mark.parametrize(("reliability", "ins"), [("VALI", "269054958815780"), ("PROV", ""), (None, "")])
def test_an_ins_is_taken_of_a_qualified_identity_alone(reliability: str | None, ins: str) -> None:
    def identified(found: Bundle) -> None:
        person = of(found, "Patient")
        person["identifier"].append({"system": "urn:oid:1.2.250.1.213.1.4.8", "value": "269054958815780"})
        if reliability:
            url = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-identity-reliability"
            person["extension"] = [{"url": url, "extension": [{"url": "identityStatus", "valueCoding": {"code": reliability}}]}]

    registered, placed = said(changed(identified))
    assert registered.patient.ins == placed.patient.ins == ins
    assert registered.patient.patient_id == examples.PATIENT


def set_to(kind: str, element: str, value: Any) -> Change:
    def change(found: Bundle) -> None:
        one = of(found, kind)
        if value is None:
            one.pop(element, None)
        else:
            one[element] = value

    return change


def of_bundle(element: str, value: Any) -> Change:
    return lambda found: found.update({element: value})


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        (of_bundle("type", "batch"), "Bundle.type", "not-supported"),
        (of_bundle("entry", []), "Bundle.entry", "required"),
        (set_to("ServiceRequest", "status", "draft"), "Bundle.entry[3].resource.status", "business-rule"),
        (set_to("ServiceRequest", "intent", "proposal"), "Bundle.entry[3].resource.intent", "business-rule"),
        (set_to("ServiceRequest", "identifier", None), "Bundle.entry[3].resource.identifier", "required"),
        (set_to("ServiceRequest", "code", None), "Bundle.entry[3].resource.code", "required"),
        (set_to("ServiceRequest", "meta", {}), "Bundle.entry[3].resource.authoredOn", "value"),
        (set_to("ServiceRequest", "subject", {"reference": "Patient/other"}), "Bundle.entry[3].resource.subject", "not-found"),
        (set_to("Specimen", "identifier", None), "Bundle.entry[1].resource.identifier", "required"),
        (set_to("Patient", "identifier", None), "Bundle.entry[0].resource.identifier", "required"),
        (set_to("Patient", "name", [{"text": "X"}]), "Bundle.entry[0].resource.name.family", "required"),
        (set_to("Patient", "resourceType", "Observation"), "", "structure"),
        (lambda found: found["entry"][0]["request"].update(method="DELETE"), "Bundle.entry[0].request.method", "not-supported"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(change: Change, place: str, code: str) -> None:
    found = changed(set_to("ServiceRequest", "authoredOn", "2026-03-01"), change)
    with pytest.raises(NotTaken) as caught:
        said(found)
    assert caught.value.code == code
    assert place in caught.value.place
    assert "Exemple" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff", b'{"resourceType": "Patient"}'])
def test_what_is_no_bundle_is_refused(content: bytes) -> None:
    with pytest.raises(NotTaken):
        read(content)


SIGNER = Signer.fresh()


def endpoint(publisher: MemoryPublisher) -> httpx.AsyncClient:
    gate = Gate(jwt.PyJWKSet.from_json(SIGNER.public_keys()))
    made = FhirEndpoint(publisher, gate, AccessLog(publisher, "intake"), examples.NAMESPACE, 1 << 20, Precedence())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=made.app()), base_url="http://intake")


def bearer(*roles: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {SIGNER.token('his', roles, 3600)}"}


async def test_what_is_taken_is_with_the_broker_and_a_resend_is_the_same_events() -> None:
    publisher = MemoryPublisher()
    async with endpoint(publisher) as client:
        answers = [await client.post("/fhir", json=bundle(), headers=bearer("ordering-system")) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].json()["type"] == "transaction-response"
    assert len(answers[0].json()["entry"]) == len(bundle()["entry"])
    ids = [dict(record.headers)["ce_id"] for record in publisher.records]
    assert ids[:2] == ids[2:]


@pytest.mark.parametrize(("headers", "status"), [({}, 401), (bearer("pathologist"), 403)])
async def test_who_may_not_send_orders_is_refused_and_audit_is_told(headers: dict[str, str], status: int) -> None:
    publisher = MemoryPublisher()
    async with endpoint(publisher) as client:
        answer = await client.post("/fhir", json=bundle(), headers=headers)
    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert [record.topic for record in publisher.records] == ["audit.access.recorded.v1"]


async def test_a_refusal_says_where_and_keeps_nothing() -> None:
    publisher = MemoryPublisher()
    async with endpoint(publisher) as client:
        wrong = changed(set_to("ServiceRequest", "status", "draft"))
        answer = await client.post("/fhir", json=wrong, headers=bearer("ordering-system"))
        long = await client.post("/fhir", content=b" " * (2 << 20), headers=bearer("ordering-system"))
    assert (answer.status_code, long.status_code) == (422, 413)
    assert answer.json()["issue"][0]["expression"] == ["Bundle.entry[3].resource.status"]
    assert publisher.records == []


async def test_the_endpoint_says_what_it_takes() -> None:
    async with endpoint(MemoryPublisher()) as client:
        found = (await client.get("/fhir/metadata")).json()
    assert [one["type"] for one in found["rest"][0]["resource"]] == ["Patient", "ServiceRequest", "Specimen", "Condition"]


JUNK: tuple[Any, ...] = (
    None,
    "",
    " ",
    0,
    -1,
    True,
    [],
    {},
    [None],
    "x" * 300,
    "\x00",
    "2026",
    "not-a-date",
    {"reference": "#"},
    "Patient/aaa",
    "🙂",
)


def touched(rng: Random) -> Bundle:
    """The example with one to three values exchanged, taken out or doubled, anywhere."""
    found = copy.deepcopy(bundle())
    for _ in range(rng.randint(1, 3)):
        holder: Any = found
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = rng.choice(keys)
            inside = holder[key]
            if isinstance(inside, (dict, list)) and inside and rng.random() < 0.85:
                holder = inside
                continue
            how = rng.random()
            if how < 0.3:
                del holder[key]
            elif how < 0.4 and isinstance(holder, list):
                holder.append(copy.deepcopy(inside))
            else:
                holder[key] = rng.choice(JUNK)
            break
    return found


async def test_of_two_thousand_transactions_none_crashes_and_none_is_half_taken() -> None:
    rng, answers = Random(11), Counter[int]()
    for _ in range(2000):
        publisher = MemoryPublisher()
        async with endpoint(publisher) as client:
            answer = await client.post("/fhir", content=json.dumps(touched(rng)), headers=bearer("ordering-system"))
        answers[answer.status_code] += 1
        assert bool(publisher.records) == (answer.status_code == 200)
        assert "Exemple" not in answer.text
    assert set(answers) == {200, 422}
    assert answers[422] > 500
