"""A computation on this machine alone: the same tasks, by the same rules, as the platform does over Kafka."""

import asyncio
import os
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.sequencing.v1.calling_pb2 import CallingResult, Computation, Engine, Stage, TaskRequested
from casepath.sequencing.v1.sequencing_pb2 import ReadGroup
from chassis.errors import Malformed
from chassis.objects import Objects, digest
from sequencing.adapters.alignment_file import groups
from sequencing.adapters.reference_index import indexed
from sequencing.computations import Grain, computation, task, task_key
from sequencing.handlers import alignment_groups, fastq_group
from sequencing.provenance import METADATA, crate
from sequencing.quality import fits_reference
from sequencing.references import of_file
from sequencing.scheduling import Ended, Scheduler
from sequencing.tasks import results, tools
from sequencing.workers import Bench, workers

# Inside the folder of results, while they are made: an interrupted computation goes on from there.
WORK = ".work"
# By field of CallingResult.
NAMES = {
    "alignments": "alignments.bam",
    "alignments_index": "alignments.bam.bai",
    "variants": "variants.vcf.gz",
    "variants_index": "variants.vcf.gz.tbi",
    "genomic_variants": "variants.g.vcf.gz",
    "genomic_variants_index": "variants.g.vcf.gz.tbi",
}

type Tell = Callable[[Counter[str], Counter[str]], None]


@dataclass(frozen=True, slots=True)
class Request:
    """What to compute. `out` is made, or is what an interrupted computation left."""

    pairs: Sequence[tuple[Path, Path]]
    alignments: Sequence[Path]
    reference: Path
    sample: str
    out: Path
    engine: Engine
    workers: int = 1
    threads: int = 1
    grain: Grain = field(default_factory=Grain)
    gatk: Path | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """The files in `out`, and the result that says more of them."""

    computation: Computation
    result: CallingResult
    alignments: Path
    variants: Path
    genomic_variants: Path


def compute(request: Request, tell: Tell) -> Made:
    """Raise ReadsUnfit; Malformed where a tool refuses its input; Crashed."""
    return asyncio.run(computed(request, tell))


async def computed(request: Request, tell: Tell) -> Made:
    work = request.out.absolute() / WORK
    scratch = work / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    objects = Objects.at(f"file://{work / 'objects'}")
    reference = of_file(request.reference)
    found = await asyncio.to_thread(read_groups, request, work / "objects")
    contigs = indexed(reference, work / "references").contigs
    made = computation(
        request.sample, found, reference, contigs, request.engine, tools(request.engine, request.gatk), request.grain
    )
    bench = Bench(f"file://{work / 'objects'}", work / "references", scratch, request.threads, request.gatk)
    with workers(bench, request.workers) as pool:
        scheduler = Scheduler(made, reference, objects, pool)
        await scheduler.run(telling(scheduler, tell))
    join = await results(objects).get(task_key(task(made, Stage.STAGE_JOIN)))
    assert join is not None
    if not fits_reference(join.result.quality):
        raise Malformed(f"{join.result.quality.mapped_reads} of {join.result.quality.reads} reads align: another reference?")
    files = taken(made, join.result, work / "objects", request.out)
    shutil.rmtree(work)
    return files


def read_groups(request: Request, store: Path) -> list[ReadGroup]:
    """Pairs in their order, then the read groups of each file of alignments."""
    found: list[ReadGroup] = []
    for number, pair in enumerate(request.pairs, start=1):
        lane = f"{number:03}" if len(request.pairs) > 1 else ""
        found.append(fastq_group([linked(path, store) for path in pair], lane, request.sample))
    for file in request.alignments:
        found += alignment_groups(linked(file, store), groups(file), request.sample)
    return found


def linked(file: Path, store: Path) -> ObjectRef:
    """The file as an object of the store, without a copy of it."""
    sha256, size = digest(file)
    path = f"sha256/{sha256[:2]}/{sha256}"
    link = store / path
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(file.resolve())
    return ObjectRef(path=path, sha256=sha256, size=size)


def taken(made: Computation, result: CallingResult, store: Path, out: Path) -> Made:
    for kind, name in NAMES.items():
        os.link(store / getattr(result, kind).path, out / name)
    (out / METADATA).write_bytes(crate(made, result, NAMES))
    return Made(made, result, out / "alignments.bam", out / "variants.vcf.gz", out / "variants.g.vcf.gz")


def telling(scheduler: Scheduler, tell: Tell) -> Ended:
    async def ended(task: TaskRequested, seconds: float) -> None:
        tell(by_stage(scheduler.finished), by_stage(scheduler.begun))

    return ended


def by_stage(names: set[str]) -> Counter[str]:
    return Counter(name.split("-")[0] for name in names)
