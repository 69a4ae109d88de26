"""BAM and CRAM files as a source of reads (SAM v1; CRAM v3)."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pysam
from pysam import samtools

from casepath.sequencing.v1.sequencing_pb2 import (
    REJECTION_REASON_DAMAGED_ALIGNMENTS,
    REJECTION_REASON_EMPTY,
    REJECTION_REASON_TOO_LONG,
    REJECTION_REASON_WRONG_REFERENCE,
)
from sequencing.adapters.fastq import LONGEST_READ
from sequencing.rejection import ReadsUnfit

NOT_PRIMARY = 0x100 | 0x800
# SAM v1, sections 1.2.1 and 1.4.
NAME = re.compile(r"[!-?A-~]{1,254}")
REFERENCE_NAME = re.compile(r"[0-9A-Za-z!#$%&+./:;?@^_|~-][0-9A-Za-z!#$%&*+./:;=?@^_|~-]*")
HIGHEST_QUALITY = 93


@dataclass(frozen=True, slots=True)
class Checked:
    """Primary reads, and id and library of each read group that the header declares."""

    reads: int
    groups: list[tuple[str, str]]


def check_alignments(files: tuple[Path, Path]) -> Checked:
    """Read a file of alignments to its end; the second file is the FASTA of the declared reference, for CRAM.

    Raise ReadsUnfit, with the number of the record where one is at fault.
    """
    file, reference = files
    # htslib would fetch sequences that a CRAM file names from a server on the internet.
    os.environ["REF_PATH"] = os.devnull
    declared = groups(file)
    number = reads = 0
    try:
        with pysam.AlignmentFile(str(file), check_sq=False, reference_filename=str(reference)) as opened:
            check_sequences(opened, reference)
            for number, read in enumerate(opened.fetch(until_eof=True), start=1):
                if not NAME.fullmatch(read.query_name or "") or max(read.query_qualities or (), default=0) > HIGHEST_QUALITY:
                    raise ReadsUnfit(REJECTION_REASON_DAMAGED_ALIGNMENTS, 1, number)
                if read.flag & NOT_PRIMARY:
                    continue
                reads += 1
                if read.query_length > LONGEST_READ:
                    raise ReadsUnfit(REJECTION_REASON_TOO_LONG, 1, number)
    except (OSError, ValueError):
        # Also where the file is closed.
        raise ReadsUnfit(REJECTION_REASON_DAMAGED_ALIGNMENTS, 1, number + 1) from None
    if not whole(file):
        raise ReadsUnfit(REJECTION_REASON_DAMAGED_ALIGNMENTS, 1, number + 1)
    if not reads:
        raise ReadsUnfit(REJECTION_REASON_EMPTY, 1)
    return Checked(reads, declared)


def groups(file: Path) -> list[tuple[str, str]]:
    """Id and library of each read group that a file declares. Raise ReadsUnfit where it is neither BAM nor CRAM."""
    try:
        with pysam.AlignmentFile(str(file), check_sq=False) as opened:
            if not (opened.is_bam or opened.is_cram) or not all(map(REFERENCE_NAME.fullmatch, opened.references)):
                raise ReadsUnfit(REJECTION_REASON_DAMAGED_ALIGNMENTS, 1)
            declared = opened.header.to_dict().get("RG", [])
    except (OSError, ValueError):
        raise ReadsUnfit(REJECTION_REASON_DAMAGED_ALIGNMENTS, 1) from None
    if any(set(group["ID"]) & {'"', "\\"} for group in declared):
        raise ReadsUnfit(REJECTION_REASON_DAMAGED_ALIGNMENTS, 1)
    return [(group["ID"], group.get("LB", "")) for group in declared]


def check_sequences(opened: pysam.AlignmentFile, reference: Path) -> None:
    """Raise ReadsUnfit where a CRAM file, whose bases are told by their differences, was written against other sequences."""
    if not opened.is_cram:
        return
    with pysam.FastaFile(str(reference)) as fasta:
        lengths = dict(zip(fasta.references, fasta.lengths, strict=True))
    for name, length in zip(opened.references, opened.lengths, strict=True):
        if lengths.get(name) != length:
            raise ReadsUnfit(REJECTION_REASON_WRONG_REFERENCE, 1)


def whole(file: Path) -> bool:
    """Whether the file has the mark of its end."""
    try:
        samtools.quickcheck("-u", str(file), catch_stdout=False)
    except pysam.SamtoolsError:
        return False
    return True
