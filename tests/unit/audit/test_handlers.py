"""Lines of the ledger, and the AuditEvents that they are filed as."""

from datetime import timedelta

import pytest
from fhir.resources.R4B.auditevent import AuditEvent

import examples
from audit.handlers import WRITES, about, audit_event, entry, same, write_of
from casepath.audit.v1.audit_pb2 import (
    ACTION_EXECUTED,
    ACTION_READ,
    ACTION_UPDATED,
    OUTCOME_REFUSED,
    PURPOSE_BREAK_THE_GLASS,
    AccessRecorded,
    LedgerEntry,
)
from casepath.topics import AUDIT_ACCESS_RECORDED, BY_NAME, PORTAL_GLASS_BROKEN, RESULTS_RESULT_DELIVERED, Topic
from chassis.events import check


def written(topic: str) -> LedgerEntry:
    return write_of(BY_NAME[topic], examples.BY_TOPIC[topic], examples.envelope(topic))


@pytest.mark.parametrize("topic", WRITES, ids=lambda topic: topic.name)
def test_every_write_is_a_line_that_says_of_whom_and_by_whom(topic: Topic[object]) -> None:  # type: ignore[type-var]
    line = written(topic.name)
    check(line)
    assert line.event_id == str(examples.envelope(topic.name).id)
    named = {(one.kind, one.identifier) for one in line.access.entries}
    assert named & {("Case", examples.CASE), ("Patient", examples.PATIENT)}
    assert line.access.agent.user_id
    AuditEvent.model_validate(audit_event(line))


@pytest.mark.parametrize(
    ("topic", "user"),
    [
        ("portal.case.assigned.v1", "u2"),
        ("portal.reading.begun.v1", "u1"),
        ("portal.finding.reviewed.v1", "u1"),
        ("portal.glass.broken.v1", "u9"),
        ("portal.genomics.signed.v1", "lefebvre"),
        ("portal.genomics.withdrawn.v1", "lefebvre"),
        ("portal.variants.disowned.v1", "lefebvre"),
        ("portal.annotations.saved.v1", "u1"),
        ("portal.report.signed.v1", "u1"),
        ("records.erasure.decided.v1", "the data protection officer"),
        ("records.patient.erased.v1", "test"),
        ("intake.order.placed.v1", "test"),
    ],
)
def test_a_persons_act_is_theirs_and_another_is_the_services(topic: str, user: str) -> None:
    assert written(topic).access.agent.user_id == user


def test_a_change_is_no_creation_and_a_result_is_something_to_read() -> None:
    assert written("records.case.moved.v1").access.action == ACTION_UPDATED
    assert written(RESULTS_RESULT_DELIVERED.name).access.action == ACTION_READ


def test_an_erasure_says_why_and_of_whom_and_what_is_gone() -> None:
    asked, done = written("records.erasure.decided.v1"), written("records.patient.erased.v1")
    assert asked.access.reason == "GDPR 17, request 1"
    assert [(one.kind, one.identifier) for one in done.access.entries] == [("Patient", examples.PATIENT), ("Case", examples.CASE)]
    assert {audit_event(one)["action"] for one in (asked, done, written("records.case.erased.v1"))} == {"D"}


def test_a_read_says_who_what_whence_and_of_whom() -> None:
    line = entry(examples.accessed(), examples.envelope(AUDIT_ACCESS_RECORDED.name))
    said = audit_event(line)
    AuditEvent.model_validate(said)
    assert said["action"] == "R"
    assert said["outcome"] == "0"
    (agent,) = said["agent"]
    assert agent["who"]["identifier"]["value"] == "u1"
    assert agent["network"] == {"address": "192.0.2.7", "type": "2"}
    assert [one["what"]["identifier"]["value"] for one in said["entity"]] == [examples.CASE, examples.PATIENT]


def test_who_opens_a_case_of_another_unit_is_told_with_their_reason_and_so_is_what_they_read_of_it() -> None:
    opened = audit_event(written(PORTAL_GLASS_BROKEN.name))
    looked = examples.accessed()
    looked.MergeFrom(AccessRecorded(reason=examples.glass_broken().reason, purpose=PURPOSE_BREAK_THE_GLASS))
    read = audit_event(entry(looked, examples.envelope(AUDIT_ACCESS_RECORDED.name)))
    for said in (opened, read):
        AuditEvent.model_validate(said)
        assert said["purposeOfEvent"][0]["coding"][0]["code"] == "BTG"
        assert said["outcomeDesc"] == examples.glass_broken().reason
    assert [one["code"] for one in opened["subtype"]] == [PORTAL_GLASS_BROKEN.name, "110127"]
    assert opened["agent"][0]["who"]["identifier"]["value"] == "u9"


def test_a_refusal_is_no_success_and_says_why_also_of_somebody_unknown() -> None:
    access = examples.accessed("")
    access.outcome, access.reason = OUTCOME_REFUSED, "this needs the permission cases.read"
    said = audit_event(entry(access, examples.envelope(AUDIT_ACCESS_RECORDED.name)))
    AuditEvent.model_validate(said)
    assert (said["outcome"], said["outcomeDesc"]) == ("4", "this needs the permission cases.read")
    assert "who" not in said["agent"][0]


def test_coming_in_is_an_authentication() -> None:
    access = examples.accessed()
    access.action = ACTION_EXECUTED
    del access.entries[:]
    said = audit_event(entry(access, examples.envelope(AUDIT_ACCESS_RECORDED.name)))
    AuditEvent.model_validate(said)
    assert said["type"]["code"] == "110114"
    assert "entity" not in said


def test_what_a_server_adds_is_no_difference_and_anything_else_is() -> None:
    said = audit_event(written("intake.order.placed.v1"))
    assert same({**said, "meta": {"versionId": "1"}}, said)
    assert not same({**said, "action": "R"}, said)
    assert not same({name: value for name, value in said.items() if name != "entity"}, said)


def test_the_lines_about_a_patient_are_those_that_name_them() -> None:
    lines = [written("intake.order.placed.v1"), written("intake.patients.unlinked.v1"), written("portal.reading.begun.v1")]
    assert about(lines, "Patient", examples.PATIENT) == lines[:2]
    assert about(lines, "Case", examples.CASE) == [lines[0], lines[2]]


def test_a_repeat_is_the_same_audit_event_and_one_of_another_time_another() -> None:
    topic = "intake.order.placed.v1"
    again = write_of(BY_NAME[topic], examples.BY_TOPIC[topic], examples.envelope(topic, time=examples.NOON + timedelta(hours=1)))
    assert audit_event(written(topic)) == audit_event(written(topic))
    assert audit_event(again)["id"] != audit_event(written(topic))["id"]
    assert again.event_id == written(topic).event_id
