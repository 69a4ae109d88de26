"""Quality figures of a BAM and a VCF."""

from collections import Counter
from itertools import islice
from pathlib import Path

import pysam
from pysam import samtools

from casepath.sequencing.v1.sequencing_pb2 import Quality
from sequencing.adapters.fastq import ReadsTally

TRANSITIONS = frozenset({"AG", "GA", "CT", "TC"})
NOT_PRIMARY = 0x100 | 0x800
WELL_COVERED = 10


def measure(alignments: Path, variants: Path, reads: ReadsTally) -> Quality:
    mapped, duplicates, inserts = count_reads(alignments)
    mean, well = coverage(alignments)
    snps, indels, transitions, transversions = count_variants(variants)
    return Quality(
        reads=2 * reads.pairs,
        mapped_reads=mapped,
        duplicate_reads=duplicates,
        q30_fraction=reads.q30_bases / reads.bases if reads.bases else 0.0,
        mean_coverage=mean,
        covered_10x_fraction=well,
        median_insert_size=median(inserts),
        snps=snps,
        indels=indels,
        transition_transversion_ratio=transitions / transversions if transversions else 0.0,
    )


def count_reads(alignments: Path) -> tuple[int, int, Counter[int]]:
    """Mapped and duplicate reads, and fragment lengths of proper pairs, by length."""
    mapped = duplicates = 0
    inserts: Counter[int] = Counter()
    with pysam.AlignmentFile(str(alignments)) as bam:
        for read in bam:
            if read.flag & NOT_PRIMARY or read.is_unmapped:
                continue
            mapped += 1
            duplicates += read.is_duplicate
            if read.is_proper_pair and read.template_length > 0:
                inserts[read.template_length] += 1
    return mapped, duplicates, inserts


def coverage(alignments: Path) -> tuple[float, float]:
    """Mean depth over the reference, and the share of positions with ten reads or more; duplicates left out."""
    with pysam.AlignmentFile(str(alignments)) as bam:
        total = sum(bam.lengths)
    depths = alignments.with_name("depth.tsv")
    samtools.depth("-o", str(depths), str(alignments), catch_stdout=False)
    bases = well = 0
    with depths.open() as lines:
        for line in lines:
            depth = int(line.rsplit("\t", 1)[1])
            bases += depth
            well += depth >= WELL_COVERED
    depths.unlink()
    return (bases / total, well / total) if total else (0.0, 0.0)


def count_variants(variants: Path) -> tuple[int, int, int, int]:
    """SNPs, indels, transitions and transversions."""
    snps = indels = transitions = transversions = 0
    # htslib warns on stderr that bcftools declares MQ as an integer.
    pysam.set_verbosity(1)
    with pysam.VariantFile(str(variants)) as vcf:
        for record in vcf:
            for alternative in record.alts or ():
                if len(record.ref or "") == len(alternative) == 1:
                    snps += 1
                    change = f"{record.ref}{alternative}".upper() in TRANSITIONS
                    transitions += change
                    transversions += not change
                else:
                    indels += 1
    return snps, indels, transitions, transversions


def median(counts: Counter[int]) -> int:
    """The lower median; zero of nothing."""
    middle = (counts.total() - 1) // 2
    return next(islice((value for value in sorted(counts) for _ in range(counts[value])), max(middle, 0), None), 0)
