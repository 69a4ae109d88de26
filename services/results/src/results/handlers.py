"""From a report to the message that carries it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from google.protobuf.timestamp_pb2 import Timestamp

from casepath.intake.v1.order_pb2 import OrderPlaced, RequestedService
from casepath.portal.v1.reading_pb2 import GenomicReportSigned, GenomicReportWithdrawn, ReportSigned
from casepath.results.v1.delivery_pb2 import ResultDelivered
from casepath.sequencing.v1.pharmacogenomics_pb2 import GeneCall, PharmacogenomicsReported
from casepath.topics import RESULTS_RESULT_DELIVERED
from chassis.events import Event
from chassis.signed_reports import diagnoses, standing
from results.messages import components, embedded_document, escaped, header, identification, moment, segment, written

PATHOLOGY = ("11526-1", "Pathology study", "LN")
GENETICS = ("51969-4", "Genetic analysis report", "LN")
DIAGNOSIS = ("29308-4", "Diagnosis", "LN")
# HL7 tables 0085 and 0123: preliminary, final, corrected; and of an observation alone, deleted.
PRELIMINARY, FINAL, CORRECTED, DELETED = "P", "F", "C", "D"
# MSH-10 has room for so many characters.
CONTROL_LENGTH = 20


@dataclass(frozen=True, slots=True)
class Parties:
    """Application and facility of who sends, and of who receives (MSH-3 to MSH-6)."""

    sender: tuple[str, str]
    receiver: tuple[str, str]


def control_id(cause: UUID) -> str:
    """Of what an event leads to: the same however often it is sent, so that who receives it twice can tell."""
    return uuid5(cause, "oru").hex[:CONTROL_LENGTH]


def signed_report(parties: Parties, order: OrderPlaced, reports: Sequence[ReportSigned], cause: UUID) -> bytes:
    """The pathologist's report with its addenda so far: the whole, so that none stands alone.

    Of one that is withdrawn each part is deleted, its words left out, and why it is withdrawn takes its place.
    """
    *before, last = reports
    status = FINAL if last.number == 1 else CORRECTED
    shown = [(report, status) for report in standing(reports)]
    if last.withdraws:
        shown = [*((report, DELETED) for report in standing(before)), (last, status)]
    texts = [
        {
            2: "TX",
            3: components(*PATHOLOGY),
            4: str(report.number),
            5: escaped(report.text) if of_part != DELETED else "",
            11: of_part,
            14: moment(report.signed_at),
            16: components(report.signer.user_id, report.signer.name),
        }
        for report, of_part in shown
    ]
    fields = [*texts, *coded_diagnoses(reports, status)]
    observations = [segment("OBX", {1: str(number), **one}) for number, one in enumerate(fields, start=1)]
    request = next((one for one in order.services if any(each.containers for each in one.specimens)), order.services[0])
    return message(parties, order, request, PATHOLOGY, last.signed_at, status, "PAT", observations, cause)


def coded_diagnoses(reports: Sequence[ReportSigned], status: str) -> Iterator[dict[int, str]]:
    """Fields of OBX: a diagnosis each. Those of an earlier message whose places are empty now are deleted."""
    now, last = diagnoses(reports), reports[-1]
    for place in range(max(len(one.diagnoses) for one in reports)):
        holds = place < len(now)
        yield {
            2: "CWE",
            3: components(*DIAGNOSIS),
            4: str(place + 1),
            5: components(now[place].code, now[place].text, now[place].system) if holds else "",
            11: status if holds else DELETED,
            14: moment(last.signed_at),
            16: components(last.signer.user_id, last.signer.name),
        }


def pharmacogenomics(
    parties: Parties,
    order: OrderPlaced,
    issued: PharmacogenomicsReported,
    printed: Mapping[str, bytes],
    at: Timestamp,
    cause: UUID,
    signature: GenomicReportSigned | None = None,
) -> bytes:
    """Genes as they were called, and the pages; preliminary until somebody has signed it."""
    status = FINAL if signature is not None else PRELIMINARY
    texts = [("genes", "TX", escaped("\n".join(gene_line(one) for one in issued.genes)), status)]
    if signature is not None and signature.comment:
        texts.append(("comment", "TX", escaped(signature.comment), status))
    pages = [
        (f"page-{language}", "ED", embedded_document(content, "pdf"), status) for language, content in sorted(printed.items())
    ]
    return genetic(parties, order, issued, [*texts, *pages], at, status, cause, signature)


def pharmacogenomics_withdrawn(
    parties: Parties,
    order: OrderPlaced,
    issued: PharmacogenomicsReported,
    withdrawal: GenomicReportWithdrawn,
    cause: UUID,
) -> bytes:
    """Each part that may have been sent is deleted, without what it said; why takes its place."""
    sent = [
        ("genes", "TX"),
        ("comment", "TX"),
        *((f"page-{one}", "ED") for one in sorted(page.language for page in issued.pages)),
    ]
    parts = [*((name, kind, "", DELETED) for name, kind in sent), ("withdrawal", "TX", escaped(withdrawal.reason), CORRECTED)]
    return genetic(parties, order, issued, parts, withdrawal.signed_at, CORRECTED, cause, withdrawal)


def genetic(
    parties: Parties,
    order: OrderPlaced,
    issued: PharmacogenomicsReported,
    parts: Sequence[tuple[str, str, str, str]],
    at: Timestamp,
    status: str,
    cause: UUID,
    said: GenomicReportSigned | GenomicReportWithdrawn | None,
) -> bytes:
    """Of each part its name, type, value and status (OBX-4, 2, 5 and 11)."""
    said_by = components(said.signer.user_id, said.signer.name) if said is not None else ""
    observations = [
        segment(
            "OBX",
            {1: str(number), 2: kind, 3: components(*GENETICS), 4: name, 5: value, 11: of_part, 14: moment(at), 16: said_by},
        )
        for number, (name, kind, value, of_part) in enumerate(parts, start=1)
    ]
    ordered = (one for one in order.services if any(each.identifier == issued.sample_id for each in one.specimens))
    return message(parties, order, next(ordered, order.services[0]), GENETICS, at, status, "GE", observations, cause)


def gene_line(one: GeneCall) -> str:
    """A gene that was not called is said to be so."""
    alleles = " or ".join(one.diplotypes) or ", ".join(one.components)
    if not alleles:
        return f"{one.gene}: not called ({one.reason})"
    phenotypes = "; ".join(each.result for each in one.phenotypes)
    return f"{one.gene}: {alleles}{f' - {phenotypes}' if phenotypes else ''}"


def message(
    parties: Parties,
    order: OrderPlaced,
    request: RequestedService,
    code: tuple[str, str, str],
    at: Timestamp,
    status: str,
    section: str,
    observations: Sequence[str],
    cause: UUID,
) -> bytes:
    service = request.service
    ordered = components(service.code, service.text, service.system) if service.code else components(*code)
    placer, filler = escaped(request.placer_order_number), escaped(order.accession)
    return written(
        [
            header(parties.sender, parties.receiver, at, control_id(cause)),
            identification(order.patient),
            segment("ORC", {1: "RE", 2: placer, 3: filler}),
            segment("OBR", {1: "1", 2: placer, 3: filler, 4: ordered, 22: moment(at), 24: section, 25: status}),
            *observations,
        ]
    )


def delivered(case_id: str, cause: UUID, of: str) -> Event:
    """Told once the receiver has it, or need not have it any more."""
    data = ResultDelivered(case_id=case_id, control_id=control_id(cause), cause=of)
    return Event(RESULTS_RESULT_DELIVERED, case_id, data)
