"""Names that nobody can trace without a project's key: of patients and their things, and how far their dates are moved.

Each is HMAC-SHA256 (RFC 2104) under the project's own key, which stays with the hospital: the same thing has the same name
within a project, and two projects cannot be linked by names or dates.
"""

import hmac
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from hashlib import sha256
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

KEY_BYTES = 32
# Dates of a patient move back by as many days, all by the same: intervals stay.
MOST_DAYS = 365
DAY_SECONDS = 86_400
SEPARATOR = b"\x1f"


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Of one project."""

    key: bytes = field(repr=False)

    def digest(self, kind: str, identifier: str) -> bytes:
        return hmac.new(self.key, kind.encode() + SEPARATOR + identifier.encode(), sha256).digest()

    def name(self, kind: str, identifier: str) -> str:
        """A UUID in place of an identifier of this kind."""
        return str(UUID(bytes=self.digest(kind, identifier)[:16], version=4))

    def uid(self, uid: str) -> str:
        """A DICOM UID in place of another (PS3.5 B.2)."""
        return f"2.25.{UUID(self.name('uid', uid)).int}"


@dataclass(frozen=True)
class Subject:
    """A patient as one project knows them. `patient_id` is the opaque one, of who they are now."""

    pseudonyms: Pseudonyms
    patient_id: str = field(repr=False)

    @cached_property
    def name(self) -> str:
        return self.pseudonyms.name("patient", self.patient_id)

    @cached_property
    def days(self) -> int:
        """How far back dates of theirs move: 1 to 365."""
        return 1 + int.from_bytes(self.pseudonyms.digest("days", self.patient_id)[:8]) % MOST_DAYS

    def moment(self, at: Timestamp) -> Timestamp:
        """A moment, moved by those days and by a part of a day: what is later stays later, by as much."""
        moved = Timestamp()
        part = int.from_bytes(self.pseudonyms.digest("seconds", self.patient_id)[:8]) % DAY_SECONDS
        moved.FromNanoseconds(at.ToNanoseconds() - (self.days * DAY_SECONDS + part) * 1_000_000_000)
        return moved

    def moved(self, day: date) -> date | None:
        """None where that is before the calendar begins."""
        try:
            return day - timedelta(days=self.days)
        except OverflowError:
            return None
