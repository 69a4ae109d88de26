"""What is sent to us over HTTP, no more of it than we take."""

import json
from typing import Any, NoReturn

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


def json_of(text: str | bytes, refusal: str) -> Any:
    """What JSON says. Raise Malformed, which says `refusal`, for what is none (RFC 8259), too deep, or has half a character."""
    try:
        found = json.loads(text, parse_constant=no_number)
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Malformed(refusal) from None
    return found


def no_number(name: str) -> NoReturn:
    raise ValueError(name)
