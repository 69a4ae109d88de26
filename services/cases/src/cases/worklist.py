"""A case as a line of the worklist: its state, and what gives it its place. Pure."""

from collections.abc import Mapping
from datetime import UTC, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from casepath.cases.v1.cases_pb2 import (
    CASE_STATE_AI_FAILED,
    CASE_STATE_CALLED_OFF,
    CASE_STATE_IN_READING,
    CASE_STATE_NO_SLIDES,
    CASE_STATE_READY,
    CASE_STATE_SIGNED,
    CASE_STATE_WAITING_FOR_AI,
    CASE_STATE_WAITING_FOR_SCAN,
    REASON_AI_FAILED,
    REASON_AI_FINDINGS,
    REASON_AI_NO_FINDINGS,
    REASON_BLURRED,
    REASON_EMPTY,
    REASON_REPORT_WITHDRAWN,
    REASON_UNEXAMINED,
    SLIDE_STATE_AI_FAILED,
    SLIDE_STATE_READY,
    SLIDE_STATE_WAITING_FOR_AI,
    SLIDE_STATE_WAITING_FOR_SCAN,
    Attention,
    Case,
    CaseState,
    Reason,
    Slide,
    WorklistEntry,
)
from casepath.intake.v1.order_pb2 import URGENCY_ASAP, URGENCY_STAT, OrderPlaced, RequestedService, Urgency
from casepath.slides.v1.slide_pb2 import QUALITY_FLAG_BLURRED, QUALITY_FLAG_EMPTY
from cases.working_time import WorkingTime
from chassis.signed_reports import standing

# What a person could miss comes first; what nobody could examine next, since it may hide the same.
PRIORITIES: Mapping[Reason, int] = {
    REASON_REPORT_WITHDRAWN: 3,
    REASON_AI_FINDINGS: 3,
    REASON_AI_FAILED: 2,
    REASON_EMPTY: 2,
    REASON_BLURRED: 2,
    REASON_UNEXAMINED: 2,
    REASON_AI_NO_FINDINGS: 1,
}
# Tissue that lies in no scored tile below this share is the ragged edge of every section.
UNEXAMINED = 0.05
# Turnaround targets, from the order to the signed report: by the clock where somebody waits, else in working time.
TARGETS: Mapping[Urgency, timedelta] = {URGENCY_STAT: timedelta(hours=4), URGENCY_ASAP: timedelta(hours=24)}
ROUTINE = timedelta(days=3)


def entry(case: Case, working: WorkingTime) -> WorklistEntry:
    withdrawn = [Attention(reason=REASON_REPORT_WITHDRAWN)] if case.reports and not standing(case.reports) else []
    of_slides = sorted(
        (found for slide in case.slides for found in attention_of(slide)),
        key=lambda one: (-PRIORITIES[one.reason], -one.value, one.slide_id),
    )
    attention = [*withdrawn, *of_slides]
    order = case.order
    return WorklistEntry(
        case_id=case.case_id,
        accession=order.accession,
        patient=order.patient if order.HasField("patient") else None,
        state=state_of(case),
        urgency=order.urgency,
        priority=max((PRIORITIES[one.reason] for one in attention), default=0),
        attention=attention,
        ordered_at=order.recorded_at if order.HasField("recorded_at") else None,
        due_at=due(case.order, working),
        assignee=case.assignee if case.HasField("assignee") else None,
        slides=len(case.slides),
        scanned=sum(slide.HasField("ingested") for slide in case.slides),
        examination=", ".join(dict.fromkeys(one.service.text or one.service.code for one in wanted(order))),
        unit=order.unit,
    )


def wanted(order: OrderPlaced) -> list[RequestedService]:
    return [service for service in order.services if not service.called_off]


def due(order: OrderPlaced, working: WorkingTime) -> Timestamp | None:
    if not order.HasField("recorded_at"):
        return None
    ordered, target, found = order.recorded_at.ToDatetime(UTC), TARGETS.get(order.urgency), Timestamp()
    found.FromDatetime(ordered + target if target is not None else working.after(ordered, ROUTINE))
    return found


def state_of(case: Case) -> CaseState:
    """A case waits while any of its slides does; it has failed only when nothing is under way."""
    states = {slide.state for slide in case.slides}
    if standing(case.reports):
        return CASE_STATE_SIGNED
    if case.order.services and not wanted(case.order):
        return CASE_STATE_CALLED_OFF
    if case.HasField("reader"):
        return CASE_STATE_IN_READING
    if not states:
        return CASE_STATE_NO_SLIDES
    for slide_state, case_state in (
        (SLIDE_STATE_WAITING_FOR_SCAN, CASE_STATE_WAITING_FOR_SCAN),
        (SLIDE_STATE_WAITING_FOR_AI, CASE_STATE_WAITING_FOR_AI),
        (SLIDE_STATE_AI_FAILED, CASE_STATE_AI_FAILED),
        (SLIDE_STATE_READY, CASE_STATE_READY),
    ):
        if slide_state in states:
            return case_state
    return CASE_STATE_NO_SLIDES


def attention_of(slide: Slide) -> list[Attention]:
    found = []

    def say(reason: Reason, value: float = 0.0) -> None:
        found.append(Attention(reason=reason, slide_id=slide.slide_id, value=value))

    if QUALITY_FLAG_EMPTY in slide.ingested.quality.flags:
        say(REASON_EMPTY)
    if QUALITY_FLAG_BLURRED in slide.ingested.quality.flags:
        say(REASON_BLURRED)
    if slide.HasField("scored"):
        say(REASON_AI_FINDINGS if slide.scored.findings else REASON_AI_NO_FINDINGS, slide.scored.score)
        if slide.scored.failed_tiles or slide.scored.unexamined_tissue >= UNEXAMINED:
            say(REASON_UNEXAMINED, slide.scored.unexamined_tissue)
    elif slide.HasField("failed"):
        say(REASON_AI_FAILED)
    return found
