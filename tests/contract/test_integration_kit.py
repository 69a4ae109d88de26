"""What docs/integrate.md tells a hospital's developer, before anything is sent."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from google.protobuf.json_format import MessageToJson

import examples
from chassis.errors import Malformed
from cli.__main__ import casepath

KIT = Path(__file__).parents[2] / "docs/integrate"


def checked(*arguments: str | Path) -> Result:
    return CliRunner().invoke(casepath, ["contract", "check", *map(str, arguments)])


@pytest.mark.parametrize(
    ("name", "leads_to"),
    [
        ("registration.hl7", "HL7 v2; leads to intake.registration.received.v1"),
        ("order.hl7", "HL7 v2; leads to intake.order.received.v1"),
        ("order.json", "FHIR R4; leads to intake.order.received.v1"),
    ],
)
def test_examples_would_be_taken(name: str, leads_to: str) -> None:
    result = checked(KIT / name)
    assert result.output == f"{KIT / name}: {leads_to}\n"
    assert result.exit_code == 0


def test_a_wrong_message_is_refused_with_its_place_and_its_neighbours_are_not() -> None:
    result = checked(KIT / "order.hl7", KIT / "wrong-order.hl7")
    assert result.output == (
        f"{KIT / 'order.hl7'}: HL7 v2; leads to intake.order.received.v1\n"
        f"{KIT / 'wrong-order.hl7'}: refused: PID-7: not a date (YYYYMMDD)\n"
    )
    assert isinstance(result.exception, Malformed)


def test_a_transaction_is_refused_with_its_place(tmp_path: Path) -> None:
    bundle = json.loads((KIT / "order.json").read_text())
    bundle["entry"][2]["resource"]["status"] = "draft"
    file = tmp_path / "order.json"
    file.write_text(json.dumps(bundle))
    assert f"{file}: refused: Bundle.entry[2].resource.status: " in checked(file).output


def test_an_event_is_checked_against_its_contract(tmp_path: Path) -> None:
    file, order = tmp_path / "event.json", examples.order()
    file.write_text(MessageToJson(order))
    topic = ("--topic", "intake.order.placed.v1")
    assert checked(file, *topic).output == f"{file}: a casepath.intake.v1.OrderPlaced; leads to intake.order.placed.v1\n"
    order.ClearField("accession")
    file.write_text(MessageToJson(order))
    assert "breaks its contract at accession (string.min_len)" in checked(file, *topic).output
    file.write_text('{"orderNumber": 1}')
    assert 'no field named "orderNumber"' in checked(file, *topic).output
    assert "it is none of: FHIR R4, HL7 v2; an event needs --topic" in checked(file).output


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"resourceType": "\\ud800"}', '{"resourceType": NaN}'], ids=lambda text: text[:20]
)
def test_what_is_no_json_is_said_to_be_of_no_kind(tmp_path: Path, text: str) -> None:
    file = tmp_path / "order.json"
    file.write_text(text)
    assert "refused: it is none of: FHIR R4, HL7 v2" in checked(file).output
    assert "refused: " in checked(file, "--topic", "intake.order.placed.v1").output
