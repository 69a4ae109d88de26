"""Studies in the hub's object store. What is of a study alone is encrypted by its key, and unreadable once that is destroyed."""

import hashlib
import secrets
from pathlib import Path

from casepath.hub.v1.studies_pb2 import AskedCohort, Export, Study, StudyKey
from casepath.objects.v1.object_ref_pb2 import ObjectRef
from chassis.errors import NotFound
from chassis.objects import Objects, Shelf, by_folder
from hub.studies.names import Names

KEY_BYTES = 32


class StudyStore:
    """One process writes."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self.studies = Shelf(objects, Study, "hub/studies")
        self.exports = Shelf(objects, Export, "hub/exports")
        self.keys = Shelf(objects, StudyKey, "hub/study-keys", by_folder)
        self.asked = Shelf(objects, AskedCohort, "hub/asked")

    async def get(self, study_id: str) -> Study:
        """Raise NotFound."""
        found = await self.studies.get(study_id)
        if found is None:
            raise NotFound("there is no such study")
        return found

    async def export(self, study_id: str, export_id: str) -> Export:
        """Raise NotFound."""
        found = await self.exports.get(f"{study_id}/{export_id}")
        if found is None:
            raise NotFound("there is no such export")
        return found

    async def names(self, study_id: str) -> Names:
        """By its key, which it has had since they were first asked for."""
        key = await self.keys.get(study_id)
        if key is None:
            key = StudyKey(key=secrets.token_bytes(KEY_BYTES))
            await self.keys.put(study_id, key)
        return Names(key.key)

    async def seal(self, study_id: str, part: str, content: bytes | Path) -> ObjectRef:
        """Keep something that is the study's alone, and goes with it or with this part of it."""
        return await self.objects.put(content, of=study_id, folder=f"{folder_of(study_id)}/{part}")

    async def unseal(self, study_id: str, part: str) -> None:
        """Remove a part."""
        await self.objects.remove(f"{folder_of(study_id)}/{part}")

    async def remove(self, study_id: str) -> None:
        """All that was sealed, and the study's keys."""
        if self.objects.encryption is not None:
            await self.objects.encryption.destroy(study_id)
        await self.keys.remove(study_id)
        await self.objects.remove(folder_of(study_id))

    async def asked_before(self, who: str, snapshot: str) -> list[str]:
        return [one.cohort for one in await self.asked.all(asker(who, snapshot))]

    async def note(self, who: str, snapshot: str, number: int, asked: AskedCohort) -> None:
        await self.asked.put(f"{asker(who, snapshot)}/{number:05}", asked)


def folder_of(study_id: str) -> str:
    return f"workspaces/{study_id}"


def asker(who: str, snapshot: str) -> str:
    """What somebody asked is below this name, which does not say who they are."""
    return f"{hashlib.sha256(who.encode()).hexdigest()[:32]}/{snapshot}"
