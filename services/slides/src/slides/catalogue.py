"""What is stored: each DICOM instance with where its frames lie, found by its UIDs."""

from collections.abc import Iterable

from cachetools import TTLCache

from casepath.slides.v1.frames_pb2 import StoredInstance
from casepath.slides.v1.slide_pb2 import SlideIngested
from chassis.encryption import HELD_SECONDS
from chassis.objects import Objects, Shelf, by

# Indexes are kept in memory up to this many bytes together, for no longer than the keys of what is encrypted.
CACHE_BYTES = 128 << 20


class Catalogue:
    """Shelves in the object store, so that every replica answers for every slide."""

    def __init__(self, objects: Objects) -> None:
        self.instances = Shelf(objects, StoredInstance, "slides/instances", by("case_id"))
        self.scans = Shelf(objects, SlideIngested, "slides/scans", by("case_id"))
        self.cache: TTLCache[str, StoredInstance] = TTLCache(CACHE_BYTES, HELD_SECONDS, getsizeof=StoredInstance.ByteSize)

    async def put(self, stored: StoredInstance) -> None:
        await self.instances.put(name_of(stored), stored)
        self.cache.pop(name_of(stored), None)

    async def get(self, study: str, series: str, sop: str) -> StoredInstance | None:
        name = f"{study}/{series}/{sop}"
        kept: StoredInstance | None = self.cache.get(name)
        if kept is None:
            kept = await self.instances.get(name)
            if kept is not None and kept.ByteSize() < CACHE_BYTES:
                self.cache[name] = kept
        return kept

    async def of_study(self, study: str, series: str = "") -> list[StoredInstance]:
        """Every instance of a study, or of one of its series, in order of UID."""
        folder = f"{study}/{series}" if series else study
        names = sorted(await self.instances.names(folder))
        found = [await self.get(*f"{folder}/{name}".split("/")) for name in names]
        return [one for one in found if one is not None]

    async def studies(self) -> list[str]:
        """Every study, in order of UID."""
        return await self.instances.folders()

    async def studies_of(self, case_id: str) -> list[str]:
        return sorted({scan.study_instance_uid for scan in await self.scans.all(case_id)})


def name_of(stored: StoredInstance) -> str:
    return f"{stored.study_instance_uid}/{stored.series_instance_uid}/{stored.instance.sop_instance_uid}"


def joined(new: Iterable[StoredInstance], before: Iterable[StoredInstance]) -> list[StoredInstance]:
    """A series that came in parts: what came now, and what came before under other UIDs."""
    found = {one.instance.sop_instance_uid: one for one in [*before, *new]}
    return [found[uid] for uid in sorted(found)]
