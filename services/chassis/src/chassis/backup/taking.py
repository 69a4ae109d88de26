"""Taking a backup."""

import asyncio
import gzip
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Iterable, Mapping

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord

from casepath.topics import DEAD_LETTER_PARTITIONS, TOPICS
from chassis.at_once import at_once
from chassis.backup.index import DERIVED, SHELVES, Backup, Document, Segment, Tell, backup_of, backups, document_name, object_name
from chassis.backup.stores import COPIED_AT_ONCE, copied, listed
from chassis.errors import Rejected, Unavailable
from chassis.events import now
from chassis.kafka import Kafka
from chassis.kafka_rights import DEAD_LETTERS_GROUP, TABLE_OWNER, group_of
from chassis.objects import Objects, digest
from chassis.reading import assigned, until_now

RECORDS_IN_FILE = 5000
BYTES_IN_FILE = 16 << 20


async def take(
    kafka: Kafka, stores: Mapping[str, Objects], target: Objects, tell: Tell, topics: Mapping[str, int] | None = None
) -> Backup:
    """Take a backup; what earlier ones in the same place have is not copied again. It is there when its index is, written last.

    Raise Rejected where the place is of another cluster, Unavailable where anything does not answer.
    """
    topics = declared() if topics is None else topics
    before = await backup_of(target) if await backups(target) else Backup()
    taken_at = now().strftime("%Y%m%dT%H%M%S.%fZ")
    come = await come_by_group(kafka, topics)
    documents = {}
    for name, store in stores.items():
        documents[name] = await copy_documents(store, target, before.documents.get(name, {}))
        tell(f"{name}: {len(documents[name])} documents")
    segments = await copy_topics(kafka, topics, target, before.topics)
    taken = Backup(taken_at, segments, come, documents)
    tell(f"{len(segments)} topics: {taken.records()} records, {taken.records() - before.records()} new")
    for name, store in stores.items():
        taken.objects[name] = await copy_objects(store, target, name, before.objects.get(name, {}))
        tell(f"{name}: {len(taken.objects[name])} objects")
    await target.write(taken.name, taken.stored())
    return taken


def declared() -> dict[str, int]:
    """Every topic and topic of dead letters, with how many partitions it has."""
    letters = {topic.dead_letters: DEAD_LETTER_PARTITIONS for topic in TOPICS if topic.consumers}
    return {topic.name: topic.partitions for topic in TOPICS} | letters


def groups() -> list[str]:
    """Those whose place is kept. Whose table Faust keeps begins anew: its table does too."""
    consumers = {consumer for topic in TOPICS for consumer in topic.consumers} - {TABLE_OWNER}
    return [*sorted(map(group_of, consumers)), DEAD_LETTERS_GROUP]


async def come_by_group(kafka: Kafka, topics: Iterable[str]) -> dict[str, dict[str, dict[int, int]]]:
    admin = AIOKafkaAdminClient(**kafka.client())
    found: dict[str, dict[str, dict[int, int]]] = {}
    try:
        await admin.start()
        for group in groups():
            for partition, said in (await admin.list_consumer_group_offsets(group)).items():
                if partition.topic in topics and said.offset >= 0:
                    found.setdefault(group, {}).setdefault(partition.topic, {})[partition.partition] = said.offset
    except KafkaError as error:
        raise Unavailable(f"the broker did not say how far services came: {type(error).__name__}") from error
    finally:
        await admin.close()
    return found


async def copy_topics(
    kafka: Kafka, topics: Mapping[str, int], target: Objects, before: Mapping[str, list[list[Segment]]]
) -> dict[str, list[list[Segment]]]:
    found = {name: [list(segments) for segments in before.get(name, [])] for name in topics}
    for name, partitions in topics.items():
        found[name] += [[] for _ in range(partitions - len(found[name]))]
    places = {TopicPartition(name, number): found[name][number] for name, count in topics.items() for number in range(count)}
    try:
        async with assigned(kafka, list(places)) as consumer:
            ends = await consumer.end_offsets(list(places))
            for place, segments in places.items():
                if segments and segments[-1].following > ends[place]:
                    raise Rejected(
                        f"{place.topic} holds less than its backup: this is another cluster, or it lost records; take the backup"
                        " of this one elsewhere"
                    )
                if segments:
                    consumer.seek(place, segments[-1].following)
            async for records in filled(until_now(consumer)):
                place = TopicPartition(records[0].topic, records[0].partition)
                places[place].append(await keep(records, target))
    except KafkaError as error:
        raise Unavailable(f"the broker did not give what its topics hold: {type(error).__name__}") from error
    return found


async def filled(records: AsyncIterator[ConsumerRecord]) -> AsyncIterator[list[ConsumerRecord]]:
    """Records of one partition, as many as go into one file."""
    some: list[ConsumerRecord] = []
    size = 0
    async for record in records:
        full = len(some) == RECORDS_IN_FILE or size > BYTES_IN_FILE
        if some and (full or (some[0].topic, some[0].partition) != (record.topic, record.partition)):
            yield some
            some, size = [], 0
        some.append(record)
        size += len(record.value or b"")
    if some:
        yield some


async def keep(records: list[ConsumerRecord], target: Objects) -> Segment:
    first = records[0]
    content = await asyncio.to_thread(packed, records)
    following = records[-1].offset + 1
    name = f"topics/{first.topic}/{first.partition}/{first.offset:020}-{following:020}.jsonl.gz"
    await target.write(name, content)
    return Segment(name, digest(content)[0], first.offset, following, len(records))


def packed(records: Iterable[ConsumerRecord]) -> bytes:
    return gzip.compress("\n".join(map(line, records)).encode(), mtime=0)


def line(record: ConsumerRecord) -> str:
    headers = [[name, text(value)] for name, value in record.headers]
    return json.dumps([record.offset, record.timestamp, text(record.key), text(record.value), headers])


def text(value: bytes | None) -> str | None:
    return None if value is None else b64encode(value).decode()


async def copy_documents(store: Objects, target: Objects, before: Mapping[str, Document]) -> dict[str, Document]:
    found: dict[str, Document] = {}
    kept = await target.names("documents")
    for path, there in (await listed(store, SHELVES)).items():
        if path in before and before[path].tag == there.tag:
            found[path] = before[path]
            continue
        content = await store.read(path)
        if content is None:
            continue
        sha256, _ = digest(content)
        if sha256 not in kept:
            await target.write(document_name(sha256), content)
            kept.add(sha256)
        found[path] = Document(sha256, there.tag)
    return found


async def copy_objects(store: Objects, target: Objects, name: str, before: Mapping[str, int]) -> dict[str, int]:
    """Objects have the name of what they hold: one that was copied whole needs no other look."""
    found = {path: one.size for path, one in (await listed(store)).items() if not path.startswith((SHELVES, *DERIVED))}
    new = [path for path, size in found.items() if before.get(path) != size]
    there = await at_once((copied(store, path, target, object_name(name, path)) for path in new), COPIED_AT_ONCE)
    gone = {path for path, was in zip(new, there, strict=True) if not was}
    return {path: size for path, size in found.items() if path not in gone}
