"""A patient is erased: nothing of theirs can be read any more, on topics, in stores or in a backup; their neighbours stay."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiokafka.structs import ConsumerRecord
from google.protobuf.message import Message

from casepath.cases.v1.cases_pb2 import Case
from casepath.records.v1.erasure_pb2 import PatientErased
from casepath.topics import INTAKE_PATIENT_REGISTERED, RECORDS_PATIENT_ERASED, TOPICS, Topic
from chassis.encryption import is_encrypted, readable
from chassis.errors import Erased
from chassis.objects import Objects
from chassis.reading import everything, whole
from conftest import Platform
from e2e.conftest import Done, new_visit, once, refs
from embedded import samples
from embedded.demo import STAGES
from embedded.hospital import Visit, genotype, scan, send
from waiting import eventually, eventually_async

# What casepath keeps of cases. What was filed is the archives', and what came from devices lies in their folders.
STORES = ("objects", "kafka", "ledger.sqlite", "cases.sqlite", "cases.sqlite-wal", "work", "logs", "keys")
# Kafka's, of offsets and times alone: each is ten megabytes that are not there.
INDEXES = (".index", ".timeindex")
OF_READS = ("reads received", "variants called", "all filed in the record")
ERASE = ("--by", "the data protection officer", "--reason", "a test", "--yes")


@dataclass(frozen=True, slots=True)
class Known:
    """A visit, its case, and what lay on the topics of it."""

    visit: Visit
    case: Case
    records: list[ConsumerRecord]


def found_in(folder: Path, visit: Visit) -> list[str]:
    """Files in which something names this patient, or their case, as the hospital does."""
    words = [visit.accession.encode(), f"P{visit.stamp}".encode()]
    roots = [folder / name for name in STORES]
    files = [path for root in roots for path in (root, *root.rglob("*")) if path.is_file() and path.suffix not in INDEXES]
    return [str(path.relative_to(folder)) for path in files if any(word in path.read_bytes() for word in words)]


async def on(platform: Platform, topics: Iterable[Topic[Message]], *names: str) -> list[ConsumerRecord]:
    """The records of these keys, as they lie there."""
    return [one async for one in everything(platform.kafka, whole(topics)) if one.key.decode() in names]


@pytest.fixture(scope="module")
async def known(platform: Platform) -> Known:
    visit = new_visit(platform)
    await send(platform.ports["mllp"], [visit.registration(), visit.order()])
    scan(visit, samples.SLIDE, platform.home.scanner)
    genotype(visit, samples.GENOTYPES, samples.OUTSIDE_CALLS, platform.home.sequencer)
    wanted = [stage for stage in STAGES if stage.name not in OF_READS]
    case = await once(platform, visit, lambda case: all(stage.done(case) for stage in wanted))
    records = await on(platform, [topic for topic in TOPICS if topic.of == "key"], visit.case_id, visit.patient_id)
    return Known(visit, case, records)


async def test_what_is_kept_of_a_patient_is_encrypted_by_their_keys(platform: Platform, known: Known) -> None:
    assert len({one.topic for one in known.records}) >= 8
    assert all(is_encrypted(one.value) for one in known.records)
    assert len(refs(known.case)) >= 5
    assert {one.of for one in refs(known.case)} == {known.visit.case_id}
    # The view of cases is searched by name, and made anew from what is encrypted.
    assert {Path(one).name.removesuffix("-wal") for one in found_in(platform.home.folder, known.visit)} == {"cases.sqlite"}


async def test_who_was_erased_is_read_by_nobody_and_nowhere(platform: Platform, done: Done, known: Known, tmp_path: Path) -> None:
    home = platform.home.folder
    for name in ("objects", "kafka"):
        shutil.copytree(home / name, tmp_path / name, ignore=shutil.ignore_patterns(*(f"*{suffix}" for suffix in INDEXES)))
    told = platform.casepath("erase", "--patient", known.visit.patient_id, *ERASE)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "1 patient ids, 1 cases" in told.stdout

    await eventually(lambda: not found_in(home, known.visit))
    assert not found_in(tmp_path, known.visit)
    after = platform.encryption
    for one in known.records:
        with pytest.raises(Erased):
            await readable(after, one.value, one.topic)
    for folder in (home, tmp_path):
        for ref in refs(known.case):
            with pytest.raises(Erased):
                await Objects.at(f"file://{folder / 'objects'}", after).get(ref)
    for ref in refs(done.case):
        assert await Objects.at(f"file://{home / 'objects'}", after).get(ref)


async def test_an_erasure_is_told_and_who_comes_again_is_kept_again(platform: Platform, known: Known) -> None:
    (told,) = await on(platform, [RECORDS_PATIENT_ERASED], known.visit.patient_id)
    assert list(PatientErased.FromString(told.value).case_ids) == [known.visit.case_id]
    await send(platform.ports["mllp"], [known.visit.registration()])

    async def is_kept() -> bool:
        *_, last = await on(platform, [INTAKE_PATIENT_REGISTERED], known.visit.patient_id)
        try:
            return bool(await readable(platform.kafka.encryption, last.value, last.topic))
        except Erased:
            return False

    await eventually_async(is_kept, 90)


def test_whom_nobody_knows_cannot_be_erased_and_that_is_said(platform: Platform) -> None:
    told = platform.casepath("erase", "--patient", "11111111-2222-4333-8444-555555555555", *ERASE)
    assert told.returncode != 0
    assert "no key is of the patient" in told.stderr
