"""The catalogue of references: a JSON file, name to FASTA file and its digest."""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from chassis.errors import Misconfigured
from chassis.objects import digest
from sequencing.references import Reference, References


class Declared(BaseModel):
    """One entry of the catalogue: a FASTA file, and the SHA-256 of its bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fasta: Path
    sha256: str


CATALOGUE = TypeAdapter(dict[str, Declared])


def declared_in(file: Path) -> References:
    """Raise Misconfigured when the file is not a catalogue, or a FASTA file is not there or not the one declared."""
    try:
        declared = CATALOGUE.validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        example = json.dumps({"GRCh38": {"fasta": "/references/GRCh38.fa", "sha256": "…"}}, ensure_ascii=False)
        raise Misconfigured(f"{file} does not declare references like {example}: {error}") from None
    return References({name: checked(name, entry) for name, entry in declared.items()})


def checked(name: str, entry: Declared) -> Reference:
    try:
        sha256 = digest(entry.fasta)[0]
    except OSError as error:
        raise Misconfigured(f"the reference {name} cannot be read: {error}") from None
    if sha256 != entry.sha256:
        raise Misconfigured(f"{entry.fasta} is not the reference {name}: its SHA-256 is {sha256}, and {entry.sha256} is declared")
    return Reference(name, entry.fasta, sha256)
