"""How long patients wait: from scan to AI, from scan to the record, from order to report. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from google.protobuf.message import Message

from casepath.cases.v1.cases_pb2 import Case, Slide
from casepath.inference.v1.scoring_pb2 import SlideScored
from casepath.portal.v1.reading_pb2 import ReportSigned
from casepath.records.v1.filing_pb2 import EntriesFiled
from casepath.topics import SLIDES_SLIDE_INGESTED
from cases.working_time import WorkingTime

type Stage = Literal["scan to AI", "scan to filed", "order to signed"]


@dataclass(frozen=True, slots=True)
class Turnaround:
    """Seconds that a stage of one case took, of an order those of working days.

    A run of AI that failed has none: it is counted as failed.
    """

    stage: Stage
    seconds: float


def turnarounds(case: Case, at: datetime, data: Message, working: WorkingTime) -> Iterator[Turnaround]:
    """Those that an event ends which is new to the case, and was published `at`. None where the beginning is not known."""
    match data:
        case SlideScored():
            for slide in case.slides:
                if slide.ingested.scan_id == data.scan_id:
                    yield from since("scan to AI", slide, at)
        case EntriesFiled(cause=SLIDES_SLIDE_INGESTED.name):
            instances = {entry.identifier for entry in data.entries if entry.kind == "Instance"}
            for slide in case.slides:
                if any(one.sop_instance_uid in instances for one in slide.ingested.instances):
                    yield from since("scan to filed", slide, at)
        case ReportSigned(number=1) if case.HasField("order"):
            ordered, signed = case.order.recorded_at.ToDatetime(UTC), data.signed_at.ToDatetime(UTC)
            yield from took("order to signed", working.between(ordered, signed))


def since(stage: Stage, slide: Slide, at: datetime) -> Iterator[Turnaround]:
    if slide.HasField("ingested_at"):
        yield from took(stage, (at - slide.ingested_at.ToDatetime(UTC)).total_seconds())


def took(stage: Stage, seconds: float) -> Iterator[Turnaround]:
    if seconds >= 0:
        yield Turnaround(stage, seconds)
