"""Aligning read pairs: minimap2's short-read preset (Li 2018) through mappy, to a sorted, duplicate-marked BAM."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import dnaio
import mappy
import pysam
from pysam import samtools

from chassis.errors import Misconfigured
from sequencing.adapters.fastq import Pair, ReadsTally, read_pairs

# minimap2's `sr` preset pairs reads up to this many bases apart (-F 800).
LONGEST_FRAGMENT = 800
CHUNK_PAIRS = 2000
PAIRED, PROPER, UNMAPPED, REVERSE, FIRST, SECOND, SUPPLEMENTARY = 0x1, 0x2, 0x4, 0x10, 0x40, 0x80, 0x800


def aligner(reference: Path) -> mappy.Aligner:
    """Raise Misconfigured when minimap2 cannot read the FASTA file."""
    index = mappy.Aligner(str(reference), preset="sr")
    if not index:
        raise Misconfigured(f"{reference} cannot be indexed by minimap2")
    return index


def align(reads: tuple[Path, Path], reference: Path, sample: str, scratch: Path, threads: int) -> tuple[Path, ReadsTally]:
    """Write `alignments.bam` (coordinate-sorted, duplicates marked) and its index into `scratch`. Raise ReadsUnfit.

    The order of records does not depend on `threads`. Tools' command lines are left out of the header, so that the same
    input gives the same bytes.
    """
    raw, mated, sorted_, marked = (scratch / name for name in ("raw.bam", "mated.bam", "sorted.bam", "alignments.bam"))
    tally = write_unsorted(reads, reference, sample, raw, threads)
    extra = ["-@", str(threads - 1)] if threads > 1 else []
    samtools.fixmate("-m", "--no-PG", "-O", "bam,level=1", *extra, str(raw), str(mated), catch_stdout=False)
    raw.unlink()
    samtools.sort(
        "--no-PG", "-T", str(scratch / "sort"), "-O", "bam,level=1", *extra, "-o", str(sorted_), str(mated), catch_stdout=False
    )
    mated.unlink()
    samtools.markdup("--no-PG", *extra, str(sorted_), str(marked), catch_stdout=False)
    sorted_.unlink()
    samtools.index(str(marked), catch_stdout=False)
    return marked, tally


def write_unsorted(reads: tuple[Path, Path], reference: Path, sample: str, out: Path, threads: int) -> ReadsTally:
    tally = ReadsTally()
    index = aligner(reference)
    names = list(index.seq_names)
    with pysam.FastaFile(str(reference)) as fasta:
        contigs = [{"SN": name, "LN": fasta.get_reference_length(name)} for name in names]
    header = pysam.AlignmentHeader.from_dict(
        {
            "HD": {"VN": "1.6", "SO": "unsorted", "GO": "query"},
            "SQ": contigs,
            "RG": [{"ID": sample, "SM": sample, "LB": sample, "PL": "ILLUMINA"}],
        }
    )
    number = {name: position for position, name in enumerate(names)}

    def mapped(chunk: list[Pair]) -> list[pysam.AlignedSegment]:
        buffer = mappy.ThreadBuffer()
        return [segment for pair in chunk for segment in segments(pair, index, buffer, number, header, sample)]

    with pysam.AlignmentFile(str(out), "wb", header=header) as bam, ThreadPoolExecutor(threads) as pool:
        pairs = tally.counting(read_pairs(reads))
        while chunks := [chunk for chunk in (list(islice(pairs, CHUNK_PAIRS)) for _ in range(threads * 2)) if chunk]:
            for found in pool.map(mapped, chunks):
                for segment in found:
                    bam.write(segment)
    return tally


def segments(
    pair: Pair,
    index: mappy.Aligner,
    buffer: mappy.ThreadBuffer,
    number: dict[str, int],
    header: pysam.AlignmentHeader,
    sample: str,
) -> Iterator[pysam.AlignedSegment]:
    """A pair's SAM records (SAM v1, section 1.4): the first read's, then the second's; primary before supplementary."""
    hits = list(index.map(pair[0].sequence, pair[1].sequence, buf=buffer))
    # mappy marks supplementary alignments as primary too; the first of a read is the one that SAM calls primary.
    mine = [[hit for hit in hits if hit.read_num == read and hit.is_primary] for read in (1, 2)]
    proper = bool(mine[0] and mine[1]) and is_proper(mine[0][0], mine[1][0])
    for position, read in enumerate(pair):
        base = PAIRED | (FIRST, SECOND)[position] | (PROPER if proper else 0)
        if not mine[position]:
            yield segment(read, None, base | UNMAPPED, number, header, sample)
        for order, hit in enumerate(mine[position]):
            flag = base | (REVERSE if hit.strand < 0 else 0) | (SUPPLEMENTARY if order else 0)
            yield segment(read, hit, flag, number, header, sample)


def is_proper(first: mappy.Alignment, second: mappy.Alignment) -> bool:
    """Whether two reads face each other on one contig within a fragment's length."""
    if first.ctg != second.ctg or first.strand == second.strand:
        return False
    forward, reverse = (first, second) if first.strand > 0 else (second, first)
    return bool(forward.r_st <= reverse.r_en and reverse.r_en - forward.r_st <= LONGEST_FRAGMENT)


def segment(
    read: dnaio.SequenceRecord,
    hit: mappy.Alignment | None,
    flag: int,
    number: dict[str, int],
    header: pysam.AlignmentHeader,
    sample: str,
) -> pysam.AlignedSegment:
    made = pysam.AlignedSegment(header)
    name = read.id
    made.query_name = name[:-2] if name.endswith(("/1", "/2")) else name
    made.flag = flag
    if hit is None:
        made.query_sequence = read.sequence
        made.query_qualities_str = read.qualities
        made.set_tag("RG", sample, "Z")
        return made
    sequence, quality = read.sequence, read.qualities
    before, after = hit.q_st, len(sequence) - hit.q_en
    clip = "H" if flag & SUPPLEMENTARY else "S"
    if clip == "H":
        sequence, quality = sequence[hit.q_st : hit.q_en], quality[hit.q_st : hit.q_en]
    if hit.strand < 0:
        sequence, quality, before, after = mappy.revcomp(sequence), quality[::-1], after, before
    made.reference_id = number[hit.ctg]
    made.reference_start = hit.r_st
    made.mapping_quality = hit.mapq
    made.cigarstring = (f"{before}{clip}" if before else "") + hit.cigar_str + (f"{after}{clip}" if after else "")
    made.query_sequence = sequence
    made.query_qualities_str = quality
    made.set_tag("NM", hit.NM, "i")
    made.set_tag("RG", sample, "Z")
    return made
