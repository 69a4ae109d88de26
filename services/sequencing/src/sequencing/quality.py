"""Quality figures of a computation, from the counts of its parts. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from casepath.intake.v1.patient_pb2 import SEX_FEMALE, SEX_MALE, SEX_UNSPECIFIED, Sex
from casepath.sequencing.v1.calling_pb2 import AlignmentTally, QualityFigures, ReadsTally, RegionFigures, Shard
from casepath.sequencing.v1.sequencing_pb2 import (
    GENOMIC_SEX_UNSPECIFIED,
    GENOMIC_SEX_XX,
    GENOMIC_SEX_XY,
    QUALITY_SHORTFALL_CONCORDANCE,
    QUALITY_SHORTFALL_CONTAMINATION,
    QUALITY_SHORTFALL_COVERED_10X,
    QUALITY_SHORTFALL_DUPLICATES,
    QUALITY_SHORTFALL_MAPPED,
    QUALITY_SHORTFALL_MEAN_COVERAGE,
    QUALITY_SHORTFALL_Q30,
    QUALITY_SHORTFALL_SEX,
    Concordance,
    GenomicSex,
    Quality,
    QualityShortfall,
)

WELL_COVERED = 10
AUTOSOMES = frozenset(f"chr{number}" for number in range(1, 23))
# Below this depth of the autosomes, chromosomes are not counted.
LEAST_DEPTH_FOR_SEX = 5.0
# Depth of X and Y as shares of the autosomes': one X is half, and some of Y is not in any read's reach.
ONE_X, TWO_X = 0.65, 0.8
NO_Y, ONE_Y = 0.1, 0.25
# Reads of another species, or of nothing in the reference, align by chance alone.
LEAST_MAPPED = 0.1


@dataclass(frozen=True, slots=True)
class VariantTally:
    """Counts over alleles that differ from the reference.

    `homozygous` are SNPs called so with enough reads, and `reference_at_homozygous` the mean share of reads
    there that show the reference.
    """

    snps: int = 0
    indels: int = 0
    transitions: int = 0
    transversions: int = 0
    homozygous: int = 0
    reference_at_homozygous: float = 0.0


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a laboratory asks of a sample, as shares of one but for the depth; a bound of zero, or of one, asks nothing."""

    least_mapped: float = 0.8
    most_duplicates: float = 0.5
    least_q30: float = 0.7
    least_coverage: float = 0.0
    least_covered_10x: float = 0.0
    most_contamination: float = 0.05
    least_concordance: float = 0.8


def quality(reads: ReadsTally, alignments: AlignmentTally, variants: VariantTally, genome: int) -> Quality:
    """`genome` is the reference's length in bases."""
    mean_coverage, covered_10x = coverage(alignments, genome)
    return Quality(
        reads=reads.reads,
        mapped_reads=alignments.mapped,
        duplicate_reads=alignments.duplicates,
        q30_fraction=share(reads.q30_bases, reads.bases),
        mean_coverage=mean_coverage,
        covered_10x_fraction=covered_10x,
        median_insert_size=median(alignments.pairs_at_length),
        snps=variants.snps,
        indels=variants.indels,
        transition_transversion_ratio=share(variants.transitions, variants.transversions),
    )


def coverage(alignments: AlignmentTally, length: int) -> tuple[float, float]:
    """Mean depth over `length` bases, and the share of them that is well covered."""
    bases = sum(depth * positions for depth, positions in enumerate(alignments.positions_at_depth))
    covered = sum(alignments.positions_at_depth[WELL_COVERED:])
    return bases / length, min(covered / length, 1.0)


def share(part: float, whole: float) -> float:
    """Zero of nothing."""
    return part / whole if whole else 0.0


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


def region(shard: Shard, alignments: AlignmentTally) -> RegionFigures:
    mean_coverage, covered_10x = coverage(alignments, sum(one.end - one.start for one in shard.intervals))
    return RegionFigures(region=shard, mean_coverage=mean_coverage, covered_10x_fraction=covered_10x)


def contigs(regions: Iterable[RegionFigures]) -> dict[str, tuple[int, float]]:
    """Length and mean depth of each contig that is called alone, or in parts; those that are called together have none."""
    found: dict[str, tuple[int, float]] = {}
    for one in regions:
        if len(one.region.intervals) == 1:
            (interval,) = one.region.intervals
            length, depth = found.get(interval.contig, (0, 0.0))
            more = interval.end - interval.start
            found[interval.contig] = length + more, (length * depth + more * one.mean_coverage) / (length + more)
    return found


def genomic_sex(regions: Iterable[RegionFigures]) -> GenomicSex:
    """Told where X and Y agree."""
    depths = {name if name.startswith("chr") else f"chr{name}": said for name, said in contigs(regions).items()}
    autosomes = [said for name, said in depths.items() if name in AUTOSOMES]
    length = sum(bases for bases, _ in autosomes)
    depth = share(sum(bases * mean for bases, mean in autosomes), length)
    if depth < LEAST_DEPTH_FOR_SEX or not {"chrX", "chrY"} <= depths.keys():
        return GENOMIC_SEX_UNSPECIFIED
    x, y = depths["chrX"][1] / depth, depths["chrY"][1] / depth
    if x >= TWO_X and y <= NO_Y:
        return GENOMIC_SEX_XX
    return GENOMIC_SEX_XY if x <= ONE_X and y >= ONE_Y else GENOMIC_SEX_UNSPECIFIED


def differs(one: Concordance, asked: Thresholds) -> bool:
    """Whether another sample of the patient has too many other genotypes."""
    return share(one.agreeing, one.sites) < asked.least_concordance


def shortfalls(
    figures: Quality,
    behind: QualityFigures,
    asked: Thresholds,
    sex: Sex = SEX_UNSPECIFIED,
    concordances: Sequence[Concordance] = (),
) -> list[QualityShortfall]:
    """What is below what a laboratory asks.

    `sex` is the patient's in the order, where that is female or male; `concordances` are with the patient's other samples.
    """
    mapped = share(figures.mapped_reads, figures.reads)
    duplicates = share(figures.duplicate_reads, figures.mapped_reads)
    expected = {SEX_FEMALE: GENOMIC_SEX_XX, SEX_MALE: GENOMIC_SEX_XY}.get(sex)
    found = genomic_sex(behind.regions)
    failed = {
        QUALITY_SHORTFALL_MAPPED: mapped < asked.least_mapped,
        QUALITY_SHORTFALL_DUPLICATES: duplicates > asked.most_duplicates,
        QUALITY_SHORTFALL_Q30: figures.q30_fraction < asked.least_q30,
        QUALITY_SHORTFALL_MEAN_COVERAGE: figures.mean_coverage < asked.least_coverage,
        QUALITY_SHORTFALL_COVERED_10X: figures.covered_10x_fraction < asked.least_covered_10x,
        QUALITY_SHORTFALL_CONTAMINATION: behind.reference_at_homozygous > asked.most_contamination,
        QUALITY_SHORTFALL_SEX: expected is not None and found not in (expected, GENOMIC_SEX_UNSPECIFIED),
        QUALITY_SHORTFALL_CONCORDANCE: any(differs(one, asked) for one in concordances),
    }
    return [shortfall for shortfall, fails in failed.items() if fails]
