"""What casepath expects of those who send it JSON, as message pacts (Pact specification 4): python -m contract.pacts writes them.

A hospital's team verifies its own publisher against them, with Pact's library for its language.
"""

import json
from pathlib import Path
from typing import Any

from pact import Pact, match

KIT = Path(__file__).parents[2] / "docs/integrate"
PACTS = KIT / "pacts"
ORDER, SIDECAR = "an order, as a transaction of FHIR R4", "a slide's sidecar"
FHIR, PLAIN = "application/fhir+json", "application/json"
CODES = "http://terminology.hl7.org/CodeSystem/v2-0203"
FILLED = r"^[^\r\n]*\S[^\r\n]*$"


def orders() -> Pact:
    """The kit's example, with rules for what varies. Entries may be more, and have more in them."""
    example = json.loads((KIT / "order.json").read_text())
    patient, specimen, request = (entry["resource"] for entry in example["entry"])
    varying(patient, "birthDate", r"^\d{4}-\d{2}-\d{2}$")
    varying(patient, "gender", "^(male|female|other|unknown)$")
    varying(patient["identifier"][0], "value", FILLED)
    varying(patient["identifier"][0], "system", r"^urn:oid:[0-9.]+$")
    varying(patient["name"][0], "family", FILLED)
    patient["name"][0]["given"] = match.each_like("Zoé", min=1)
    varying(specimen["identifier"][0], "value", FILLED)
    varying(specimen["container"][0]["identifier"][0], "value", FILLED)
    varying(request["meta"], "lastUpdated", r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$")
    varying(request["identifier"][0], "value", FILLED)
    varying(request["identifier"][1], "value", FILLED)
    varying(request["code"]["coding"][0], "code", FILLED)
    varying(request["code"]["coding"][0], "system", FILLED)
    varying(request["code"]["coding"][0], "display", FILLED)
    varying(request["performer"][0], "display", FILLED)
    pact = Pact("casepath-intake", "hospital-orders").with_specification("V4")
    pact.upon_receiving(ORDER, "Async").with_body(example, FHIR)
    return pact


def sidecars() -> Pact:
    pact = Pact("casepath-slides", "hospital-scanner").with_specification("V4")
    said = {"accession": match.regex("KIT-0002", regex=FILLED), "slide": match.regex("A1", regex=FILLED)}
    pact.upon_receiving(SIDECAR, "Async").with_body(said, PLAIN)
    return pact


def varying(part: dict[str, Any], name: str, regex: str) -> None:
    part[name] = match.regex(part[name], regex=regex)


def write(folder: Path) -> None:
    for pact in (orders(), sidecars()):
        pact.write_file(folder, overwrite=True)
    for file in folder.glob("*.json"):
        kept = json.loads(file.read_text())
        # The versions of Pact's libraries.
        kept["metadata"] = {"pactSpecification": kept["metadata"]["pactSpecification"]}
        for interaction in kept["interactions"]:
            interaction.pop("key", None)
        file.write_text(json.dumps(kept, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    PACTS.mkdir(exist_ok=True)
    write(PACTS)
