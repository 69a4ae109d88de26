"""Reading FASTQ pairs (Cock et al. 2010, Sanger variant: quality is Phred + 33)."""

import string
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import batched, chain
from pathlib import Path

import dnaio

from casepath.sequencing.v1.calling_pb2 import ReadsTally
from casepath.sequencing.v1.sequencing_pb2 import (
    REJECTION_REASON_EMPTY,
    REJECTION_REASON_MALFORMED_RECORD,
    REJECTION_REASON_MISMATCHED_NAMES,
    REJECTION_REASON_QUALITY_LENGTH,
    REJECTION_REASON_TOO_LONG,
    REJECTION_REASON_TRUNCATED_GZIP,
    REJECTION_REASON_UNEQUAL_PAIRS,
)
from chassis.errors import Unavailable
from sequencing.rejection import ReadsUnfit

# What a base (IUPAC's letters, gaps and stops) and a quality (Cock et al. 2010, section 2) can be.
BASES = string.ascii_letters.encode() + b".-*"
QUALITIES = bytes(range(33, 127))
BELOW_Q20, BELOW_Q30 = bytes(range(33 + 20)), bytes(range(33 + 30))
LINES = 4
BATCH_PAIRS = 1000
# minimap2's short-read preset is for no longer ones, and a shard's padding is enough for these.
LONGEST_READ = 600


type Pair = tuple[dnaio.SequenceRecord, dnaio.SequenceRecord]


def tallied(reads: Sequence[dnaio.SequenceRecord]) -> ReadsTally:
    """Counts over reads. Quality is Phred + 33."""
    qualities = "".join([read.qualities for read in reads]).encode()
    bases = "".join([read.sequence for read in reads]).encode()
    return ReadsTally(
        reads=len(reads),
        bases=len(bases),
        q20_bases=len(qualities.translate(None, BELOW_Q20)),
        q30_bases=len(qualities.translate(None, BELOW_Q30)),
        gc_bases=len(bases) - len(bases.translate(None, b"GCgc")),
        unread_bases=len(bases) - len(bases.translate(None, b"Nn.")),
        longest=max([len(read) for read in reads], default=0),
    )


def added(first: ReadsTally, second: ReadsTally) -> ReadsTally:
    """Counts over both."""
    return ReadsTally(
        reads=first.reads + second.reads,
        bases=first.bases + second.bases,
        q20_bases=first.q20_bases + second.q20_bases,
        q30_bases=first.q30_bases + second.q30_bases,
        gc_bases=first.gc_bases + second.gc_bases,
        unread_bases=first.unread_bases + second.unread_bases,
        longest=max(first.longest, second.longest),
    )


def check_pairs(files: tuple[Path, Path]) -> ReadsTally:
    """Read both files to their ends. Raise ReadsUnfit naming the file, record and line at fault."""
    tally = ReadsTally()
    for batch in batched(read_pairs(files), BATCH_PAIRS):
        reads = list(chain.from_iterable(batch))
        check_characters(reads, tally.reads // 2)
        tally = added(tally, tallied(reads))
    if not tally.reads:
        raise ReadsUnfit(REJECTION_REASON_EMPTY)
    return tally


def check_characters(reads: Sequence[dnaio.SequenceRecord], before: int) -> None:
    """Of pairs, after as many `before`; dnaio takes any. Raise ReadsUnfit."""
    bases, qualities = "".join([read.sequence for read in reads]), "".join([read.qualities for read in reads])
    if are_of(bases, BASES) and are_of(qualities, QUALITIES):
        return
    for number, read in enumerate(reads):
        record = before + number // 2 + 1
        for line, text, known in ((2, read.sequence, BASES), (4, read.qualities, QUALITIES)):
            if not are_of(text, known):
                raise ReadsUnfit(REJECTION_REASON_MALFORMED_RECORD, number % 2 + 1, record, LINES * (record - 1) + line)


def are_of(text: str, known: bytes) -> bool:
    return not text.encode().translate(None, known)


def read_pairs(files: tuple[Path, Path]) -> Iterator[Pair]:
    """Pairs in file order. Raise ReadsUnfit at the first that is wrong."""
    with ExitStack() as stack:
        streams = [stack.enter_context(closing(read_one(path, number))) for number, path in enumerate(files, start=1)]
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


def read_one(path: Path, number: int) -> Generator[dnaio.SequenceRecord]:
    count = 0
    try:
        with dnaio.open(path, open_threads=0, fileformat="fastq") as reader:
            for record in reader:
                count += 1
                if len(record) > LONGEST_READ:
                    raise ReadsUnfit(REJECTION_REASON_TOO_LONG, number, count, LINES * (count - 1) + 2)
                yield record
    except dnaio.FastqFormatError as error:
        # dnaio counts lines from zero, and knows none for a record that is not ASCII.
        line = LINES * count + 1 if error.line is None else error.line + 1
        length = "Length of sequence and qualities differ" in str(error)
        reason = REJECTION_REASON_QUALITY_LENGTH if length else REJECTION_REASON_MALFORMED_RECORD
        raise ReadsUnfit(reason, number, count + 1, line) from None
    except ReadsUnfit:
        raise
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
