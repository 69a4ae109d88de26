"""The references that a deployment declares."""

from dataclasses import dataclass
from pathlib import Path

from chassis.errors import NotFound
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

    def named(self, name: str) -> Reference:
        """Raise NotFound when this deployment does not declare it."""
        try:
            return self.references[name]
        except KeyError:
            raise NotFound(f"the reference {name} is not declared in this deployment") from None


def of_file(fasta: Path) -> Reference:
    """A user's own file, named as it is."""
    return Reference(fasta.stem, fasta, digest(fasta)[0])
