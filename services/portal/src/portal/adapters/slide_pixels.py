"""Asking slides for pixels, in the name of whoever looks at them."""

from dataclasses import dataclass

import httpx

from chassis.access import Forbidden
from chassis.errors import NotFound, Unavailable


@dataclass(frozen=True, slots=True)
class Picture:
    """A frame as JPEG; `content` is empty where the browser has it already."""

    content: bytes
    etag: str
    unchanged: bool


class SlidePixels:
    def __init__(self, base: str, client: httpx.AsyncClient) -> None:
        self.base = base.rstrip("/")
        self.client = client

    async def frame(self, place: tuple[str, str, str], number: int, token: str, managed: bool, known: str | None) -> Picture:
        """One frame of an instance (study, series, SOP instance). `managed`: with the profile of its colours.

        `known` is the ETag that the browser has. Raise NotFound, Forbidden or Unavailable.
        """
        study, series, instance = place
        headers = {"Authorization": f"Bearer {token}"} | ({"If-None-Match": known} if known else {})
        try:
            answer = await self.client.get(
                f"{self.base}/studies/{study}/series/{series}/instances/{instance}/frames/{number}/rendered",
                params={"iccprofile": "yes" if managed else "no"},
                headers=headers,
            )
        except httpx.HTTPError as error:
            raise Unavailable(f"slides does not answer: {type(error).__name__}") from error
        if answer.status_code in (200, 304):
            return Picture(answer.content, answer.headers["etag"], answer.status_code == 304)
        if answer.status_code == 404:
            raise NotFound("there is no such frame")
        if answer.status_code == 403:
            raise Forbidden("this needs a permission that you do not have")
        raise Unavailable(f"slides answers {answer.status_code}")
