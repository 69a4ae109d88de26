"""From what a person did to events. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from google.protobuf.timestamp_pb2 import Timestamp

from casepath.cases.v1.cases_pb2 import Case, Sample, Slide
from casepath.intake.v1.identity_pb2 import IdentityDisputed
from casepath.intake.v1.order_pb2 import Code
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.portal.v1.reading_pb2 import (
    IDENTITY_VERDICT_REFUSED,
    IDENTITY_VERDICT_TAKEN,
    VERDICT_ACCEPTED,
    VERDICT_CORRECTED,
    VERDICT_REJECTED,
    AnnotationsSaved,
    CaseAssigned,
    FindingReviewed,
    GenomicReportSigned,
    GenomicReportWithdrawn,
    GlassBroken,
    IdentityDecided,
    IdentityVerdict,
    Reader,
    ReadingBegun,
    ReportSigned,
    VariantsDisowned,
    Verdict,
)
from casepath.sequencing.v1.pharmacogenomics_pb2 import PharmacogenomicsReported
from casepath.topics import (
    PORTAL_ANNOTATIONS_SAVED,
    PORTAL_CASE_ASSIGNED,
    PORTAL_FINDING_REVIEWED,
    PORTAL_GENOMICS_SIGNED,
    PORTAL_GENOMICS_WITHDRAWN,
    PORTAL_GLASS_BROKEN,
    PORTAL_IDENTITY_DECIDED,
    PORTAL_READING_BEGUN,
    PORTAL_REPORT_SIGNED,
    PORTAL_VARIANTS_DISOWNED,
)
from chassis.errors import Malformed, NotFound
from chassis.events import Event
from chassis.signed_reports import standing

VERDICTS: dict[str, Verdict] = {
    "accepted": VERDICT_ACCEPTED,
    "rejected": VERDICT_REJECTED,
    "corrected": VERDICT_CORRECTED,
}

IDENTITY_VERDICTS: dict[str, IdentityVerdict] = {
    "taken": IDENTITY_VERDICT_TAKEN,
    "refused": IDENTITY_VERDICT_REFUSED,
}
SHORTEST_REASON, LONGEST_REASON = 10, 500
# How long a case of another unit is open to who gave a reason.
OPEN_FOR = timedelta(hours=8)
MOST_ANNOTATIONS = 2000
MOST_POSITIONS = 100_000
# How deep positions are nested (RFC 7946 section 3.1).
DEPTHS = {"Point": 0, "LineString": 1, "Polygon": 2}


def assigned(case_id: str, assignee: Reader | None, by: Reader) -> Event:
    return Event(PORTAL_CASE_ASSIGNED, case_id, CaseAssigned(case_id=case_id, assignee=assignee, by=by))


def begun(case_id: str, reader: Reader) -> Event:
    return Event(PORTAL_READING_BEGUN, case_id, ReadingBegun(case_id=case_id, reader=reader))


def glass_broken(case_id: str, reason: str, by: Reader, now: datetime) -> Event:
    """Raise Malformed where the reason says nothing."""
    data = GlassBroken(case_id=case_id, by=by, reason=reason_said(reason))
    data.until.FromDatetime(now + OPEN_FOR)
    return Event(PORTAL_GLASS_BROKEN, case_id, data)


def decision(dispute: IdentityDisputed, verdict: str, reason: str, by: Reader) -> IdentityDecided:
    """Raise Malformed for a verdict that is none, or without a reason."""
    if verdict not in IDENTITY_VERDICTS:
        raise Malformed("a dispute is decided as taken or refused")
    if not reason.strip():
        raise Malformed("a decision says why")
    return IdentityDecided(
        dispute_id=dispute.dispute_id,
        patient_id=dispute.stated.patient_id,
        verdict=IDENTITY_VERDICTS[verdict],
        reason=reason.strip()[:LONGEST_REASON],
        by=by,
    )


def identity_decided(said: IdentityDecided) -> Event:
    return Event(PORTAL_IDENTITY_DECIDED, said.patient_id, said)


def reviewed(case: Case, finding_id: str, verdict: str, correction: str, reviewer: Reader) -> Event:
    """Raise NotFound where the case has no such finding, Malformed for a verdict that is none or an empty correction."""
    slide = slide_of_finding(case, finding_id)
    if verdict not in VERDICTS:
        raise Malformed("a verdict is accepted, rejected or corrected")
    if (verdict == "corrected") != bool(correction.strip()):
        raise Malformed("a correction says what it is, and nothing else does")
    data = FindingReviewed(
        case_id=case.case_id,
        slide_id=slide.slide_id,
        finding_id=finding_id,
        verdict=VERDICTS[verdict],
        correction=correction.strip(),
        reviewer=reviewer,
        job_id=slide.scored.job_id,
    )
    return Event(PORTAL_FINDING_REVIEWED, case.case_id, data)


def annotated(case: Case, slide_id: str, geojson: ObjectRef, count: int, author: Reader) -> Event:
    slide = slide_named(case, slide_id)
    data = AnnotationsSaved(
        case_id=case.case_id,
        slide_id=slide_id,
        scan_id=slide.ingested.scan_id,
        geojson=geojson,
        count=count,
        author=author,
    )
    return Event(PORTAL_ANNOTATIONS_SAVED, case.case_id, data)


def report(case: Case, number: int, text: str, diagnoses: Sequence[Code], signer: Reader, signed_at: datetime) -> ReportSigned:
    """What is signed: the text, the diagnoses in code, and what was decided and open at that moment.

    Raise Malformed where there is no text.
    """
    if not text.strip():
        raise Malformed("a report without text cannot be signed")
    stamp = Timestamp()
    stamp.FromDatetime(signed_at)
    return ReportSigned(
        case_id=case.case_id,
        patient_id=case.order.patient.patient_id,
        number=number,
        text=text.strip(),
        diagnoses=diagnoses,
        signer=signer,
        signed_at=stamp,
        reviews=() if standing(case.reports) else case.reviews,
        scan_ids=[slide.ingested.scan_id for slide in case.slides if slide.HasField("ingested")],
    )


def withdrawal(case: Case, number: int, reason: str, signer: Reader, signed_at: datetime) -> ReportSigned:
    """That what was signed was signed in error. Raise Malformed where nothing is signed, or the reason says nothing."""
    if not standing(case.reports):
        raise Malformed("no report is signed that could be withdrawn")
    data = ReportSigned(
        case_id=case.case_id,
        patient_id=case.order.patient.patient_id,
        number=number,
        text=reason_said(reason),
        signer=signer,
        withdraws=True,
    )
    data.signed_at.FromDatetime(signed_at)
    return data


def reason_said(reason: str) -> str:
    """Raise Malformed where it says nothing."""
    said = reason.strip()
    if not SHORTEST_REASON <= len(said) <= LONGEST_REASON:
        raise Malformed(f"a reason has {SHORTEST_REASON} to {LONGEST_REASON} characters")
    return said


def signed(report: ReportSigned) -> Event:
    """One number of a case is one event, whoever publishes it."""
    return Event(PORTAL_REPORT_SIGNED, report.case_id, report, id=report_event_id(report))


def genomic_report(reported: PharmacogenomicsReported, comment: str, signer: Reader, signed_at: datetime) -> GenomicReportSigned:
    """What is signed: the report as it was issued, and what is said of it."""
    data = GenomicReportSigned(
        case_id=reported.case_id,
        patient_id=reported.patient_id,
        sample_id=reported.sample_id,
        report_id=reported.report_id,
        comment=comment.strip(),
        signer=signer,
    )
    data.signed_at.FromDatetime(signed_at)
    return data


def genomics_signed(report: GenomicReportSigned) -> Event:
    """Of its own id, as a signed report is."""
    return Event(PORTAL_GENOMICS_SIGNED, report.case_id, report, id=uuid5(UUID(report.report_id), "signed"))


def genomic_withdrawal(
    reported: PharmacogenomicsReported, reason: str, signer: Reader, signed_at: datetime
) -> GenomicReportWithdrawn:
    """That a report holds no more, signed or not. Raise Malformed where the reason says nothing."""
    data = GenomicReportWithdrawn(
        case_id=reported.case_id,
        patient_id=reported.patient_id,
        sample_id=reported.sample_id,
        report_id=reported.report_id,
        reason=reason_said(reason),
        signer=signer,
    )
    data.signed_at.FromDatetime(signed_at)
    return data


def genomics_withdrawn(said: GenomicReportWithdrawn) -> Event:
    """Of its own id too."""
    return Event(PORTAL_GENOMICS_WITHDRAWN, said.case_id, said, id=uuid5(UUID(said.report_id), "withdrawn"))


def disowning(case: Case, origin_id: str, reason: str, signer: Reader, signed_at: datetime) -> VariantsDisowned:
    """That variants are another patient's. Raise NotFound where the case has none of that origin, Malformed as a withdrawal."""
    data = next((one for sample in case.samples for one in undisowned(sample) if one.origin_id == origin_id), None)
    if data is None:
        raise NotFound("there are no such variants, or newer ones took their place")
    data.case_id = case.case_id
    data.reason = reason_said(reason)
    data.signer.CopyFrom(signer)
    data.signed_at.FromDatetime(signed_at)
    return data


def undisowned(sample: Sample) -> Iterable[VariantsDisowned]:
    """Each call of a sample as it would be disowned, by nobody yet and for no reason."""
    if sample.HasField("called"):
        called = sample.called
        # Called before gVCFs were made, there is no second one.
        files = {called.variants.sha256, called.genomic_variants.sha256} - {""}
        yield VariantsDisowned(
            patient_id=called.patient_id, sample_id=sample.sample_id, origin_id=called.job_id, variants_sha256=sorted(files)
        )
    if sample.HasField("variants"):
        received = sample.variants
        yield VariantsDisowned(
            patient_id=received.patient_id,
            sample_id=sample.sample_id,
            origin_id=received.run_id,
            variants_sha256=[received.variants.sha256],
        )


def variants_disowned(said: VariantsDisowned) -> Event:
    return Event(PORTAL_VARIANTS_DISOWNED, said.case_id, said, id=uuid5(UUID(said.case_id), f"disowned|{said.origin_id}"))


def disowned(sample: Sample, origin_id: str) -> VariantsDisowned | None:
    return next((one for one in sample.disowned if one.origin_id == origin_id), None)


def of_another(sample: Sample, variants_sha256: str) -> bool:
    """Whether what was made of a file is another patient's."""
    return any(variants_sha256 in one.variants_sha256 for one in sample.disowned)


def is_withdrawn(sample: Sample) -> bool:
    """Whether what was last reported of it holds no more."""
    return sample.HasField("reported") and sample.withdrawn.report_id == sample.reported.report_id


def report_event_id(report: ReportSigned) -> UUID:
    return uuid5(UUID(report.case_id), f"report|{report.number}")


def slide_named(case: Case, slide_id: str) -> Slide:
    """Raise NotFound where the case has no scan of it."""
    for slide in case.slides:
        if slide.slide_id == slide_id and slide.HasField("ingested"):
            return slide
    raise NotFound("the case has no scan of this slide")


def slide_of_finding(case: Case, finding_id: str) -> Slide:
    for slide in case.slides:
        if any(finding.finding_id == finding_id for finding in slide.scored.findings):
            return slide
    raise NotFound("the case has no such finding")


def undecided(case: Case) -> int:
    """How many of the AI's findings nobody decided on."""
    decided = {review.finding_id for review in case.reviews}
    return sum(finding.finding_id not in decided for slide in case.slides for finding in slide.scored.findings)


def unread(case: Case) -> list[Slide]:
    """Slides of which the AI did not examine all tissue, or nothing."""
    return [
        slide
        for slide in case.slides
        if not slide.HasField("scored") or slide.scored.failed_tiles or slide.scored.unexamined_tissue > 0
    ]


def checked_geojson(document: object, columns: int, rows: int) -> int:
    """How many annotations a document holds. Raise Malformed where it is not a FeatureCollection (RFC 7946) on this slide."""
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise Malformed("annotations are a GeoJSON FeatureCollection")
    features = document.get("features")
    if not isinstance(features, list) or len(features) > MOST_ANNOTATIONS:
        raise Malformed(f"a slide has at most {MOST_ANNOTATIONS} annotations")
    for feature in features:
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        kind = geometry.get("type") if isinstance(geometry, dict) else None
        if not isinstance(geometry, dict) or not isinstance(kind, str) or kind not in DEPTHS:
            raise Malformed("an annotation is a Point, LineString or Polygon")
        for x, y in positions(geometry.get("coordinates"), DEPTHS[kind]):
            if not (-columns <= x <= 2 * columns and -rows <= y <= 2 * rows):
                raise Malformed("an annotation lies beside the slide")
    return len(features)


def positions(coordinates: object, depth: int) -> Iterable[tuple[float, float]]:
    if depth:
        if not isinstance(coordinates, list) or not 0 < len(coordinates) <= MOST_POSITIONS:
            raise Malformed("an annotation has no positions, or too many")
        for inner in coordinates:
            yield from positions(inner, depth - 1)
        return
    if not is_position(coordinates):
        raise Malformed("a position is two finite numbers")
    assert isinstance(coordinates, list)
    yield float(coordinates[0]), float(coordinates[1])


def is_position(value: object) -> bool:
    numbers: Sequence[object] = value if isinstance(value, list) else ()
    return len(numbers) >= 2 and all(
        isinstance(one, int | float) and not isinstance(one, bool) and abs(one) < 1e9 for one in numbers[:2]
    )
