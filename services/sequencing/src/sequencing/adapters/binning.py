"""Alignments of one chunk, laid into the bins of the shards that need them.

A bin has every alignment of each pair of which one touches the shard or its padding, so that mates are seen together in each
bin that either is in: mate fields, duplicates and calls come out there as they would of the whole genome.
"""

from collections.abc import Iterable, Iterator
from itertools import dropwhile
from pathlib import Path

from isal import igzip, igzip_lib

from casepath.sequencing.v1.calling_pb2 import Computation
from sequencing.computations import PADDING, bins

FASTEST = 1
NOWHERE = b"*"


class Bins:
    """Which bins a position belongs to."""

    def __init__(self, made: Computation) -> None:
        self.nowhere = bins(made) - 1
        # Of each contig its first shard, how many it has, and how many bases each of them has.
        self.contigs: dict[bytes, tuple[int, int, int]] = {}
        for number, shard in enumerate(made.shards):
            for interval in shard.intervals:
                first, count, size = self.contigs.get(interval.contig.encode(), (number, 0, interval.end - interval.start))
                self.contigs[interval.contig.encode()] = first, count + 1, size

    def at(self, contig: bytes, position: int) -> Iterable[int]:
        """`position` counts from one, as in SAM."""
        first, count, size = self.contigs[contig]
        if count == 1:
            return (first,)
        lowest = max(position - 1 - PADDING, 0) // size
        highest = min((position - 1 + PADDING) // size, count - 1)
        return (first + lowest,) if lowest == highest else range(first + lowest, first + highest + 1)


def lay(sam: Path, made: Computation, out: Path) -> list[int]:
    """Write the bins of a SAM file (grouped by read), each compressed, one after the other; give their sizes."""
    places = Bins(made)
    laid: list[list[bytes]] = [[] for _ in range(places.nowhere + 1)]
    touched = set[int]()
    of_pair: list[bytes] = []
    last = b""
    with sam.open("rb") as lines:
        for line in dropwhile(lambda line: line.startswith(b"@"), lines):
            name, _, contig, position, _ = line.split(b"\t", 4)
            if name != last:
                for place in touched or (places.nowhere,):
                    laid[place] += of_pair
                touched, of_pair, last = set(), [], name
            of_pair.append(line)
            if contig != NOWHERE:
                touched.update(places.at(contig, int(position)))
    for place in touched or (places.nowhere,):
        laid[place] += of_pair
    sizes = []
    with out.open("wb") as file:
        for texts in laid:
            content = igzip.compress(b"".join(texts), FASTEST, mtime=0) if texts else b""
            sizes.append(len(content))
            file.write(content)
    return sizes


def unbinned(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The SAM text of a shard's bins."""
    for part in parts:
        if part:
            yield igzip_lib.decompress(part, flag=igzip_lib.DECOMP_GZIP)
