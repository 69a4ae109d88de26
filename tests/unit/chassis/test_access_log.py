"""What audit is told of who asks."""

import asyncio
from collections.abc import Sequence

import pytest

import examples
from casepath.audit.v1.audit_pb2 import ACTION_EXECUTED, ACTION_READ, OUTCOME_DONE, OUTCOME_REFUSED, AccessRecorded
from chassis import access_log
from chassis.access import Forbidden, Principal
from chassis.access_log import AccessLog, Asker, case_entry, patient_entry
from chassis.errors import Unavailable
from chassis.events import Outgoing
from chassis.publisher import MemoryPublisher

MARTIN = Asker.of(Principal("martin", frozenset({"pathologist"})), "192.0.2.7")
CASE, PATIENT = case_entry(examples.CASE), patient_entry(examples.PATIENT)
PAGE = "GET /cases/{case_id}"


def told(publisher: MemoryPublisher) -> list[AccessRecorded]:
    return [AccessRecorded.FromString(record.value) for record in publisher.records]


async def test_a_look_says_who_whence_what_and_of_whom() -> None:
    publisher = MemoryPublisher()
    await AccessLog(publisher, "portal").read(MARTIN, PAGE, [CASE, PATIENT, CASE])
    (said,) = told(publisher)
    assert (said.agent.user_id, list(said.agent.roles), said.agent.address) == ("martin", ["pathologist"], "192.0.2.7")
    assert (said.action, said.outcome, said.service, said.operation) == (ACTION_READ, OUTCOME_DONE, "portal", PAGE)
    assert list(said.entries) == [CASE, PATIENT]


async def test_the_same_look_is_told_once_and_another_by_itself() -> None:
    publisher = MemoryPublisher()
    log = AccessLog(publisher, "portal")
    for asker, operation, entries in (
        (MARTIN, PAGE, [CASE]),
        (MARTIN, PAGE, [CASE]),
        (Asker("bernard"), PAGE, [CASE]),
        (MARTIN, "GET /cases/{case_id}/read", [CASE]),
        (MARTIN, PAGE, [PATIENT]),
    ):
        await log.read(asker, operation, entries)
    assert len(publisher.records) == 4


async def test_where_nothing_of_a_patient_is_seen_nothing_is_told() -> None:
    publisher = MemoryPublisher()
    await AccessLog(publisher, "portal").read(MARTIN, PAGE, [patient_entry("")])
    assert publisher.records == []


async def test_every_refusal_of_somebody_known_is_told_and_of_somebody_unknown_as_a_look() -> None:
    publisher, error = MemoryPublisher(), Forbidden("this needs the permission cases.read")
    log = AccessLog(publisher, "portal")
    for _ in range(3):
        assert await log.refused(MARTIN, PAGE, [CASE], error) is error
    for case in (CASE, case_entry(examples.PATIENT), CASE):
        assert await log.refused(Asker(address="192.0.2.7"), PAGE, [case], error) is error
    said = told(publisher)
    assert [one.agent.user_id for one in said] == ["martin"] * 3 + [""]
    assert {(one.outcome, one.reason) for one in said} == {(OUTCOME_REFUSED, str(error))}


async def test_coming_in_is_told_each_time() -> None:
    publisher = MemoryPublisher()
    log = AccessLog(publisher, "portal")
    await log.entered(MARTIN, "POST /login")
    await log.entered(MARTIN, "POST /login", "the name or the password is wrong")
    assert [(one.action, one.outcome) for one in told(publisher)] == [
        (ACTION_EXECUTED, OUTCOME_DONE),
        (ACTION_EXECUTED, OUTCOME_REFUSED),
    ]


class Down:
    async def publish(self, records: Sequence[Outgoing]) -> None:
        raise Unavailable("the broker did not acknowledge")


class Silent:
    async def publish(self, records: Sequence[Outgoing]) -> None:
        await asyncio.Event().wait()


@pytest.mark.parametrize("publisher", [Down(), Silent()])
async def test_what_cannot_be_told_is_not_answered(publisher: Down | Silent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log, "TOLD_SECONDS", 0.01)
    log = AccessLog(publisher, "portal")
    with pytest.raises(Unavailable):
        await log.read(MARTIN, PAGE, [CASE])
    assert isinstance(await log.refused(MARTIN, PAGE, [CASE], Forbidden("no")), Unavailable)
