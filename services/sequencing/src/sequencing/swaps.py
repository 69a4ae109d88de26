"""Samples of one patient beside each other: where their genotypes differ, tubes were swapped, or one is somebody else's."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.sequencing.v1.sequencing_pb2 import Concordance, VariantsCalled
from chassis.errors import NotFound
from chassis.isolated import Crashed, allowance
from chassis.objects import Objects, Shelf, by
from sequencing.adapters.genotype_concordance import Genome, agreement
from sequencing.disowned import Disowned
from sequencing.handlers import called_variants
from sequencing.runs.turns import CARE
from sequencing.workers import Workers

# Fewer tell nothing.
LEAST_SITES = 20
# With no more is one compared.
MOST_COMPARED = 8
SECONDS_PER_MEGABYTE = 0.5

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Samples:
    """What was called of each patient, so that what comes next is compared with it."""

    def __init__(self, objects: Objects, pool: Workers) -> None:
        self.objects = objects
        self.pool = pool
        self.shelf = Shelf(objects, VariantsCalled, "sequencing/samples", by("case_id"))
        self.disowned = Disowned(objects)

    async def keep(self, called: VariantsCalled, patient_id: str) -> None:
        """The latest of each sample."""
        await self.shelf.put(f"{patient_id}/{called.case_id}/{called.sample_id}", called)

    async def move(self, case_id: str, before: str, after: str) -> None:
        """To the patient of whom the case is now: patients were merged, or a merge was undone."""
        for name in sorted(await self.shelf.names(f"{before}/{case_id}")):
            called = await self.shelf.get(f"{before}/{case_id}/{name}")
            if called is not None:
                await self.keep(called, after)
            await self.shelf.remove(f"{before}/{case_id}/{name}")

    async def others(self, case_id: str, sample_id: str, patient_id: str) -> tuple[list[VariantsCalled], list[VariantsCalled]]:
        """What was called of the patient's other samples, and of those that are another patient's after all."""
        theirs, disowned = list[VariantsCalled](), list[VariantsCalled]()
        for one in await self.shelf.all(patient_id):
            if (one.case_id, one.sample_id) != (case_id, sample_id):
                (disowned if await self.disowned.has(called_variants(one)) else theirs).append(one)
        return theirs, disowned

    async def compared(self, called: VariantsCalled, others: Sequence[VariantsCalled]) -> list[Concordance]:
        """With each that is on the same reference, where enough SNPs are known in both."""
        comparable = [
            one for one in others if one.reference_sha256 == called.reference_sha256 and one.HasField("genomic_variants")
        ]
        found = []
        for other in comparable[-MOST_COMPARED:]:
            with suppress(NotFound):
                found.append(await self.concordance(called, other))
        return [one for one in found if one.sites >= LEAST_SITES]

    async def concordance(self, called: VariantsCalled, other: VariantsCalled) -> Concordance:
        with TemporaryDirectory(dir=self.pool.bench.scratch) as folder:
            pair = (await self.genome(called, Path(folder)), await self.genome(other, Path(folder)))
            seconds = allowance(sum(size(one) for one in (called, other)), SECONDS_PER_MEGABYTE)
            async with self.pool.slot(CARE) as process:
                try:
                    found = await process.run(agreement, pair, seconds)
                except Crashed as error:
                    # What was called is told all the same.
                    log.error("samples", outcome="not compared", case_id=called.case_id, other=other.case_id, error=str(error))
                    return Concordance()
        return Concordance(case_id=other.case_id, sample_id=other.sample_id, sites=found.sites, agreeing=found.agreeing)

    async def genome(self, called: VariantsCalled, folder: Path) -> Genome:
        paths = [await self.objects.as_file(ref, folder) for ref in files(called)]
        return Genome(called.quality.snps, *paths)


def files(called: VariantsCalled) -> Sequence[ObjectRef]:
    return called.variants, called.variants_index, called.genomic_variants, called.genomic_variants_index


def size(called: VariantsCalled) -> int:
    return sum(ref.size for ref in files(called))
