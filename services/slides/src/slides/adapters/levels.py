"""Saying truly what a level is that was made by halving the one below it.

wsidicomizer 0.31 makes missing levels well, but describes them as it does the scanner's own: as original, of the scanner's colour
model and compression, though it encodes them anew as JPEG.
"""

import shutil
from collections.abc import Collection
from pathlib import Path

import pydicom
import simplejpeg
from pydicom.encaps import generate_frames
from pydicom.multival import MultiValue
from pydicom.uid import JPEGBaseline8Bit

from casepath.slides.v1.slide_pb2 import QUARANTINE_REASON_CONVERTER_FAILED
from slides.quarantine import Quarantined

RESAMPLED = ["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"]
# PS3.3 C.7.6.1.1.5.1.
JPEG_METHOD = "ISO_10918_1"
BYTES_A_PIXEL = 3
# Of an element of the value representation OB (PS3.5 section 7.1.2).
PIXEL_DATA_HEADER = 12
COPIED_AT_ONCE = 1 << 20


def describe_made_levels(paths: Collection[Path], own: Collection[tuple[int, int]]) -> None:
    """Correct the header of each volume whose (columns, rows) the scanner did not write."""
    for path in paths:
        header = pydicom.dcmread(path, stop_before_pixels=True)
        size = int(header.TotalPixelMatrixColumns), int(header.TotalPixelMatrixRows)
        if header.ImageType[2] == "VOLUME" and size not in own:
            describe_made(path)


def describe_made(path: Path) -> None:
    """Image Type and Frame Type (PS3.3 C.8.12.4.1.1), colour model (C.7.6.3.1.2) and lossy compression (C.7.6.1.1.5).

    The header is written anew and the pixel data copied after it, so that memory does not depend on the level's size.
    """
    with path.open("rb") as file:
        dataset = pydicom.dcmread(file, stop_before_pixels=True)
        start = file.tell()
        file.seek(start + PIXEL_DATA_HEADER)
        first = next(generate_frames(file, number_of_frames=int(dataset.NumberOfFrames)))
        describe(dataset, first, path.stat().st_size - start)
        partial = path.with_suffix(".partial")
        dataset.save_as(partial)
        with partial.open("ab") as target:
            file.seek(start)
            shutil.copyfileobj(file, target, COPIED_AT_ONCE)
    partial.replace(path)


def describe(dataset: pydicom.Dataset, frame: bytes, compressed: int) -> None:
    """`frame` is one of its frames, `compressed` the bytes of all."""
    if dataset.file_meta.TransferSyntaxUID != JPEGBaseline8Bit:
        raise Quarantined(QUARANTINE_REASON_CONVERTER_FAILED, "a made level is not JPEG")
    dataset.ImageType = RESAMPLED
    for groups in dataset.SharedFunctionalGroupsSequence:
        for frame_type in groups.get("WholeSlideMicroscopyImageFrameTypeSequence", ()):
            frame_type.FrameType = RESAMPLED
    dataset.DerivationDescription = "Halved from the level below it, and encoded as JPEG"
    dataset.PhotometricInterpretation = color_model(frame)
    pixels = int(dataset.NumberOfFrames) * int(dataset.Rows) * int(dataset.Columns) * BYTES_A_PIXEL
    before = dataset.get("LossyImageCompression") == "01"
    dataset.LossyImageCompressionRatio = [
        *values(dataset, "LossyImageCompressionRatio", before),
        round(pixels / compressed, 2),
    ]
    dataset.LossyImageCompressionMethod = [*values(dataset, "LossyImageCompressionMethod", before), JPEG_METHOD]
    dataset.LossyImageCompression = "01"


def values(dataset: pydicom.Dataset, name: str, before: bool) -> list[object]:
    found = dataset.get(name) if before else None
    if found is None:
        return []
    return list(found) if isinstance(found, MultiValue) else [found]


def color_model(frame: bytes) -> str:
    """What the JPEG stream itself says of its colours."""
    *_, space, subsampling = simplejpeg.decode_jpeg_header(frame.rstrip(b"\0"))
    if space == "RGB":
        return "RGB"
    if space == "YCbCr":
        return "YBR_FULL" if subsampling == "444" else "YBR_FULL_422"
    raise Quarantined(QUARANTINE_REASON_CONVERTER_FAILED, f"a made level has the colour space {space}")
