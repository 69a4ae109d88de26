"""Reading FASTQ pairs (Cock et al. 2010, Sanger variant: quality is Phred + 33)."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dnaio

from casepath.sequencing.v1.sequencing_pb2 import (
    REJECTION_REASON_EMPTY,
    REJECTION_REASON_MALFORMED_RECORD,
    REJECTION_REASON_MISMATCHED_NAMES,
    REJECTION_REASON_QUALITY_LENGTH,
    REJECTION_REASON_TRUNCATED_GZIP,
    REJECTION_REASON_UNEQUAL_PAIRS,
)
from chassis.errors import Unavailable
from sequencing.rejection import ReadsUnfit

BELOW_Q30 = bytes(range(33 + 30))
LINES = 4


type Pair = tuple[dnaio.SequenceRecord, dnaio.SequenceRecord]


@dataclass(slots=True)
class ReadsTally:
    """Counts over both files, kept while pairs go by; `q30_bases` have Phred 30 or above."""

    pairs: int = 0
    bases: int = 0
    q30_bases: int = 0

    def counting(self, pairs: Iterator[Pair]) -> Iterator[Pair]:
        """The same pairs. Raise ReadsUnfit at the end when there were none."""
        for pair in pairs:
            self.pairs += 1
            for read in pair:
                quality = read.qualities_as_bytes()
                self.bases += len(quality)
                self.q30_bases += len(quality.translate(None, BELOW_Q30))
            yield pair
        if not self.pairs:
            raise ReadsUnfit(REJECTION_REASON_EMPTY)


def check_pairs(files: tuple[Path, Path]) -> ReadsTally:
    """Read both files to their ends. Raise ReadsUnfit naming the file, record and line at fault."""
    tally = ReadsTally()
    for _ in tally.counting(read_pairs(files)):
        pass
    return tally


def read_pairs(files: tuple[Path, Path]) -> Iterator[Pair]:
    """Pairs in file order. Raise ReadsUnfit at the first that is wrong."""
    streams = [read_one(path, number) for number, path in enumerate(files, start=1)]
    count = 0
    while True:
        first, second = (next(stream, None) for stream in streams)
        if first is None and second is None:
            return
        count += 1
        if first is None or second is None:
            raise ReadsUnfit(REJECTION_REASON_UNEQUAL_PAIRS, 1 if first is None else 2, count, LINES * (count - 1) + 1)
        if not first.is_mate(second):
            raise ReadsUnfit(REJECTION_REASON_MISMATCHED_NAMES, 2, count, LINES * (count - 1) + 1)
        yield first, second


def read_one(path: Path, number: int) -> Iterator[dnaio.SequenceRecord]:
    count = 0
    try:
        with dnaio.open(path, open_threads=0, fileformat="fastq") as reader:
            for record in reader:
                count += 1
                yield record
    except dnaio.FastqFormatError as error:
        # dnaio counts lines from zero, and knows none for a record that is not ASCII.
        line = LINES * count + 1 if error.line is None else error.line + 1
        length = "Length of sequence and qualities differ" in str(error)
        reason = REJECTION_REASON_QUALITY_LENGTH if length else REJECTION_REASON_MALFORMED_RECORD
        raise ReadsUnfit(reason, number, count + 1, line) from None
    except Exception as error:
        if isinstance(error, OSError) and error.errno:
            raise Unavailable(f"a read file cannot be read: {type(error).__name__} {error.errno}") from error
        # gzip, zlib and isal each raise their own, of no common base.
        lines = readable_lines(path)
        raise ReadsUnfit(REJECTION_REASON_TRUNCATED_GZIP, number, lines // LINES + 1, lines + 1) from error


def readable_lines(path: Path) -> int:
    """How many whole lines of a damaged gzip file can still be read."""
    lines = 0
    with path.open("rb") as file:
        stream = zlib.decompressobj(wbits=31)
        while block := file.read(1 << 16):
            try:
                while block:
                    lines += stream.decompress(block).count(b"\n")
                    block = stream.unused_data
                    if block:
                        stream = zlib.decompressobj(wbits=31)
            except zlib.error:
                break
    return lines
