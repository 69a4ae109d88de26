"""JSON that others wrote."""

import json
from typing import Any, NoReturn

from chassis.errors import Malformed


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
