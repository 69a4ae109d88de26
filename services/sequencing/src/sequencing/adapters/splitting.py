"""A read group's reads, cut into chunks: gzip FASTQ with the reads of a pair one after the other."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import batched, chain, islice
from pathlib import Path

import dnaio
import mappy
import pysam
from isal import igzip
from pysam import samtools

from casepath.sequencing.v1.calling_pb2 import ReadsTally
from casepath.sequencing.v1.sequencing_pb2 import (
    REJECTION_REASON_EMPTY,
    REJECTION_REASON_MALFORMED_RECORD,
    REJECTION_REASON_TOO_LONG,
)
from sequencing.adapters.alignment_file import NOT_PRIMARY, groups
from sequencing.adapters.fastq import BATCH_PAIRS, LONGEST_READ, added, read_pairs, tallied
from sequencing.rejection import ReadsUnfit

FASTEST = 1
# An unknown quality (SAM v1, section 1.4, QUAL "*").
UNKNOWN_QUALITY = "!"

type Fragment = tuple[dnaio.SequenceRecord, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    file: Path
    reads: ReadsTally


def split(fragments: Iterable[Fragment], pairs: int, folder: Path) -> Iterator[Chunk]:
    """Chunks of so many fragments, each written when the one before was taken. Raise ReadsUnfit, EMPTY, where there is none."""
    rest, count = iter(fragments), 0
    # Never a chunk as a whole: that many objects are slow to keep.
    while (first := next(batches := batched(islice(rest, pairs), BATCH_PAIRS), None)) is not None:
        count += 1
        file, tally = folder / f"chunk-{count:06}.fastq.gz", ReadsTally()
        with file.open("wb") as out:
            for batch in chain([first], batches):
                reads = list(chain.from_iterable(batch))
                tally = added(tally, tallied(reads))
                out.write(igzip.compress(b"".join([read.fastq_bytes() for read in reads]), FASTEST, mtime=0))
        yield Chunk(file, tally)
    if not count:
        raise ReadsUnfit(REJECTION_REASON_EMPTY)


def from_fastq(files: tuple[Path, Path]) -> Iterator[Fragment]:
    return read_pairs(files)


def from_alignments(file: Path, read_group: str, reference: Path, scratch: Path) -> Iterator[Fragment]:
    """The reads of one read group of a BAM or CRAM file as the sequencer gave them, mates together (samtools collate).

    The file's first group has also the reads that name none. A read whose mate is not there comes alone.
    """
    chosen, collated = scratch / "chosen.bam", scratch / "collated.bam"
    options = ["--no-PG", "-O", "bam,level=1", "-F", str(NOT_PRIMARY), "--reference", str(reference)]
    selected = selection([name for name, _ in groups(file)], read_group)
    samtools.view(*options, *selected, "-o", str(chosen), str(file), catch_stdout=False)
    samtools.collate("--no-PG", "-l", "1", "-T", str(scratch / "collate"), "-o", str(collated), str(chosen), catch_stdout=False)
    chosen.unlink()
    with pysam.AlignmentFile(str(collated), check_sq=False) as reads:
        waiting: list[pysam.AlignedSegment] = []
        for number, read in enumerate(reads, start=1):
            if waiting and waiting[0].query_name != read.query_name:
                yield fragment(waiting)
                waiting = []
            if len(waiting) == 2:
                raise ReadsUnfit(REJECTION_REASON_MALFORMED_RECORD, 1, number)
            waiting.append(read)
        if waiting:
            yield fragment(waiting)
    collated.unlink()


def selection(names: list[str], wanted: str) -> list[str]:
    """Options of samtools view by which each read is in one of a file's read groups."""
    others = [f'[RG]!="{name}"' for name in names[1:]]
    if wanted in names[1:]:
        return ["-e", f'[RG]=="{wanted}"']
    return ["-e", f"!exists([RG]) || ({' && '.join(others)})"] if others else []


def fragment(reads: list[pysam.AlignedSegment]) -> Fragment:
    return tuple(as_sequenced(read) for read in sorted(reads, key=lambda read: read.is_read2))


def as_sequenced(read: pysam.AlignedSegment) -> dnaio.SequenceRecord:
    """The read in the direction in which it was sequenced. Raise ReadsUnfit where it has no bases, or too many."""
    sequence = read.query_sequence
    if sequence is None:
        raise ReadsUnfit(REJECTION_REASON_MALFORMED_RECORD, 1)
    if len(sequence) > LONGEST_READ:
        raise ReadsUnfit(REJECTION_REASON_TOO_LONG, 1)
    quality = read.query_qualities_str or UNKNOWN_QUALITY * len(sequence)
    if read.is_reverse:
        sequence, quality = mappy.revcomp(sequence), quality[::-1]
    return dnaio.SequenceRecord(read.query_name or "", sequence, quality)
