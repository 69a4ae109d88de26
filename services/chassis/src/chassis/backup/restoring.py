"""Putting a backup on a new cluster and into new stores."""

import asyncio
import gzip
import json
from base64 import b64decode
from bisect import bisect_left
from collections.abc import Iterable, Mapping

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from chassis.at_once import at_once
from chassis.backup.index import SHELVES, Backup, Tell, document_name, object_name
from chassis.backup.stores import COPIED_AT_ONCE, copied, listed
from chassis.errors import Malformed, Rejected, Unavailable
from chassis.kafka import Kafka
from chassis.objects import Objects, digest
from chassis.publisher import REQUEST_TIMEOUT_MS, started
from chassis.reading import assigned

SENT_AT_ONCE = 500


async def restore(kafka: Kafka, stores: Mapping[str, Objects], target: Objects, backup: Backup, tell: Tell) -> None:
    """Put a backup on a cluster that was provisioned and holds nothing, before any service is started.

    Raise Rejected where the cluster or a store holds something, Malformed where what was copied was changed, and Unavailable.
    """
    for name, store in stores.items():
        if await store.names(SHELVES):
            raise Rejected(f"the object store {name} is not empty: restore into an empty one")
    await refuse_unless_empty(kafka, backup)
    for name, store in stores.items():
        await put_objects(store, target, name, backup)
        tell(f"{name}: {len(backup.documents.get(name, {}))} documents, {len(backup.objects.get(name, {}))} objects")
    offsets = await put_records(kafka, target, backup)
    tell(f"{backup.records()} records")
    for group, come in backup.groups.items():
        await set_group(kafka, group, come, offsets)


async def damages(target: Objects, backup: Backup) -> list[str]:
    """What of a backup is not there as it was kept; nothing where all is. Raise Unavailable."""
    kept = {segment.name: segment.sha256 for partitions in backup.topics.values() for one in partitions for segment in one}
    kept |= {document_name(one.sha256): one.sha256 for documents in backup.documents.values() for one in documents.values()}
    found = []
    for name, sha256 in sorted(kept.items()):
        try:
            await sound(target, name, sha256)
        except Malformed as error:
            found.append(str(error))
    for name, objects in backup.objects.items():
        there = {path: one.size for path, one in (await listed(target, object_name(name))).items()}
        found += [
            f"{kept_as} of the backup is damaged or gone"
            for path, size in objects.items()
            if there.get(kept_as := object_name(name, path)) != size
        ]
    return found


async def put_objects(store: Objects, target: Objects, name: str, backup: Backup) -> None:
    there = await at_once(
        (copied(target, object_name(name, path), store, path) for path in backup.objects.get(name, {})), COPIED_AT_ONCE
    )
    if not all(there):
        raise Malformed(f"of the objects of {name}, {there.count(False)} are not in the backup any more")
    for path, document in backup.documents.get(name, {}).items():
        await store.write(path, await sound(target, document_name(document.sha256), document.sha256))


async def sound(target: Objects, name: str, sha256: str) -> bytes:
    """Raise Malformed where it is not what was kept."""
    content = await target.read(name)
    if content is None or digest(content)[0] != sha256:
        raise Malformed(f"{name} of the backup is damaged or gone")
    return content


async def refuse_unless_empty(kafka: Kafka, backup: Backup) -> None:
    places = [TopicPartition(name, number) for name, partitions in backup.topics.items() for number in range(len(partitions))]
    try:
        async with assigned(kafka, places) as consumer:
            held = {place.topic for place, end in (await consumer.end_offsets(places)).items() if end}
    except KafkaError as error:
        raise Unavailable(f"the broker did not say what its topics hold: {type(error).__name__}") from error
    if held:
        raise Rejected(
            f"{', '.join(sorted(held))}: not empty; restore onto a cluster that holds nothing, before a service starts"
        )


async def put_records(kafka: Kafka, target: Objects, backup: Backup) -> dict[TopicPartition, list[int]]:
    """Publish every record again where it was, in order; return of each partition the offsets that its records had."""
    offsets: dict[TopicPartition, list[int]] = {}
    producer = AIOKafkaProducer(
        **kafka.client(), enable_idempotence=True, acks="all", linger_ms=5, request_timeout_ms=REQUEST_TIMEOUT_MS
    )
    await started(producer, kafka.bootstrap)
    try:
        for topic, partitions in backup.topics.items():
            for number, segments in enumerate(partitions):
                had = offsets.setdefault(TopicPartition(topic, number), [])
                for segment in segments:
                    lines = gzip.decompress(await sound(target, segment.name, segment.sha256)).decode().splitlines()
                    for some in (lines[at : at + SENT_AT_ONCE] for at in range(0, len(lines), SENT_AT_ONCE)):
                        had += await sent(producer, topic, number, some)
    except KafkaError as error:
        raise Unavailable(f"the broker did not take what was backed up: {type(error).__name__}") from error
    finally:
        await producer.stop()
    return offsets


async def sent(producer: AIOKafkaProducer, topic: str, partition: int, lines: Iterable[str]) -> list[int]:
    offsets, waiting = [], []
    for offset, time, key, value, headers in map(json.loads, lines):
        offsets.append(offset)
        told = [(name, value_of(one)) for name, one in headers]
        waiting.append(await producer.send(topic, value_of(value), value_of(key), partition, time, told))
    await asyncio.gather(*waiting)
    return offsets


async def set_group(
    kafka: Kafka, group: str, come: Mapping[str, Mapping[int, int]], offsets: Mapping[TopicPartition, list[int]]
) -> None:
    """Where the group had come, among records that have other offsets now: those that came before it are as many."""
    places = {
        TopicPartition(topic, number): bisect_left(offsets.get(TopicPartition(topic, number), []), offset)
        for topic, partitions in come.items()
        for number, offset in partitions.items()
    }
    try:
        async with assigned(kafka, list(places), group) as consumer:
            await consumer.commit(places)
    except KafkaError as error:
        raise Unavailable(f"the broker did not take how far {group} came: {type(error).__name__}") from error


def value_of(said: str | None) -> bytes | None:
    return None if said is None else b64decode(said)
