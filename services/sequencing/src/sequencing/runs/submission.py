"""What a researcher sends: files on disk, checked and stored, and the run that is made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from uuid import uuid4

from casepath.sequencing.v1.runs_pb2 import RUN_STATE_QUEUED, Run, RunHeader, Workflow, WorkflowFile, WorkflowHeader
from casepath.sequencing.v1.sequencing_pb2 import (
    REJECTION_REASON_DAMAGED_ALIGNMENTS,
    REJECTION_REASON_MALFORMED_RECORD,
    ReadGroup,
)
from chassis.access import Principal
from chassis.errors import Malformed
from chassis.events import check
from chassis.isolated import Crashed, Isolated, allowance
from chassis.json_text import json_of
from chassis.objects import Objects
from sequencing.adapters.alignment_file import check_alignments
from sequencing.adapters.fastq import check_pairs
from sequencing.adapters.reference_index import IndexedReference
from sequencing.handlers import alignment_groups, fastq_group
from sequencing.references import References
from sequencing.rejection import ReadsUnfit
from sequencing.runs.ledger import Ledger
from sequencing.runs.projects import Projects

SECONDS_PER_MEGABYTE = 2.0
# Where Snakemake looks for it.
SNAKEFILES = ("workflow/Snakefile", "Snakefile")
# Of one run's files, in bytes.
LARGEST = 1 << 40


@dataclass(frozen=True, slots=True)
class Submission:
    """Takes runs for projects. A researcher's files come with the run: nothing of care's can be named."""

    ledger: Ledger
    projects: Projects
    objects: Objects
    references: References
    indexes: Mapping[str, IndexedReference]
    checking: Isolated
    workflows: bool = False

    async def submit(self, header: RunHeader, files: Mapping[str, Path], who: Principal) -> Run:
        """`files` by the names under which the header has them.

        Raise Forbidden, Malformed, NotFound for a reference that is not declared, or ReadsUnfit with the place.
        """
        check(header)
        self.projects.must(who, header.project)
        reference = self.references.named(header.reference) if header.reference else None
        run = Run(
            run_id=str(uuid4()),
            project=header.project,
            submitter=who.subject,
            sample=header.sample,
            reference=reference.name if reference is not None else "",
            engine=header.engine,
            tags=header.tags,
            state=RUN_STATE_QUEUED,
        )
        if header.HasField("workflow"):
            run.workflow.CopyFrom(await self.workflow(header.workflow, files))
        else:
            run.read_groups.extend(await self.read_groups(header, files))
        run.submitted_at.GetCurrentTime()
        check(run)
        await self.ledger.submit(run)
        return run

    async def workflow(self, header: WorkflowHeader, files: Mapping[str, Path]) -> Workflow:
        if not self.workflows:
            raise Malformed("this platform runs no workflows of your own (its operator sets CASEPATH_WORKFLOWS)")
        sent([one.name for one in header.files], files)
        paths = {one.path for one in header.files}
        snakefile = header.snakefile or next((path for path in SNAKEFILES if path in paths), SNAKEFILES[0])
        if snakefile not in paths:
            raise Malformed(f"{snakefile} is not among the workflow's files")
        if len(paths) < len(header.files):
            raise Malformed("two of the workflow's files have the same path")
        if any(str(parent) in paths for path in paths for parent in PurePosixPath(path).parents):
            raise Malformed("a path is of a file and of a folder")
        if not isinstance(json_of(header.config or "{}", "config is not JSON"), dict):
            raise Malformed("config is not a JSON object")
        stored = [WorkflowFile(path=one.path, object=await self.objects.put(files[one.name])) for one in header.files]
        return Workflow(files=stored, snakefile=snakefile, targets=header.targets, config=header.config)

    async def read_groups(self, header: RunHeader, files: Mapping[str, Path]) -> list[ReadGroup]:
        wanted = [name for pair in header.reads for name in (pair.first, pair.second)] + list(header.alignments)
        if not wanted:
            raise Malformed("name what to call: pairs of FASTQ files, or BAM or CRAM files")
        sent(wanted, files)
        groups: list[ReadGroup] = []
        for number, pair in enumerate(header.reads, start=1):
            lane = f"{number:03}" if len(header.reads) > 1 else ""
            groups.append(await self.pair(files[pair.first], files[pair.second], lane, header.sample))
        for name in header.alignments:
            groups += await self.alignments(files[name], self.indexes[header.reference].fasta, header.sample)
        return groups

    async def pair(self, first: Path, second: Path, lane: str, sample: str) -> ReadGroup:
        try:
            await self.checking.run(check_pairs, (first, second), seconds([first, second]))
        except Crashed:
            raise ReadsUnfit(REJECTION_REASON_MALFORMED_RECORD) from None
        return fastq_group([await self.objects.put(path) for path in (first, second)], lane, sample)

    async def alignments(self, file: Path, fasta: Path, sample: str) -> list[ReadGroup]:
        try:
            checked = await self.checking.run(check_alignments, (file, fasta), seconds([file]))
        except Crashed:
            raise ReadsUnfit(REJECTION_REASON_DAMAGED_ALIGNMENTS) from None
        return alignment_groups(await self.objects.put(file), checked.groups, sample)


def sent(names: Sequence[str], files: Mapping[str, Path]) -> None:
    """Raise Malformed where one is not there."""
    missing = sorted(set(names) - files.keys())
    if missing:
        raise Malformed(f"{len(missing)} files are named and were not sent: {', '.join(missing[:5])}")


def seconds(files: Sequence[Path]) -> float:
    return allowance(sum(path.stat().st_size for path in files), SECONDS_PER_MEGABYTE)
