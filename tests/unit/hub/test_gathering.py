"""A batch from the topic into the table: what is no fact is set aside, and a broker or a table that is away is waited for."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from aiokafka.structs import ConsumerRecord

import examples
from chassis.errors import Unavailable
from chassis.events import Outgoing
from chassis.kafka import Kafka
from hub import gathering
from hub.facts import Row
from hub.gathering import TOPIC, Gathering


class Away:
    """A publisher and a table in one, of which each fails the first time that it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.dead: list[Outgoing] = []
        self.rows: list[Row] = []

    async def publish(self, records: Sequence[Outgoing]) -> None:
        self.asked.append("publish")
        if self.asked.count("publish") == 1:
            raise Unavailable("the broker is away")
        self.dead += records

    def gather(self, rows: Sequence[Row], offsets: Mapping[str, int]) -> None:
        self.asked.append("gather")
        if self.asked.count("gather") == 1:
            raise Unavailable("the table is away")
        self.rows += rows


def record(value: bytes, offset: int) -> ConsumerRecord:
    headers = tuple(examples.envelope(TOPIC.name).headers())
    return ConsumerRecord(TOPIC.name, 0, offset, 0, 0, b"key", value, None, 3, len(value), headers)


async def test_nothing_of_a_batch_is_lost_while_broker_and_table_are_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "RETRY_SECONDS", 0.0)
    away = Away()
    one = Gathering(away, {TOPIC.name: ""}, away, Kafka("-"))  # type: ignore[arg-type]
    ended = await one.take([record(examples.fact_released().SerializeToString(), 4), record(b"\xff", 5)], asyncio.Event())
    assert list(ended.values()) == [6]
    assert away.asked == ["publish", "publish", "gather", "publish", "gather"]
    assert {letter.topic for letter in away.dead} == {TOPIC.dead_letters}
    assert {row.offset for row in away.rows} == {4}


async def test_a_fact_in_another_hospitals_name_is_set_aside() -> None:
    away = Away()
    one = Gathering(away, {TOPIC.name: "brest"}, away, Kafka("-"))  # type: ignore[arg-type]
    rows, dead = await one.decoded([record(examples.fact_released().SerializeToString(), 0)])
    assert rows == []
    assert dict(dead[0].headers)["error"] == b"a hospital sent facts in another's name"
