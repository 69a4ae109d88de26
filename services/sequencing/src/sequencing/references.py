"""The references that a deployment declares."""

import json
from dataclasses import dataclass
from pathlib import Path

from chassis.errors import Misconfigured, NotFound
from chassis.objects import digest


@dataclass(frozen=True, slots=True)
class Reference:
    name: str
    fasta: Path
    sha256: str


class References:
    """Named FASTA files, with the digests of their bytes."""

    def __init__(self, references: dict[str, Reference]) -> None:
        self.references = references

    @classmethod
    def declared_in(cls, file: Path) -> "References":
        """Raise Misconfigured when the file is not JSON of name to path, or a FASTA file is not there."""
        try:
            said = json.loads(file.read_text())
            found = {name: Reference(name, Path(path), digest(Path(path))[0]) for name, path in said.items()}
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise Misconfigured(f"{file} does not declare references, name to FASTA file: {error}") from None
        return cls(found)

    def named(self, name: str) -> Reference:
        """Raise NotFound when this deployment does not declare it."""
        try:
            return self.references[name]
        except KeyError:
            raise NotFound(f"the reference {name} is not declared in this deployment") from None
