"""A service of sequencing for researchers, without its addresses."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest_asyncio

from casepath.sequencing.v1.calling_pb2 import ENGINE_BCFTOOLS
from casepath.sequencing.v1.runs_pb2 import ReadPair, Run, RunHeader
from chassis.access import Principal
from chassis.isolated import Isolated
from chassis.objects import Objects
from embedded import samples
from sequencing.adapters.bubblewrap import Bubblewrap
from sequencing.adapters.reference_index import indexed
from sequencing.computations import Grain
from sequencing.references import References, of_file
from sequencing.runs.catalogue import Catalogue
from sequencing.runs.ledger import ENDED, Ledger
from sequencing.runs.projects import Project, Projects
from sequencing.runs.runner import Runner
from sequencing.runs.submission import Submission
from sequencing.workers import Bench, Workers, workers
from sequencing.workflows.carrying import Bounds, Workflows
from waiting import eventually_async

FINE = Grain(chunk_pairs=3000, shard_bases=400_000)
BOUNDS = Bounds(seconds=600, disk=64 << 20)
PROJECTS = {"sarcomas": Project(members=("leroy",), core_hours_a_week=10), "others": Project(members=("dupont",))}
LEROY, DUPONT = (Principal(name, frozenset({"researcher"})) for name in ("leroy", "dupont"))


@dataclass
class Lab:
    """All of a service but its addresses."""

    objects: Objects
    references: References
    pool: Workers
    checking: Isolated
    folder: Path
    bounds: Bounds = BOUNDS

    def __post_init__(self) -> None:
        self.indexes = {name: indexed(one, self.folder / "indexes") for name, one in self.references.references.items()}
        self.projects = Projects(PROJECTS)
        self.ledger = Ledger(self.objects)
        self.submission = Submission(self.ledger, self.projects, self.objects, self.references, self.indexes, self.checking, True)
        self.catalogue = Catalogue(self.ledger, self.projects, self.objects, self.pool, self.references, 0.1)

    def runner(self) -> Runner:
        """Of a service of its own, on the same store."""
        return Runner(Ledger(self.objects), self.objects, self.references, self.indexes, self.pool, FINE, self.workflows())

    def workflows(self) -> Workflows:
        sandbox = Bubblewrap(memory=4 << 30, file=self.bounds.disk)
        return Workflows(self.objects, self.pool, self.indexes, sandbox, self.bounds, self.folder / "scratch")

    async def submit(self, sample: str = "S1", project: str = "sarcomas", who: Principal = LEROY) -> Run:
        files = {f"r{number}.fastq.gz": path for number, path in enumerate(samples.READS, start=1)}
        reads = [ReadPair(first="r1.fastq.gz", second="r2.fastq.gz")]
        header = RunHeader(project=project, sample=sample, reference="hg19-chr20", engine=ENGINE_BCFTOOLS, reads=reads)
        return await self.submission.submit(header, files, who)

    async def ended(self, run: Run) -> Run:
        async def has() -> bool:
            return (await self.ledger.get(run.run_id)).state in ENDED

        await eventually_async(has)
        return await self.ledger.get(run.run_id)


@pytest_asyncio.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    reference = replace(of_file(Path(shutil.copy(samples.REFERENCE, tmp_path))), name="hg19-chr20")
    url = f"file://{tmp_path / 'objects'}"
    (tmp_path / "scratch").mkdir()
    with Isolated() as checking, workers(Bench(url, tmp_path / "indexes", tmp_path / "scratch"), 2) as pool:
        yield Lab(Objects.at(url), References({reference.name: reference}), pool, checking, tmp_path)


@pytest_asyncio.fixture
async def going(lab: Lab) -> AsyncIterator[Lab]:
    stop = asyncio.Event()
    running = asyncio.create_task(lab.runner().run(stop))
    yield lab
    stop.set()
    await running
