"""Whether two samples are of one person: how many of their SNPs have the same genotype in both.

Of one person nearly all have; of unrelated people about half, of parent and child about two in three. Where a tumour has lost
much of one chromosome of each pair, fewer agree though the person is the same: somebody looks.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nsmallest
from pathlib import Path
from typing import Any

import pysam

from sequencing.pharmacogenomics.variant_file import LEAST_DEPTH, depth, is_block

# Of these, in each of the two: the same ones in every sample, spread over all that was sequenced.
MOST_SITES = 2500
# A genome is looked at in windows of so many bases, so that about so many of its SNPs are read.
WINDOW = 10_000
MOST_READ = 100_000
BASES = frozenset("ACGT")

type Site = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Genome:
    """A sample's variants and its gVCF, both of bgzip with a tabix index; `snps` is about how many it has."""

    snps: int
    variants: Path
    variants_index: Path
    genomic: Path
    genomic_index: Path


@dataclass(frozen=True, slots=True)
class Agreement:
    """SNPs of either with a genotype in both, and how many of these are the same."""

    sites: int
    agreeing: int


def agreement(pair: tuple[Genome, Genome]) -> Agreement:
    """Both on the same reference. Raise OSError or ValueError where a file is none."""
    sites = sorted({site for genome in pair for site in chosen(genome, max(one.snps for one in pair))})
    first, second = (genotypes(genome, sites) for genome in pair)
    shared = first.keys() & second.keys()
    return Agreement(len(shared), sum(first[site] == second[site] for site in shared))


def chosen(genome: Genome, snps: int) -> list[Site]:
    """Which SNPs are looked at depends on their place alone."""
    with pysam.VariantFile(str(genome.variants), index_filename=str(genome.variants_index)) as file:
        found = (
            (record.chrom, record.pos)
            for record in looked_at(file, max(snps // MOST_READ, 1))
            if len(record.ref) == 1 and all(alt in BASES for alt in record.alts or ("",))
        )
        return nsmallest(MOST_SITES, found, key=order)


def looked_at(file: Any, stride: int) -> Iterator[Any]:
    """One window of each `stride`; everything where that is one."""
    if stride == 1:
        yield from file
        return
    for name, contig in file.header.contigs.items():
        if name in file.index:
            for begin in range(0, contig.length, WINDOW * stride):
                yield from file.fetch(name, begin, min(begin + WINDOW, contig.length))


def order(site: Site) -> int:
    return zlib.crc32(f"{site[0]}:{site[1]}".encode())


def genotypes(genome: Genome, sites: list[Site]) -> dict[Site, tuple[str, ...]]:
    """The bases of those that are known by enough reads, in order of the alphabet; "=" for the reference's."""
    found = {}
    with pysam.VariantFile(str(genome.genomic), index_filename=str(genome.genomic_index)) as file:
        (sample,) = file.header.samples
        for contig, position in sites:
            if contig in file.index and (bases := genotype(file.fetch(contig, position - 1, position), sample, position)):
                found[contig, position] = bases
    return found


def genotype(records: Iterator[Any], sample: str, position: int) -> tuple[str, ...] | None:
    for record in records:
        call = record.samples[sample]
        indexes = call.allele_indices
        if not indexes or any(index is None for index in indexes) or depth(record, call) < LEAST_DEPTH:
            continue
        if is_block(record):
            return ("=",) * len(indexes) if not any(indexes) else None
        if record.pos == position and len(record.ref) == 1:
            return tuple(sorted("=" if index == 0 else record.alleles[index] for index in indexes))
    return None
