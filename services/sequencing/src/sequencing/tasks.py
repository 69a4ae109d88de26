"""One work item, done: its inputs are fetched, a tool is run, and what it makes is stored. In a process of its own."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mappy
import pysam
import pysam.version

from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.sequencing.v1.calling_pb2 import (
    ENGINE_GATK,
    STAGE_ALIGN,
    STAGE_CALL,
    STAGE_JOIN,
    STAGE_SPLIT,
    CallingConclusion,
    CallingResult,
    Computation,
    Engine,
    QualityFigures,
    ReadsTally,
    Stage,
    TaskRequested,
    TaskResult,
)
from casepath.sequencing.v1.sequencing_pb2 import CallingRequested
from chassis.errors import Malformed, NotFound
from chassis.key_ring import KeyRing
from chassis.objects import Objects, Shelf, by
from sequencing.adapters import shard_alignments, tallying, variant_tally
from sequencing.adapters.bcftools_engine import Bcftools
from sequencing.adapters.binning import lay, unbinned
from sequencing.adapters.calling_engine import CallingEngine
from sequencing.adapters.fastq import added
from sequencing.adapters.gatk_engine import Gatk
from sequencing.adapters.minimap2 import minimap2
from sequencing.adapters.reference_index import IndexedReference, indexed
from sequencing.adapters.refusals import believed
from sequencing.adapters.splitting import from_alignments, from_fastq, split
from sequencing.computations import alignments, calls, first_tasks, task, task_key, task_name, whose
from sequencing.quality import quality, region
from sequencing.references import Reference

# Parts of bins that are fetched at once.
FETCHED_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Work:
    """A task with what it needs: picklable, so messages are serialized. `folder` is scratch space that is emptied after it."""

    computation: bytes
    task: bytes
    objects: str
    reference: Reference
    indexes: Path
    scratch: Path
    threads: int = 1
    gatk: Path | None = None
    keys: KeyRing | None = None


def engine_of(kind: Engine, gatk: Path | None) -> CallingEngine:
    """`gatk` is a folder with GATK's jars. Raise Misconfigured where GATK should call and is not there."""
    return Gatk(gatk) if kind == ENGINE_GATK else Bcftools()


def tools(kind: Engine, gatk: Path | None = None) -> tuple[str, ...]:
    """What calls, with versions, as pysam and mappy carry them. Raise Misconfigured as `engine_of` does."""
    samtools = f"samtools {pysam.version.__samtools_version__}"
    return (f"minimap2 {mappy.__version__}", samtools, *engine_of(kind, gatk).versions())


def results(objects: Objects) -> Shelf[TaskResult]:
    """By computation and task. A result is written when all that it names is stored."""
    return Shelf(objects, TaskResult, "sequencing/tasks")


def conclusions(objects: Objects) -> Shelf[CallingConclusion]:
    """By computation: how it ended."""
    return Shelf(objects, CallingConclusion, "sequencing/conclusions")


def requests(objects: Objects) -> Shelf[CallingRequested]:
    """By computation and job: which cases ask for it."""
    return Shelf(objects, CallingRequested, "sequencing/requests", by("reads.case_id"))


def intermediate(computation_id: str) -> str:
    """Where a computation keeps what nobody needs after its end."""
    return f"sequencing/work/{computation_id}"


def perform(work: Work) -> None:
    """Do the task and leave its result. Raise ReadsUnfit or Malformed where a tool refuses, Unavailable where a store is away, or
    there is no room."""
    believed(lambda: asyncio.run(performed(work)), work.scratch)


async def performed(work: Work) -> None:
    encryption = work.keys.encryption() if work.keys is not None else None
    try:
        await Performance(work, Objects.at(work.objects, encryption)).run()
    finally:
        if encryption is not None:
            await encryption.keys.close()


class Performance:
    """One task in the doing."""

    def __init__(self, work: Work, objects: Objects) -> None:
        self.work = work
        self.made = Computation.FromString(work.computation)
        self.task = TaskRequested.FromString(work.task)
        self.objects = objects
        self.of = whose(self.made)
        self.results = results(self.objects)
        self.engine = engine_of(self.made.engine, work.gatk)

    async def run(self) -> None:
        began = time.perf_counter()
        perform = {STAGE_SPLIT: self.split, STAGE_ALIGN: self.align, STAGE_CALL: self.call, STAGE_JOIN: self.join}
        with self.scratch() as folder:
            try:
                result = await perform[self.task.stage](folder)
            except pysam.SamtoolsError as error:
                raise Malformed(f"a tool refused {task_name(self.task)}: {str(error).splitlines()[0][:200]}") from error
        result.seconds = time.perf_counter() - began
        await self.results.create(task_key(self.task), result)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp(dir=self.work.scratch))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def reference(self) -> IndexedReference:
        return indexed(self.work.reference, self.work.indexes)

    async def split(self, folder: Path) -> TaskResult:
        group = self.made.read_groups[self.task.part]
        result, pairs = TaskResult(reads=ReadsTally()), self.made.chunk_pairs
        if group.HasField("alignments"):
            file = await self.objects.as_file(group.alignments, folder)
            fragments = from_alignments(file, group.group_in_file, self.reference().fasta, folder)
        else:
            first, second = [await self.fastq(ref, folder) for ref in (group.reads_1, group.reads_2)]
            fragments = from_fastq((first, second))
        for chunk in split(fragments, pairs, folder):
            result.objects.append(await self.keep(chunk.file))
            result.reads.CopyFrom(added(result.reads, chunk.reads))
            chunk.file.unlink()
        return result

    async def align(self, folder: Path) -> TaskResult:
        split = await self.result(task(self.made, STAGE_SPLIT, self.task.part))
        chunk = await self.fastq(split.objects[self.task.chunk], folder)
        group = self.made.read_groups[self.task.part]
        sam, laid = folder / "aligned.sam", folder / "bins"
        minimap2(self.reference()).align([chunk], group.id, sam, self.work.threads)
        sizes = lay(sam, self.made, laid)
        return TaskResult(objects=[await self.keep(laid)], bin_bytes=sizes)

    async def call(self, folder: Path) -> TaskResult:
        shard = self.made.shards[self.task.part] if self.task.part < len(self.made.shards) else None
        reference = self.reference()
        head = shard_alignments.header(self.made, reference)
        marked = shard_alignments.gathered(unbinned(await self.bins()), head, folder)
        part = shard_alignments.own(marked, shard, folder)
        result = TaskResult(objects=[await self.keep(part)], alignments=tallying.tally(part))
        if shard is not None:
            # Whole contigs have nothing beside them that a call could need.
            alignments = part if all(one.whole for one in shard.intervals) else marked
            for called in self.engine.call(alignments, shard, reference, folder):
                result.objects.append(await self.keep(called))
        return result

    async def bins(self) -> list[bytes]:
        """This shard's bins, in the order of the reads."""
        found: list[bytes] = []
        aligned = await self.aligned()
        for start in range(0, len(aligned), FETCHED_AT_ONCE):
            fetched = [self.bin(result) for result in aligned[start : start + FETCHED_AT_ONCE]]
            found += await asyncio.gather(*fetched)
        return found

    async def bin(self, result: TaskResult) -> bytes:
        sizes = result.bin_bytes
        if not sizes[self.task.part]:
            return b""
        begin = sum(sizes[: self.task.part])
        return (await self.objects.ranges(result.objects[0], [begin], [sizes[self.task.part]]))[0]

    async def aligned(self) -> list[TaskResult]:
        splits = [await self.result(split) for split in first_tasks(self.made)]
        chunks = [len(split.objects) for split in splits]
        return [await self.result(one) for one in alignments(self.made, lambda split: chunks[split.part])]

    async def join(self, folder: Path) -> TaskResult:
        called = [await self.result(one) for one in calls(self.made)]
        reference = self.reference()
        out = folder / "out"
        out.mkdir()
        alignments, variants, genomic = (out / name for name in ("alignments.bam", "variants.vcf.gz", "variants.g.vcf.gz"))
        parts = [await self.objects.as_file(result.objects[0], folder) for result in called]
        shard_alignments.joined(parts, alignments)
        calls_of = [[await self.objects.as_file(ref, folder) for ref in result.objects[1:]] for result in called[:-1]]
        self.engine.join(calls_of, reference, variants, genomic)
        reads = ReadsTally()
        for one in first_tasks(self.made):
            reads = added(reads, (await self.result(one)).reads)
        aligned, varied = tallying.summed(result.alignments for result in called), variant_tally.tally(variants)
        figures = quality(reads, aligned, varied, sum(length for _, length in reference.contigs))
        behind = QualityFigures(
            reads=reads,
            alignments=aligned,
            regions=[region(shard, result.alignments) for shard, result in zip(self.made.shards, called, strict=False)],
            reference_at_homozygous=varied.reference_at_homozygous if varied.homozygous else None,
            homozygous=varied.homozygous,
        )
        result = CallingResult(
            alignments=await self.objects.put(alignments, self.of),
            alignments_index=await self.objects.put(alignments.with_name("alignments.bam.bai"), self.of),
            variants=await self.objects.put(variants, self.of),
            variants_index=await self.objects.put(variants.with_name("variants.vcf.gz.tbi"), self.of),
            genomic_variants=await self.objects.put(genomic, self.of),
            genomic_variants_index=await self.objects.put(genomic.with_name("variants.g.vcf.gz.tbi"), self.of),
            quality=figures,
            figures=behind,
        )
        result.computed_at.GetCurrentTime()
        return TaskResult(result=result)

    async def keep(self, file: Path) -> ObjectRef:
        return await self.objects.put(file, self.of, intermediate(self.made.computation_id))

    async def fastq(self, ref: ObjectRef, folder: Path) -> Path:
        """The object under a name by which readers know how it is compressed."""
        path = await self.objects.as_file(ref, folder)
        with path.open("rb") as file:
            compressed = file.read(2) == b"\x1f\x8b"
        named = folder / f"{ref.sha256}.fastq{'.gz' if compressed else ''}"
        if not named.exists():
            named.symlink_to(path.resolve())
        return named

    async def result(self, one: TaskRequested) -> TaskResult:
        found = await self.results.get(task_key(one))
        if found is None:
            raise NotFound(f"{Stage.Name(one.stage)} of computation {self.made.computation_id} has no result")
        return found
