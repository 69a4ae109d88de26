"""Reports that are being written: kept as they are typed, each for its author alone."""

from uuid import UUID, uuid5

from casepath.portal.v1.reading_pb2 import ReportDraft
from chassis.objects import Objects, Shelf, by_folder


class Drafts:
    def __init__(self, objects: Objects) -> None:
        self.shelf = Shelf(objects, ReportDraft, "portal/drafts", by_folder)

    async def get(self, case_id: str, author: str) -> ReportDraft | None:
        return await self.shelf.get(name_of(case_id, author))

    async def put(self, case_id: str, author: str, draft: ReportDraft) -> None:
        await self.shelf.put(name_of(case_id, author), draft)

    async def remove(self, case_id: str, author: str) -> None:
        await self.shelf.remove(name_of(case_id, author))


def name_of(case_id: str, author: str) -> str:
    return f"{case_id}/{uuid5(UUID(case_id), author)}"
