"""Where each frame of a DICOM file lies, and what its header says, found once when the file is stored."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pydicom

from casepath.slides.v1.slide_pb2 import QUARANTINE_REASON_BAD_FRAMES, QUARANTINE_REASON_TRUNCATED
from chassis.dicomweb.headers import PIXEL_DATA, icc_profile, metadata
from chassis.frames import ITEM_HEADER
from slides.quarantine import Quarantined

ITEM = b"\xfe\xff\x00\xe0"
SEQUENCE_END = b"\xfe\xff\xdd\xe0"
# Pixel Data with its value representation and length (PS3.5 section 7.1.2).
ELEMENT_HEADER = 12


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """Byte ranges of frames in a file. Encapsulated frames include the headers of their items (PS3.5 A.4).

    `metadata` is the DICOM JSON Model (PS3.18 Annex F); `columns` and `rows` place each tile of a TILED_SPARSE image.
    """

    offsets: list[int]
    lengths: list[int]
    metadata: bytes
    columns: list[int]
    rows: list[int]
    icc_profile: bytes


def frame_index(path: Path) -> FrameIndex:
    """Raise Quarantined where the file does not have the frames that it promises."""
    with path.open("rb") as file:
        dataset = pydicom.dcmread(file, stop_before_pixels=True)
        frames = int(dataset.get("NumberOfFrames", 1))
        start = file.tell()
        if file.read(ELEMENT_HEADER)[:4] != PIXEL_DATA:
            raise Quarantined(QUARANTINE_REASON_TRUNCATED, "there is no pixel data")
        if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
            offsets, lengths = encapsulated(file, dataset, frames)
        else:
            size = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel * dataset.BitsAllocated // 8
            offsets = [start + ELEMENT_HEADER + number * size for number in range(frames)]
            lengths = [size] * frames
    columns, rows = positions(dataset, frames)
    return FrameIndex(offsets, lengths, metadata(dataset), columns, rows, icc_profile(dataset))


def encapsulated(file: BinaryIO, dataset: pydicom.Dataset, frames: int) -> tuple[list[int], list[int]]:
    """Each frame from its first item's header to the end of its last fragment."""
    fragments = list(items(file))
    table = fragments.pop(0)
    if len(fragments) == frames:
        firsts = list(range(frames))
    else:
        by_offset = {at: number for number, (at, _) in enumerate(fragments)}
        base = fragments[0][0]
        try:
            firsts = [by_offset[base + offset] for offset in offset_table(file, dataset, table)]
        except (KeyError, struct.error):
            raise Quarantined(QUARANTINE_REASON_BAD_FRAMES, "its offset table leads beside the frames") from None
        if len(firsts) != frames:
            raise Quarantined(QUARANTINE_REASON_BAD_FRAMES, f"{len(fragments)} fragments, and no table that makes frames of them")
    offsets = [fragments[first][0] for first in firsts]
    lasts = [*(first - 1 for first in firsts[1:]), len(fragments) - 1]
    ends = [fragments[last][0] + ITEM_HEADER + fragments[last][1] for last in lasts]
    return offsets, [end - offset for offset, end in zip(offsets, ends, strict=True)]


def items(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Where each item's header begins, and the length of its value; the first is the basic offset table."""
    while True:
        at, header = file.tell(), file.read(ITEM_HEADER)
        if header[:4] == SEQUENCE_END:
            return
        if len(header) < ITEM_HEADER or header[:4] != ITEM:
            raise Quarantined(QUARANTINE_REASON_TRUNCATED, "the frames have no end")
        length = int.from_bytes(header[4:], "little")
        yield at, length
        file.seek(length, 1)


def offset_table(file: BinaryIO, dataset: pydicom.Dataset, basic: tuple[int, int]) -> tuple[int, ...]:
    """The extended table, else the basic one, from the first fragment's header on."""
    extended = dataset.get("ExtendedOffsetTable")
    if extended:
        return struct.unpack(f"<{len(extended) // 8}Q", extended)
    at, length = basic
    file.seek(at + ITEM_HEADER)
    return struct.unpack(f"<{length // 4}L", file.read(length))


def positions(dataset: pydicom.Dataset, frames: int) -> tuple[list[int], list[int]]:
    """Column and row of each tile where the header places them one by one (PS3.3 C.8.12.6.1)."""
    if dataset.get("DimensionOrganizationType") == "TILED_FULL" or "PerFrameFunctionalGroupsSequence" not in dataset:
        return [], []
    columns, rows = [], []
    for group in dataset.PerFrameFunctionalGroupsSequence:
        try:
            place = group.PlanePositionSlideSequence[0]
        except (AttributeError, IndexError):
            return [], []
        columns.append((int(place.ColumnPositionInTotalImagePixelMatrix) - 1) // int(dataset.Columns))
        rows.append((int(place.RowPositionInTotalImagePixelMatrix) - 1) // int(dataset.Rows))
    if len(columns) != frames:
        raise Quarantined(QUARANTINE_REASON_BAD_FRAMES, f"{len(columns)} positions for {frames} frames")
    return columns, rows
