from typing import Any

import pytest

import examples
from advice.prescriptions import ATC, RXNORM, Medication, asked, medications
from chassis.errors import Malformed

FLUOROURACIL = examples.fluorouracil()


def of(*codes: tuple[str, str], names: tuple[str, ...] = ()) -> Medication:
    return Medication(frozenset(codes), names)


@pytest.mark.parametrize(
    "medication",
    [
        of((RXNORM, "4492")),
        of((ATC[0], "L01BC02")),
        of((ATC[1], "L01BC52")),
        of(names=("FLUOROURACILE ACCORD 50 mg/ml, solution pour perfusion",)),
        of(("urn:oid:1.2.3", "x"), names=("5-Fluorouracil injection",)),
    ],
    ids=["RxNorm", "ATC", "ATC by its OID", "French name", "English name"],
)
def test_an_order_is_of_a_drug_by_code_or_name(medication: Medication) -> None:
    assert medication.is_of(FLUOROURACIL)


@pytest.mark.parametrize(
    "medication",
    [of((RXNORM, "44920")), of((ATC[0], "L01BC")), of(("urn:other", "4492")), of(names=("fluorouracilX", "capecitabine")), of()],
    ids=["another code", "a group of ATC", "another system", "another name", "nothing"],
)
def test_an_order_is_not_of_another_drug(medication: Medication) -> None:
    assert not medication.is_of(FLUOROURACIL)


def test_a_class_of_drugs_has_every_code_below_it() -> None:
    contraceptives = type(FLUOROURACIL)(name="hormonal contraceptives for systemic use", atc=["G03A"])
    assert of((ATC[0], "G03AA07")).is_of(contraceptives)
    assert not of((ATC[0], "G03B")).is_of(contraceptives)


def test_accents_and_capitals_do_not_matter() -> None:
    codeine = type(FLUOROURACIL)(name="codeine", name_fr="codéine")
    assert of(names=("PARACETAMOL/CODEINE 500 mg/30 mg",)).is_of(codeine)
    assert of(names=("Codéine phosphate",)).is_of(codeine)
    assert not of(names=("dihydrocodéine",)).is_of(codeine)


def order(id_: str, **fields: Any) -> dict[str, Any]:
    return {"resource": {"resourceType": "MedicationRequest", "id": id_, **fields}}


def bundle(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "entry": list(entries)}


def test_a_medication_is_found_where_an_order_may_keep_it() -> None:
    concept = {"coding": [{"system": RXNORM, "code": "4492", "display": "fluorouracil"}]}
    within = order("a", medicationCodeableConcept=concept)
    contained = order(
        "b", medicationReference={"reference": "#m"}, contained=[{"resourceType": "Medication", "id": "m", "code": concept}]
    )
    beside = order("c", medicationReference={"reference": "Medication/m"})
    ingredient = {"resource": {"resourceType": "Medication", "id": "m", "ingredient": [{"itemCodeableConcept": concept}]}}
    named = order("d", medicationReference={"display": "Fluorouracile"})
    found = medications({"draftOrders": bundle(within, contained, beside, ingredient, named)})
    assert [one.is_of(FLUOROURACIL) for one in found] == [True] * 4


def test_of_selected_orders_these_alone_are_asked_about() -> None:
    drafts = bundle(order("a", medicationCodeableConcept={"text": "one"}), order("b", medicationCodeableConcept={"text": "two"}))
    found = medications({"selections": ["MedicationRequest/b"], "draftOrders": drafts})
    assert [one.names for one in found] == [("two",)]


def request(patient: str, **fields: Any) -> dict[str, Any]:
    return {"hook": "patient-view", "hookInstance": "i", "context": {"patientId": patient}, **fields}


def test_a_patient_is_known_by_our_id_or_by_the_identifiers_of_another_server() -> None:
    identifier = {"system": "urn:oid:1.2.250.1.999", "value": "P1"}
    theirs = request("1742", prefetch={"patient": {"resourceType": "Patient", "identifier": [identifier]}})
    assert asked(theirs, "patient-view", examples.NAMESPACE).patients == (examples.PATIENT,)
    assert asked(request(examples.PATIENT), "patient-view", examples.NAMESPACE).patients == (examples.PATIENT,)
    assert asked(request("1742"), "patient-view", examples.NAMESPACE).patients == ()


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {},
        {"hook": "order-sign", "context": {"patientId": "p"}},
        {"hook": "patient-view", "context": {}},
        {"hook": "patient-view", "context": {"patientId": 3}},
        {"hook": "patient-view", "context": {"patientId": "p", "draftOrders": []}},
        {"hook": "patient-view", "context": {"patientId": "p", "draftOrders": {"resourceType": "Patient"}}},
    ],
)
def test_what_is_no_request_is_refused(wrong: object) -> None:
    with pytest.raises(Malformed):
        asked(wrong, "patient-view", examples.NAMESPACE)


@pytest.mark.parametrize(
    "strange",
    [
        {
            "entry": [
                None,
                3,
                {"resource": 7},
                {"resource": {"resourceType": "MedicationRequest", "medicationCodeableConcept": []}},
            ]
        },
        {"entry": {}},
        {"entry": [order("a", medicationReference=5, contained={})]},
    ],
)
def test_drafts_of_a_strange_shape_harm_nobody(strange: dict[str, Any]) -> None:
    found = medications({"draftOrders": {"resourceType": "Bundle", **strange}})
    assert not any(one.is_of(FLUOROURACIL) for one in found)
