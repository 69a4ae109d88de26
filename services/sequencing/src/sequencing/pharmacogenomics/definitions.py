"""Named alleles by their positions: PharmCAT's definition tables of CPIC and PharmVar content (GRCh38)."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PACKAGED = Path(__file__).parent / "tables"
# IUPAC codes of more than one base (NC-IUB 1984).
AMBIGUOUS = {
    "R": ("A", "G"),
    "Y": ("C", "T"),
    "S": ("C", "G"),
    "W": ("A", "T"),
    "K": ("G", "T"),
    "M": ("A", "C"),
    "B": ("C", "G", "T"),
    "D": ("A", "G", "T"),
    "H": ("A", "C", "T"),
    "V": ("A", "C", "G"),
    "N": ("A", "C", "G", "T"),
}
# Genes whose alleles a VCF of short reads does not tell, and why.
NOT_CALLABLE = {
    "CYP2D6": "needs copy number and hybrids with CYP2D7: give an outside call",
    "HLA-A": "needs an HLA typer: give an outside call",
    "HLA-B": "needs an HLA typer: give an outside call",
    "MT-RNR1": "is mitochondrial: give an outside call",
}


@dataclass(frozen=True, slots=True)
class Position:
    """A place where alleles differ, as a VCF has it: `position` counts from 1."""

    chromosome: str
    position: int
    rsid: str
    ref: str
    alts: tuple[str, ...]

    @property
    def label(self) -> str:
        return self.rsid or f"{self.chromosome}:{self.position}"


@dataclass(frozen=True, slots=True)
class NamedAllele:
    """`bases` has one entry for each position of the gene; what does not define the allele is the reference's.

    `defined` has the indexes of the positions that do.
    """

    name: str
    bases: tuple[str, ...]
    defined: frozenset[int]
    reference: bool

    def fits(self, index: int, base: str) -> bool:
        """Whether a base at a position is this allele's."""
        mine = self.bases[index]
        return mine == base or base in AMBIGUOUS.get(mine, ())


@dataclass(frozen=True, slots=True)
class Gene:
    name: str
    chromosome: str
    version: str
    positions: tuple[Position, ...]
    alleles: tuple[NamedAllele, ...]

    @property
    def reference(self) -> NamedAllele:
        return next(allele for allele in self.alleles if allele.reference)


@cache
def tables() -> Path:
    """The folder of tables: a site's own, or those that come with the package."""
    return Path(os.environ.get("CASEPATH_PHARMACOGENE_TABLES") or PACKAGED)


@cache
def genes() -> dict[str, Gene]:
    """All genes that have a definition, by name."""
    return {gene.name: gene for gene in map(loaded, sorted((tables() / "definition").glob("*_translation.json")))}


def loaded(path: Path) -> Gene:
    said = json.loads(path.read_text())
    reference = next(one for one in said["namedAlleles"] if one["reference"])
    return Gene(
        said["gene"],
        said["chromosome"],
        said["version"],
        tuple(
            Position(one["chromosome"], one["position"], one["rsid"] or "", one["ref"], tuple(one["alts"]))
            for one in said["variants"]
        ),
        tuple(named(one, reference["alleles"]) for one in said["namedAlleles"]),
    )


def named(said: dict[str, Any], reference: list[str]) -> NamedAllele:
    bases = tuple(mine or other for mine, other in zip(said["alleles"], reference, strict=True))
    defined = frozenset(index for index, base in enumerate(said["alleles"]) if base is not None)
    return NamedAllele(said["name"], bases, defined, said["reference"])


def places() -> Iterator[Position]:
    """Every position of every gene."""
    for gene in genes().values():
        yield from gene.positions


@cache
def tables_sha256() -> str:
    """Of all tables: definitions, phenotypes, guidance and drugs."""
    found = hashlib.sha256()
    for path in sorted(path for path in tables().rglob("*") if path.suffix in (".json", ".tsv")):
        found.update(f"{path.relative_to(tables())}\n".encode())
        found.update(path.read_bytes())
    return found.hexdigest()
