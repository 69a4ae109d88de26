"""Genotypes of a VCF or gVCF at the positions of named alleles (VCF 4.3 and later, GRCh38)."""

import gzip
import shutil
import tempfile
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any

import pysam

from chassis.errors import Malformed
from sequencing.pharmacogenomics.definitions import Gene, Position, genes, places
from sequencing.pharmacogenomics.matching import Genotype

# GRCh38's chromosomes with pharmacogenes (NCBI, GCA_000001405.15).
LENGTHS = {
    "chr1": 248956422,
    "chr2": 242193529,
    "chr4": 190214555,
    "chr6": 170805979,
    "chr7": 159345973,
    "chr8": 145138636,
    "chr10": 133797422,
    "chr12": 133275309,
    "chr13": 114364328,
    "chr16": 90338345,
    "chr19": 58617616,
    "chrX": 156040895,
}
# A file in blocks (SAM specification, section 4.1) is gzip with an extra field in its header (RFC 1952).
GZIP, BLOCKED = b"\x1f\x8b", 4
# So few reads may all be of one chromosome: of ten, once in 512 genomes, a heterozygous base is not seen.
LEAST_DEPTH = 10
# Between positions that are read apart, in bases.
LONG_WAY = 10_000
NOT_A_BASE = ("<", "*", "[", "]", ".")
PASSED = frozenset({"PASS", "."})


@dataclass(frozen=True, slots=True)
class Genotypes:
    """By gene, and then by the index of its positions; `unknown` has places with a base that no definition knows.

    `records` is how many the file has, of those that were read.
    """

    sample: str
    called: Mapping[str, Mapping[int, Genotype]]
    unknown: Mapping[str, tuple[str, ...]]
    records: int = 0

    @property
    def positions(self) -> int:
        """How many were genotyped."""
        return sum(map(len, self.called.values())) + sum(map(len, self.unknown.values()))


class VariantsUnfit(Malformed):
    """A file cannot be taken as it is. `record` counts from one; zero where none is at fault."""

    def __init__(self, message: str, record: int = 0) -> None:
        super().__init__(message)
        self.record = record


class NotVcf(VariantsUnfit):
    """The file is no VCF, or not a whole one."""


class NotOneSample(VariantsUnfit):
    """The file has no sample, or several, and none was chosen."""


class Unsorted(VariantsUnfit):
    """Records are not in order."""


class OtherBuild(VariantsUnfit):
    """The file is not on the reference that the definitions are."""


def read_genotypes(path: Path, sample: str = "", index: Path | None = None, ordered: bool = False) -> Genotypes:
    """What a file says of one of its samples; it may be left out where the file has one.

    With an `index` (tabix) only what lies in genes is read, else everything. Raise VariantsUnfit, with the place, where it is no
    VCF, has several samples, disagrees with the reference of the definitions, or is not sorted and should be `ordered`.
    """
    # htslib says on the standard error what it makes of a header; what matters is raised.
    before = pysam.set_verbosity(0)
    try:
        with readable(path) as file:
            return Reader(file, index, ordered).genotypes(sample)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise NotVcf(f"the file is not a whole VCF: {first_line(error)}") from None
    finally:
        pysam.set_verbosity(before)


@contextmanager
def readable(path: Path) -> Iterator[Path]:
    """A file that htslib can read; what plain gzip compressed it cannot, so that is unpacked."""
    with path.open("rb") as file:
        start = file.read(4)
    if start[:2] != GZIP or (len(start) > 3 and start[3] & BLOCKED):
        yield path
        return
    with tempfile.NamedTemporaryFile(suffix=".vcf") as unpacked, gzip.open(path) as packed:
        shutil.copyfileobj(packed, unpacked)
        unpacked.flush()
        yield Path(unpacked.name)


class Reader:
    """One file in the reading; `number` is the record that is read, and `begun` says that its header was."""

    def __init__(self, path: Path, index: Path | None, ordered: bool) -> None:
        self.path = path
        self.index = index
        self.ordered = ordered
        self.number = 0
        self.begun = False

    def genotypes(self, sample: str) -> Genotypes:
        wanted = by_chromosome()
        found: dict[tuple[str, int], list[Reading]] = {}
        try:
            with pysam.VariantFile(str(self.path), index_filename=str(self.index) if self.index else None) as file:
                chosen = sample_of(list(file.header.samples), sample)
                check_build(file.header.contigs)
                self.begun = True
                for record in self.in_genes(file, wanted) if self.index else self.all(file):
                    chromosome = with_prefix(record.chrom)
                    for position in covered(record, wanted.get(chromosome, ())):
                        reading = read(record, record.samples[chosen], position)
                        if reading is not None:
                            found.setdefault((chromosome, position.position), []).append(reading)
        except VariantsUnfit as error:
            error.record = self.number
            raise
        except (OSError, ValueError) as error:
            raise NotVcf(f"the file is not a whole VCF: {first_line(error)}", self.at_fault()) from None
        except LookupError:
            # A record that ends before the column of its sample.
            raise NotVcf("the file is not a whole VCF: a record lacks what the header says of it", self.number) from None
        return replace(by_gene(chosen, found), records=self.number)

    def at_fault(self) -> int:
        """The record that could not be read; zero for the header."""
        return self.number + 1 if self.begun else 0

    def all(self, file: Any) -> Iterator[Any]:
        """Every record. Where they should be in order, raise Unsorted where one comes before the last, or a chromosome again."""
        seen: set[str] = set()
        chromosome, last = "", 0
        for record in file:
            self.number += 1
            if not self.ordered:
                yield record
                continue
            if record.chrom != chromosome:
                if record.chrom in seen:
                    raise Unsorted(f"{record.chrom} comes again: sort the file (bcftools sort)")
                chromosome, last = record.chrom, 0
                seen.add(chromosome)
            if record.pos < last:
                raise Unsorted(f"{record.chrom}:{record.pos} comes after {last}: sort the file (bcftools sort)")
            last = record.pos
            yield record

    def in_genes(self, file: Any, wanted: Mapping[str, Sequence[Position]]) -> Iterator[Any]:
        """Records of stretches with positions; a block that reaches from one into the next is read once."""
        names = {with_prefix(name): name for name in file.header.contigs}
        for chromosome in wanted.keys() & names.keys():
            before = 0
            for first, last in stretches([one.position for one in wanted[chromosome]]):
                for record in file.fetch(names[chromosome], first - 1, last):
                    if record.pos > before:
                        self.number += 1
                        yield record
                before = last


def stretches(positions: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of positions in order, cut where nothing is looked for over a long way."""
    found: list[tuple[int, int]] = []
    for position in positions:
        if found and position - found[-1][1] <= LONG_WAY:
            found[-1] = (found[-1][0], position)
        else:
            found.append((position, position))
    return found


@dataclass(frozen=True, slots=True)
class Reading:
    """Bases of each chromosome in the terms of a definition; None for one that it does not know."""

    bases: tuple[str | None, ...]
    phase_set: str | None


def by_chromosome() -> dict[str, list[Position]]:
    """Every place that is looked for, once, in order."""
    found: dict[str, list[Position]] = {}
    for (chromosome, _), one in sorted({(one.chromosome, one.position): one for one in places()}.items()):
        found.setdefault(chromosome, []).append(one)
    return found


def by_gene(sample: str, found: Mapping[tuple[str, int], list[Reading]]) -> Genotypes:
    called: dict[str, dict[int, Genotype]] = {}
    unknown: dict[str, tuple[str, ...]] = {}
    for gene in genes().values():
        called[gene.name], strange = of_gene(gene, found)
        unknown[gene.name] = strange
    return Genotypes(sample, called, unknown)


def of_gene(gene: Gene, found: Mapping[tuple[str, int], list[Reading]]) -> tuple[dict[int, Genotype], tuple[str, ...]]:
    called: dict[int, Genotype] = {}
    strange: list[str] = []
    for index, position in enumerate(gene.positions):
        readings = found.get((position.chromosome, position.position), [])
        if not readings:
            continue
        one = joined(readings, position.ref)
        bases = tuple(base for base in one.bases if base is not None)
        if len(bases) < len(one.bases):
            strange.append(position.label)
        else:
            called[index] = Genotype(bases, one.phase_set)
    return called, tuple(strange)


def joined(readings: list[Reading], ref: str) -> Reading:
    """Several records of one position, as `bcftools norm -m-` leaves them: what is not the reference in any of them is there."""
    first = readings[0]
    for other in readings[1:]:
        if all(base == ref for base in other.bases):
            continue
        if all(base == ref for base in first.bases):
            first = other
        elif len(first.bases) == len(other.bases) == 2:
            mine = [base for base in first.bases if base != ref]
            theirs = [base for base in other.bases if base != ref]
            if first.phase_set is not None and first.phase_set == other.phase_set:
                first = Reading(
                    tuple(a if a != ref else b for a, b in zip(first.bases, other.bases, strict=True)), first.phase_set
                )
            elif len(mine) == len(theirs) == 1:
                first = Reading((mine[0], theirs[0]), None)
    return first


def covered(record: Any, wanted: Sequence[Position]) -> Sequence[Position]:
    """Positions that a record tells of, of those of its chromosome: its own, and of a reference block each in it.

    A genome's blocks together are three billion bases long: they are not walked.
    """
    if not wanted or not set(record.filter.keys()) <= PASSED:
        return ()
    last = record.stop if is_block(record) else record.pos
    return wanted[bisect_left(wanted, record.pos, key=place) : bisect_right(wanted, last, key=place)]


def place(one: Position) -> int:
    return one.position


def is_block(record: Any) -> bool:
    """Of a gVCF: no allele but the reference and a symbolic one, over a stretch."""
    return record.rlen > len(record.ref) and all(alt.startswith("<") for alt in record.alts or ())


def read(record: Any, call: Any, position: Position) -> Reading | None:
    """None where the genotype is missing or partly missing."""
    indexes = call.allele_indices
    if not indexes or any(index is None for index in indexes):
        return None
    if not any(indexes) and depth(record, call) < LEAST_DEPTH:
        return None
    phase_set = str(call["PS"]) if "PS" in record.format and call.get("PS") is not None else "all"
    phase = phase_set if call.phased and len(indexes) > 1 else None
    if is_block(record) and not any(indexes):
        return Reading((position.ref,) * len(indexes), None)
    if record.ref[0].upper() != position.ref[0]:
        raise OtherBuild(
            f"{record.chrom}:{record.pos} has {record.ref} where GRCh38 has {position.ref}: is the file on another reference?"
        )
    alleles = [said.upper() for said in (record.ref, *(record.alts or ()))]
    return Reading(tuple(in_terms(alleles[index], alleles[0], position) for index in indexes), phase)


def depth(record: Any, call: Any) -> float:
    """How many reads say so; without end where the file does not tell."""
    if "MIN_DP" in record.info:
        return float(record.info["MIN_DP"])
    for name in ("MIN_DP", "DP"):
        if name in record.format and call.get(name) is not None:
            return float(call[name])
    return inf


def in_terms(base: str, ref: str, position: Position) -> str | None:
    """A base of a record as the definition writes it: with more, or fewer, of the reference's bases after it."""
    if base.startswith(NOT_A_BASE):
        return None
    mine = position.ref
    if mine.startswith(ref):
        base += mine[len(ref) :]
    elif ref.startswith(mine) and base.endswith(ref[len(mine) :]) and len(base) > len(ref) - len(mine):
        base = base[: len(base) - (len(ref) - len(mine))]
    elif ref != mine:
        return None
    return base if base in (mine, *position.alts) else None


def sample_of(samples: list[str], wanted: str) -> str:
    if wanted:
        if wanted not in samples:
            raise NotOneSample(f"the file has no sample of that name; it has {len(samples)}")
        return wanted
    if len(samples) != 1:
        raise NotOneSample(f"the file has {len(samples)} samples: say which with --sample")
    return samples[0]


def check_build(contigs: Any) -> None:
    for name, contig in contigs.items():
        expected = LENGTHS.get(with_prefix(name))
        if expected and contig.length and contig.length != expected:
            raise OtherBuild(f"{name} has {contig.length} bases in the header, and {expected} in GRCh38: map the file to GRCh38")


def with_prefix(chromosome: str) -> str:
    return chromosome if chromosome.startswith("chr") else f"chr{chromosome}"


def first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
