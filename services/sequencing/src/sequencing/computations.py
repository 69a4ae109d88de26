"""What a computation consists of: its shards, its work items, and which of them come next. Pure."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.sequencing.v1.calling_pb2 import (
    ENGINE_BCFTOOLS,
    ENGINE_GATK,
    STAGE_ALIGN,
    STAGE_CALL,
    STAGE_JOIN,
    STAGE_SPLIT,
    Computation,
    Engine,
    Interval,
    Shard,
    Stage,
    TaskRequested,
)
from casepath.sequencing.v1.sequencing_pb2 import ReadGroup, ReadsReceived
from sequencing.references import Reference

# Opaque ids of computations come from their content alone.
COMPUTATIONS = UUID("6f1ad9a8-52c1-4b0e-9d0a-0f5f8e7f3f64")
# Longer than any alignment of the reads that are taken, so that a shard sees every read that its calls and duplicates depend on.
PADDING = 2000


@dataclass(frozen=True, slots=True)
class Grain:
    """How finely work is cut. Pairs in a chunk change nothing in the results; bases in a shard end blocks of the gVCF."""

    chunk_pairs: int = 250_000
    shard_bases: int = 5_000_000


def read_groups(reads: ReadsReceived) -> list[ReadGroup]:
    """The read groups of a run; of an event from before they were told, its one pair."""
    if reads.read_groups:
        return list(reads.read_groups)
    return [ReadGroup(id=reads.sample_id, library=reads.sample_id, reads_1=reads.reads_1, reads_2=reads.reads_2)]


def shards(contigs: Sequence[tuple[str, int]], bases: int) -> list[Shard]:
    """Long contigs are cut every so many `bases`; short ones that follow each other are called together."""
    found: list[Shard] = []
    together: list[Interval] = []
    size = 0
    for name, length in contigs:
        if together and size + length > bases:
            found.append(Shard(intervals=together))
            together, size = [], 0
        if length > bases:
            starts = range(0, length, bases)
            found += [Shard(intervals=[Interval(contig=name, start=at, end=min(at + bases, length))]) for at in starts]
        else:
            together.append(Interval(contig=name, start=0, end=length, whole=True))
            size += length
    return [*found, Shard(intervals=together)] if together else found


def computation(
    sample: str,
    groups: Iterable[ReadGroup],
    reference: Reference,
    contigs: Sequence[tuple[str, int]],
    engine: Engine,
    tools: Sequence[str],
    grain: Grain,
) -> Computation:
    """With an id of everything on which the results' bytes depend: the same again is the same computation."""
    made = Computation(
        sample_id=sample,
        read_groups=groups,
        reference=reference.name,
        reference_sha256=reference.sha256,
        engine=engine,
        tools=tools,
        shards=shards(contigs, grain.shard_bases),
    )
    made.computation_id = str(uuid5(COMPUTATIONS, made.SerializeToString(deterministic=True).hex()))
    made.chunk_pairs = grain.chunk_pairs
    return made


def whose(made: Computation) -> str:
    """The case whose reads they are, where they are a case's and encrypted."""
    return next((ref.of for ref in inputs(made.read_groups)), "")


def engine_named(name: str) -> Engine:
    """Of a setting or an option, "bcftools" or "gatk"."""
    return {"bcftools": ENGINE_BCFTOOLS, "gatk": ENGINE_GATK}[name]


def engine_name(engine: Engine) -> str:
    """As `engine_named` takes it."""
    return Engine.Name(engine).removeprefix("ENGINE_").lower()


def task_name(task: TaskRequested) -> str:
    """Such as "align-0000-000012": in order of names, chunks are in the order of their reads."""
    stage = Stage.Name(task.stage).removeprefix("STAGE_").lower()
    return f"{stage}-{task.part:04}-{task.chunk:06}"


def task_key(task: TaskRequested) -> str:
    """Among all computations'."""
    return f"{task.computation_id}/{task_name(task)}"


def task(made: Computation, stage: Stage, part: int = 0, chunk: int = 0) -> TaskRequested:
    return TaskRequested(computation_id=made.computation_id, stage=stage, part=part, chunk=chunk)


def first_tasks(made: Computation) -> list[TaskRequested]:
    return [task(made, STAGE_SPLIT, part) for part in range(len(made.read_groups))]


def bins(made: Computation) -> int:
    """The shards, and after them the bin of reads that lie nowhere."""
    return len(made.shards) + 1


def next_tasks(
    made: Computation, done: TaskRequested, finished: Collection[str], chunks: Callable[[TaskRequested], int]
) -> list[TaskRequested]:
    """What can begin now that `done` is done.

    `finished` has the names of all tasks with results; `chunks` says how many a finished split made. Of two that were done last
    at the same time, both may say so: the same tasks, which are done once.
    """
    if done.stage == STAGE_SPLIT:
        return [task(made, STAGE_ALIGN, done.part, chunk) for chunk in range(chunks(done))]
    if done.stage == STAGE_ALIGN:
        splits = first_tasks(made)
        if not {task_name(split) for split in splits} <= set(finished):
            return []
        aligned = alignments(made, chunks)
        return calls(made) if {task_name(one) for one in aligned} <= set(finished) else []
    if done.stage == STAGE_CALL and {task_name(one) for one in calls(made)} <= set(finished):
        return [task(made, STAGE_JOIN)]
    return []


def alignments(made: Computation, chunks: Callable[[TaskRequested], int]) -> list[TaskRequested]:
    """Every chunk's task in the order of the reads, once every split is done."""
    return [task(made, STAGE_ALIGN, split.part, chunk) for split in first_tasks(made) for chunk in range(chunks(split))]


def calls(made: Computation) -> list[TaskRequested]:
    return [task(made, STAGE_CALL, part) for part in range(bins(made))]


def inputs(groups: Iterable[ReadGroup]) -> list[ObjectRef]:
    """The files that read groups come from."""
    found = []
    for group in groups:
        found += [group.alignments] if group.HasField("alignments") else [group.reads_1, group.reads_2]
    return found
