"""The platform's handlers with the broker's freedoms: any order, repeats, two services, deaths; and the same bytes as alone."""

import hashlib
import resource
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid5

import pysam
import pysam.bcftools
import pytest
import pytest_asyncio

import examples
from casepath.sequencing.v1.calling_pb2 import (
    CALLING_FAILURE_REASON_UNREADABLE,
    ENGINE_BCFTOOLS,
    STAGE_ALIGN,
    CallingFailed,
    TaskDone,
    TaskRequested,
)
from casepath.sequencing.v1.sequencing_pb2 import (
    QUALITY_SHORTFALL_CONCORDANCE,
    QUALITY_SHORTFALL_MEAN_COVERAGE,
    CallingRequested,
    Concordance,
    ReadsReceived,
    VariantsCalled,
)
from casepath.topics import PORTAL_VARIANTS_DISOWNED, SEQUENCING_CALLING_REQUESTED, SEQUENCING_READS_RECEIVED
from chassis.errors import Malformed, Unavailable
from chassis.events import Event
from chassis.isolated import Isolated
from chassis.objects import Objects
from chassis.orders import ShelvedOrders
from chassis.worker import Received
from embedded import samples
from sequencing.adapters.reference_index import indexed
from sequencing.adapters.refusals import believed
from sequencing.calling import Calling
from sequencing.computations import Grain, task_key
from sequencing.handlers import fastq_group
from sequencing.local import Request, computed
from sequencing.quality import Thresholds
from sequencing.references import References, of_file
from sequencing.swaps import Samples
from sequencing.tasks import Work, perform
from sequencing.workers import Bench, workers

FINE = Grain(chunk_pairs=3000, shard_bases=400_000)
REPEATED = 0.3


class Broker:
    """Two services' queues in one: an event comes when chance has it, and often twice."""

    def __init__(self, services: list[Calling], rng: Random) -> None:
        self.services = services
        self.rng = rng
        self.waiting: list[Event] = []
        self.ended: list[Event] = []
        self.handled = 0

    def send(self, events: Iterable[Event]) -> None:
        for event in events:
            self.waiting += [event] * (2 if self.rng.random() < REPEATED else 1)

    async def run(self, most: int | None = None) -> None:
        while self.waiting and (most is None or self.handled < most):
            event = self.waiting.pop(self.rng.randrange(len(self.waiting)))
            service = self.rng.choice(self.services)
            handlers: dict[str, Any] = {route.topic.name: route.handle for route in service.routes()}
            handle = handlers.get(event.topic.name)
            if handle is None:
                self.ended.append(event)
                continue
            self.handled += 1
            self.send(await handle(Received(event.data, examples.envelope(event.topic.name))))


@pytest_asyncio.fixture
async def services(tmp_path: Path) -> AsyncIterator[list[Calling]]:
    url = f"file://{tmp_path / 'objects'}"
    reference = replace(of_file(samples.REFERENCE), name="hg19-chr20")
    indexes = {reference.name: indexed(reference, tmp_path / "indexes")}
    (tmp_path / "scratch").mkdir()
    with workers(Bench(url, tmp_path / "indexes", tmp_path / "scratch"), 2) as pool:
        references = References({reference.name: reference})
        objects = Objects.at(url)
        orders = ShelvedOrders(objects, "sequencing", examples.NAMESPACE)
        yield [
            Calling(objects, references, indexes, pool, ENGINE_BCFTOOLS, FINE, orders, Thresholds(least_coverage=30))
            for _ in range(2)
        ]


async def reads(service: Calling, case: str = examples.CASE, first: Path = samples.READS[0]) -> ReadsReceived:
    files = [await service.objects.put(path) for path in (first, samples.READS[1])]
    message = examples.reads_received()
    del message.read_groups[:]
    message.case_id = case
    message.read_groups.append(fastq_group(files, "", message.sample_id))
    return message


def received(message: ReadsReceived) -> Event:
    return Event(SEQUENCING_READS_RECEIVED, message.case_id, message)


def called(broker: Broker) -> VariantsCalled:
    """What was told, which is one thing however often."""
    assert len({(event.id, event.data.SerializeToString(deterministic=True)) for event in broker.ended}) == 1
    message = broker.ended[0].data
    assert isinstance(message, VariantsCalled)
    return message


def records(path: Path) -> list[str]:
    pysam.set_verbosity(0)
    with pysam.VariantFile(str(path)) as vcf:
        return [str(record) for record in vcf]


@pytest.mark.parametrize("seed", [1, 2])
async def test_any_order_repeats_and_a_death_end_in_the_bytes_of_one_machine(
    services: list[Calling], tmp_path: Path, seed: int
) -> None:
    broker = Broker(services, Random(seed))
    broker.send([received(await reads(services[0]))])
    await broker.run(most=6)
    # The broker gives again what nobody acknowledged: the beginning, here.
    broker.send([received(await reads(services[0]))])
    await broker.run()
    message = called(broker)
    alone = await computed(
        Request([samples.READS], (), samples.REFERENCE, "B1", tmp_path / "alone", ENGINE_BCFTOOLS, 2, 1, FINE),
        lambda finished, begun: None,
    )
    assert message.alignments.sha256 == hashlib.sha256(alone.alignments.read_bytes()).hexdigest()
    assert records(Path(tmp_path / "objects" / message.variants.path)) == records(alone.variants)
    assert list(message.shortfalls) == [QUALITY_SHORTFALL_MEAN_COVERAGE]
    assert "quality.fr.html" in [file.name for file in message.quality_files]
    assert not [path for path in (tmp_path / "objects" / "sequencing").rglob("*") if path.is_file()]


async def test_the_same_reads_of_another_case_are_told_at_once(services: list[Calling]) -> None:
    broker = Broker(services, Random(3))
    broker.send([received(await reads(services[0]))])
    await broker.run()
    first, handled = called(broker), broker.handled
    broker.ended, broker.handled = [], 0
    other = str(uuid5(UUID(examples.CASE), "other"))
    broker.send([received(await reads(services[0], case=other))])
    await broker.run()
    second = called(broker)
    assert (second.case_id, second.variants) == (other, first.variants)
    assert broker.handled < handled / 4


async def test_what_was_held_back_for_another_samples_genotypes_is_told_without_them_once_that_is_another_patients(
    services: list[Calling], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def differing(_: Samples, called: VariantsCalled, other: VariantsCalled) -> Concordance:
        return Concordance(case_id=other.case_id, sample_id=other.sample_id, sites=100, agreeing=40)

    monkeypatch.setattr(Samples, "concordance", differing)
    swapped = VariantsCalled()
    swapped.CopyFrom(examples.variants_called())
    swapped.sample_id = "B0"
    swapped.genomic_variants.CopyFrom(examples.ref("gvcf"))
    swapped.reference_sha256 = services[0].references.named("hg19-chr20").sha256
    await services[0].samples.keep(swapped, examples.PATIENT)
    broker = Broker(services, Random(6))
    broker.send([received(await reads(services[0]))])
    await broker.run()
    held_back = called(broker)
    assert QUALITY_SHORTFALL_CONCORDANCE in held_back.shortfalls
    before, broker.ended = broker.ended[0], []
    said = examples.variants_disowned()
    said.sample_id = "B0"
    broker.send([Event(PORTAL_VARIANTS_DISOWNED, said.case_id, said)] * 2)
    await broker.run()
    told = called(broker)
    assert (told.job_id, told.variants, list(told.concordances)) == (held_back.job_id, held_back.variants, [])
    assert list(told.shortfalls) == [QUALITY_SHORTFALL_MEAN_COVERAGE]
    assert broker.ended[0].id != before.id


async def test_reads_that_are_damaged_in_the_store_end_as_failed(services: list[Calling], tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.fastq.gz"
    damaged.write_bytes(samples.READS[0].read_bytes()[:200_000])
    broker = Broker(services, Random(4))
    broker.send([received(await reads(services[0], first=damaged))])
    await broker.run()
    (told,) = {event.data.SerializeToString() for event in broker.ended}
    failed = CallingFailed.FromString(told)
    assert (failed.case_id, failed.reason) == (examples.CASE, CALLING_FAILURE_REASON_UNREADABLE)


async def test_a_task_that_comes_after_the_end_does_nothing(services: list[Calling], tmp_path: Path) -> None:
    broker = Broker(services, Random(5))
    broker.send([received(await reads(services[0]))])
    await broker.run()
    (computation,) = [path.name for path in (tmp_path / "objects/shelf/sequencing/computations").iterdir()]
    late = TaskRequested(computation_id=computation, stage=STAGE_ALIGN, part=0, chunk=0)
    envelope = examples.envelope("sequencing.task.requested.v1")
    (done,) = await services[1].perform(Received(late, envelope))
    assert done.data == TaskDone(task=late)
    (again,) = await services[0].gather(Received(TaskDone(task=late), envelope))
    assert again.id == broker.ended[0].id


def on_a_full_disk(work: Work) -> None:
    """Files of this process may not grow beyond a little, as where there is no space."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
    perform(work)


async def test_a_full_disk_is_the_machines_fault_and_not_the_reads(services: list[Calling], tmp_path: Path) -> None:
    """Each stage but the last writes as it goes; what cannot be written now is put off, and later done."""
    service = services[0]
    task = await first_task(service)
    made = await service.computation(task.computation_id)
    work = Work(
        computation=made.SerializeToString(),
        task=task.SerializeToString(),
        objects=f"file://{tmp_path / 'objects'}",
        reference=service.references.named(made.reference),
        indexes=tmp_path / "indexes",
        scratch=tmp_path / "scratch",
    )
    with Isolated() as process, pytest.raises(Unavailable, match="is there room"):
        await process.run(on_a_full_disk, work, 120)
    with Isolated() as process:
        await process.run(perform, work, 120)
    assert await service.results.get(task_key(task)) is not None


def copied_on_a_full_disk(out: Path) -> None:
    """What bcftools cannot write it says in words of its own, or not at all: they too find no room."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    believed(partial(copied, out), out.parent)


def copied(out: Path) -> None:
    pysam.bcftools.view("--output-type", "u", "--output", str(out), str(samples.GENOTYPES), catch_stdout=False)


async def test_a_tool_that_cannot_write_blames_no_input(tmp_path: Path) -> None:
    with Isolated() as process, pytest.raises(Unavailable, match="is there room"):
        await process.run(copied_on_a_full_disk, tmp_path / "out.bcf", 60)


def test_a_refusal_is_believed_when_it_is_repeated(tmp_path: Path) -> None:
    refusals = [Malformed("a tool refused it while there was no room")]

    def attempt() -> str:
        if refusals:
            raise refusals.pop()
        return "done"

    assert believed(attempt, tmp_path) == "done"
    refusals += [Malformed("it is no VCF")] * 2
    with pytest.raises(Malformed, match="no VCF"):
        believed(attempt, tmp_path)


async def first_task(service: Calling) -> TaskRequested:
    request = CallingRequested(job_id=examples.JOB, reads=await reads(service))
    (event,) = await service.plan(Received(request, examples.envelope(SEQUENCING_CALLING_REQUESTED.name)))
    assert isinstance(event.data, TaskRequested)
    return event.data
