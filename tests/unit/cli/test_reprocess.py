"""What is chosen to be worked on again."""

from uuid import uuid4

import pytest
from aiokafka.structs import ConsumerRecord

import examples
from casepath.slides.v1.slide_pb2 import SlideIngested
from casepath.topics import SLIDES_SLIDE_INGESTED
from chassis.kafka import Kafka
from cli import reprocess


def record(offset: int, event: str, value: bytes) -> ConsumerRecord:
    headers = [("ce_id", event.encode())]
    return ConsumerRecord(SLIDES_SLIDE_INGESTED.name, 0, offset, 0, 0, b"", value, None, 0, len(value), headers)


async def test_an_event_that_came_twice_is_one_and_what_cannot_be_read_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    slide = examples.ingested()
    value = slide.SerializeToString()

    async def held(*_: object) -> list[ConsumerRecord]:
        return [record(0, "a", value), record(1, "poison", b"\xff\xff"), record(2, "a", value), record(3, "b", value)]

    monkeypatch.setattr(reprocess, "held", held)
    found = [one async for one in reprocess.messages(Kafka("nowhere:1"), SLIDES_SLIDE_INGESTED, SlideIngested)]
    assert [(kept.offset, message) for kept, message in found] == [(2, slide), (3, slide)]


def test_an_attempt_is_asked_for_under_the_events_own_id_and_in_place_of_an_earlier_one() -> None:
    first, second = uuid4(), uuid4()
    once = reprocess.asked(record(0, "a", b"x"), first)
    assert dict(once.headers) == {"ce_id": b"a", "ce_attempt": str(first).encode()}
    before = ConsumerRecord("t", 0, 0, 0, 0, b"", b"x", None, 0, 1, once.headers)
    assert dict(reprocess.asked(before, second).headers)["ce_attempt"] == str(second).encode()
    assert dict(reprocess.asked(before, None).headers) == {"ce_id": b"a"}
