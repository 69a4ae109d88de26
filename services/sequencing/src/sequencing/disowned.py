"""Variants that turned out to be another patient's."""

from casepath.portal.v1.reading_pb2 import VariantsDisowned
from casepath.sequencing.v1.pharmacogenomics_pb2 import VariantSource
from chassis.identity import sample_key
from chassis.objects import Objects, Shelf, by


class Disowned:
    """Files of variants of which nothing is said any more for the sample that they were taken for."""

    def __init__(self, objects: Objects) -> None:
        self.shelf = Shelf(objects, VariantsDisowned, "sequencing/disowned-variants", by("case_id"))

    async def keep(self, said: VariantsDisowned) -> None:
        for sha256 in said.variants_sha256:
            await self.shelf.put(name(said.case_id, said.sample_id, sha256), said)

    async def has(self, source: VariantSource) -> bool:
        return await self.shelf.get(name(source.case_id, source.sample_id, source.variants.sha256)) is not None


def name(case_id: str, sample_id: str, sha256: str) -> str:
    return f"{sample_key(case_id, sample_id)}/{sha256}"
