"""Quality figures as MultiQC takes them from others: custom content, `*_mqc.json` (MultiQC, "Custom content"). Pure."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from casepath.sequencing.v1.calling_pb2 import QualityFigures
from casepath.sequencing.v1.sequencing_pb2 import Quality
from sequencing.quality import share

# Name, title, description, highest, suffix, colours.
COLUMNS = (
    ("yield_gb", "Yield", "Bases read, in billions", None, " Gb", "Blues"),
    ("q30", "Q30", "Bases at Phred 30 or above", 100, "%", "RdYlGn"),
    ("gc", "GC", "Bases that are G or C", 100, "%", "PuRd"),
    ("mapped", "Mapped", "Reads that align", 100, "%", "RdYlGn"),
    ("duplicates", "Duplicates", "Aligned reads that are duplicates", 100, "%", "OrRd"),
    ("insert_size", "Insert size", "Median length of fragments", None, " bp", "Greens"),
    ("mean_coverage", "Coverage", "Mean depth over the reference, duplicates left out", None, "X", "Blues"),
    ("covered_10x", "10X", "Positions covered ten times or more", 100, "%", "RdYlGn"),
    ("snps", "SNPs", "Alleles of one base", None, "", "Greys"),
    ("indels", "Indels", "Other alleles", None, "", "Greys"),
    ("titv", "Ti/Tv", "Transitions over transversions", None, "", "Greys"),
    ("reference_at_homozygous", "Ref. at hom.", "Reads of the reference at homozygous SNPs: contamination", 100, "%", "OrRd"),
)
# Name, title, description, and what the axes are.
COVERAGE = ("coverage", "Coverage", "Positions of the reference by depth, duplicates left out", "Depth", "Positions")
INSERT_SIZE = ("insert_size", "Insert size", "Pairs by the length of their fragments", "Bases", "Pairs")


def multiqc_files(sample: str, quality: Quality, behind: QualityFigures) -> dict[str, bytes]:
    """By name of file, of one sample."""
    return {
        "casepath_general_mqc.json": written(
            {
                "id": "casepath_general",
                "plot_type": "generalstats",
                "headers": [header(*column) for column in COLUMNS],
                "data": {sample: statistics(quality, behind)},
            }
        ),
        "casepath_coverage_mqc.json": written(line(sample, COVERAGE, behind.alignments.positions_at_depth)),
        "casepath_insert_size_mqc.json": written(line(sample, INSERT_SIZE, behind.alignments.pairs_at_length)),
    }


def statistics(quality: Quality, behind: QualityFigures) -> dict[str, float]:
    reads = behind.reads
    found = {
        "yield_gb": reads.bases / 1e9,
        "q30": 100 * quality.q30_fraction,
        "gc": 100 * share(reads.gc_bases, reads.bases - reads.unread_bases),
        "mapped": 100 * share(quality.mapped_reads, quality.reads),
        "duplicates": 100 * share(quality.duplicate_reads, quality.mapped_reads),
        "insert_size": quality.median_insert_size,
        "mean_coverage": quality.mean_coverage,
        "covered_10x": 100 * quality.covered_10x_fraction,
        "snps": quality.snps,
        "indels": quality.indels,
        "titv": quality.transition_transversion_ratio,
    }
    if behind.HasField("reference_at_homozygous"):
        found["reference_at_homozygous"] = 100 * behind.reference_at_homozygous
    return found


def header(name: str, title: str, description: str, highest: float | None, suffix: str, scale: str) -> dict[str, Any]:
    bounds = {"min": 0, **({"max": highest} if highest is not None else {})}
    return {name: {"title": title, "description": description, "suffix": suffix, "scale": scale, **bounds}}


def line(sample: str, of: tuple[str, str, str, str, str], counts: Sequence[int]) -> dict[str, Any]:
    name, title, description, x, y = of
    return {
        "id": f"casepath_{name}",
        "section_name": title,
        "description": description,
        "plot_type": "linegraph",
        "pconfig": {"id": f"casepath_{name}_plot", "title": f"casepath: {title}", "xlab": x, "ylab": y, "ymin": 0},
        "data": {sample: {str(value): count for value, count in enumerate(counts) if count}},
    }


def written(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True).encode()
