"""From what a hospital knows of a case to what a project gets of it. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from casepath.deidentification.v1.release_pb2 import (
    WITHDRAWAL_REASON_MOVED,
    CaseFact,
    FactReleased,
    Masked,
    PharmacogenomicFact,
    ReleaseRecorded,
    ReportFact,
    ReviewFact,
    ScoreFact,
    ScoreOutcome,
    ServiceFact,
    SlideFact,
    Source,
    SpecimenFact,
    VariantsFact,
    Withdrawal,
    WithdrawalReason,
)
from casepath.inference.v1.scoring_pb2 import DerivedInstance, Finding, Model, SlideFailed, SlideScored
from casepath.intake.v1.order_pb2 import Code, OrderPlaced, RequestedService, Specimen
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.portal.v1.reading_pb2 import FindingReviewed, GenomicReportWithdrawn, ReportSigned, VariantsDisowned
from casepath.sequencing.v1.known_variants_pb2 import KnownVariant, KnownVariants, Snapshot, VariantsAnnotated
from casepath.sequencing.v1.pharmacogenomics_pb2 import GeneCall, PharmacogenomicsReported
from casepath.slides.v1.slide_pb2 import IMAGE_FLAVOR_VOLUME, Instance, SlideIngested
from casepath.topics import DEIDENTIFICATION_FACTS_RELEASED, DEIDENTIFICATION_RELEASE_RECORDED
from chassis.events import Event
from chassis.notable_variants import notable, uncertain
from deidentification.free_text import Cleaned
from deidentification.identifiers import of_people, of_readers
from deidentification.linkage import encoding, exact
from deidentification.projects import Project
from deidentification.pseudonyms import Subject
from deidentification.scanner import Identifier, Scanner

# Who is older is said to be as old as this.
AGE_OF_THE_OLDEST = 90
# Of derived objects, those that a project gets: what a structured report says is said by the fact.
RELEASED_MODALITIES = ("ANN", "SEG", "OT")

# What is said in them is said of every patient alike.
NOBODYS = (Model, GeneCall, KnownVariant, Snapshot, ObjectRef)
# What a fact has room for.
MOST_VARIANTS = 500
MOST_NAMES = 10

type Clean = Callable[[str, Iterable[Identifier]], Cleaned]


@dataclass(frozen=True, slots=True)
class Release:
    """One case to one project: as whom, and by whose word."""

    project: Project
    hospital: str
    subject: Subject
    order: OrderPlaced = field(repr=False)
    # Of the latest decisions that are known of whether it may leave, and of whose it is.
    as_of: Timestamp | None
    moved_as_of: Timestamp | None
    # What is known of the patient; what gives text without identities, and what looks for them in what is made.
    identifiers: tuple[Identifier, ...] = field(repr=False)
    clean: Clean = field(repr=False)
    scanner: Scanner = field(repr=False)

    def name(self, kind: str, identifier: str) -> str:
        return self.subject.pseudonyms.name(kind, identifier)

    @property
    def case_id(self) -> str:
        return self.name("case", self.order.case_id)

    def day(self, at: Timestamp) -> str:
        """The day of a moment, moved; empty where it is not known."""
        if not at.seconds:
            return ""
        moved = self.subject.moved(at.ToDatetime().date())
        return moved.isoformat() if moved is not None else ""


def case_fact(release: Release) -> CaseFact:
    order, shared = release.order, release.project.linkage
    return CaseFact(
        case_id=release.case_id,
        sex=order.patient.sex,
        birth_year=birth_year(order),
        ordered_on=release.day(order.recorded_at),
        services=[service_fact(release, one) for one in order.services],
        linkage=encoding(order.patient, shared) if shared else b"",
        linkage_exact=exact(order.patient, shared) if shared else b"",
    )


def birth_year(order: OrderPlaced) -> int:
    """Of who is older than 89 when it is ordered, the year of who is 90."""
    if not order.patient.birth_date:
        return 0
    return max(int(order.patient.birth_date[:4]), order.recorded_at.ToDatetime().year - AGE_OF_THE_OLDEST)


def service_fact(release: Release, one: RequestedService) -> ServiceFact:
    return ServiceFact(
        service=code(release, one.service),
        specimens=[specimen_fact(release, each) for each in one.specimens],
        called_off=one.called_off,
    )


def specimen_fact(release: Release, one: Specimen) -> SpecimenFact:
    return SpecimenFact(
        specimen_id=release.name("specimen", one.identifier),
        type=code(release, one.type) if one.HasField("type") else None,
        site=code(release, one.site) if one.HasField("site") else None,
        collected_on=release.day(one.collected_at),
        slide_ids=[release.name("slide", each) for each in one.containers],
    )


def code(release: Release, one: Code) -> Code:
    return Code(code=one.code, text=release.clean(one.text, release.identifiers).text[:199], system=one.system)


def volumes(slide: SlideIngested) -> list[Instance]:
    """What of a slide may leave: a label has the name on it, and an overview and a thumbnail may."""
    return [one for one in slide.instances if one.flavor == IMAGE_FLAVOR_VOLUME]


def slide_fact(release: Release, slide: SlideIngested, objects: Sequence[ObjectRef]) -> SlideFact:
    """`objects` has what stands for each of `volumes`."""
    uid = release.subject.pseudonyms.uid
    instances = []
    for one, object_ in zip(volumes(slide), objects, strict=True):
        made = Instance()
        made.CopyFrom(one)
        made.ClearField("index")
        made.sop_instance_uid = uid(one.sop_instance_uid)
        made.object.CopyFrom(object_)
        instances.append(made)
    return SlideFact(
        case_id=release.case_id,
        slide_id=release.name("slide", slide.slide_id),
        scan_id=release.name("scan", slide.scan_id),
        study_instance_uid=uid(slide.study_instance_uid),
        series_instance_uid=uid(slide.series_instance_uid),
        instances=instances,
        source_format=slide.source_format,
        quality=slide.quality if slide.HasField("quality") else None,
    )


def released_instances(scored: SlideScored) -> list[DerivedInstance]:
    return [one for one in scored.instances if one.modality in RELEASED_MODALITIES]


def score_fact(release: Release, said: SlideScored | SlideFailed, objects: Sequence[ObjectRef] = ()) -> ScoreFact:
    """`objects` has what stands for each of `released_instances`."""
    made = ScoreFact(
        case_id=release.case_id,
        slide_id=release.name("slide", said.slide_id),
        scan_id=release.name("scan", said.scan_id),
        job_id=release.name("job", said.job_id),
        model=said.model,
    )
    if isinstance(said, SlideFailed):
        made.failed = said.reason
        return made
    uid = release.subject.pseudonyms.uid
    instances = [
        DerivedInstance(
            sop_class_uid=one.sop_class_uid,
            sop_instance_uid=uid(one.sop_instance_uid),
            series_instance_uid=uid(one.series_instance_uid),
            object=object_,
            modality=one.modality,
        )
        for one, object_ in zip(released_instances(said), objects, strict=True)
    ]
    outcome = ScoreOutcome(
        score=said.score,
        positive_fraction=said.positive_fraction,
        tissue_fraction=said.tissue_fraction,
        unexamined_tissue=said.unexamined_tissue,
        findings=max(said.findings_total, len(said.findings)),
        instances=instances,
        regions=[region(release, one) for one in said.findings],
        tile_microns=said.tile_microns,
    )
    made.scored.CopyFrom(outcome)
    return made


def region(release: Release, one: Finding) -> Finding:
    made = Finding()
    made.CopyFrom(one)
    made.finding_id = release.name("finding", one.finding_id)
    return made


def review_fact(release: Release, review: FindingReviewed) -> ReviewFact:
    """Who reviewed it stays; what they wrote is cleaned of names, theirs too."""
    cleaned = release.clean(review.correction, (*release.identifiers, *of_people([review.reviewer.name])))
    return ReviewFact(
        case_id=release.case_id,
        slide_id=release.name("slide", review.slide_id),
        finding_id=release.name("finding", review.finding_id),
        verdict=review.verdict,
        correction=cleaned.text[:500],
    )


def report_fact(release: Release, report: ReportSigned) -> ReportFact:
    cleaned = release.clean(report.text, (*release.identifiers, *of_readers(report)))
    return ReportFact(
        case_id=release.case_id,
        number=report.number,
        signed_on=release.day(report.signed_at),
        text=cleaned.text,
        masked=[Masked(sort=sort, count=count) for sort, count in sorted(cleaned.masked.items())],
        withdraws=report.withdraws,
        diagnoses=[Code(code=one.code, system=one.system) for one in report.diagnoses],
    )


def pharmacogenomic_fact(release: Release, issued: PharmacogenomicsReported) -> PharmacogenomicFact:
    return PharmacogenomicFact(
        case_id=release.case_id,
        sample_id=release.name("specimen", issued.sample_id),
        genes=issued.genes,
        definitions=issued.definitions,
    )


def pharmacogenomics_withdrawn(release: Release, said: GenomicReportWithdrawn) -> PharmacogenomicFact:
    return PharmacogenomicFact(case_id=release.case_id, sample_id=release.name("specimen", said.sample_id), withdraws=True)


def variants_fact(release: Release, looked_up: VariantsAnnotated, found: KnownVariants) -> VariantsFact:
    """What is said to be benign stays; where others are too many, those of which it is not known go last."""
    notables = [one for one in found.variants if notable(one.statements)]
    chosen = sorted(notables, key=lambda one: uncertain(one.statements))[:MOST_VARIANTS]
    return VariantsFact(
        case_id=release.case_id,
        sample_id=release.name("specimen", looked_up.sample_id),
        file_id=release.name("variants", looked_up.variants_sha256),
        snapshots=looked_up.snapshots,
        looked_up=looked_up.looked_up,
        known=looked_up.known,
        notable=looked_up.notable,
        variants=[quoted(one) for one in chosen],
    )


def quoted(one: KnownVariant) -> KnownVariant:
    """Without addresses of pages, and of long lists their beginning."""
    made = KnownVariant()
    made.CopyFrom(one)
    for said in made.statements:
        said.ClearField("url")
        del said.conditions[MOST_NAMES:]
        del said.therapies[MOST_NAMES:]
    return made


def variants_withdrawn(release: Release, said: VariantsDisowned) -> VariantsFact:
    """Of one file."""
    (sha256,) = said.variants_sha256
    return VariantsFact(
        case_id=release.case_id,
        sample_id=release.name("specimen", said.sample_id),
        file_id=release.name("variants", sha256),
        withdraws=True,
    )


FIELDS: Mapping[type[Message], str] = {
    CaseFact: "case",
    SlideFact: "slide",
    ScoreFact: "score",
    ReportFact: "report",
    ReviewFact: "review",
    PharmacogenomicFact: "pharmacogenomics",
    VariantsFact: "variants",
}


def released(release: Release, fact: Message, source: Source) -> list[Event]:
    """The fact, after a last look at every text in it, and for the hospital that it left. Raise Identified."""
    for text in texts(fact):
        release.scanner.header(text.encode())
    data = FactReleased(
        project=release.project.name,
        hospital=release.hospital,
        subject_id=release.subject.name,
        lineage_id=release.name("event", source.event_id),
        as_of=release.as_of,
        moved_as_of=release.moved_as_of,
        # What an earlier version kept does not say when.
        said_at=release.subject.moment(source.recorded_at) if source.HasField("recorded_at") else None,
    )
    getattr(data, FIELDS[type(fact)]).CopyFrom(fact)
    recorded = ReleaseRecorded(case_id=release.order.case_id, project=release.project.name, content=source.topic)
    return [
        Event(DEIDENTIFICATION_FACTS_RELEASED, data.subject_id, data),
        Event(DEIDENTIFICATION_RELEASE_RECORDED, recorded.case_id, recorded),
    ]


def texts(message: Message) -> Iterator[str]:
    """Every text in a message, at any depth, but those of models, tables of genes, and objects by digest."""
    for descriptor, value in message.ListFields():
        if descriptor.type == descriptor.TYPE_STRING:
            yield from value if descriptor.is_repeated else (value,)
        elif descriptor.type == descriptor.TYPE_MESSAGE:
            for one in value if descriptor.is_repeated else (value,):
                if not isinstance(one, NOBODYS):
                    yield from texts(one)


def withdrawn(
    project: Project, hospital: str, subject: Subject, case_id: str, reason: WithdrawalReason, at: Timestamp, event_id: str
) -> Event:
    """All of the subject's, or one case of theirs where it is named; `case_id` is the hospital's."""
    pseudonyms = subject.pseudonyms
    data = FactReleased(
        project=project.name,
        hospital=hospital,
        subject_id=subject.name,
        lineage_id=pseudonyms.name("event", event_id),
        as_of=None if reason == WITHDRAWAL_REASON_MOVED else at,
        moved_as_of=at if reason == WITHDRAWAL_REASON_MOVED else None,
        withdrawal=Withdrawal(reason=reason, case_id=pseudonyms.name("case", case_id) if case_id else ""),
    )
    return Event(DEIDENTIFICATION_FACTS_RELEASED, data.subject_id, data)


def withdrawal_recorded(project: Project, case_id: str, reason: WithdrawalReason) -> Event:
    data = ReleaseRecorded(case_id=case_id, project=project.name, withdrawn=reason)
    return Event(DEIDENTIFICATION_RELEASE_RECORDED, case_id, data)
