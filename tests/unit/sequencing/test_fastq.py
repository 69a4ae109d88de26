import gzip
from pathlib import Path

import pytest

from casepath.sequencing.v1.sequencing_pb2 import (
    REJECTION_REASON_EMPTY,
    REJECTION_REASON_MALFORMED_RECORD,
    REJECTION_REASON_MISMATCHED_NAMES,
    REJECTION_REASON_QUALITY_LENGTH,
    REJECTION_REASON_TRUNCATED_GZIP,
    REJECTION_REASON_UNEQUAL_PAIRS,
    RejectionReason,
)
from embedded import samples
from sequencing.adapters.fastq import check_pairs
from sequencing.rejection import REMEDIES, ReadsUnfit

COUNT = 100


def reads(mate: int, count: int = COUNT) -> bytes:
    return b"".join(b"@read%d/%d\nACGTACGT\n+\nIIII!!!!\n" % (number, mate) for number in range(1, count + 1))


def files(folder: Path, first: bytes, second: bytes) -> tuple[Path, Path]:
    paths = folder / "r1.fastq.gz", folder / "r2.fastq.gz"
    for path, content in zip(paths, (first, second), strict=True):
        path.write_bytes(content)
    return paths


def refused(folder: Path, first: bytes, second: bytes) -> ReadsUnfit:
    with pytest.raises(ReadsUnfit) as caught:
        check_pairs(files(folder, first, second))
    return caught.value


def test_pairs_are_counted_with_their_quality(tmp_path: Path) -> None:
    found = check_pairs(files(tmp_path, gzip.compress(reads(1)), gzip.compress(reads(2))))
    assert (found.reads, found.bases, found.q30_bases, found.gc_bases) == (200, 1600, 800, 800)


def test_plain_fastq_is_read_too(tmp_path: Path) -> None:
    paths = tmp_path / "r1.fastq", tmp_path / "r2.fastq"
    for number, path in enumerate(paths, start=1):
        path.write_bytes(reads(number))
    assert check_pairs(paths).reads == 2 * COUNT


def test_concatenated_gzip_members_are_one_file(tmp_path: Path) -> None:
    half = COUNT // 2
    lines = reads(1).splitlines(keepends=True)
    joined = gzip.compress(b"".join(lines[: half * 4])) + gzip.compress(b"".join(lines[half * 4 :]))
    assert check_pairs(files(tmp_path, joined, gzip.compress(reads(2)))).reads == 2 * COUNT


@pytest.mark.parametrize(
    ("old", "new", "reason", "line"),
    [
        (b"@read51/1\nACGTACGT\n+\nIIII!!!!", b"@read51/1\nACGTACGT\n+\nIIII!!!", REJECTION_REASON_QUALITY_LENGTH, 204),
        (b"@read51/1\n", b"read51/1\n", REJECTION_REASON_MALFORMED_RECORD, 201),
        (b"@read51/1\nACGTACGT\n+", b"@read51/1\nACGTACGT\n-", REJECTION_REASON_MALFORMED_RECORD, 203),
    ],
    ids=["quality length", "no @", "no +"],
)
def test_a_bad_record_is_named_with_its_line(tmp_path: Path, old: bytes, new: bytes, reason: RejectionReason, line: int) -> None:
    error = refused(tmp_path, gzip.compress(reads(1).replace(old, new)), gzip.compress(reads(2)))
    assert (error.reason, error.file, error.record, error.line) == (reason, 1, 51, line)


def test_a_gzip_stream_that_ends_early_is_named_with_where_it_ends(tmp_path: Path) -> None:
    compressed = gzip.compress(reads(1, 5000))
    error = refused(tmp_path, compressed[: len(compressed) // 2], gzip.compress(reads(2, 5000)))
    assert (error.reason, error.file) == (REJECTION_REASON_TRUNCATED_GZIP, 1)
    assert 1000 < error.record < 5000
    assert error.line == pytest.approx(error.record * 4, abs=4)


def test_damage_that_still_decodes_is_found_by_the_checksum(tmp_path: Path) -> None:
    compressed = bytearray(gzip.compress(reads(1)))
    compressed[-8] ^= 1
    error = refused(tmp_path, bytes(compressed), gzip.compress(reads(2)))
    assert (error.reason, error.file) == (REJECTION_REASON_TRUNCATED_GZIP, 1)


def test_what_is_no_gzip_is_rejected(tmp_path: Path) -> None:
    assert refused(tmp_path, reads(1), gzip.compress(reads(2))).reason == REJECTION_REASON_TRUNCATED_GZIP


@pytest.mark.parametrize(("first", "second", "file"), [(90, 100, 1), (100, 90, 2)])
def test_the_shorter_of_unequal_files_is_named(tmp_path: Path, first: int, second: int, file: int) -> None:
    error = refused(tmp_path, gzip.compress(reads(1, first)), gzip.compress(reads(2, second)))
    assert (error.reason, error.file, error.record, error.line) == (REJECTION_REASON_UNEQUAL_PAIRS, file, 91, 361)


def test_pairs_of_two_names_are_rejected(tmp_path: Path) -> None:
    error = refused(tmp_path, gzip.compress(reads(1)), gzip.compress(reads(2).replace(b"read7/", b"other/")))
    assert (error.reason, error.record) == (REJECTION_REASON_MISMATCHED_NAMES, 7)


def test_files_without_reads_are_rejected(tmp_path: Path) -> None:
    assert refused(tmp_path, gzip.compress(b""), gzip.compress(b"")).reason == REJECTION_REASON_EMPTY


def test_real_reads_are_taken() -> None:
    assert check_pairs(samples.READS).reads == 2 * 12184


def test_every_reason_has_a_remedy_in_both_languages() -> None:
    assert REMEDIES.keys() == {value for value in RejectionReason.values() if value}
    assert all(remedy.en and remedy.fr and remedy.en != remedy.fr for remedy in REMEDIES.values())
