"""QIDO-RS and WADO-RS (PS3.18) of metadata and frames, for whom the gate lets in, from whatever archive opens for them."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from casepath.records.v1.filing_pb2 import Entry
from casepath.slides.v1.frames_pb2 import StoredInstance
from chassis.access import Forbidden, Gate, Principal, Unauthenticated
from chassis.access_log import AccessLog, Asker, address_of, operation_of, saw, seen
from chassis.dicomweb import queries
from chassis.dicomweb.frames import OCTETS, Frames, media_type
from chassis.dicomweb.queries import Series
from chassis.errors import CasepathError, Malformed, NotFound
from chassis.frames import Undecodable
from chassis.http_errors import headers_of, status_of

DICOM_JSON = "application/dicom+json"
# A frame never changes: its UID and number name its bytes.
IMMUTABLE = "private, max-age=31536000, immutable"
VALID_UID = re.compile(r"[0-9.]{1,64}")
STUDY_UID = queries.tag("StudyInstanceUID")
MOST_FRAMES = 4096
STUDY = "/studies/{study}"
SERIES = STUDY + "/series/{series}"
INSTANCE = SERIES + "/instances/{instance}"

type Endpoint = Callable[[Request, Principal], Awaitable[Response]]


class NotAcceptable(CasepathError):
    """What is asked for exists, but not in this form."""


# Of what DICOMweb alone has: a syntax that is not there, and a frame that does not decode.
OWN_STATUSES: tuple[tuple[type[CasepathError], int], ...] = ((NotAcceptable, 406), (Undecodable, 500))


class Archive(Protocol):
    """Instances that one person may look at; what they may not is in no list."""

    async def studies(self, wanted: Mapping[str, str]) -> Sequence[str]:
        """UIDs of those that can match what is wanted by tag, in an order that stays."""
        ...

    async def series(self, study: str) -> list[Series]:
        """Of one study, in order of UID."""
        ...

    async def instances(self, study: str, series: str = "") -> list[StoredInstance]:
        """Of a study, or of one of its series, in order of UID."""
        ...

    async def instance(self, study: str, series: str, sop: str) -> StoredInstance:
        """Raise NotFound, or Forbidden where it is there and not for who asks."""
        ...

    async def frames(self, stored: StoredInstance) -> Frames:
        """From where to read those of an instance."""
        ...

    def shown(self, found: Iterable[StoredInstance]) -> Iterable[Entry]:
        """What somebody has seen who sees these, for audit."""
        ...


class Reading:
    """`opened` gives the archive that a request is to, for who asks; it raises Forbidden.

    `base` is the address under which clients reach it, for the links in answers; empty for the one they asked. `kept` says how
    long who asks may keep pixels (Cache-Control).
    """

    def __init__(
        self,
        opened: Callable[[Request, Principal], Awaitable[Archive]],
        gate: Gate,
        accesses: AccessLog,
        base: str = "",
        kept: str = IMMUTABLE,
    ) -> None:
        self.kept = kept
        self.opened = opened
        self.gate = gate
        self.accesses = accesses
        self.base = base

    def routes(self) -> list[Route]:
        return [
            Route("/studies", self.guarded(self.search_studies)),
            Route(STUDY + "/series", self.guarded(self.search_series)),
            Route(STUDY + "/instances", self.guarded(self.search_instances)),
            Route(STUDY + "/metadata", self.guarded(self.metadata)),
            Route(SERIES + "/instances", self.guarded(self.search_instances)),
            Route(SERIES + "/metadata", self.guarded(self.metadata)),
            Route(INSTANCE + "/metadata", self.guarded(self.metadata)),
            Route(INSTANCE + "/bulkdata/{tag}", self.guarded(self.bulk_data)),
            Route(INSTANCE + "/frames/{frames}", self.guarded(self.read_frames)),
            Route(INSTANCE + "/frames/{frame:int}/rendered", self.guarded(self.rendered)),
        ]

    def guarded(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            asker, operation = Asker(address=address_of(request)), operation_of(request)
            try:
                who = self.gate.principal(request.headers.get("authorization"))
                asker = Asker.of(who, asker.address)
                for uid in (request.path_params.get(name) for name in ("study", "series", "instance")):
                    if uid is not None and not VALID_UID.fullmatch(uid):
                        raise Malformed("a UID is digits and dots")
                made = await endpoint(request, who)
                await self.accesses.read(asker, operation, seen(request))
                return made
            except (Unauthenticated, Forbidden) as error:
                return refusal(await self.accesses.refused(asker, operation, (), error))
            except CasepathError as error:
                return refusal(error)

        return answer

    async def search_studies(self, request: Request, who: Principal) -> Response:
        archive = await self.opened(request, who)
        wanted, (offset, limit) = queries.filters(request.query_params), queries.window(request.query_params)
        rows: list[queries.Json] = []
        for uid in await wanted_studies(archive, wanted):
            if len(rows) == offset + limit:
                break
            series = await archive.series(uid)
            if series:
                saw(request, *archive.shown([series[0].first]))
                rows += queries.matching([queries.study_row(series, self.address(request), included(request))], wanted)
        return dicom_json(rows[offset:])

    async def search_series(self, request: Request, who: Principal) -> Response:
        archive = await self.opened(request, who)
        found = await archive.series(request.path_params["study"])
        saw(request, *archive.shown(one.first for one in found))
        more = included(request)
        return self.page(request, [queries.series_row(one, self.address(request), more) for one in found])

    async def search_instances(self, request: Request, who: Principal) -> Response:
        archive = await self.opened(request, who)
        found = await listed(request, archive)
        saw(request, *archive.shown(found))
        more = included(request)
        return self.page(request, [queries.instance_row(one, self.address(request), more) for one in found])

    async def metadata(self, request: Request, who: Principal) -> Response:
        archive = await self.opened(request, who)
        if "instance" in request.path_params:
            found = [await self.instance(request, archive)]
        else:
            found = await listed(request, archive)
            if not found:
                raise NotFound("there is no such study or series")
            saw(request, *archive.shown(found))
        etag = tag_of(*(f"{one.instance.sop_instance_uid} {one.instance.object.sha256}" for one in found))
        if unchanged(request, etag):
            return Response(status_code=304, headers={"ETag": etag})
        rows = [queries.metadata(one, self.address(request)) for one in found]
        return dicom_json(rows, {"ETag": etag, "Cache-Control": "private, no-cache"})

    async def read_frames(self, request: Request, who: Principal) -> Response:
        archive = await self.opened(request, who)
        stored = await self.instance(request, archive)
        numbers = frame_numbers(request.path_params["frames"])
        etag = tag_of(stored.instance.object.sha256, *map(str, numbers))
        headers = {"ETag": etag, "Cache-Control": self.kept}
        if unchanged(request, etag):
            return Response(status_code=304, headers=headers)
        kind, single = negotiated(request.headers.get("accept", "*/*"), stored, len(numbers))
        contents = await (await archive.frames(stored)).read(stored, numbers)
        if single:
            return Response(contents[0], media_type=kind, headers=headers)
        return multipart(contents, kind, stored.instance.transfer_syntax_uid, headers)

    async def rendered(self, request: Request, who: Principal) -> Response:
        """PS3.18 section 10.4.1.1.3; of its parameters, `iccprofile` with the values no and yes."""
        profile = request.query_params.get("iccprofile", "no")
        if profile not in ("no", "yes"):
            raise Malformed("iccprofile is yes or no")
        archive = await self.opened(request, who)
        stored = await self.instance(request, archive)
        number = request.path_params["frame"]
        etag = tag_of(stored.instance.object.sha256, str(number), "rendered", profile)
        headers = {"ETag": etag, "Cache-Control": self.kept}
        if unchanged(request, etag):
            return Response(status_code=304, headers=headers)
        content = await (await archive.frames(stored)).rendered(stored, number, profile == "yes")
        return Response(content, media_type="image/jpeg", headers=headers)

    async def bulk_data(self, request: Request, who: Principal) -> Response:
        archive = await self.opened(request, who)
        stored = await self.instance(request, archive)
        content = await (await archive.frames(stored)).bulk_data(stored, queries.tag(request.path_params["tag"]))
        return multipart([content], OCTETS, "", {"Cache-Control": self.kept})

    async def instance(self, request: Request, archive: Archive) -> StoredInstance:
        """Raise NotFound, or Forbidden where it is there and not for who asks."""
        path = request.path_params
        stored = await archive.instance(path["study"], path["series"], path["instance"])
        saw(request, *archive.shown([stored]))
        return stored

    def page(self, request: Request, rows: list[tuple[queries.Json, queries.Json]]) -> Response:
        wanted, (offset, limit) = queries.filters(request.query_params), queries.window(request.query_params)
        return dicom_json(queries.matching(rows, wanted)[offset : offset + limit])

    def address(self, request: Request) -> str:
        if self.base:
            return self.base
        asked = urlsplit(str(request.base_url))
        return f"{asked.scheme}://{asked.netloc}{request.scope.get('root_path', '')}"


async def wanted_studies(archive: Archive, wanted: Mapping[str, str]) -> Sequence[str]:
    """Those that can match: the ones that are named, where any are."""
    if STUDY_UID in wanted:
        return [uid for uid in wanted[STUDY_UID].replace("\\", ",").split(",") if VALID_UID.fullmatch(uid)]
    return await archive.studies(wanted)


async def listed(request: Request, archive: Archive) -> list[StoredInstance]:
    return await archive.instances(request.path_params["study"], request.path_params.get("series", ""))


def refusal(error: CasepathError) -> Response:
    status = status_of(error, OWN_STATUSES)
    return JSONResponse({"error": str(error)}, status, headers_of(status))


def dicom_json(rows: list[queries.Json], headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(rows, headers=headers, media_type=DICOM_JSON)


def included(request: Request) -> list[str]:
    """includefield: more attributes to answer. "all" gives no more than is always given."""
    names = ",".join(request.query_params.getlist("includefield")).split(",")
    return [queries.tag(name) for name in names if name and name != "all"]


def frame_numbers(text: str) -> list[int]:
    """ "1,2,3" as numbers. Raise Malformed where they are none, or too many."""
    parts = re.split(r",|%2C", text)
    if len(parts) > MOST_FRAMES or not all(part.isdigit() and len(part) < 10 for part in parts):
        raise Malformed(f"frames are numbers with commas between them, at most {MOST_FRAMES}")
    return [int(part) for part in parts]


def negotiated(accept: str, stored: StoredInstance, count: int) -> tuple[str, bool]:
    """The media type of the answer, and whether it is one part alone (PS3.18 section 8.7). Raise NotAcceptable.

    Frames are given as they are stored; a client that takes any syntax, or names this one, is answered.
    """
    own, syntax = media_type(stored), stored.instance.transfer_syntax_uid
    for wanted in re.split(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", accept):
        parts = [part.strip() for part in wanted.split(";")]
        said = dict(part.replace('"', "").split("=", 1) for part in parts[1:] if "=" in part)
        kind = parts[0].lower()
        single = kind != "multipart/related" and kind != "*/*" and not kind.startswith("multipart")
        asked = kind if single else said.get("type", "*/*").lower()
        if said.get("transfer-syntax", "*") not in ("*", syntax):
            continue
        if asked in (own, "*/*", "image/*") or (asked == OCTETS and ("transfer-syntax" in said or own == OCTETS)):
            if single and count > 1:
                continue
            return (OCTETS if asked == OCTETS else own), single
    raise NotAcceptable(f"the frames are {own}; transfer-syntax={syntax}: ask for that, or for {OCTETS}; transfer-syntax=*")


def part_header(boundary: str, kind: str, syntax: str) -> bytes:
    named = f"; transfer-syntax={syntax}" if syntax else ""
    return f"--{boundary}\r\nContent-Type: {kind}{named}\r\n\r\n".encode()


def multipart(contents: Iterable[bytes], kind: str, syntax: str, headers: dict[str, str]) -> Response:
    boundary = uuid4().hex
    body = b"".join(part_header(boundary, kind, syntax) + content + b"\r\n" for content in contents)
    return Response(
        body + f"--{boundary}--\r\n".encode(),
        media_type=f'multipart/related; type="{kind}"; boundary={boundary}',
        headers=headers,
    )


def tag_of(*parts: str) -> str:
    return f'"{hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]}"'


def unchanged(request: Request, etag: str) -> bool:
    sent = request.headers.get("if-none-match", "")
    return sent == "*" or etag in [one.strip().removeprefix("W/") for one in sent.split(",")]
