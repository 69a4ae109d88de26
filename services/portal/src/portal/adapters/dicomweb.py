"""Asking slides, or the hub, for what is in an image and for its pixels (DICOMweb), in the name of whoever looks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from chassis.access import Forbidden
from chassis.errors import Malformed, NotFound, Unavailable

# What an address of the portal names goes into one of theirs: UIDs alone.
OF_UIDS = re.compile(r"(/[a-z]+|/[0-9][0-9.]*)+")
# DICOM JSON Model (PS3.18 Annex F).
type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Picture:
    """A frame as JPEG; `content` is empty where the browser has it already."""

    content: bytes
    etag: str
    unchanged: bool


class Dicomweb:
    """`base` is where it is asked, empty where nobody is; `whom` is told where they do not answer."""

    def __init__(self, base: str, client: httpx.AsyncClient, whom: str) -> None:
        self.base = base.rstrip("/")
        self.client = client
        self.whom = whom

    def of_study(self, study_id: str) -> "Dicomweb":
        """Of a study of research, which has an address of its own."""
        return Dicomweb(f"{self.base}/studies/{study_id}/dicomweb" if self.base else "", self.client, self.whom)

    async def frame(self, place: tuple[str, str, str], number: int, token: str, managed: bool, known: str | None) -> Picture:
        """One frame of an instance (study, series, SOP instance). `managed`: with the profile of its colours.

        `known` is the ETag that the browser has. Raise NotFound, Forbidden, Malformed or Unavailable.
        """
        study, series, instance = place
        path = f"/studies/{study}/series/{series}/instances/{instance}/frames/{number}/rendered"
        answer = await self.asked(
            path, {"iccprofile": "yes" if managed else "no"}, token, {"If-None-Match": known} if known else {}
        )
        return Picture(answer.content, answer.headers["etag"], answer.status_code == 304)

    async def rows(self, path: str, token: str, **parameters: str) -> list[Json]:
        """What a search, or metadata, gives. Raise as `frame` does."""
        found: list[Json] = (await self.asked(path, parameters, token, {})).json()
        return found

    async def asked(self, path: str, parameters: Mapping[str, str], token: str, more: Mapping[str, str]) -> httpx.Response:
        if not OF_UIDS.fullmatch(path):
            raise NotFound("there is no such image")
        if not self.base:
            raise NotFound(f"this deployment shows no images of {self.whom}")
        headers = {"Authorization": f"Bearer {token}", **more}
        try:
            answer = await self.client.get(f"{self.base}{path}", params=parameters, headers=headers)
        except httpx.HTTPError as error:
            raise Unavailable(f"{self.whom} does not answer: {type(error).__name__}") from error
        if answer.status_code in (200, 304):
            return answer
        if answer.status_code == 404:
            raise NotFound("there is no such image")
        if answer.status_code == 403:
            raise Forbidden("this needs a permission that you do not have")
        if answer.status_code == 400:
            raise Malformed(str(answer.json()["error"]))
        raise Unavailable(f"{self.whom} answers {answer.status_code}")
