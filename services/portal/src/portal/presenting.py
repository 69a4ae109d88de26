"""What of a case is shown, and how it is named. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from casepath.cases.v1.cases_pb2 import (
    CASE_STATE_SIGNED,
    Attention,
    Case,
    CaseState,
    Reason,
    Sample,
    Slide,
    SlideState,
    WorklistEntry,
)
from casepath.inference.v1.scoring_pb2 import STAGE_CANARY, FailureReason, Finding
from casepath.intake.v1.order_pb2 import URGENCY_ASAP, URGENCY_STAT, Urgency
from casepath.intake.v1.patient_pb2 import Patient, Sex
from casepath.portal.v1.reading_pb2 import FindingReviewed, Verdict
from casepath.records.v1.filing_pb2 import Entry
from casepath.sequencing.v1.calling_pb2 import CallingFailureReason
from casepath.sequencing.v1.known_variants_pb2 import VariantsAnnotated
from casepath.sequencing.v1.pharmacogenomics_pb2 import Drug, PharmacogenomicsReported, WithholdingReason
from casepath.sequencing.v1.sequencing_pb2 import QualityShortfall
from casepath.slides.v1.slide_pb2 import IMAGE_FLAVOR_LABEL, IMAGE_FLAVOR_VOLUME, Instance, QualityFlag, SlideIngested
from chassis.access import Permission, Principal


def short(enum: Any, value: int) -> str:
    """An enum's value without its prefix, in lower case: the end of a catalogue's key."""
    name: str = enum.Name(value)
    prefix = "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in enum.DESCRIPTOR.name).lstrip("_")
    return name.removeprefix(f"{prefix}_").lower()


def state_name(state: CaseState) -> str:
    return short(CaseState, state)


def sex_name(patient: Patient) -> str:
    return short(Sex, patient.sex)


def is_urgent(urgency: Urgency) -> bool:
    return urgency in (URGENCY_STAT, URGENCY_ASAP)


def urgency_name(urgency: Urgency) -> str:
    return short(Urgency, urgency) if is_urgent(urgency) else "routine"


def reason_name(one: Attention) -> str:
    return short(Reason, one.reason)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the worklist. `left` is the time to the target: negative when it is past; None when signed or without one."""

    entry: WorklistEntry
    state: str
    urgency: str
    left: timedelta | None

    @property
    def overdue(self) -> bool:
        return self.left is not None and self.left < timedelta()


def line(entry: WorklistEntry, now: datetime) -> Line:
    left = None
    if entry.HasField("due_at") and entry.state != CASE_STATE_SIGNED:
        left = entry.due_at.ToDatetime(UTC) - now
    return Line(entry, state_name(entry.state), urgency_name(entry.urgency), left)


def levels(ingested: SlideIngested) -> list[Instance]:
    """The levels of the pyramid, finest first."""
    found = [instance for instance in ingested.instances if instance.flavor == IMAGE_FLAVOR_VOLUME]
    return sorted(found, key=lambda instance: -instance.total_columns)


def tile_address(ingested: SlideIngested, instance: Instance) -> str:
    """Of an instance's frames, without their number."""
    uids = ingested.study_instance_uid, ingested.series_instance_uid, instance.sop_instance_uid
    return f"/cases/{ingested.case_id}/tiles/{'/'.join(uids)}"


def viewed_slide(case: Case, slide: Slide) -> dict[str, Any]:
    """What the viewer needs of a slide: its pyramid, what the AI says of it, and where its annotations are."""
    ingested = slide.ingested
    pyramid = levels(ingested)
    finest = pyramid[0]
    return {
        "slide": slide.slide_id,
        "scan": ingested.scan_id,
        "width": finest.total_columns,
        "height": finest.total_rows,
        "micronsPerPixel": finest.microns_per_pixel,
        "levels": [
            {
                "tiles": tile_address(ingested, level),
                "width": level.total_columns,
                "height": level.total_rows,
                "tileWidth": level.columns,
                "tileHeight": level.rows,
            }
            for level in pyramid
            if level.frames == ceil(level.total_columns / level.columns) * ceil(level.total_rows / level.rows)
        ],
        "annotations": f"/cases/{case.case_id}/slides/{slide.slide_id}/annotations",
        "ai": ai(case, slide),
    }


def label_address(ingested: SlideIngested, who: Principal) -> str | None:
    """Of the picture of the glass's label, for who may see it."""
    if not who.may(Permission.READ_LABELS):
        return None
    for instance in ingested.instances:
        if instance.flavor == IMAGE_FLAVOR_LABEL:
            return f"{tile_address(ingested, instance)}/1"
    return None


def ai(case: Case, slide: Slide) -> dict[str, Any] | None:
    """The AI's grid and findings in micrometres; None where no run ended well."""
    if not slide.HasField("scored"):
        return None
    scored = slide.scored
    side = scored.tile_microns
    return {
        "heatmap": f"/cases/{case.case_id}/slides/{slide.slide_id}/heatmap",
        "columns": scored.columns,
        "rows": scored.rows,
        "tileMicrons": side,
        "failed": [[cell.column, cell.row] for cell in scored.failed_cells],
        "findings": [{"id": one.finding_id, **box(one, side)} for one in scored.findings],
    }


def box(finding: Finding, side: float) -> dict[str, float]:
    return {
        "x": finding.column * side,
        "y": finding.row * side,
        "width": finding.columns * side,
        "height": finding.rows * side,
    }


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A region that the AI points at, with what was decided of it. `number` counts over the case."""

    number: int
    slide_id: str
    finding: Finding
    review: FindingReviewed | None

    @property
    def verdict(self) -> str:
        return short(Verdict, self.review.verdict) if self.review is not None else "undecided"


def findings(case: Case) -> list[ShownFinding]:
    """The most suspicious first, over all slides."""
    reviews = {review.finding_id: review for review in case.reviews}
    found = [(slide.slide_id, finding) for slide in case.slides for finding in slide.scored.findings]
    found.sort(key=lambda pair: (-pair[1].score, pair[0], pair[1].row, pair[1].column))
    return [
        ShownFinding(number, slide_id, finding, reviews.get(finding.finding_id))
        for number, (slide_id, finding) in enumerate(found, start=1)
    ]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something of a slide that the reader must know: what the AI did not examine, or why to scan again."""

    slide_id: str
    key: str
    values: Mapping[str, Any]


def notices(case: Case) -> list[Notice]:
    found = []

    def say(slide: Slide, key: str, **values: Any) -> None:
        found.append(Notice(slide.slide_id, key, values))

    for slide in case.slides:
        if not slide.HasField("ingested"):
            say(slide, "notice.not_scanned")
            continue
        for flag in slide.ingested.quality.flags:
            say(slide, f"notice.{short(QualityFlag, flag)}", sharp=round(slide.ingested.quality.sharp_fraction * 100))
        if slide.HasField("scored"):
            scored = slide.scored
            if scored.stage == STAGE_CANARY:
                say(slide, "notice.on_trial", version=scored.model.version)
            if scored.failed_tiles:
                say(slide, "notice.failed_tiles", n=scored.failed_tiles, of=scored.tiles)
            if scored.unexamined_tissue >= 0.0005:
                say(slide, "notice.unexamined", share=scored.unexamined_tissue * 100)
            if scored.findings_total > len(scored.findings):
                say(slide, "notice.more_findings", n=scored.findings_total, shown=len(scored.findings))
        elif slide.HasField("failed"):
            say(slide, f"notice.ai_failed.{short(FailureReason, slide.failed.reason)}")
        else:
            say(slide, "notice.ai_waiting")
    return found


def slide_state(slide: Slide) -> str:
    return short(SlideState, slide.state)


def calling_failure(sample: Sample) -> str:
    return short(CallingFailureReason, sample.failed.reason)


def shortfall_names(sample: Sample) -> list[str]:
    return [short(QualityShortfall, one) for one in sample.called.shortfalls]


def withholding(sample: Sample) -> str:
    return short(WithholdingReason, sample.withheld.reason)


def not_looked_up(sample: Sample) -> str:
    return short(WithholdingReason, sample.annotated.withheld)


def snapshot_names(annotated: VariantsAnnotated) -> str:
    return ", ".join(f"{one.source} {one.release}" for one in annotated.snapshots)


def drug_names(drugs: Sequence[Drug], language: str) -> list[str]:
    return sorted(one.name_fr or one.name if language == "fr" else one.name for one in drugs)


def untold_genes(reported: PharmacogenomicsReported) -> list[str]:
    """Genes of which nothing is known: not called, and never taken for the reference."""
    return [one.gene for one in reported.genes if not one.diplotypes and not one.components]


def opened_at(entry: Entry, link: str) -> str:
    """Where a filed resource can be opened; empty where that is not known."""
    if not link or entry.kind == "Instance":
        return ""
    return link.format(kind=entry.kind, identifier=entry.identifier)


def filed_kinds(entries: Sequence[Entry]) -> dict[str, int]:
    found: dict[str, int] = {}
    for entry in entries:
        found[entry.kind] = found.get(entry.kind, 0) + 1
    return found
