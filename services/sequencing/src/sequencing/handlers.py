"""From reads and their order to events. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.sequencing.v1.calling_pb2 import (
    CALLING_FAILURE_REASON_WRONG_REFERENCE,
    CallingConclusion,
    CallingFailed,
    CallingResult,
    Computation,
    TaskDone,
    TaskRequested,
)
from casepath.sequencing.v1.pharmacogenomics_pb2 import (
    PharmacogenomicsReported,
    PharmacogenomicsWithheld,
    VariantSource,
    VariantsReceived,
    WithholdingReason,
)
from casepath.sequencing.v1.sequencing_pb2 import (
    REJECTION_REASON_NO_MATCHING_ORDER,
    REJECTION_REASON_ORDER_CALLED_OFF,
    CallingRequested,
    Concordance,
    QualityFile,
    QualityShortfall,
    ReadGroup,
    ReadsReceived,
    ReadsRejected,
    VariantsCalled,
)
from casepath.topics import (
    SEQUENCING_CALLING_FAILED,
    SEQUENCING_CALLING_REQUESTED,
    SEQUENCING_PHARMACOGENOMICS_REPORTED,
    SEQUENCING_PHARMACOGENOMICS_WITHHELD,
    SEQUENCING_READS_RECEIVED,
    SEQUENCING_READS_REJECTED,
    SEQUENCING_TASK_DONE,
    SEQUENCING_TASK_REQUESTED,
    SEQUENCING_VARIANTS_CALLED,
    SEQUENCING_VARIANTS_RECEIVED,
)
from chassis.events import Event
from sequencing.computations import task_key
from sequencing.quality import fits_reference, genomic_sex
from sequencing.rejection import ReadsUnfit

# Of the contract: casepath.sequencing.v1.ReadGroup.
FIT = re.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
# Leaves room for a lane or a number.
LONGEST_NAME = 56


@dataclass(frozen=True, slots=True)
class Judged:
    """What a laboratory's thresholds say of a result, the files that show it, where the result comes from, and others like it."""

    shortfalls: Sequence[QualityShortfall] = ()
    files: Sequence[QualityFile] = ()
    provenance: ObjectRef | None = None
    concordances: Sequence[Concordance] = ()
    # Jobs of the patient's other samples that were not compared, since they are another patient's.
    without: Sequence[str] = ()


def run_id(namespace: UUID, sha256: Sequence[str]) -> UUID:
    """The same files are the same run."""
    return uuid5(namespace, "|".join(["reads", *sha256]))


def matched(order: OrderPlaced | None, sample: str) -> OrderPlaced:
    """The order that names a specimen. Raise ReadsUnfit when none does, or what was ordered of it was called off."""
    services = order.services if order is not None else ()
    named = [service for service in services if any(specimen.identifier == sample for specimen in service.specimens)]
    if order is None or not named:
        raise ReadsUnfit(REJECTION_REASON_NO_MATCHING_ORDER)
    if all(service.called_off for service in named):
        raise ReadsUnfit(REJECTION_REASON_ORDER_CALLED_OFF)
    return order


def fastq_group(files: Sequence[ObjectRef], lane: str, sample: str) -> ReadGroup:
    """A pair of FASTQ files of a lane; a sample that has one lane alone is its own read group."""
    name = fit(sample)
    return ReadGroup(id=f"{name}.L{lane}" if lane else name, library=name, reads_1=files[0], reads_2=files[1])


def fit(sample: str) -> str:
    """A specimen's identifier as the name of a read group."""
    name = re.sub("[^A-Za-z0-9_.-]", "-", sample)
    return (name if name[:1].isalnum() else f"S{name}")[:LONGEST_NAME]


def alignment_groups(file: ObjectRef, names: Iterable[tuple[str, str]], sample: str) -> list[ReadGroup]:
    """Each read group that a BAM or CRAM file declares, by id and library; one of all its reads where it declares none.

    Names that the contract does not take are numbered instead.
    """
    found: list[ReadGroup] = []
    for number, (name, library) in enumerate(names, start=1):
        usable = FIT.fullmatch(name) and name not in {group.id for group in found}
        found.append(
            ReadGroup(
                id=name if usable else f"{fit(sample)}.{number}",
                library=library if FIT.fullmatch(library) else fit(sample),
                alignments=file,
                group_in_file=name,
            )
        )
    return found or [ReadGroup(id=fit(sample), library=fit(sample), alignments=file)]


def received(
    order: OrderPlaced, sample: str, run: UUID, groups: Iterable[ReadGroup], pairs: int, reference: str
) -> ReadsReceived:
    return ReadsReceived(
        case_id=order.case_id,
        patient_id=order.patient.patient_id,
        sample_id=sample,
        run_id=str(run),
        pairs=pairs,
        reference=reference,
        read_groups=groups,
    )


def received_event(reads: ReadsReceived) -> Event:
    return Event(SEQUENCING_READS_RECEIVED, reads.case_id, reads)


def variants_received(
    order: OrderPlaced, sample: str, run: UUID, records: int, variants: ObjectRef, outside: ObjectRef | None
) -> Event:
    data = VariantsReceived(
        case_id=order.case_id,
        patient_id=order.patient.patient_id,
        sample_id=sample,
        run_id=str(run),
        variants=variants,
        records=records,
        outside_calls=outside,
    )
    return Event(SEQUENCING_VARIANTS_RECEIVED, data.case_id, data)


def rejected_event(run: UUID, error: ReadsUnfit) -> Event:
    data = ReadsRejected(run_id=str(run), reason=error.reason, file=error.file, record=error.record, line=error.line)
    return Event(SEQUENCING_READS_REJECTED, str(run), data)


def job_id(reads: ReadsReceived, reference_sha256: str, tools: tuple[str, ...]) -> str:
    """The same reads of the same case, called by the same tools against the same reference, are one job."""
    return str(uuid5(UUID(reads.run_id), "|".join([reads.case_id, reads.sample_id, reference_sha256, *tools])))


def calling_requested(reads: ReadsReceived, reference_sha256: str, tools: tuple[str, ...]) -> Event:
    job = job_id(reads, reference_sha256, tools)
    return Event(SEQUENCING_CALLING_REQUESTED, job, CallingRequested(job_id=job, reads=reads))


def tasks_requested(tasks: Iterable[TaskRequested]) -> list[Event]:
    return [Event(SEQUENCING_TASK_REQUESTED, task_key(task), task) for task in tasks]


def task_done(task: TaskRequested) -> Event:
    return Event(SEQUENCING_TASK_DONE, task.computation_id, TaskDone(task=task))


def concluded(request: CallingRequested, made: Computation, conclusion: CallingConclusion, judged: Judged | None = None) -> Event:
    """With an id of the job's own: however often it is told, it is the same event. A result comes with what is judged of it.

    Judged without what it was compared with before, it is another.
    """
    if conclusion.HasField("result"):
        judged = judged or Judged()
        called = variants_called(request, made, conclusion.result, judged)
        id_ = uuid5(UUID(request.job_id), "|".join(["called", *sorted(judged.without)]))
        return Event(SEQUENCING_VARIANTS_CALLED, called.case_id, called, id=id_)
    reads = request.reads
    failed = CallingFailed(case_id=reads.case_id, sample_id=reads.sample_id, job_id=request.job_id, reason=conclusion.failure)
    return Event(SEQUENCING_CALLING_FAILED, failed.case_id, failed, id=uuid5(UUID(request.job_id), "failed"))


def conclusion_of(result: CallingResult) -> CallingConclusion:
    """Where hardly any read aligns, the absence of variants means nothing."""
    if fits_reference(result.quality):
        return CallingConclusion(result=result)
    return CallingConclusion(failure=CALLING_FAILURE_REASON_WRONG_REFERENCE)


def variants_called(request: CallingRequested, made: Computation, result: CallingResult, judged: Judged) -> VariantsCalled:
    return VariantsCalled(
        case_id=request.reads.case_id,
        patient_id=request.reads.patient_id,
        sample_id=request.reads.sample_id,
        job_id=request.job_id,
        alignments=result.alignments,
        alignments_index=result.alignments_index,
        variants=result.variants,
        variants_index=result.variants_index,
        genomic_variants=result.genomic_variants,
        genomic_variants_index=result.genomic_variants_index,
        quality=result.quality,
        reference=made.reference,
        reference_sha256=made.reference_sha256,
        tools=made.tools,
        shortfalls=judged.shortfalls,
        sex=genomic_sex(result.figures.regions),
        quality_files=judged.files,
        provenance=judged.provenance,
        concordances=judged.concordances,
    )


def source_of_called(called: VariantsCalled) -> VariantSource:
    """The gVCF, since it tells what was covered; the VCF of results from before it was made."""
    source = called_variants(called)
    if called.HasField("genomic_variants"):
        source.variants.CopyFrom(called.genomic_variants)
        source.variants_index.CopyFrom(called.genomic_variants_index)
    return source


def called_variants(called: VariantsCalled) -> VariantSource:
    """The VCF alone: what differs from the reference."""
    return VariantSource(
        case_id=called.case_id,
        patient_id=called.patient_id,
        sample_id=called.sample_id,
        variants=called.variants,
        variants_index=called.variants_index,
    )


def source_of_received(received: VariantsReceived) -> VariantSource:
    return VariantSource(
        case_id=received.case_id,
        patient_id=received.patient_id,
        sample_id=received.sample_id,
        variants=received.variants,
        outside_calls=received.outside_calls if received.HasField("outside_calls") else None,
    )


def report_id(source: VariantSource, tables_sha256: str) -> UUID:
    """The same variants and outside calls by the same tables are one report."""
    return uuid5(
        UUID(source.case_id),
        "|".join(["pharmacogenomics", source.sample_id, source.variants.sha256, source.outside_calls.sha256, tables_sha256]),
    )


def reported(report: PharmacogenomicsReported) -> Event:
    """With an id of its own, also where a later report came between two that are alike."""
    return Event(
        SEQUENCING_PHARMACOGENOMICS_REPORTED, report.case_id, report, id=uuid5(UUID(report.report_id), f"after|{report.amends}")
    )


def withheld(source: VariantSource, reason: WithholdingReason) -> Event:
    data = PharmacogenomicsWithheld(
        case_id=source.case_id,
        patient_id=source.patient_id,
        sample_id=source.sample_id,
        reason=reason,
        variants_sha256=source.variants.sha256,
    )
    return Event(SEQUENCING_PHARMACOGENOMICS_WITHHELD, data.case_id, data)
