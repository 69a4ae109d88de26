"""From reads and their order to events. Pure."""

from dataclasses import dataclass
from uuid import UUID, uuid5

from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.sequencing.v1.sequencing_pb2 import (
    REJECTION_REASON_NO_MATCHING_ORDER,
    CallingRequested,
    Quality,
    ReadsReceived,
    ReadsRejected,
    VariantsCalled,
)
from casepath.topics import (
    SEQUENCING_CALLING_REQUESTED,
    SEQUENCING_READS_RECEIVED,
    SEQUENCING_READS_REJECTED,
    SEQUENCING_VARIANTS_CALLED,
)
from chassis.events import Event
from sequencing.rejection import ReadsUnfit


@dataclass(frozen=True, slots=True)
class CalledObjects:
    """Where a job's results are stored."""

    alignments: ObjectRef
    alignments_index: ObjectRef
    variants: ObjectRef
    variants_index: ObjectRef
    genomic_variants: ObjectRef
    genomic_variants_index: ObjectRef
    quality: Quality
    tools: tuple[str, ...]


def run_id(namespace: UUID, sha256: tuple[str, str]) -> UUID:
    """The same two files are the same run."""
    return uuid5(namespace, f"reads|{sha256[0]}|{sha256[1]}")


def matched(order: OrderPlaced | None, sample: str) -> OrderPlaced:
    """The order that names a specimen. Raise ReadsUnfit when none does."""
    if order is not None:
        for service in order.services:
            if any(specimen.identifier == sample for specimen in service.specimens):
                return order
    raise ReadsUnfit(REJECTION_REASON_NO_MATCHING_ORDER)


def received(
    order: OrderPlaced, sample: str, run: UUID, reads: tuple[ObjectRef, ObjectRef], pairs: int, reference: str
) -> ReadsReceived:
    return ReadsReceived(
        case_id=order.case_id,
        patient_id=order.patient.patient_id,
        sample_id=sample,
        run_id=str(run),
        reads_1=reads[0],
        reads_2=reads[1],
        pairs=pairs,
        reference=reference,
    )


def received_event(reads: ReadsReceived) -> Event:
    return Event(SEQUENCING_READS_RECEIVED, reads.case_id, reads)


def rejected_event(run: UUID, error: ReadsUnfit) -> Event:
    data = ReadsRejected(run_id=str(run), reason=error.reason, file=error.file, record=error.record, line=error.line)
    return Event(SEQUENCING_READS_REJECTED, str(run), data)


def job_id(reads: ReadsReceived, reference_sha256: str, tools: tuple[str, ...]) -> str:
    """The same reads of the same case, called by the same tools against the same reference, are one job."""
    return str(uuid5(UUID(reads.run_id), "|".join([reads.case_id, reads.sample_id, reference_sha256, *tools])))


def calling_requested(reads: ReadsReceived, reference_sha256: str, tools: tuple[str, ...]) -> Event:
    job = job_id(reads, reference_sha256, tools)
    return Event(SEQUENCING_CALLING_REQUESTED, job, CallingRequested(job_id=job, reads=reads))


def variants_called(request: CallingRequested, called: CalledObjects, reference_sha256: str) -> VariantsCalled:
    return VariantsCalled(
        case_id=request.reads.case_id,
        patient_id=request.reads.patient_id,
        sample_id=request.reads.sample_id,
        job_id=request.job_id,
        alignments=called.alignments,
        alignments_index=called.alignments_index,
        variants=called.variants,
        variants_index=called.variants_index,
        genomic_variants=called.genomic_variants,
        genomic_variants_index=called.genomic_variants_index,
        quality=called.quality,
        reference=request.reads.reference,
        reference_sha256=reference_sha256,
        tools=called.tools,
    )


def called_event(data: VariantsCalled) -> Event:
    """With an id of the job's own: however often the job runs, it is the same event."""
    return Event(SEQUENCING_VARIANTS_CALLED, data.case_id, data, id=uuid5(UUID(data.job_id), "called"))
