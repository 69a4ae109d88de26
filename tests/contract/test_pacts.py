"""Message pacts for those who send JSON: we take what they promise, and what breaks them is found."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from contract.pacts import FHIR, KIT, ORDER, PACTS, PLAIN, SIDECAR, orders, sidecars, write
from pact import Verifier
from pact.types import Message

from chassis.errors import Malformed
from cli.contract import message_in
from slides.barcode import Label, read_label

# The relay by which pact-python hands over a message leaves its socket to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def test_the_pacts_of_the_kit_are_those_of_now(tmp_path: Path) -> None:
    write(tmp_path)
    kept, written = ({file.name: file.read_text() for file in folder.iterdir()} for folder in (PACTS, tmp_path))
    assert kept == written


def test_we_take_an_order_as_its_pact_has_it() -> None:
    taken = []
    orders().verify(lambda body, _: taken.append(message_in(as_bytes(body))), "Async")
    assert taken == [("FHIR R4", ["intake.order.received.v1"])]


def test_we_take_a_sidecar_as_its_pact_has_it() -> None:
    taken = []
    sidecars().verify(lambda body, _: taken.append(read_label(Label(), as_bytes(body))), "Async")
    assert taken == [Label("KIT-0002", "A1")]


def as_bytes(body: str | bytes | None) -> bytes:
    assert body
    return body.encode() if isinstance(body, str) else body


def verified(provider: str, name: str, content: Mapping[str, object], kind: str) -> None:
    """As a hospital's team does with what its system sends. Raise RuntimeError where it breaks the pact."""
    message = Message(contents=json.dumps(content).encode(), metadata=None, content_type=kind)
    Verifier(provider).message_handler({name: message}).add_source(PACTS / file_of(provider)).verify()


def file_of(provider: str) -> str:
    (found,) = (file.name for file in PACTS.glob(f"*-{provider}.json"))
    return found


def test_a_hospitals_order_keeps_the_pact_also_with_more_in_it() -> None:
    order = json.loads((KIT / "order.json").read_text())
    order["entry"][0]["resource"]["birthDate"] = "1999-12-31"
    order["entry"][0]["resource"]["telecom"] = [{"system": "phone", "value": "0"}]
    verified("hospital-orders", ORDER, order, FHIR)


@pytest.mark.parametrize("broken", ["no accession", "no specimen", "no birth date"])
def test_a_hospitals_order_that_we_would_refuse_or_misread_breaks_the_pact(broken: str) -> None:
    order = json.loads((KIT / "order.json").read_text())
    patient, _, request = (entry["resource"] for entry in order["entry"])
    match broken:
        case "no accession":
            request["identifier"] = request["identifier"][1:]
        case "no specimen":
            order["entry"] = [order["entry"][0], order["entry"][2]]
        case _:
            del patient["birthDate"]
    with pytest.raises(RuntimeError):
        verified("hospital-orders", ORDER, order, FHIR)


def test_a_sidecar_keeps_the_pact_with_both_its_fields_and_breaks_it_without_one() -> None:
    verified("hospital-scanner", SIDECAR, {"accession": "26-0001", "slide": "A1-2"}, PLAIN)
    with pytest.raises(RuntimeError):
        verified("hospital-scanner", SIDECAR, {"accession": "26-0001"}, PLAIN)


def test_what_the_pact_forbids_we_refuse_too() -> None:
    order = json.loads((KIT / "order.json").read_text())
    order["entry"][2]["resource"]["identifier"] = order["entry"][2]["resource"]["identifier"][1:]
    with pytest.raises(Malformed):
        message_in(json.dumps(order).encode())
