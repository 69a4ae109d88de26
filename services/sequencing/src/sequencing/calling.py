"""What sequencing does with its topics: request a job for reads, and run it."""

import asyncio
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import structlog

from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.sequencing.v1.sequencing_pb2 import CallingRequested, ReadsReceived, VariantsCalled
from casepath.topics import SEQUENCING_CALLING_REQUESTED, SEQUENCING_READS_RECEIVED
from chassis.events import Event
from chassis.isolated import Isolated, allowance
from chassis.objects import Objects, Shelf
from chassis.worker import Received, Route
from sequencing.adapters.calling import Calling, call, tools
from sequencing.handlers import CalledObjects, called_event, calling_requested, variants_called
from sequencing.references import References

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Indexing the reference takes minutes for a whole genome, whatever the reads.
LEAST_SECONDS = 3600.0
SECONDS_PER_MEGABYTE = 20.0


class CallingJobs:
    """Results live in the object store: a job that ran is not run again."""

    def __init__(self, objects: Objects, references: References, isolated: Isolated, threads: int, scratch: Path) -> None:
        self.objects = objects
        self.references = references
        self.isolated = isolated
        self.threads = threads
        self.scratch = scratch
        self.results = Shelf(objects, VariantsCalled, "sequencing/results")

    def routes(self) -> list[Route[Any]]:
        return [Route(SEQUENCING_READS_RECEIVED, self.request), Route(SEQUENCING_CALLING_REQUESTED, self.run, batch=1)]

    async def request(self, received: Received[ReadsReceived]) -> Iterable[Event]:
        reference = self.references.named(received.data.reference)
        return [calling_requested(received.data, reference.sha256, tools())]

    async def run(self, received: Received[CallingRequested]) -> Iterable[Event]:
        request = received.data
        result = await self.results.get(request.job_id)
        if result is None:
            result = await self.call(request)
            await self.results.put(request.job_id, result)
        return [called_event(result)]

    async def call(self, request: CallingRequested) -> VariantsCalled:
        reference = self.references.named(request.reads.reference)
        with tempfile.TemporaryDirectory(dir=self.scratch) as scratch:
            folder = Path(scratch)
            first, second = [await self.fastq(ref, folder) for ref in (request.reads.reads_1, request.reads.reads_2)]
            work = Calling(
                reads=(first, second),
                reference=reference.fasta,
                reference_name=reference.name,
                sample=request.reads.sample_id,
                out=folder / "out",
                threads=self.threads,
            )
            size = request.reads.reads_1.size + request.reads.reads_2.size
            called = await self.isolated.run(call, work, allowance(size, SECONDS_PER_MEGABYTE, LEAST_SECONDS))
            found = CalledObjects(
                alignments=await self.objects.put(called.alignments),
                alignments_index=await self.objects.put(called.alignments_index),
                variants=await self.objects.put(called.variants),
                variants_index=await self.objects.put(called.variants_index),
                genomic_variants=await self.objects.put(called.genomic_variants),
                genomic_variants_index=await self.objects.put(called.genomic_variants_index),
                quality=called.figures(),
                tools=called.tools,
            )
        log.info("called", job_id=request.job_id, snps=found.quality.snps, indels=found.quality.indels)
        return variants_called(request, found, reference.sha256)

    async def fastq(self, ref: ObjectRef, folder: Path) -> Path:
        """The object under a name by which readers know how it is compressed."""
        path = await self.objects.as_file(ref, folder)
        return await asyncio.to_thread(named_by_content, path, folder / f"{ref.sha256}.fastq")


def named_by_content(path: Path, link: Path) -> Path:
    with path.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    named = link.with_suffix(".fastq.gz") if compressed else link
    named.unlink(missing_ok=True)
    named.symlink_to(path.resolve())
    return named
