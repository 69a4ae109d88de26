"""From a scan and its order to events. Pure."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from casepath.intake.v1.order_pb2 import OrderPlaced, Specimen
from casepath.slides.v1.slide_pb2 import (
    QUARANTINE_REASON_NO_MATCHING_ORDER,
    Instance,
    ScanQuality,
    SlideIngested,
    SlideQuarantined,
)
from casepath.topics import SLIDES_SLIDE_INGESTED, SLIDES_SLIDE_QUARANTINED
from chassis.events import Event
from slides.quarantine import REMEDIES, Quarantined


def scan_id(namespace: UUID, sha256: str) -> UUID:
    """The same file is the same scan."""
    return uuid5(namespace, f"scan|{sha256}")


def matched(order: OrderPlaced | None, slide_id: str) -> tuple[OrderPlaced, Specimen]:
    """The order and the specimen that a slide belongs to. Raise Quarantined when no order names it."""
    if order is not None:
        for service in order.services:
            for specimen in service.specimens:
                if slide_id in specimen.containers:
                    return order, specimen
    raise Quarantined(QUARANTINE_REASON_NO_MATCHING_ORDER)


def ingested(
    order: OrderPlaced,
    slide_id: str,
    scan: UUID,
    sha256: str,
    source_format: str,
    study_uid: str,
    series_uid: str,
    instances: Sequence[Instance],
    quality: ScanQuality | None,
) -> SlideIngested:
    return SlideIngested(
        case_id=order.case_id,
        patient_id=order.patient.patient_id,
        slide_id=slide_id,
        scan_id=str(scan),
        study_instance_uid=study_uid,
        series_instance_uid=series_uid,
        instances=instances,
        source_sha256=sha256,
        source_format=source_format,
        quality=quality,
        urgency=order.urgency,
    )


def ingested_event(slide: SlideIngested) -> Event:
    return Event(SLIDES_SLIDE_INGESTED, slide.case_id, slide)


def quarantined_event(scan: UUID, sha256: str, error: Quarantined) -> Event:
    data = SlideQuarantined(scan_id=str(scan), reason=error.reason, remedy=REMEDIES[error.reason].en, source_sha256=sha256)
    return Event(SLIDES_SLIDE_QUARANTINED, str(scan), data)
