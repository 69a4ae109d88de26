"""FHIR R4 resources as JSON (HL7 FHIR 4.0.1)."""

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
