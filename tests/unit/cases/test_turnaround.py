"""Turnaround times, as they are counted from the events of a case."""

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from google.protobuf.message import Message

import examples
from casepath.cases.v1.cases_pb2 import Case
from casepath.records.v1.filing_pb2 import EntriesFiled, Entry
from casepath.topics import SLIDES_SLIDE_INGESTED
from cases.handlers import folded
from cases.turnaround import Turnaround, turnarounds
from cases.working_time import WorkingTime

# Nowhere in particular, in a week without a day off.
EVERY_DAY = WorkingTime(ZoneInfo("UTC"))


def counted(events: Sequence[tuple[int, Message]]) -> list[Turnaround]:
    """Of events that come so many seconds after noon, each as it comes."""
    case: Case | None = None
    found: list[Turnaround] = []
    for number, (seconds, message) in enumerate(events):
        name = message.DESCRIPTOR.full_name
        envelope = examples.envelope(name, str(number), examples.NOON + timedelta(seconds=seconds))
        case = folded(case, envelope, message)
        found += turnarounds(case, envelope.time, message, EVERY_DAY)
    return found


def filed() -> EntriesFiled:
    entries = [Entry(kind="Instance", identifier=one.sop_instance_uid) for one in examples.ingested().instances]
    return EntriesFiled(case_id=examples.CASE, cause=SLIDES_SLIDE_INGESTED.name, entries=entries)


def test_a_scan_waits_for_ai_and_for_its_place_in_the_record() -> None:
    events = [(0, examples.order()), (60, examples.ingested()), (80, filed()), (150, examples.scored())]
    assert counted(events) == [Turnaround("scan to filed", 20), Turnaround("scan to AI", 90)]


def test_a_scan_that_is_told_again_waits_since_the_first_time() -> None:
    assert counted([(0, examples.ingested()), (50, examples.ingested()), (60, examples.scored())]) == [
        Turnaround("scan to AI", 60)
    ]


def test_a_newer_scan_of_the_slide_waits_since_it_came() -> None:
    newer = examples.ingested(scan=examples.RUN)
    newer.series_instance_uid = "2.25.9"
    events = [(0, examples.ingested()), (100, newer), (130, examples.scored(scan=examples.RUN))]
    assert counted(events) == [Turnaround("scan to AI", 30)]


def test_a_case_waits_from_its_order_to_the_first_report() -> None:
    first, addendum = examples.report_signed(), examples.report_signed(2, "HER2 négatif.")
    (found,) = counted([(0, examples.order()), (10, first), (20, addendum)])
    assert found.stage == "order to signed"
    assert found.seconds == (first.signed_at.ToDatetime() - examples.order().recorded_at.ToDatetime()).total_seconds()


def test_a_run_of_ai_that_failed_and_what_has_no_beginning_are_not_counted() -> None:
    assert counted([(0, examples.ingested()), (10, examples.failed())]) == []
    assert counted([(0, examples.scored()), (10, filed()), (20, examples.report_signed())]) == []
