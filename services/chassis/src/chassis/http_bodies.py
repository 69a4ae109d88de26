"""What is sent to us over HTTP, no more of it than we take."""

from starlette.requests import Request

from chassis.errors import Malformed


class TooLarge(Malformed):
    """More bytes than are taken at once."""


async def bounded_body(request: Request, most: int, refusal: str) -> bytes:
    """The whole body. Raise TooLarge, which says `refusal`, as soon as there are more than `most` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise TooLarge(refusal)
    return bytes(body)
