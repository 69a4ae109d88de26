"""What a hospital knows that tells who a patient is, from an order of theirs. Pure."""

from collections.abc import Iterator

from casepath.intake.v1.order_pb2 import OrderPlaced
from deidentification.scanner import Identifier, days

# A number of fewer characters is in any text: "A1".
SHORTEST_NUMBER = 5


def of_order(order: OrderPlaced) -> list[Identifier]:
    """Of the patient, and of their orders, specimens and slides."""
    patient = order.patient
    names = [Identifier("family name", patient.family_name), *(Identifier("given name", one) for one in patient.given_names)]
    named = [part for one in names for part in (one, *parts(one))]
    return [one for one in [*named, *days("birth date", patient.birth_date), *numbers(order)] if one.text]


def parts(name: Identifier) -> Iterator[Identifier]:
    """Each name of several: "Anne Marie", "Martin-Dupont"."""
    found = name.text.replace("-", " ").split()
    if len(found) > 1:
        yield from (Identifier(name.sort, one) for one in found if len(one) > 2)


def numbers(order: OrderPlaced) -> Iterator[Identifier]:
    found = {
        order.patient.identifier: "identifier",
        order.patient.ins: "national identifier",
        order.accession: "accession number",
    }
    for service in order.services:
        found.setdefault(service.placer_order_number, "order number")
        for specimen in service.specimens:
            found.setdefault(specimen.identifier, "specimen identifier")
            for container in specimen.containers:
                found.setdefault(container, "slide identifier")
    for text, sort in found.items():
        if len(text) >= SHORTEST_NUMBER:
            yield Identifier(sort, text)
