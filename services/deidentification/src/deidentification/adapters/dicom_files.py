"""DICOM files, de-identified from one file into another, frame by frame."""

import io
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pydicom
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.errors import InvalidDicomError
from pydicom.filewriter import dcmwrite
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from chassis.errors import Malformed, Rejected
from deidentification.codestreams import cleaned
from deidentification.dicom import Disguise, deidentified
from deidentification.scanner import Scanner

NATIVE = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
PIXEL_TAGS = {(0x7FE0, 0x0010): ("PixelData", "OB"), (0x7FE0, 0x0008): ("FloatPixelData", "OF")}
TAG = struct.Struct("<HH")
LONG = struct.Struct("<2s2xI")
ITEM, DELIMITER = (0xFFFE, 0xE000), (0xFFFE, 0xE0DD)
UNDEFINED = 0xFFFFFFFF
COPIED_AT_ONCE = 1 << 20
# In bytes, in any encoding.
LONGEST_IDENTIFIER = 1024


def deidentify(source: Path, target: Path, disguise: Disguise, scanner: Scanner) -> Dataset:
    """Write `source` as it may leave the hospital to `target`, and give its header.

    Raise Rejected (or Malformed) where it may not, or cannot be read: nothing is at `target` then.
    """
    try:
        with source.open("rb") as file:
            header = read_header(file)
            made = deidentified(header, disguise)
            with target.open("wb") as out:
                write(header, made, file, out, scanner)
                out.flush()
                os.fsync(out.fileno())
    except (InvalidDicomError, EOFError, ValueError, KeyError, AttributeError, TypeError, struct.error) as error:
        # pydicom raises these for what is no DICOM, or breaks its rules.
        target.unlink(missing_ok=True)
        raise Malformed(f"the DICOM object cannot be read: {type(error).__name__}") from None
    except Rejected:
        target.unlink(missing_ok=True)
        raise
    return made


def read_header(file: BinaryIO) -> Dataset:
    """All before the pixels, at which `file` is left where there are any."""
    header = pydicom.dcmread(file, stop_before_pixels=True)
    # All of it is read now, so that what cannot be is told here.
    header.decode()
    return header


def write(header: Dataset, made: Dataset, file: BinaryIO, out: BinaryIO, scanner: Scanner) -> None:
    syntax = header.file_meta.TransferSyntaxUID
    pixels = pixel_element(file)
    if syntax in NATIVE or (pixels is None and not syntax.is_encapsulated):
        made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        head = written(made)
        scanner.header(head)
        out.write(head)
        if pixels is not None:
            native(pixels, file, out, scanner, bits_of(made))
        return
    if pixels is None:
        raise Malformed("the file ends before its pixels")
    if not syntax.is_encapsulated:
        raise Rejected("objects of this transfer syntax cannot be cleaned: convert them first")
    encapsulated(header, made, file, out, scanner)


def pixel_element(file: BinaryIO) -> tuple[int, int] | None:
    """Tag's element number and length of what `file` stands at; None where there are no pixels."""
    at = file.tell()
    start = file.read(TAG.size)
    if len(start) < TAG.size:
        return None
    group, element = TAG.unpack(start)
    if (group, element) not in PIXEL_TAGS:
        file.seek(at)
        return None
    kind, length = LONG.unpack(file.read(LONG.size))
    if not kind.isalpha():
        # Implicit: no representation, and the length in its place.
        file.seek(at + TAG.size)
        length = struct.unpack("<I", file.read(4))[0]
    return element, length


def native(pixels: tuple[int, int], file: BinaryIO, out: BinaryIO, scanner: Scanner, bits: int) -> None:
    element, length = pixels
    if length == UNDEFINED:
        raise Malformed("pixels are not encoded as the file says")
    kind = PIXEL_TAGS[(0x7FE0, element)][1] if bits <= 8 or element == 0x0008 else "OW"
    out.write(TAG.pack(0x7FE0, element) + LONG.pack(kind.encode(), length))
    left, last = length, b""
    while left:
        part = file.read(min(COPIED_AT_ONCE, left))
        if not part:
            raise Malformed("the file ends within its pixels")
        # With the end of the part before: an identifier may lie in both.
        scanner.pixels(last + part)
        out.write(part)
        left, last = left - len(part), part[-LONGEST_IDENTIFIER:]


def bits_of(made: Dataset) -> int:
    return int(made.get("BitsAllocated", 8))


def encapsulated(header: Dataset, made: Dataset, file: BinaryIO, out: BinaryIO, scanner: Scanner) -> None:
    """Frames one by one, each in a fragment, with a table that says where each is (PS3.3 C.7.6.3.1.8)."""
    count = int(made.NumberOfFrames)
    made.ExtendedOffsetTable = made.ExtendedOffsetTableLengths = bytes(8 * count)
    head = written(made)
    scanner.header(head)
    out.write(head)
    out.write(TAG.pack(0x7FE0, 0x0010) + LONG.pack(b"OB", UNDEFINED))
    out.write(TAG.pack(*ITEM) + struct.pack("<I", 0))
    offsets, lengths, at = [], [], 0
    for frame in frames_of(header, file, count):
        content = cleaned(frame, header.file_meta.TransferSyntaxUID)
        scanner.pixels(content)
        out.write(TAG.pack(*ITEM) + struct.pack("<I", len(content)))
        out.write(content)
        offsets.append(at)
        lengths.append(len(content))
        at += TAG.size + 4 + len(content)
    if len(offsets) != count:
        raise Malformed("the object has not as many frames as it says")
    out.write(TAG.pack(*DELIMITER) + struct.pack("<I", 0))
    # The two tables are the last of the header.
    out.seek(len(head) - 2 * 8 * count - TAG.size - LONG.size)
    out.write(struct.pack(f"<{count}Q", *offsets))
    out.seek(TAG.size + LONG.size, os.SEEK_CUR)
    out.write(struct.pack(f"<{count}Q", *lengths))


def frames_of(header: Dataset, file: BinaryIO, count: int) -> Iterator[bytes]:
    tables = (header.get("ExtendedOffsetTable"), header.get("ExtendedOffsetTableLengths"))
    extended = (tables[0], tables[1]) if tables[0] and tables[1] else None
    yield from generate_frames(file, number_of_frames=count, extended_offsets=extended)


def written(made: Dataset) -> bytes:
    """The file up to its pixels."""
    buffer = io.BytesIO()
    dcmwrite(buffer, made, enforce_file_format=True)
    return buffer.getvalue()
