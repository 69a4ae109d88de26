"""Folding events into a case. Pure, and idempotent: an event that the case already holds changes nothing.

The order in which topics are read does not matter either: what belongs together is found by scan and sample, and what
arrives early waits in its place.
"""

from collections.abc import Iterable

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from casepath.cases.v1.cases_pb2 import (
    SLIDE_STATE_AI_FAILED,
    SLIDE_STATE_READY,
    SLIDE_STATE_WAITING_FOR_AI,
    SLIDE_STATE_WAITING_FOR_SCAN,
    Case,
    Moment,
    Sample,
    Slide,
    SlideState,
)
from casepath.inference.v1.scoring_pb2 import SlideFailed, SlideScored
from casepath.intake.v1.order_pb2 import OrderPlaced, RequestedService
from casepath.portal.v1.reading_pb2 import (
    AnnotationsSaved,
    CaseAssigned,
    FindingReviewed,
    GenomicReportSigned,
    GenomicReportWithdrawn,
    GlassBroken,
    ReadingBegun,
    ReportSigned,
    VariantsDisowned,
)
from casepath.records.v1.erasure_pb2 import CaseErased
from casepath.records.v1.filing_pb2 import CaseMoved, EntriesFiled
from casepath.results.v1.delivery_pb2 import ResultDelivered
from casepath.sequencing.v1.calling_pb2 import CallingFailed
from casepath.sequencing.v1.known_variants_pb2 import VariantsAnnotated
from casepath.sequencing.v1.pharmacogenomics_pb2 import (
    PharmacogenomicsReported,
    PharmacogenomicsWithheld,
    VariantsReceived,
)
from casepath.sequencing.v1.sequencing_pb2 import ReadsReceived, VariantsCalled
from casepath.slides.v1.slide_pb2 import SlideIngested
from chassis.errors import Malformed
from chassis.events import Envelope


def after(case: Case | None, envelope: Envelope, data: Message) -> Case | None:
    """The case as it is after an event; None where it is erased."""
    return None if isinstance(data, CaseErased) else folded(case, envelope, data)


def folded(before: Case | None, envelope: Envelope, data: Message) -> Case:
    """The case with one more event. Raise Malformed for a message that no case is made of."""
    case = Case()
    if before is not None:
        case.CopyFrom(before)
    event_id = str(envelope.id)
    if any(moment.event_id == event_id for moment in case.timeline):
        return case
    time = Timestamp()
    time.FromDatetime(envelope.time)
    match data:
        case OrderPlaced():
            order(case, data)
        case SlideIngested():
            ingested(case, data, time)
        case SlideScored():
            scored(case, data)
        case SlideFailed():
            failed(case, data)
        case ReadsReceived():
            sample_of(case, data.sample_id).received.CopyFrom(data)
        case VariantsCalled():
            called(case, data)
        case CallingFailed():
            not_called(case, data)
        case VariantsReceived():
            sample_of(case, data.sample_id).variants.CopyFrom(data)
        case PharmacogenomicsReported():
            reported(case, data)
        case PharmacogenomicsWithheld():
            withheld(case, data)
        case VariantsAnnotated():
            sample_of(case, data.sample_id).annotated.CopyFrom(data)
        case EntriesFiled():
            filed(case, data)
        case CaseMoved():
            moved(case, data)
        case ResultDelivered():
            # Its moment in the timeline says all.
            pass
        case CaseAssigned():
            assigned(case, data)
        case ReadingBegun():
            case.reader.CopyFrom(data.reader)
            if not case.HasField("assignee"):
                case.assignee.CopyFrom(data.reader)
        case FindingReviewed():
            reviewed(case, data)
        case AnnotationsSaved():
            annotated(case, data)
        case ReportSigned():
            signed(case, data)
        case GenomicReportSigned():
            later(sample_of(case, data.sample_id).signed, data)
        case GenomicReportWithdrawn():
            later(sample_of(case, data.sample_id).withdrawn, data)
        case VariantsDisowned():
            disowned(sample_of(case, data.sample_id), data)
        case GlassBroken():
            opened_by(case, data)
        case _:
            raise Malformed(f"{data.DESCRIPTOR.full_name} is not of a case")
    case.case_id = str(getattr(data, "case_id"))  # noqa: B009 - every message above has it, their common type does not
    case.timeline.append(Moment(event_id=event_id, type=envelope.type, time=time))
    case.slides.sort(key=lambda slide: slide.slide_id)
    case.samples.sort(key=lambda sample: sample.sample_id)
    case.timeline.sort(key=lambda moment: (moment.time.ToNanoseconds(), moment.event_id))
    return case


def order(case: Case, placed: OrderPlaced) -> None:
    """The newest order counts; each container that it names is a slide that waits for its scan, until it is called off."""
    if case.HasField("order") and case.order.recorded_at.ToNanoseconds() > placed.recorded_at.ToNanoseconds():
        return
    case.order.CopyFrom(placed)
    if case.HasField("moved") and case.moved.ordered_for == placed.patient.patient_id:
        case.order.patient.CopyFrom(case.moved.patient)
    wanted = containers(service for service in placed.services if not service.called_off)
    for container in wanted:
        slide_of(case, container)
    off = containers(service for service in placed.services if service.called_off) - wanted
    kept = [slide for slide in case.slides if slide.slide_id not in off or slide.HasField("ingested")]
    del case.slides[:]
    case.slides.extend(kept)


def containers(services: Iterable[RequestedService]) -> set[str]:
    return {name for service in services for specimen in service.specimens for name in specimen.containers}


def moved(case: Case, now: CaseMoved) -> None:
    """The latest merge or unlinking counts; it may come before the order."""
    if case.HasField("moved") and case.moved.recorded_at.ToNanoseconds() > now.recorded_at.ToNanoseconds():
        return
    case.moved.CopyFrom(now)
    if case.HasField("order"):
        case.order.patient.CopyFrom(now.patient)


def ingested(case: Case, slide: SlideIngested, at: Timestamp) -> None:
    """A newer scan of a slide supersedes an older one, and what was read on it; the older one is kept.

    A series that came in parts is one scan that grows: each part says all that came so far.
    """
    kept = slide_of(case, slide.slide_id)
    if kept.HasField("ingested") and kept.ingested.series_instance_uid != slide.series_instance_uid:
        kept.superseded.append(kept.ingested)
        kept.ClearField("ingested_at")
    kept.ingested.CopyFrom(slide)
    if not kept.HasField("ingested_at"):
        kept.ingested_at.CopyFrom(at)
    if any(one.scan_id != slide.scan_id for one in kept.annotations):
        del kept.annotations[:]
    if kept.scored.scan_id != slide.scan_id:
        kept.ClearField("scored")
    if kept.failed.scan_id != slide.scan_id:
        kept.ClearField("failed")
    kept.state = state_of(kept)


def scored(case: Case, result: SlideScored) -> None:
    kept = slide_of(case, result.slide_id)
    if not kept.HasField("ingested") or kept.ingested.scan_id == result.scan_id:
        kept.scored.CopyFrom(result)
        kept.state = state_of(kept)


def failed(case: Case, result: SlideFailed) -> None:
    kept = slide_of(case, result.slide_id)
    if not kept.HasField("ingested") or kept.ingested.scan_id == result.scan_id:
        kept.failed.CopyFrom(result)
        kept.state = state_of(kept)


def called(case: Case, result: VariantsCalled) -> None:
    kept = sample_of(case, result.sample_id)
    kept.called.CopyFrom(result)
    if kept.failed.job_id == result.job_id:
        kept.ClearField("failed")


def not_called(case: Case, result: CallingFailed) -> None:
    """A job that was asked for again may succeed; a failure stands beside what another job called."""
    kept = sample_of(case, result.sample_id)
    if kept.called.job_id != result.job_id:
        kept.failed.CopyFrom(result)


def reported(case: Case, report: PharmacogenomicsReported) -> None:
    """A file of variants has a report or none: where it gave one after all, that counts."""
    kept = sample_of(case, report.sample_id)
    kept.reported.CopyFrom(report)
    if kept.withheld.variants_sha256 == report.variants_sha256:
        kept.ClearField("withheld")


def withheld(case: Case, result: PharmacogenomicsWithheld) -> None:
    kept = sample_of(case, result.sample_id)
    if kept.reported.variants_sha256 != result.variants_sha256:
        kept.withheld.CopyFrom(result)


def assigned(case: Case, data: CaseAssigned) -> None:
    if data.HasField("assignee"):
        case.assignee.CopyFrom(data.assignee)
        return
    case.ClearField("assignee")
    case.ClearField("reader")


def reviewed(case: Case, review: FindingReviewed) -> None:
    """The latest review of a finding counts."""
    others = [one for one in case.reviews if one.finding_id != review.finding_id]
    del case.reviews[:]
    case.reviews.extend(sorted([*others, review], key=lambda one: one.finding_id))


def annotated(case: Case, saved: AnnotationsSaved) -> None:
    """The latest of each author counts, on the scan that counts."""
    slide = slide_of(case, saved.slide_id)
    if slide.HasField("ingested") and slide.ingested.scan_id != saved.scan_id:
        return
    others = [one for one in slide.annotations if one.author.user_id != saved.author.user_id]
    del slide.annotations[:]
    slide.annotations.extend(sorted([*others, saved], key=lambda one: one.author.user_id))


def signed(case: Case, report: ReportSigned) -> None:
    """The first of a number stays, what was withdrawn too: signed text never changes."""
    if all(one.number != report.number for one in case.reports):
        case.reports.append(report)
        case.reports.sort(key=lambda one: one.number)


def later[M: (GenomicReportSigned, GenomicReportWithdrawn)](kept: M, said: M) -> None:
    """The latest counts; it may come before the report that it is of."""
    if kept.signed_at.ToNanoseconds() <= said.signed_at.ToNanoseconds():
        kept.CopyFrom(said)


def disowned(sample: Sample, said: VariantsDisowned) -> None:
    """The first of each call stays; it may come before the call."""
    if all(one.origin_id != said.origin_id for one in sample.disowned):
        sample.disowned.append(said)
        sample.disowned.sort(key=lambda one: one.origin_id)


def opened_by(case: Case, broken: GlassBroken) -> None:
    """The latest of each person."""
    before = next((one for one in case.openings if one.by.user_id == broken.by.user_id), None)
    if before is None:
        case.openings.append(broken)
        case.openings.sort(key=lambda one: one.by.user_id)
    elif before.until.ToNanoseconds() < broken.until.ToNanoseconds():
        before.CopyFrom(broken)


def state_of(slide: Slide) -> SlideState:
    if not slide.HasField("ingested"):
        return SLIDE_STATE_WAITING_FOR_SCAN
    if slide.HasField("scored"):
        return SLIDE_STATE_READY
    return SLIDE_STATE_AI_FAILED if slide.HasField("failed") else SLIDE_STATE_WAITING_FOR_AI


def filed(case: Case, entries: EntriesFiled) -> None:
    for entry in entries.entries:
        kept = next((one for one in case.filed if (one.kind, one.identifier) == (entry.kind, entry.identifier)), None)
        if kept is None:
            case.filed.append(entry)
        elif version_number(entry.version) >= version_number(kept.version):
            kept.version = entry.version
    case.filed.sort(key=lambda entry: (entry.kind, entry.identifier))


def version_number(version: str) -> int:
    return int(version) if version.isdigit() else 0


def slide_of(case: Case, slide_id: str) -> Slide:
    for slide in case.slides:
        if slide.slide_id == slide_id:
            return slide
    return case.slides.add(slide_id=slide_id, state=SLIDE_STATE_WAITING_FOR_SCAN)


def sample_of(case: Case, sample_id: str) -> Sample:
    for sample in case.samples:
        if sample.sample_id == sample_id:
            return sample
    return case.samples.add(sample_id=sample_id)
