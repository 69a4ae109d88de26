"""DICOMweb (PS3.18) of a study's images, for its members: what can be searched, headers and frames; no file leaves by it."""

from collections.abc import Sequence

from cachetools import LRUCache
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount

from chassis.access import Gate, Principal
from chassis.access_log import AccessLog
from chassis.dicomweb.reading import Reading
from hub.adapters.released import Released
from hub.studies.images import MODALITY, Image, StudyImages, headers, images
from hub.studies.names import Names
from hub.studies.studying import Studying

# Who withdraws, and a study that ends, are in nobody's browser either.
NOWHERE = "no-store"
# Extracts of which the list of images is kept at hand.
LISTS = 32


class Dicomweb:
    """Each study has an address of its own: /studies/{study_id}/dicomweb."""

    def __init__(self, studying: Studying, released: Released, gate: Gate, accesses: AccessLog) -> None:
        self.studying = studying
        self.released = released
        self.reading = Reading(self.opened, gate, accesses, kept=NOWHERE)
        self.cache = headers()
        self.lists: LRUCache[tuple[str, int], tuple[Names, Sequence[Image]]] = LRUCache(LISTS)

    def app(self) -> Starlette:
        return Starlette(routes=[Mount("/studies/{study_id:uuid}/dicomweb", routes=self.reading.routes())])

    async def opened(self, request: Request, who: Principal) -> StudyImages:
        """Raise NotFound, Forbidden where they are no member, Malformed where the study has no rows or is over."""
        study = await self.studying.workable(str(request.path_params["study_id"]), who)
        name = study.study_id, study.extract.number
        if name not in self.lists:
            names = await self.studying.store.names(study.study_id)
            listed = images(await self.studying.table(study.extract.images), names)
            self.lists[name] = names, [one for one in listed if one.modality == MODALITY]
        names, found = self.lists[name]
        return StudyImages(study.study_id, found, names, self.released, self.cache)
