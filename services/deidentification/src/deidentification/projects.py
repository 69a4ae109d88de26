"""Projects of research that get a hospital's data: under which key, what, of whom and until when."""

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from chassis.errors import Misconfigured, wrong_fields
from deidentification.pseudonyms import KEY_BYTES, Pseudonyms

CASES, SLIDES, SCORES, REPORTS, PHARMACOGENOMICS, REVIEWS, VARIANTS = CONTENTS = (
    "cases",
    "slides",
    "scores",
    "reports",
    "pharmacogenomics",
    "reviews",
    "variants",
)
NAME = r"^[a-z0-9][a-z0-9-]{0,62}$"


@dataclass(frozen=True, slots=True)
class Project:
    name: str
    pseudonyms: Pseudonyms = field(repr=False)
    contents: frozenset[str]
    # Of a case, whose they are; none: every unit's.
    units: frozenset[str] = frozenset()
    # Shared by the hospitals of the project, and not with who gathers: finds who was in two of them. None: nobody is.
    linkage: bytes = field(default=b"", repr=False)
    # The last day on which anything leaves.
    until: date | None = None

    def takes(self, content: str, unit: str, today: date) -> bool:
        return content in self.contents and (not self.units or unit in self.units) and (self.until is None or today <= self.until)


class Declared(BaseModel):
    """A project as the file declares it.

    `key` is in base64; `reference` is what allows the project: an approval, an MR-004 registration.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: SecretStr
    contents: list[str] = Field(min_length=1)
    reference: str = Field(min_length=1)
    units: list[str] = []
    linkage: SecretStr | None = None
    until: date | None = None


def read_projects(file: Path) -> tuple[Project, ...]:
    """Raise Misconfigured where the file, or a key in it, cannot be used."""
    try:
        declared = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{file}: the projects of research cannot be read: {type(error).__name__}") from None
    if not isinstance(declared, Mapping):
        raise Misconfigured(f"{file}: an object is expected, with a project under each name")
    return tuple(project(file, name, one) for name, one in sorted(declared.items()))


def project(file: Path, name: str, found: object) -> Project:
    try:
        declared = Named.model_validate({"name": name, "declared": found}).declared
    except ValidationError as error:
        raise Misconfigured(f"{file}: project {name}: {wrong_fields(error)}") from None
    unknown = set(declared.contents) - set(CONTENTS)
    if unknown:
        raise Misconfigured(f"{file}: project {name}: contents are {', '.join(CONTENTS)}, and not {', '.join(sorted(unknown))}")
    key = project_key(declared.key.get_secret_value(), f"{file}: project {name}")
    shared = declared.linkage
    linkage = project_key(shared.get_secret_value(), f"{file}: project {name}: linkage") if shared is not None else b""
    return Project(name, Pseudonyms(key), frozenset(declared.contents), frozenset(declared.units), linkage, declared.until)


class Named(BaseModel):
    name: str = Field(pattern=NAME)
    declared: Declared


def project_key(text: str, where: str) -> bytes:
    """A key from its base64. Raise Misconfigured where it is none, or too short to be a secret."""
    try:
        key = b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) < KEY_BYTES:
        raise Misconfigured(f"{where}: a key has at least {KEY_BYTES} bytes in base64: make one by openssl rand -base64 32")
    return key
