"""What a hospital knows that tells who a patient is, or who signed, from what is ordered, merged and signed. Pure."""

from collections.abc import Iterable, Iterator

from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.intake.v1.patient_pb2 import Patient, PatientMerged
from casepath.portal.v1.reading_pb2 import ReportSigned
from deidentification.scanner import Identifier, days

# A number of fewer characters is in any text: "A1".
SHORTEST_NUMBER = 5


def of_order(order: OrderPlaced) -> list[Identifier]:
    """Of the patient, and of their orders, specimens and slides."""
    return [*of_patient(order.patient), *(one for one in numbers(order) if one.text)]


def of_patient(patient: Patient) -> list[Identifier]:
    names = [Identifier("family name", patient.family_name), *(Identifier("given name", one) for one in patient.given_names)]
    named = [part for one in names for part in (one, *parts(one))]
    told = [Identifier("identifier", patient.identifier), Identifier("national identifier", patient.ins)]
    found = [*named, *days("birth date", patient.birth_date), *(one for one in told if len(one.text) >= SHORTEST_NUMBER)]
    return [one for one in found if one.text]


def of_merge(merge: PatientMerged) -> list[Identifier]:
    """Of who somebody was before."""
    retired = Identifier("identifier", merge.retired_identifier)
    return [*of_patient(merge.surviving), *([retired] if len(retired.text) >= SHORTEST_NUMBER else [])]


def of_readers(report: ReportSigned) -> list[Identifier]:
    """Names of who signed a report, and of who judged its findings."""
    return of_people({report.signer.name, *(one.reviewer.name for one in report.reviews)})


def of_people(people: Iterable[str]) -> list[Identifier]:
    """Each part of their names but their titles."""
    found = {part for name in people for part in name.replace(".", " ").split() if len(part) > len("Dr")}
    return [Identifier("name of who signed", part) for part in sorted(found)]


def parts(name: Identifier) -> Iterator[Identifier]:
    """Each name of several: "Anne Marie", "Martin-Dupont"."""
    found = name.text.replace("-", " ").split()
    if len(found) > 1:
        yield from (Identifier(name.sort, one) for one in found if len(one) > 2)


def numbers(order: OrderPlaced) -> Iterator[Identifier]:
    found = {order.accession: "accession number"}
    for service in order.services:
        found.setdefault(service.placer_order_number, "order number")
        for specimen in service.specimens:
            found.setdefault(specimen.identifier, "specimen identifier")
            for container in specimen.containers:
                found.setdefault(container, "slide identifier")
    for text, sort in found.items():
        if len(text) >= SHORTEST_NUMBER:
            yield Identifier(sort, text)
