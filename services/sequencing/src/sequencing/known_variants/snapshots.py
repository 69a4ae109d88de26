"""Snapshots of knowledge bases: a site's download, checked against a reference, normalised, and kept with its date.

A snapshot is a folder with `variants.vcf.gz`, its index, and `snapshot.json`; a deployment's folder of them has at most one of
each source and reference.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pysam
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from pysam import bcftools

from casepath.sequencing.v1.known_variants_pb2 import Snapshot
from chassis.errors import Malformed, Misconfigured
from chassis.objects import digest
from sequencing.adapters.reference_index import IndexedReference, indexed
from sequencing.adapters.text_lines import text_of
from sequencing.known_variants.statements import CIVIC, CLINVAR
from sequencing.references import Reference, References

COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
VARIANTS, ABOUT = "variants.vcf.gz", "snapshot.json"
# More of them than one in so many, and the download is of another reference.
MISMATCHES_IN = 100
DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
GENE = {CLINVAR: re.compile(r"(?:^|;)GENEINFO=([^;]+)"), CIVIC: re.compile(r"(?:^|;)GN=([^;]+)")}
BASES = re.compile("[ACGTNacgtn]+")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A snapshot that can be looked up; picklable. `fields` are those of CIViC's CSQ."""

    about: Snapshot
    file: Path
    reference: Reference
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loading:
    """What became of the records of a download."""

    about: Snapshot
    folder: Path
    of_other_genes: int
    elsewhere: int
    unusable: int


def snapshots_in(folder: Path | None, references: References) -> list[Loaded]:
    """Raise Misconfigured where a snapshot is damaged, on a reference that is not declared, or one of two of the same kind."""
    found: dict[tuple[str, str], Loaded] = {}
    by_sha256 = {one.sha256: one for one in references.references.values()}
    for about in sorted(folder.glob(f"*/{ABOUT}")) if folder else ():
        one = opened(about.parent, by_sha256)
        kind = one.about.source, one.reference.name
        if kind in found:
            raise Misconfigured(f"{folder} has two snapshots of {kind[0]} on {kind[1]}: keep the one to quote")
        found[kind] = one
    return list(found.values())


def opened(folder: Path, by_sha256: Mapping[str, Reference]) -> Loaded:
    file = folder / VARIANTS
    try:
        said = json.loads((folder / ABOUT).read_text())
        reference_sha256 = said.pop("reference_sha256")
        about = ParseDict(said, Snapshot())
        sha256 = digest(file)[0]
    except (OSError, ValueError, KeyError, ParseError) as error:
        raise Misconfigured(f"{folder} is no snapshot: load it again (casepath variants snapshot): {error}") from None
    if sha256 != about.sha256:
        raise Misconfigured(f"{file} is not what was loaded: its SHA-256 differs from that in {ABOUT}")
    reference = by_sha256.get(reference_sha256)
    if reference is None:
        raise Misconfigured(f"{folder} is on the reference {about.reference}, which this deployment does not declare")
    return Loaded(about, file, reference, fields_of(file))


def fields_of(file: Path) -> tuple[str, ...]:
    """Names of the parts of CIViC's CSQ, as the header gives them."""
    with pysam.VariantFile(str(file)) as vcf:
        if "CSQ" not in vcf.header.info:
            return ()
        return tuple(str(vcf.header.info["CSQ"].description).partition("Format: ")[2].split("|"))


def load(download: Path, reference: Reference, indexes: Path, genes: Collection[str], into: Path) -> Loading:
    """Make a snapshot of a VCF of ClinVar or CIViC. With `genes` only of those.

    Raise Malformed where it is neither, has no date, or its bases are not the reference's; Misconfigured where it is there.
    """
    on = indexed(reference, indexes)
    head = header(download)
    source, release = source_of(head), release_of(head)
    folder = into / f"{source.lower()}-{reference.name}-{release}"
    if folder.exists():
        raise Misconfigured(f"{folder} is there: a snapshot is not changed; remove it to load it again")
    sieve = Sieve(on, GENE[source], frozenset(genes))
    into.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=into, prefix=".loading-") as scratch:
        made = Path(scratch) / "snapshot"
        made.mkdir()
        taken, file = Path(scratch) / "taken.vcf", made / VARIANTS
        with taken.open("w") as out, text_of(download) as lines:
            out.writelines(f"{line}\n" for line in [*head, *contig_lines(on), COLUMNS])
            out.writelines(sieve.taken(lines))
        sieve.check(download.name, reference.name)
        normalise(taken, on, file)
        about = Snapshot(
            source=source,
            release=release,
            reference=reference.name,
            sha256=digest(file)[0],
            genes=sorted(genes),
            records=sieve.kept,
        )
        said = {**MessageToDict(about, preserving_proto_field_name=True), "reference_sha256": reference.sha256}
        (made / ABOUT).write_text(json.dumps(said, indent=2) + "\n")
        made.rename(folder)
    return Loading(about, folder, sieve.of_other_genes, sieve.elsewhere, sieve.unusable + sieve.mismatched)


def normalise(taken: Path, on: IndexedReference, file: Path) -> None:
    """Left-aligned, one allele a record, in order, with an index."""
    normal = taken.with_suffix(".bcf")
    bcftools.norm("--no-version", "-m", "-any", "-f", str(on.fasta), "-Ob", "-o", str(normal), str(taken), catch_stdout=False)
    bcftools.sort("-T", str(taken.parent), "-Oz", "-o", str(file), str(normal), catch_stdout=False)
    bcftools.index("-t", str(file), catch_stdout=False)


class Sieve:
    """Takes the lines of a download that a snapshot has, and counts the others."""

    def __init__(self, on: IndexedReference, gene: re.Pattern[str], genes: frozenset[str]) -> None:
        self.bases = pysam.FastaFile(str(on.fasta))
        self.names = names_of([name for name, _ in on.contigs])
        self.gene = gene
        self.genes = genes
        self.kept = self.of_other_genes = self.elsewhere = self.unusable = self.mismatched = 0

    def check(self, download: str, reference: str) -> None:
        """Raise Malformed where what was taken cannot be of the reference, or is nothing."""
        if self.mismatched * MISMATCHES_IN > self.kept:
            raise Malformed(f"{self.mismatched} records have other bases than {reference}: is {download} of another reference?")
        if not self.kept:
            raise Malformed(f"nothing of {download} is on {reference}{' in these genes' if self.genes else ''}")

    def taken(self, lines: Iterator[str]) -> Iterator[str]:
        for line in lines:
            if not line.startswith("#"):
                cells = line.rstrip("\n").split("\t")
                if self.takes(cells):
                    self.kept += 1
                    yield "\t".join([self.names[cells[0]], *cells[1:7], cells[7]]) + "\n"

    def takes(self, cells: list[str]) -> bool:
        if (
            len(cells) < 8
            or not cells[1].isdigit()
            or not BASES.fullmatch(cells[3])
            or not all(map(BASES.fullmatch, cells[4].split(",")))
        ):
            self.unusable += 1
            return False
        found = self.gene.search(cells[7])
        if self.genes and not self.genes & ({one.split(":")[0] for one in found[1].split("|")} if found else set()):
            self.of_other_genes += 1
            return False
        if cells[0] not in self.names:
            self.elsewhere += 1
            return False
        start = int(cells[1]) - 1
        if self.bases.fetch(self.names[cells[0]], start, start + len(cells[3])).upper() != cells[3].upper():
            self.mismatched += 1
            return False
        return True


def names_of(contigs: Collection[str]) -> dict[str, str]:
    """A reference's contigs by their own names, and by those with or without "chr"; the mitochondrion is MT or chrM."""
    found = {name: name for name in contigs}
    for name in contigs:
        bare = name.removeprefix("chr")
        for other in ("MT", "M", "chrM", "chrMT") if bare in ("M", "MT") else (bare, f"chr{bare}"):
            found.setdefault(other, name)
    return found


def contig_lines(on: IndexedReference) -> list[str]:
    return [f"##contig=<ID={name},length={length}>" for name, length in on.contigs]


def header(download: Path) -> list[str]:
    """Its lines of meta-information without contigs, which are the reference's."""
    found = []
    with text_of(download) as lines:
        for line in lines:
            if not line.startswith("##"):
                break
            if not line.startswith("##contig="):
                found.append(line.rstrip("\n"))
    return found


def source_of(head: Collection[str]) -> str:
    said = next((line.partition("=")[2] for line in head if line.startswith("##source=")), "")
    for source in (CLINVAR, CIVIC):
        if said.lower().startswith(source.lower()):
            return source
    raise Malformed("the file says neither ##source=ClinVar nor ##source=CIViC…: download a VCF of one of them")


def release_of(head: Collection[str]) -> str:
    said = next((line.partition("=")[2] for line in head if line.startswith("##fileDate=")), "")
    found = DATE.fullmatch(said.strip())
    if found is None:
        raise Malformed("the file has no ##fileDate: a snapshot is quoted with its day")
    return "-".join(found.groups())
