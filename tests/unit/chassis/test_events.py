from dataclasses import replace
from uuid import uuid4

import pytest

import examples
from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.topics import INTAKE_ORDER_PLACED
from chassis.errors import Malformed
from chassis.events import Envelope, Event, opened, sealed

CAUSE = uuid4()


def seal(*events: Event) -> list[dict[str, str]]:
    records = sealed(events, cause=CAUSE, correlation=CAUSE, source="test", time=examples.NOON)
    return [{name: value.decode() for name, value in record.headers} for record in records]


def test_a_repeat_of_a_cause_gives_the_same_event_ids() -> None:
    event = Event(INTAKE_ORDER_PLACED, examples.CASE, examples.order())
    assert seal(event, event) == seal(event, event)


def test_events_of_one_cause_have_ids_of_their_own() -> None:
    event = Event(INTAKE_ORDER_PLACED, examples.CASE, examples.order())
    first, second = seal(event, event)
    assert first["ce_id"] != second["ce_id"]


def test_an_event_that_several_causes_lead_to_keeps_the_id_it_was_given() -> None:
    given = uuid4()
    (headers,) = seal(Event(INTAKE_ORDER_PLACED, examples.CASE, examples.order(), id=given))
    assert headers["ce_id"] == str(given)


def test_an_envelope_survives_its_headers() -> None:
    envelope = examples.envelope("intake.order.placed.v1")
    assert Envelope.from_headers(envelope.headers()) == envelope
    asked = replace(envelope, attempt=uuid4())
    assert Envelope.from_headers(asked.headers()) == asked


def test_a_missing_header_is_named() -> None:
    headers = [pair for pair in examples.envelope("x").headers() if pair[0] != "ce_time"]
    with pytest.raises(Malformed, match="ce_time"):
        Envelope.from_headers(headers)


@pytest.mark.parametrize("name", ["ce_id", "ce_time", "ce_correlationid", "ce_attempt"])
def test_a_header_of_the_wrong_type_is_refused_without_repeating_it(name: str) -> None:
    asked = replace(examples.envelope("x"), attempt=uuid4())
    headers = [(key, b"Exemple" if key == name else value) for key, value in asked.headers()]
    with pytest.raises(Malformed) as caught:
        Envelope.from_headers(headers)
    assert "Exemple" not in str(caught.value)


def test_a_message_that_breaks_its_contract_is_not_published() -> None:
    broken = examples.order()
    broken.accession = ""
    with pytest.raises(Malformed, match="accession"):
        seal(Event(INTAKE_ORDER_PLACED, examples.CASE, broken))


def test_a_broken_rule_names_the_field_and_never_the_value() -> None:
    broken = examples.order()
    broken.patient.birth_date = "31/01/1970"
    with pytest.raises(Malformed) as caught:
        opened(OrderPlaced, broken.SerializeToString())
    assert "patient.birth_date" in str(caught.value)
    assert "31/01" not in str(caught.value)


@pytest.mark.parametrize("value", [None, b"\xff\xff\xff", b"not protobuf"])
def test_bytes_that_are_no_message_are_malformed(value: bytes | None) -> None:
    with pytest.raises(Malformed):
        opened(OrderPlaced, value)
