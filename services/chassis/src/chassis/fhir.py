"""FHIR R4 resources as JSON (HL7 FHIR 4.0.1)."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

type Resource = dict[str, Any]

MEDIA_TYPE = "application/fhir+json"


def resource(kind: str, id_: str, **fields: Any) -> Resource:
    """A resource without its empty elements: FHIR forbids them (section 2.6.1)."""
    return {"resourceType": kind, "id": id_, **{name: value for name, value in fields.items() if value not in (None, "", [], {})}}


def instant(time: Timestamp) -> str:
    return time.ToDatetime(UTC).isoformat(timespec="milliseconds")


def references(element: Any) -> Iterator[str]:
    """Every resource of the same server that one refers to (FHIR R4 section 2.3.0), as Kind/id."""
    if isinstance(element, list):
        for one in element:
            yield from references(one)
    elif isinstance(element, dict):
        named = element.get("reference")
        if isinstance(named, str) and re.fullmatch(r"[A-Za-z]+/[A-Za-z0-9\-.]{1,64}", named):
            yield named
        for one in element.values():
            yield from references(one)


def independent(found: Sequence[Resource]) -> list[list[Resource]]:
    """The same, in order, cut so that none refers to another of its part: what it refers to is in a part before."""
    parts: list[list[Resource]] = []
    names: set[str] = set()
    for one in found:
        if not parts or names & set(references(one)):
            parts.append([])
            names = set()
        parts[-1].append(one)
        names.add(f"{one['resourceType']}/{one['id']}")
    return parts
