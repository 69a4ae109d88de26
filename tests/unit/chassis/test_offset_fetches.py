"""What aiokafka makes of a broker that cannot tell where a group has come."""

import asyncio
from collections import deque
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import GroupLoadInProgressError
from aiokafka.protocol.commit import OffsetFetchResponse_v3

from chassis.offset_fetches import heeding

PLACE = TopicPartition("t", 0)
LOADING, MOVED = 14, 16


class Answers:
    """A connection to a broker that answers so."""

    def __init__(self, *answers: OffsetFetchResponse_v3) -> None:
        self.answers = deque(answers)

    def send(self, _: Any, **__: Any) -> asyncio.Future[OffsetFetchResponse_v3]:
        found: asyncio.Future[OffsetFetchResponse_v3] = asyncio.get_running_loop().create_future()
        found.set_result(self.answers.popleft())
        return found


class Connections(dict[Any, Answers]):
    def __init__(self, one: Answers) -> None:
        self.one = one

    def __getitem__(self, _: Any) -> Answers:
        return self.one


def told(offset: int) -> OffsetFetchResponse_v3:
    return OffsetFetchResponse_v3(0, [(PLACE.topic, [(PLACE.partition, offset, "", 0)])], 0)


def client(*answers: OffsetFetchResponse_v3) -> AIOKafkaClient:
    async def ready(*_: Any, **__: Any) -> bool:
        return True

    async def coordinator(*_: Any) -> int:
        return 1

    made = AIOKafkaClient()
    made.ready, made.coordinator_lookup, made._conns = ready, coordinator, Connections(Answers(*answers))
    return made


class Coordinator(GroupCoordinator):  # type: ignore[misc]
    """Of a group whose members nobody coordinates here."""

    def __init__(self, asked: AIOKafkaClient) -> None:
        self._client, self.group_id, self.coordinator_id, self._retry_backoff_ms = asked, "g", None, 1
        self._coordinator_lookup_lock, self._closing = asyncio.Lock(), asyncio.get_running_loop().create_future()
        self._coordinator_dead_fut = asyncio.get_running_loop().create_future()


@pytest.mark.parametrize("code", [LOADING, MOVED])
async def test_a_group_of_which_a_broker_cannot_tell_yet_is_asked_for_again(code: int) -> None:
    assert AIOKafkaClient.send is heeding
    coordinator = Coordinator(client(OffsetFetchResponse_v3(0, [], code), told(7)))
    await coordinator.ensure_coordinator_known()
    found = await coordinator.fetch_committed_offsets([PLACE])
    assert found[PLACE].offset == 7


async def test_an_administrator_is_not_told_of_a_group_without_places() -> None:
    admin = AIOKafkaAdminClient()
    admin._client = client(OffsetFetchResponse_v3(0, [], LOADING))
    with pytest.raises(GroupLoadInProgressError):
        await admin.list_consumer_group_offsets("g", group_coordinator_id=1)
