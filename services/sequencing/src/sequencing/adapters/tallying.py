"""Counts over a shard's alignments, by samtools stats."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pysam import samtools

from casepath.sequencing.v1.calling_pb2 import AlignmentTally

DEEPEST, LONGEST_FRAGMENT = 1000, 2000


def tally(part: Path) -> AlignmentTally:
    """Of primary alignments; depths and fragments without duplicates."""
    found = AlignmentTally(positions_at_depth=[0] * (DEEPEST + 1), pairs_at_length=[0] * (LONGEST_FRAGMENT + 1))
    options = ["-d", "-c", f"1,{DEEPEST},1", "-i", str(LONGEST_FRAGMENT)]
    for kind, fields in sections(str(samtools.stats(*options, str(part))).splitlines()):
        match kind, fields:
            case "SN", ["filtered sequences:", count, *_]:
                found.duplicates = int(count)
            case "SN", ["reads mapped:", count, *_]:
                found.mapped = int(count)
            case "SN", ["reads properly paired:", count, *_]:
                found.properly_paired = int(count)
            case "IS", [length, pairs, *_]:
                found.pairs_at_length[min(int(length), LONGEST_FRAGMENT)] += int(pairs)
            case "COV", [_, depth, positions]:
                found.positions_at_depth[min(int(depth), DEEPEST)] += int(positions)
    found.mapped += found.duplicates
    return found


def sections(lines: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    for line in lines:
        kind, *fields = line.split("\t")
        if kind in ("SN", "IS", "COV"):
            yield kind, fields


def summed(tallies: Iterable[AlignmentTally]) -> AlignmentTally:
    total = AlignmentTally(positions_at_depth=[0] * (DEEPEST + 1), pairs_at_length=[0] * (LONGEST_FRAGMENT + 1))
    for one in tallies:
        total.mapped += one.mapped
        total.duplicates += one.duplicates
        total.properly_paired += one.properly_paired
        for depth, positions in enumerate(one.positions_at_depth):
            total.positions_at_depth[depth] += positions
        for length, pairs in enumerate(one.pairs_at_length):
            total.pairs_at_length[length] += pairs
    return total
