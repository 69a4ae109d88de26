from datetime import timedelta
from itertools import permutations

import pytest
from google.protobuf.message import Message

import examples
from casepath.cases.v1.cases_pb2 import (
    SLIDE_STATE_AI_FAILED,
    SLIDE_STATE_READY,
    SLIDE_STATE_WAITING_FOR_AI,
    SLIDE_STATE_WAITING_FOR_SCAN,
    Case,
)
from casepath.portal.v1.reading_pb2 import VERDICT_ACCEPTED, VERDICT_REJECTED
from cases.handlers import folded
from chassis.errors import Malformed
from portal.handlers import disowned, is_withdrawn

OTHER_SCAN = "11111111-1111-5111-8111-111111111111"


def fold(*messages: Message, before: Case | None = None) -> Case:
    case = before
    for number, message in enumerate(messages):
        name = message.DESCRIPTOR.full_name
        cause = message.SerializeToString(deterministic=True).hex()
        case = folded(case, examples.envelope(name, cause, examples.NOON + timedelta(seconds=number)), message)
    assert case is not None
    return case


def states(case: Case) -> dict[str, int]:
    return {slide.slide_id: slide.state for slide in case.slides}


def test_slides_of_an_order_wait_for_their_scans() -> None:
    assert states(fold(examples.order())) == {"A1": SLIDE_STATE_WAITING_FOR_SCAN, "A2": SLIDE_STATE_WAITING_FOR_SCAN}


def test_a_scanned_slide_waits_for_the_ai_and_is_then_ready() -> None:
    case = fold(examples.order(), examples.ingested())
    assert states(case)["A1"] == SLIDE_STATE_WAITING_FOR_AI
    assert states(fold(examples.scored(), before=case))["A1"] == SLIDE_STATE_READY


def test_a_failed_ai_run_is_shown_as_failed() -> None:
    case = fold(examples.order(), examples.ingested(), examples.failed())
    assert states(case)["A1"] == SLIDE_STATE_AI_FAILED


def test_an_event_that_comes_again_changes_nothing() -> None:
    messages = [examples.order(), examples.ingested(), examples.scored(), examples.filed()]
    once = fold(*messages)
    assert fold(*messages, before=once) == once


def test_the_order_in_which_topics_are_read_does_not_matter() -> None:
    messages = [
        examples.order(),
        examples.ingested(),
        examples.scored(),
        examples.reads_received(),
        examples.variants_called(),
        examples.filed(),
    ]
    envelopes = [examples.envelope(m.DESCRIPTOR.full_name, str(n), examples.NOON) for n, m in enumerate(messages)]
    found = set()
    for sequence in permutations(range(len(messages))):
        case = None
        for number in sequence:
            case = folded(case, envelopes[number], messages[number])
        assert case is not None
        found.add(case.SerializeToString(deterministic=True))
    assert len(found) == 1


def test_variants_that_could_not_be_called_are_shown_as_failed_until_the_same_job_succeeds() -> None:
    failed, called = examples.calling_failed(), examples.variants_called()
    assert fold(examples.order(), failed).samples[0].failed == failed
    for messages in ((failed, called), (called, failed)):
        assert not fold(examples.order(), *messages).samples[0].HasField("failed")
    failed.job_id = examples.CASE
    for messages in ((failed, called), (called, failed)):
        (sample,) = fold(examples.order(), *messages).samples
        assert (sample.failed, sample.called) == (failed, called)


def test_a_rescan_replaces_the_scan_and_what_was_read_on_it() -> None:
    case = fold(examples.order(), examples.ingested(), examples.scored(), examples.ingested(scan=OTHER_SCAN))
    assert states(case)["A1"] == SLIDE_STATE_WAITING_FOR_AI
    assert not case.slides[0].HasField("scored")
    assert [scan.scan_id for scan in case.slides[0].superseded] == [examples.SCAN]


def test_a_series_that_grows_supersedes_nothing() -> None:
    grown = examples.ingested(scan=OTHER_SCAN)
    grown.series_instance_uid = examples.ingested().series_instance_uid
    case = fold(examples.order(), examples.ingested(), grown)
    assert case.slides[0].ingested == grown
    assert not case.slides[0].superseded


def test_annotations_belong_to_the_scan_they_were_drawn_on() -> None:
    case = fold(examples.order(), examples.ingested(), examples.annotated())
    assert list(case.slides[0].annotations) == [examples.annotated()]
    case = fold(examples.order(), examples.ingested(), examples.annotated(), examples.ingested(scan=OTHER_SCAN))
    assert not case.slides[0].annotations


def test_whoever_begins_to_read_has_the_case_until_it_is_released() -> None:
    case = fold(examples.order(), examples.reading_begun())
    assert (case.reader, case.assignee) == (examples.reader(), examples.reader())
    released = examples.assigned()
    released.ClearField("assignee")
    case = fold(examples.order(), examples.reading_begun(), released)
    assert not case.HasField("reader")
    assert not case.HasField("assignee")


def test_the_latest_decision_on_a_finding_counts() -> None:
    case = fold(examples.order(), examples.reviewed(VERDICT_ACCEPTED), examples.reviewed(VERDICT_REJECTED))
    assert [review.verdict for review in case.reviews] == [VERDICT_REJECTED]


def test_signed_text_never_changes() -> None:
    case = fold(examples.order(), examples.report_signed(), examples.report_signed(text="Other."), examples.report_signed(2))
    assert [report.number for report in case.reports] == [1, 2]
    assert case.reports[0] == examples.report_signed()


def test_who_opened_it_from_another_unit_is_shown_with_their_latest_reason() -> None:
    later = examples.glass_broken(until=examples.NOON + timedelta(hours=20))
    found = fold(examples.order(), later, examples.glass_broken(), examples.glass_broken("u8"))
    assert [(one.by.user_id, one.until) for one in found.openings] == [
        ("u8", examples.glass_broken().until),
        ("u9", later.until),
    ]


def test_the_latest_signature_of_a_sample_is_kept_whatever_comes_first() -> None:
    messages = [
        examples.pharmacogenomics_reported(),
        examples.genomics_signed(),
        examples.genomics_signed(examples.RUN, examples.NOON + timedelta(hours=9)),
    ]
    for order in permutations(messages):
        (sample,) = fold(*order).samples
        assert sample.signed.report_id == examples.RUN


def test_a_withdrawn_report_of_genes_is_withdrawn_whatever_comes_first_and_another_is_not() -> None:
    messages = [examples.pharmacogenomics_reported(), examples.genomics_signed(), examples.genomics_withdrawn()]
    for order in permutations(messages):
        (sample,) = fold(*order).samples
        assert is_withdrawn(sample)
    another = examples.pharmacogenomics_reported()
    another.report_id = examples.RUN
    (sample,) = fold(*messages, another).samples
    assert not is_withdrawn(sample)


def test_variants_stay_disowned_whatever_comes_first_and_those_of_another_call_are_not() -> None:
    for order in permutations([examples.variants_called(), examples.variants_received(), examples.variants_disowned()]):
        (sample,) = fold(*order).samples
        assert disowned(sample, sample.called.job_id) == examples.variants_disowned()
        assert disowned(sample, sample.variants.run_id) is None
    again = examples.variants_disowned()
    again.reason = "Dit deux fois."
    (sample,) = fold(examples.variants_disowned(), again).samples
    assert list(sample.disowned) == [examples.variants_disowned()]


def test_a_late_score_of_a_replaced_scan_is_not_shown() -> None:
    case = fold(examples.order(), examples.ingested(scan=OTHER_SCAN), examples.scored())
    assert states(case)["A1"] == SLIDE_STATE_WAITING_FOR_AI


def test_an_amended_order_counts_and_an_older_one_does_not() -> None:
    later, earlier = examples.order(examples.NOON + timedelta(hours=1)), examples.order()
    later.services[0].specimens[0].containers.append("A3")
    case = fold(later, earlier)
    assert case.order == later
    assert "A3" in states(case)


def test_slides_of_what_is_called_off_are_waited_for_no_more_and_those_that_were_scanned_stay() -> None:
    off = examples.order(examples.NOON + timedelta(hours=1))
    off.services[0].called_off = True
    assert states(fold(examples.order(), off)) == {}
    assert states(fold(examples.order(), examples.ingested(), off)) == {"A1": SLIDE_STATE_WAITING_FOR_AI}
    again = examples.order(examples.NOON + timedelta(hours=2))
    assert states(fold(examples.order(), off, again)) == states(fold(examples.order()))


def test_what_is_filed_is_kept_once_under_its_latest_version() -> None:
    again = examples.filed()
    again.entries[0].version = "2"
    case = fold(examples.filed(), again, examples.filed())
    assert [(entry.kind, entry.version) for entry in case.filed] == [("Instance", ""), ("Patient", "2")]


def test_the_timeline_is_in_order_of_time() -> None:
    case = fold(examples.order(), examples.ingested())
    times = [moment.time.ToNanoseconds() for moment in case.timeline]
    assert times == sorted(times)
    assert len(times) == 2


def test_a_message_of_no_case_is_malformed() -> None:
    with pytest.raises(Malformed):
        fold(examples.registered())


def test_a_file_of_variants_that_gave_no_report_is_told_beside_a_report_of_another() -> None:
    reported, withheld = examples.pharmacogenomics_reported(), examples.pharmacogenomics_withheld()
    for order in permutations([examples.variants_received(), reported, withheld]):
        (sample,) = fold(*order).samples
        assert (sample.reported, sample.withheld, sample.variants.records) == (reported, withheld, 12)


def test_a_case_is_of_whom_the_latest_merge_or_unlinking_says_whatever_comes_first() -> None:
    merged, undone = examples.case_moved(), examples.case_moved(examples.NOON + timedelta(hours=1))
    undone.patient.CopyFrom(examples.order().patient)
    again = examples.order()
    again.recorded_at.FromDatetime(examples.NOON + timedelta(hours=2))
    for order in permutations([examples.order(), again, merged]):
        assert fold(*order).order.patient == examples.survivor()
    for order in permutations([examples.order(), merged, undone]):
        assert fold(*order).order.patient == examples.order().patient


def test_what_is_known_of_variants_is_of_the_newest_lookup() -> None:
    before, now = examples.variants_annotated(), examples.variants_annotated()
    now.known = 4
    (sample,) = fold(before, now).samples
    assert sample.annotated == now


def test_a_file_that_gave_a_report_after_all_is_not_told_to_have_given_none() -> None:
    reported, withheld = examples.pharmacogenomics_reported(), examples.pharmacogenomics_withheld()
    withheld.variants_sha256 = reported.variants_sha256
    for order in permutations([reported, withheld]):
        (sample,) = fold(*order).samples
        assert sample.HasField("reported")
        assert not sample.HasField("withheld")
