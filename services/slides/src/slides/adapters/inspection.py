"""Opening a scanned file to see what it is, before anything is made of it."""

import struct
from dataclasses import dataclass
from pathlib import Path

import openslide
import pydicom
import tifffile
from opentile import OpenTile
from PIL import Image
from pydicom.errors import InvalidDicomError
from pydicom.uid import VLWholeSlideMicroscopyImageStorage
from wsidicomizer.sources import OpenTileSource

from casepath.slides.v1.slide_pb2 import (
    QUARANTINE_REASON_NO_MICRONS_PER_PIXEL,
    QUARANTINE_REASON_NOT_A_SLIDE,
    QUARANTINE_REASON_TRUNCATED,
)
from slides.quarantine import Quarantined

# No scanner writes this many; a chain of directories that goes round never ends.
MOST_DIRECTORIES = 10_000
# Micrometres a pixel that no light microscope's scan is finer or coarser than: what lies beyond was stated in another unit.
FINEST_PIXEL = 0.01
COARSEST_PIXEL = 100.0
# Pictures of the glass, which need no pixel size (PS3.3 C.8.12.4.1.1).
WITHOUT_SCALE = ("LABEL", "OVERVIEW")
TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


@dataclass(frozen=True, slots=True)
class Inspection:
    """`vendor` as OpenSlide names it, or "dicom"; `levels` are (columns, rows), as OpenSlide sees what the scanner wrote."""

    vendor: str
    microns_per_pixel: float
    levels: tuple[tuple[int, int], ...] = ()


def inspect(path: Path, microns_per_pixel: float | None) -> Inspection:
    """What a file is. Raise Quarantined when it is not a slide, is cut short, or does not say how large a pixel is."""
    with path.open("rb") as file:
        head = file.read(132)
    if head[128:] == b"DICM":
        return inspect_dicom(path)
    if head.startswith(TIFF_MAGIC):
        check_tiff_extent(path)
    try:
        with openslide.OpenSlide(path) as slide:
            properties, levels = dict(slide.properties), written_levels(path, slide)
    except (openslide.OpenSlideError, OSError) as error:
        raise Quarantined(QUARANTINE_REASON_NOT_A_SLIDE, type(error).__name__) from None
    stated = microns_per_pixel or number(properties.get(openslide.PROPERTY_NAME_MPP_X))
    if stated is None or not FINEST_PIXEL <= stated <= COARSEST_PIXEL:
        raise Quarantined(QUARANTINE_REASON_NO_MICRONS_PER_PIXEL)
    return Inspection(properties.get(openslide.PROPERTY_NAME_VENDOR, "unknown"), stated, levels)


def carried(path: Path) -> tuple[tuple[int, int], ...]:
    """The levels of a file whose tiles are carried over; none of a format whose pixels OpenSlide has to put together."""
    try:
        if not OpenTileSource.is_supported(path):
            return ()
        with OpenTile.open(path) as tiler:
            return tuple((level.image_size.width, level.image_size.height) for level in tiler.levels)
    except Exception:  # noqa: BLE001 - parsers raise whatever they do; a broken file is found when it is converted
        return ()


def written_levels(path: Path, slide: openslide.OpenSlide) -> tuple[tuple[int, int], ...]:
    """Without those that OpenSlide lists of Hamamatsu's formats and nobody wrote: it shrinks JPEG as it decodes."""
    named = slide.properties.get("hamamatsu.MapFile")
    if named is None:
        return tuple(slide.level_dimensions)
    try:
        with Image.open(path.with_name(named)) as overview:
            return slide.dimensions, overview.size
    except (OSError, ValueError, Image.DecompressionBombError):
        return (slide.dimensions,)


def inspect_dicom(path: Path) -> Inspection:
    try:
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
    except (InvalidDicomError, EOFError, ValueError, OSError, AttributeError, KeyError) as error:
        raise Quarantined(QUARANTINE_REASON_TRUNCATED, type(error).__name__) from None
    if dataset.get("SOPClassUID") != VLWholeSlideMicroscopyImageStorage:
        raise Quarantined(QUARANTINE_REASON_NOT_A_SLIDE, "DICOM, but not VL Whole Slide Microscopy")
    spacing = dicom_microns_per_pixel(dataset)
    scaled = spacing is not None and FINEST_PIXEL <= spacing <= COARSEST_PIXEL
    if not scaled and dataset.ImageType[2] not in WITHOUT_SCALE:
        raise Quarantined(QUARANTINE_REASON_NO_MICRONS_PER_PIXEL)
    return Inspection("dicom", spacing or 0.0)


def dicom_microns_per_pixel(dataset: pydicom.Dataset) -> float | None:
    """Pixel Spacing is in millimetres (PS3.3 C.7.6.16.2.1)."""
    try:
        measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
        return float(measures.PixelSpacing[0]) * 1000
    except (AttributeError, IndexError, TypeError):
        return None


def check_tiff_extent(path: Path) -> None:
    """Raise Quarantined when a directory or a tile lies beyond the end of the file: OpenSlide opens such files."""
    size = path.stat().st_size
    try:
        with tifffile.TiffFile(path) as tiff:
            if not tiff.pages:
                raise Quarantined(QUARANTINE_REASON_TRUNCATED, "the first directory lies beyond the end of the file")
            seen: set[int] = set()
            for page in tiff.pages:
                if page.offset in seen or len(seen) == MOST_DIRECTORIES:
                    raise Quarantined(QUARANTINE_REASON_NOT_A_SLIDE, "its directories have no end")
                seen.add(page.offset)
                for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True):
                    if offset + count > size:
                        raise Quarantined(QUARANTINE_REASON_TRUNCATED, "a tile lies beyond the end of the file")
            if next_directory(tiff):
                raise Quarantined(QUARANTINE_REASON_TRUNCATED, "a directory lies beyond the end of the file")
    except (tifffile.TiffFileError, OSError, ValueError, IndexError, KeyError, AttributeError, struct.error) as error:
        raise Quarantined(QUARANTINE_REASON_TRUNCATED, type(error).__name__) from None


def next_directory(tiff: tifffile.TiffFile) -> int:
    """Where the last directory that could be read says that another one is; zero at a true end."""
    form, last = tiff.tiff, tiff.pages[-1].offset
    tiff.filehandle.seek(last)
    (tags,) = struct.unpack(form.tagnoformat, tiff.filehandle.read(form.tagnosize))
    tiff.filehandle.seek(last + form.tagnosize + tags * form.tagsize)
    (following,) = struct.unpack(form.offsetformat, tiff.filehandle.read(form.offsetsize))
    return int(following)


def number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
