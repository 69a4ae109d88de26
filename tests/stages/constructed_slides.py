"""Files in the formats of scanners of which no real file may be shipped, made here of a real slide's pixels.

They hold what readers ask of each format, and no more: a test on one shows that the format is carried, not that a scanner's
every file is.
"""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from embedded import samples

MICRONS_PER_PIXEL = 0.5
TILE = 256
QUALITY = 90
PER_CENTIMETRE = 1e4 / MICRONS_PER_PIXEL
# Types of TIFF fields (TIFF 6.0 section 2).
ASCII, SHORT, LONG, RATIONAL, SLONG, FLOAT = 2, 3, 4, 5, 9, 11

type Pixels = NDArray[np.uint8]


def levels(columns: int = 1536, rows: int = 1280) -> list[Pixels]:
    """A part of the sample slide, and the same halved."""
    with Image.open(samples.SLIDE) as image:
        whole = image.convert("RGB").crop((300, 500, 300 + columns, 500 + rows))
    return [np.asarray(whole), np.asarray(whole.reduce(2))]


def generic(path: Path) -> Path:
    """A pyramidal tiled TIFF of no scanner's."""
    with tifffile.TiffWriter(path) as tiff:
        for number, pixels in enumerate(levels()):
            tiff.write(pixels, **tiled(number), metadata=None)
    return path


def tiled(number: int) -> dict[str, object]:
    return {
        "tile": (TILE, TILE),
        "photometric": "rgb",
        "compression": "jpeg",
        "compressionargs": {"level": QUALITY},
        "subfiletype": 1 if number else 0,
        "resolution": (PER_CENTIMETRE / 2**number, PER_CENTIMETRE / 2**number),
        "resolutionunit": "CENTIMETER",
    }


def philips(path: Path) -> Path:
    """A Philips TIFF: its levels are described in XML (openslide.org/formats/philips)."""
    pyramid = levels()
    described = "".join(
        '<DataObject ObjectType="PixelDataRepresentation">'
        + attribute("DICOM_PIXEL_SPACING", "IDoubleArray", spacing(number))
        + attribute("PIIM_PIXEL_DATA_REPRESENTATION_NUMBER", "IUInt16", number)
        + attribute("PIIM_PIXEL_DATA_REPRESENTATION_COLUMNS", "IUInt32", level.shape[1])
        + attribute("PIIM_PIXEL_DATA_REPRESENTATION_ROWS", "IUInt32", level.shape[0])
        + "</DataObject>"
        for number, level in enumerate(pyramid)
    )
    image = (
        '<DataObject ObjectType="DPScannedImage">'
        + attribute("PIM_DP_IMAGE_TYPE", "IString", "WSI")
        + attribute("DICOM_PIXEL_SPACING", "IDoubleArray", spacing(0))
        + attribute("PIIM_PIXEL_DATA_REPRESENTATION_SEQUENCE", "IDataObjectArray", f"<Array>{described}</Array>")
        + "</DataObject>"
    )
    description = (
        '<?xml version="1.0" encoding="UTF-8" ?><DataObject ObjectType="DPUfsImport">'
        + attribute("DICOM_MANUFACTURER", "IString", "PHILIPS")
        + attribute("PIM_DP_SCANNED_IMAGES", "IDataObjectArray", f"<Array>{image}</Array>")
        + "</DataObject>"
    )
    with tifffile.TiffWriter(path) as tiff:
        for number, pixels in enumerate(pyramid):
            arguments = tiled(number)
            tiff.write(
                pixels,
                tile=(TILE, TILE),
                photometric="rgb",
                compression="jpeg",
                compressionargs=arguments["compressionargs"],
                subfiletype=arguments["subfiletype"],
                software="Philips DP v1.0",
                description=description if number == 0 else "",
                metadata=None,
            )
    return path


def attribute(name: str, kind: str, value: object) -> str:
    return f'<Attribute Name="{name}" Group="0x0000" Element="0x0000" PMSVR="{kind}">{value}</Attribute>'


def spacing(level: int) -> str:
    millimetres = MICRONS_PER_PIXEL * 2**level / 1000
    return f"&quot;{millimetres}&quot; &quot;{millimetres}&quot;"


def trestle(path: Path) -> Path:
    """A Trestle TIFF (openslide.org/formats/trestle), without overlaps."""
    description = "Background Color=FFFFFF;White Balance=FFFFFF;Objective Power=20;JPEG Quality=90;OverlapsXY= 0 0 0 0"
    with tifffile.TiffWriter(path) as tiff:
        for number, pixels in enumerate(levels()):
            # Trestle states micrometres where others state pixels, whatever the unit says.
            microns = MICRONS_PER_PIXEL * 2**number
            arguments = {**tiled(number), "subfiletype": 0, "resolution": (microns, microns)}
            tiff.write(pixels, **arguments, software="MedScan 2.0", description=description, metadata=None)
    return path


def leica(path: Path) -> Path:
    """A Leica SCN (openslide.org/formats/leica): a collection in nanometres, one image in it."""
    pyramid = levels()
    rows, columns = pyramid[0].shape[:2]
    wide, high = round(columns * MICRONS_PER_PIXEL * 1000), round(rows * MICRONS_PER_PIXEL * 1000)
    dimensions = "".join(
        f'<dimension sizeX="{level.shape[1]}" sizeY="{level.shape[0]}" r="{number}" ifd="{number}"/>'
        for number, level in enumerate(pyramid)
    )
    description = (
        '<?xml version="1.0"?><scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01" uuid="urn:uuid:0">'
        f'<collection name="slide" uuid="urn:uuid:1" sizeX="{2 * wide}" sizeY="{2 * high}"><barcode></barcode>'
        '<image name="image" uuid="urn:uuid:2"><creationDate>2026-03-01T12:00:00Z</creationDate>'
        '<device model="Leica SCN400" version="1.5"/>'
        f'<pixels sizeX="{columns}" sizeY="{rows}">{dimensions}</pixels>'
        f'<view sizeX="{wide}" sizeY="{high}" offsetX="0" offsetY="0" spacingZ="0"/>'
        "<scanSettings><objectiveSettings><objective>20</objective></objectiveSettings><illuminationSettings>"
        "<numericalAperture>0.4</numericalAperture><illuminationSource>brightfield</illuminationSource>"
        "</illuminationSettings></scanSettings></image></collection></scn>"
    )
    with tifffile.TiffWriter(path, bigtiff=True) as tiff:
        for number, pixels in enumerate(pyramid):
            tiff.write(pixels, **tiled(number), description=description if number == 0 else "", metadata=None)
    return path


def hamamatsu(path: Path) -> Path:
    """A Hamamatsu NDPI (openslide.org/formats/hamamatsu): each level one JPEG with restart markers, and where they are.

    A TIFF but for its offsets, which are of 64 bits: the low words where TIFF has them, the high words after each directory.
    """
    content = bytearray(b"II*\0" + bytes(8))
    link = 4
    for number, pixels in enumerate(levels(columns=1024, rows=768)):
        jpeg, restarts = with_restarts(pixels)
        image = appended(content, jpeg)
        tables = appended(content, struct.pack(f"<{len(restarts)}L", *restarts))
        make, model = appended(content, b"Hamamatsu\0"), appended(content, b"C9600-12\0")
        software = appended(content, b"NDP.scan\0")
        resolution = appended(content, struct.pack("<2L", round(PER_CENTIMETRE / 2**number), 1))
        bits = appended(content, struct.pack("<3H", 8, 8, 8))
        (lens,) = struct.unpack("<L", struct.pack("<f", 20.0 / 2**number))
        entries = [
            (256, LONG, 1, pixels.shape[1]),
            (257, LONG, 1, pixels.shape[0]),
            (258, SHORT, 3, bits),
            (259, SHORT, 1, 7),
            (262, SHORT, 1, 6),
            (271, ASCII, 10, make),
            (272, ASCII, 9, model),
            (273, LONG, 1, image),
            (277, SHORT, 1, 3),
            (278, LONG, 1, pixels.shape[0]),
            (279, LONG, 1, len(jpeg)),
            (282, RATIONAL, 1, resolution),
            (283, RATIONAL, 1, resolution),
            (296, SHORT, 1, 3),
            (305, ASCII, 9, software),
            (65420, LONG, 1, 1),
            (65421, FLOAT, 1, lens),
            (65422, SLONG, 1, 0),
            (65423, SLONG, 1, 0),
            (65424, SLONG, 1, 0),
            (65426, LONG, len(restarts), tables),
        ]
        directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHLL", *entry) for entry in entries)
        at = appended(content, directory)
        content[link : link + 8] = struct.pack("<Q", at)
        link = len(content)
        content += bytes(8 + 4 * len(entries))
    path.write_bytes(content)
    return path


def appended(content: bytearray, more: bytes) -> int:
    """Where it begins, at an even place."""
    content += bytes(len(content) % 2)
    at = len(content)
    content += more
    return at


def with_restarts(pixels: Pixels) -> tuple[bytes, list[int]]:
    """A JPEG that restarts at each row of blocks, and where each of them begins."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=QUALITY, subsampling="4:2:2", restart_marker_rows=1)
    jpeg = buffer.getvalue()
    scan = jpeg.index(b"\xff\xda")
    first = scan + 2 + int.from_bytes(jpeg[scan + 2 : scan + 4], "big")
    markers = [at + 2 for at in range(first, len(jpeg) - 1) if jpeg[at] == 0xFF and 0xD0 <= jpeg[at + 1] <= 0xD7]
    return jpeg, [first, *markers]


FORMATS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "generic": (generic, ".tif"),
    "philips": (philips, ".tiff"),
    "trestle": (trestle, ".tif"),
    "leica": (leica, ".scn"),
    "hamamatsu": (hamamatsu, ".ndpi"),
}
