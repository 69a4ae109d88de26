"""Quality figures of a computation, from the counts of its parts. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from casepath.sequencing.v1.calling_pb2 import AlignmentTally, ReadsTally
from casepath.sequencing.v1.sequencing_pb2 import Quality

WELL_COVERED = 10
# Reads of another species, or of nothing in the reference, align by chance alone.
LEAST_MAPPED = 0.1


@dataclass(frozen=True, slots=True)
class VariantTally:
    """Counts over alleles that differ from the reference."""

    snps: int = 0
    indels: int = 0
    transitions: int = 0
    transversions: int = 0


def quality(reads: ReadsTally, alignments: AlignmentTally, variants: VariantTally, genome: int) -> Quality:
    """`genome` is the reference's length in bases."""
    bases = sum(depth * positions for depth, positions in enumerate(alignments.positions_at_depth))
    return Quality(
        reads=reads.reads,
        mapped_reads=alignments.mapped,
        duplicate_reads=alignments.duplicates,
        q30_fraction=reads.q30_bases / reads.bases if reads.bases else 0.0,
        mean_coverage=bases / genome,
        covered_10x_fraction=min(sum(alignments.positions_at_depth[WELL_COVERED:]) / genome, 1.0),
        median_insert_size=median(alignments.pairs_at_length),
        snps=variants.snps,
        indels=variants.indels,
        transition_transversion_ratio=variants.transitions / variants.transversions if variants.transversions else 0.0,
    )


def fits_reference(figures: Quality) -> bool:
    """Whether enough reads align for the absence of a variant to mean anything."""
    return bool(figures.mapped_reads >= LEAST_MAPPED * figures.reads)


def median(counts: Sequence[int]) -> int:
    """The lower median of values that are counted by their index, zero aside; zero of nothing."""
    left = (sum(counts[1:]) + 1) // 2
    for value, count in enumerate(counts):
        left -= count if value else 0
        if value and count and left <= 0:
            return value
    return 0
