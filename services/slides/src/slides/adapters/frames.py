"""Checking that an instance has exactly the frames that its header promises."""

import struct
from pathlib import Path

import pydicom
import simplejpeg
from pydicom.encaps import generate_frames
from pydicom.uid import JPEG2000, JPEG2000Lossless, JPEGBaseline8Bit

from casepath.slides.v1.slide_pb2 import QUARANTINE_REASON_BAD_FRAMES, QUARANTINE_REASON_TRUNCATED
from chassis.dicomweb.headers import PIXEL_DATA
from slides.quarantine import Quarantined


def check_frames(path: Path) -> None:
    """Raise Quarantined when a frame is missing, is cut short, or is not Rows x Columns.

    wsidicomizer wrote edge frames of the wrong size that dciodvfy accepts and viewers reject.
    """
    with path.open("rb") as file:
        dataset = pydicom.dcmread(file, stop_before_pixels=True)
        expected = int(dataset.get("NumberOfFrames", 1))
        promised = -(-dataset.TotalPixelMatrixColumns // dataset.Columns) * -(-dataset.TotalPixelMatrixRows // dataset.Rows)
        if dataset.get("DimensionOrganizationType") == "TILED_FULL" and expected != promised * planes(dataset):
            raise Quarantined(QUARANTINE_REASON_BAD_FRAMES, f"{expected} frames where the matrix needs {promised}")
        syntax = dataset.file_meta.TransferSyntaxUID
        start = file.tell()
        element = file.read(12)
        if element[:4] != PIXEL_DATA:
            raise Quarantined(QUARANTINE_REASON_TRUNCATED, "there is no pixel data")
        if not syntax.is_encapsulated:
            length = struct.unpack("<L", element[8:])[0]
            wanted = expected * dataset.Rows * dataset.Columns * dataset.SamplesPerPixel * dataset.BitsAllocated // 8
            if path.stat().st_size < start + 12 + length or length < wanted:
                raise Quarantined(QUARANTINE_REASON_TRUNCATED, "the pixel data is cut short")
            return
        seen = 0
        try:
            for frame in generate_frames(file, number_of_frames=expected):
                size = frame_size(frame, syntax)
                if size is not None and size != (dataset.Rows, dataset.Columns):
                    raise Quarantined(QUARANTINE_REASON_BAD_FRAMES, f"frame {seen + 1} is {size[0]} x {size[1]}")
                seen += 1
        except (ValueError, EOFError, struct.error) as error:
            raise Quarantined(QUARANTINE_REASON_TRUNCATED, f"frame {seen + 1}: {type(error).__name__}") from None
        if seen != expected:
            raise Quarantined(QUARANTINE_REASON_TRUNCATED, f"{seen} frames of {expected}")


def planes(dataset: pydicom.Dataset) -> int:
    """Focal planes times optical paths: TILED_FULL repeats the matrix for each (PS3.3 C.7.6.17.3)."""
    return int(dataset.get("TotalPixelMatrixFocalPlanes", 1)) * int(dataset.get("NumberOfOpticalPaths", 1))


def frame_size(frame: bytes, syntax: str) -> tuple[int, int] | None:
    """Rows and columns that a compressed frame itself states; None for a codec that is not looked into."""
    if syntax == JPEGBaseline8Bit:
        rows, columns, *_ = simplejpeg.decode_jpeg_header(frame.rstrip(b"\0"))
        return rows, columns
    if syntax in (JPEG2000, JPEG2000Lossless):
        at = frame.index(b"\xff\x4f\xff\x51")
        columns, rows, left, top = struct.unpack(">4L", frame[at + 8 : at + 24])
        return rows - top, columns - left
    return None
