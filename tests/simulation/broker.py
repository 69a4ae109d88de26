"""A broker in memory: partitioned logs, committed offsets, and groups whose members come and go."""

import asyncio
import itertools
import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, IllegalStateError
from aiokafka.structs import ConsumerRecord

from chassis.errors import Unavailable
from chassis.events import Outgoing
from simulation.faults import SESSION_SECONDS, Process

PARTITIONS = 2
REBALANCE_SECONDS = 30.0
# aiokafka itself commits again what the broker did not answer to.
COMMIT_AGAIN_SECONDS = 0.5
WATCH_SECONDS = 5.0


class Broker:
    """Everything that was acknowledged, and what was written without anybody hearing of it."""

    def __init__(self) -> None:
        self.logs: defaultdict[TopicPartition, list[ConsumerRecord]] = defaultdict(list)
        self.committed: dict[tuple[str, TopicPartition], int] = {}
        self.groups: dict[str, Group] = {}
        self.coordinators: list[asyncio.Task[None]] = []

    def append(self, record: Outgoing) -> None:
        tp = TopicPartition(record.topic, zlib.crc32(record.key) % PARTITIONS)
        log = self.logs[tp]
        log.append(
            ConsumerRecord(
                tp.topic, tp.partition, len(log), 0, 0, record.key, record.value, None, len(record.key), len(record.value),
                tuple(record.headers),
            )
        )  # fmt: skip
        for group in self.groups.values():
            group.arrived.set()

    def records(self, topic: str) -> list[ConsumerRecord]:
        return [one for number in range(PARTITIONS) for one in self.logs[TopicPartition(topic, number)]]

    def lag(self) -> dict[str, int]:
        """Records that groups have still to take, by group and topic."""
        found: Counter[str] = Counter()
        for group in self.groups.values():
            for tp in group.partitions():
                if behind := len(self.logs[tp]) - self.committed.get((group.name, tp), 0):
                    found[f"{group.name} of {tp.topic}"] += behind
        return dict(found)

    def group(self, name: str, topics: Sequence[str]) -> "Group":
        if name not in self.groups:
            self.groups[name] = group = Group(self, name, tuple(topics))
            self.coordinators.append(asyncio.create_task(group.coordinate()))
        return self.groups[name]


@dataclass(eq=False, slots=True)
class Group:
    """A coordinator: whoever joins or leaves has every partition given out anew, when all have let go of theirs."""

    broker: Broker
    name: str
    topics: tuple[str, ...]
    members: list["Member"] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def partitions(self) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for topic in self.topics for number in range(PARTITIONS)]

    async def coordinate(self) -> None:
        """For as long as the broker is there."""
        while True:
            await self.changed.wait()
            self.changed.clear()
            members = list(self.members)
            for one in members:
                one.settled.clear()
            self.arrived.set()
            letting_go = {one: one.process.start(one.lets_go()) for one in members if one.process.alive}
            if letting_go:
                await asyncio.wait(letting_go.values(), timeout=REBALANCE_SECONDS)
            for one, task in letting_go.items():
                if not task.done():
                    self.evict(one)
            self.members = [one for one in self.members if one.process.alive]
            if self.changed.is_set():
                continue
            given: dict[Member, dict[TopicPartition, int]] = {one: {} for one in self.members}
            for tp, one in zip(self.partitions(), itertools.cycle(self.members), strict=False):
                given[one][tp] = self.broker.committed.get((self.name, tp), 0)
            for one, positions in given.items():
                one.take(positions)

    def rewind(self) -> None:
        """Have every record of every topic taken again."""
        for tp in self.partitions():
            self.broker.committed[self.name, tp] = 0
        self.changed.set()

    def evict(self, member: "Member") -> None:
        if member in self.members:
            self.members.remove(member)
            member.evicted = True
            member.settled.set()
            self.arrived.set()
            self.changed.set()

    def join(self, member: "Member") -> None:
        member.evicted = False
        self.members.append(member)
        self.changed.set()


class Member:
    """A consumer as the worker has it, of one process."""

    def __init__(self, process: Process, broker: Broker, name: str) -> None:
        self.process = process
        self.broker = broker
        self.name = name
        self.group: Group | None = None
        self.listener: ConsumerRebalanceListener | None = None
        self.positions: dict[TopicPartition, int] = {}
        self.paused: set[TopicPartition] = set()
        self.settled = asyncio.Event()
        self.evicted = False

    async def start(self) -> None:
        await self.process.wakes()

    async def stop(self) -> None:
        if self.process.alive and self.group is not None:
            self.group.evict(self)

    def subscribe(self, topics: Sequence[str], *, listener: ConsumerRebalanceListener) -> None:
        self.listener = listener
        self.group = self.broker.group(self.name, topics)
        self.group.join(self)

    async def lets_go(self) -> None:
        await self.process.wakes()
        if self.listener is not None:
            await self.listener.on_partitions_revoked(set(self.positions))

    def take(self, positions: dict[TopicPartition, int]) -> None:
        self.positions = positions
        self.paused = set()
        self.settled.set()
        if self.listener is not None:
            self.process.start(self.listener.on_partitions_assigned(set(positions)))

    async def getmany(self, *, timeout_ms: int, max_records: int) -> Mapping[TopicPartition, list[ConsumerRecord]]:
        """Where nothing else is to be done, wait for as long as it takes until there is something."""
        assert self.group is not None
        while True:
            await self.process.wakes()
            if self.evicted:
                await self.lets_go()
                self.positions = {}
                self.settled.clear()
                self.group.join(self)
            await self.settled.wait()
            await self.process.wakes()
            if self.evicted or not self.settled.is_set():
                continue
            found = self.fetched(max_records)
            if found or not timeout_ms:
                return found
            self.group.arrived.clear()
            await self.group.arrived.wait()

    def fetched(self, most: int) -> dict[TopicPartition, list[ConsumerRecord]]:
        found: dict[TopicPartition, list[ConsumerRecord]] = {}
        for tp, position in self.positions.items():
            if tp not in self.paused and most > 0:
                records = self.broker.logs[tp][position : position + most]
                if records:
                    most -= len(records)
                    found[tp] = records
                    self.positions[tp] = position + len(records)
        return found

    def assignment(self) -> set[TopicPartition]:
        return set(self.positions)

    def highwater(self, partition: TopicPartition) -> int | None:
        return len(self.broker.logs[partition])

    def pause(self, *partitions: TopicPartition) -> None:
        self.paused |= set(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self.paused -= set(partitions)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        if partition in self.positions:
            self.positions[partition] = offset

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Raise CommitFailedError of whoever is out of the group, IllegalStateError of what another has."""

        def committed() -> None:
            if self.evicted:
                raise CommitFailedError
            if not set(offsets) <= set(self.positions):
                raise IllegalStateError
            self.broker.committed |= {(self.name, tp): offset for tp, offset in offsets.items()}

        while True:
            try:
                return await self.process.asks(committed)
            except Unavailable:
                await asyncio.sleep(COMMIT_AGAIN_SECONDS)


class MemberPublisher:
    """The producer of one process. Of records that are sent together some may be written and others not."""

    def __init__(self, process: Process, broker: Broker) -> None:
        self.process = process
        self.broker = broker

    async def publish(self, records: Sequence[Outgoing]) -> None:
        written = 0

        def some() -> None:
            nonlocal written
            rng = self.process.faults.rng
            until = rng.randint(written + 1, len(records)) if self.process.alive else rng.randint(written, len(records))
            for one in records[written:until]:
                self.broker.append(one)
            written = until

        while written < len(records):
            await self.process.asks(some)


async def watch(broker: Broker) -> None:
    """Have members of which nothing is heard leave their groups."""
    silent: dict[Member, float] = {}
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        for group in broker.groups.values():
            for one in list(group.members):
                if one.process.alive and not one.process.stopped:
                    silent.pop(one, None)
                elif loop.time() - silent.setdefault(one, loop.time()) > SESSION_SECONDS:
                    group.evict(one)
