"""Pixels and annotations for the viewer, for whoever may see them."""

import json

from cachetools import TTLCache
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from casepath.objects.v1.object_ref_pb2 import ObjectRef
from chassis.accounts import Account
from chassis.errors import NotFound
from portal.adapters.dicomweb import Dicomweb
from portal.desk import Desk
from portal.handlers import slide_named
from portal.people import Person

IMMUTABLE = "private, max-age=31536000, immutable"
# What was scanned for a case, and that it is open to somebody, holds for so long.
KNOWN_SECONDS = 10.0
REMEMBERED = 1000

type Place = tuple[str, str, str]


class Pictures:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.known: TTLCache[tuple[str, Account], frozenset[Place]] = TTLCache(REMEMBERED, KNOWN_SECONDS)

    async def tile(self, request: Request, person: Person) -> Response:
        if not await self.holds(request, person, place_of(request)):
            raise NotFound("there is no such tile")
        return await answered_tile(request, self.desk.slides, self.desk.tokens.of(person), IMMUTABLE)

    async def holds(self, request: Request, person: Person, place: Place) -> bool:
        """Whether this was scanned for the case; read anew where it was not when that was last known.

        A slide is looked at in thousands of tiles.
        """
        name = request.path_params["case_id"], person.account
        if place not in self.known.get(name, ()):
            case = await self.desk.case(request, person)
            scans = [scan for slide in case.slides for scan in (slide.ingested, *slide.superseded)]
            self.known[name] = frozenset(
                (scan.study_instance_uid, scan.series_instance_uid, instance.sop_instance_uid)
                for scan in scans
                for instance in scan.instances
            )
        return place in self.known[name]

    async def heatmap(self, request: Request, person: Person) -> Response:
        case = await self.desk.case(request, person)
        slide = slide_named(case, request.path_params["slide_id"])
        if not slide.HasField("scored"):
            raise NotFound("no AI run of this slide ended well")
        return await self.stored(request, slide.scored.heatmap_image, "image/png")

    async def annotations(self, request: Request, person: Person) -> Response:
        """Everybody's annotations of the scan that counts, each feature with its author."""
        case = await self.desk.case(request, person)
        slide = slide_named(case, request.path_params["slide_id"])
        features = []
        for saved in slide.annotations:
            for feature in json.loads(await self.desk.objects.get(saved.geojson))["features"]:
                properties = {**(feature.get("properties") or {}), "author": saved.author.user_id}
                features.append({**feature, "properties": properties})
        headers = {"Cache-Control": "no-store"}
        if request.query_params.get("download"):
            headers["Content-Disposition"] = 'attachment; filename="annotations.geojson"'
        document = {"type": "FeatureCollection", "features": features}
        return JSONResponse(document, headers=headers, media_type="application/geo+json")

    async def stored(self, request: Request, ref: ObjectRef, kind: str) -> Response:
        etag = f'"{ref.sha256[:32]}"'
        headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(await self.desk.objects.get(ref), media_type=kind, headers=headers)


def place_of(request: Request) -> Place:
    path = request.path_params
    return path["study"], path["series"], path["instance"]


async def answered_tile(request: Request, images: Dicomweb, token: str, kept: str) -> Response:
    """A frame as the viewer asks for it; nothing where the browser has it, and may have kept it (Cache-Control)."""
    managed = request.query_params.get("colour") != "raw"
    known = request.headers.get("if-none-match")
    picture = await images.frame(place_of(request), request.path_params["frame"], token, managed, known)
    headers = {"ETag": picture.etag, "Cache-Control": kept}
    if picture.unchanged:
        return Response(status_code=304, headers=headers)
    return Response(picture.content, media_type="image/jpeg", headers=headers)
