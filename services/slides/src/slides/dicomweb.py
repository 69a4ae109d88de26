"""slides' DICOMweb (PS3.18): what a case has, for who may see it; whole instances, and STOW-RS, besides."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from uuid import UUID, uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from casepath.records.v1.filing_pb2 import Entry
from casepath.slides.v1.frames_pb2 import StoredInstance
from chassis.access import Gate, Permission, Principal
from chassis.access_log import AccessLog
from chassis.dicomweb import queries
from chassis.dicomweb.frames import Frames
from chassis.dicomweb.queries import Series
from chassis.dicomweb.reading import DICOM_JSON, INSTANCE, STUDY, Reading, part_header
from chassis.errors import NotFound
from chassis.identity import case_id
from slides.adapters.stow import Stow
from slides.catalogue import Catalogue
from slides.visibility import needed, shown, visible

ACCESSION = queries.tag("AccessionNumber")
CHUNK = 1 << 20


class SeenBy:
    """The catalogue, as one person sees it: an Archive."""

    def __init__(self, catalogue: Catalogue, frames: Frames, namespace: UUID, who: Principal) -> None:
        self.catalogue = catalogue
        self.read_from = frames
        self.namespace = namespace
        self.who = who

    async def studies(self, wanted: Mapping[str, str]) -> Sequence[str]:
        """By accession where one is given."""
        accession = wanted.get(ACCESSION, "")
        if accession and "*" not in accession and "?" not in accession:
            return await self.catalogue.studies_of(case_id(self.namespace, accession))
        return await self.catalogue.studies()

    async def series(self, study: str) -> list[Series]:
        found: dict[str, list[StoredInstance]] = {}
        for one in await self.instances(study):
            found.setdefault(one.series_instance_uid, []).append(one)
        return [Series(instances[0], len(instances)) for instances in found.values()]

    async def instances(self, study: str, series: str = "") -> list[StoredInstance]:
        return visible(self.who, await self.catalogue.of_study(study, series))

    async def instance(self, study: str, series: str, sop: str) -> StoredInstance:
        stored = await self.catalogue.get(study, series, sop)
        if stored is None:
            raise NotFound("there is no such instance")
        self.who.must(needed(stored))
        return stored

    async def frames(self, stored: StoredInstance) -> Frames:
        return self.read_from

    def shown(self, found: Iterable[StoredInstance]) -> list[Entry]:
        return shown(found)


class Dicomweb:
    """`base` is the address under which clients reach it, for the links in answers; empty for the one they asked."""

    def __init__(
        self,
        catalogue: Catalogue,
        frames: Frames,
        stow: Stow,
        gate: Gate,
        accesses: AccessLog,
        namespace: UUID,
        base: str = "",
    ) -> None:
        self.catalogue = catalogue
        self.frames = frames
        self.stow = stow
        self.namespace = namespace
        self.reading = Reading(self.opened, gate, accesses, base)

    def app(self) -> Starlette:
        guarded = self.reading.guarded
        own = [
            Route("/studies", guarded(self.store), methods=["POST"]),
            Route(STUDY, guarded(self.store), methods=["POST"]),
            Route(INSTANCE, guarded(self.whole)),
        ]
        return Starlette(routes=[*self.reading.routes(), *own])

    async def opened(self, request: Request, who: Principal) -> SeenBy:
        who.must(Permission.READ_SLIDES)
        return SeenBy(self.catalogue, self.frames, self.namespace, who)

    async def whole(self, request: Request, who: Principal) -> Response:
        """The stored DICOM file, as it is."""
        stored = await self.reading.instance(request, await self.opened(request, who))
        ref = stored.instance.object
        boundary = uuid4().hex

        async def body() -> AsyncIterator[bytes]:
            yield part_header(boundary, "application/dicom", stored.instance.transfer_syntax_uid)
            for start in range(0, ref.size, CHUNK):
                (content,) = await self.frames.objects.ranges(ref, [start], [min(CHUNK, ref.size - start)])
                yield content
            yield f"\r\n--{boundary}--\r\n".encode()

        return StreamingResponse(body(), media_type=f'multipart/related; type="application/dicom"; boundary={boundary}')

    async def store(self, request: Request, who: Principal) -> Response:
        who.must(Permission.SEND_SCANS)
        status, answer = await self.stow.store(
            request.headers.get("content-type", ""), request.stream(), request.path_params.get("study")
        )
        return JSONResponse(answer, status, media_type=DICOM_JSON)
