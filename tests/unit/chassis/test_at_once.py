"""Work at the same time."""

import asyncio

import pytest

from chassis.at_once import at_once
from chassis.errors import Unavailable
from chassis.fhir import independent


async def test_no_more_are_at_work_than_may_be_and_answers_are_in_order() -> None:
    working, most = 0, 0

    async def one(number: int) -> int:
        nonlocal working, most
        working += 1
        most = max(most, working)
        for _ in range(10 - number):
            await asyncio.sleep(0)
        working -= 1
        return number

    assert await at_once(map(one, range(10)), 3) == list(range(10))
    assert most == 3


async def test_an_error_is_raised_when_all_have_ended() -> None:
    ended = []

    async def one(number: int) -> None:
        if number == 0:
            raise Unavailable("not now")
        await asyncio.sleep(0)
        ended.append(number)

    with pytest.raises(Unavailable):
        await at_once(map(one, range(3)), 3)
    assert ended == [1, 2]


def test_what_refers_to_another_comes_in_a_later_part() -> None:
    patient = {"resourceType": "Patient", "id": "1"}
    specimens = [{"resourceType": "Specimen", "id": id_, "subject": {"reference": "Patient/1"}} for id_ in "23"]
    ordered = {"resourceType": "ServiceRequest", "id": "4", "specimen": [{"reference": "Specimen/3"}]}
    assert independent([patient, *specimens, ordered]) == [[patient], specimens, [ordered]]
    assert independent([]) == []
