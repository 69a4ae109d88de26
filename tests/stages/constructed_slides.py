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
from pylibCZIrw.czi import create_czi

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


def mirax(path: Path) -> Path:
    """A 3DHISTECH MRXS (openslide.org/formats/mirax): JPEG images in one data file, found by a linked list per level."""
    folder = path.with_suffix("")
    folder.mkdir()
    path.write_bytes(b"")
    slide_id = "0123456789ABCDEF"
    pyramid = levels(rows=1024)
    across = pyramid[0].shape[1] // TILE
    data, index = bytearray(b"01.02" + slide_id.encode()), bytearray(b"01.02" + slide_id.encode() + bytes(8))
    roots = len(index)
    index += bytes(4 * len(pyramid))
    struct.pack_into("<2l", index, roots - 8, roots, 0)
    for number, pixels in enumerate(pyramid):
        entries = []
        for row in range(0, pixels.shape[0], TILE):
            for column in range(0, pixels.shape[1], TILE):
                jpeg = coded(pixels[row : row + TILE, column : column + TILE])
                place = (row // TILE * across + column // TILE) * 2**number
                entries.append((place, len(data), len(jpeg), 0))
                data += jpeg
        struct.pack_into("<l", index, roots + 4 * number, len(index))
        index += struct.pack("<4l", 0, len(index) + 8, len(entries), 0)
        index += b"".join(struct.pack("<4l", *entry) for entry in entries)
    sections = "".join(
        f"[LAYER_0_LEVEL_{number}_SECTION]\nOVERLAP_X = 0\nOVERLAP_Y = 0\n"
        f"MICROMETER_PER_PIXEL_X = {MICRONS_PER_PIXEL * 2**number}\nMICROMETER_PER_PIXEL_Y = {MICRONS_PER_PIXEL * 2**number}\n"
        f"IMAGE_FORMAT = JPEG\nIMAGE_FILL_COLOR_BGR = 16777215\nDIGITIZER_WIDTH = {TILE}\nDIGITIZER_HEIGHT = {TILE}\n"
        f"IMAGE_CONCAT_FACTOR = {min(number, 1)}\n"
        for number in range(len(pyramid))
    )
    values = "".join(f"HIER_0_VAL_{number}_SECTION = LAYER_0_LEVEL_{number}_SECTION\n" for number in range(len(pyramid)))
    (folder / "Slidedat.ini").write_text(
        f"[GENERAL]\nSLIDE_VERSION = 01.02\nSLIDE_ID = {slide_id}\nIMAGENUMBER_X = {across}\n"
        f"IMAGENUMBER_Y = {pyramid[0].shape[0] // TILE}\nOBJECTIVE_MAGNIFICATION = 20\nCameraImageDivisionsPerSide = 1\n"
        f"[HIERARCHICAL]\nHIER_COUNT = 1\nNONHIER_COUNT = 0\nINDEXFILE = Index.dat\nHIER_0_NAME = Slide zoom level\n"
        f"HIER_0_COUNT = {len(pyramid)}\n{values}[DATAFILE]\nFILE_COUNT = 1\nFILE_0 = Data0000.dat\n{sections}"
    )
    (folder / "Index.dat").write_bytes(index)
    (folder / "Data0000.dat").write_bytes(data)
    return path


def coded(pixels: Pixels) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=QUALITY, subsampling="4:4:4")
    return buffer.getvalue()


def virtual_microscope(path: Path) -> Path:
    """A Hamamatsu VMS (openslide.org/formats/hamamatsu): two JPEGs beside each other, and a map of both."""
    fine, coarse = levels(columns=1024, rows=768)
    for name, pixels in (("left", fine[:, :512]), ("right", fine[:, 512:]), ("map", coarse)):
        path.with_name(f"{name}.jpg").write_bytes(with_restarts(pixels)[0])
    rows, columns = (round(side * MICRONS_PER_PIXEL * 1000) for side in fine.shape[:2])
    path.write_text(
        "[Virtual Microscope Specimen]\nNoLayers=1\nNoJpegColumns=2\nNoJpegRows=1\nImageFile=left.jpg\nImageFile(1,0)=right.jpg\n"
        f"MapFile=map.jpg\nPhysicalWidth={columns}\nPhysicalHeight={rows}\nSourceLens=20\n"
    )
    return path


# Pixels that two neighbouring tiles of a Ventana file share.
OVERLAP = 16


def ventana(path: Path) -> Path:
    """A Ventana BIF (openslide.org/formats/ventana): one area, its tiles overlapping and counted from the bottom in a snake."""
    (whole, _), step = levels(columns=4 * (TILE - OVERLAP) + OVERLAP, rows=3 * (TILE - OVERLAP) + OVERLAP), TILE - OVERLAP
    across, down = 4, 3
    placed = np.concatenate(
        [
            np.concatenate([whole[y * step : y * step + TILE, x * step : x * step + TILE] for x in range(across)], axis=1)
            for y in range(down)
        ]
    )

    def tile(x: int, y: int) -> int:
        """Its number, from 1; `y` from the bottom."""
        return y * across + (across - x if y % 2 else x + 1)

    def joint(one: int, other: int, direction: str) -> str:
        x, y = (OVERLAP, 0) if direction == "RIGHT" else (0, OVERLAP)
        return (
            f'<TileJointInfo FlagJoined="1" Confidence="99" Direction="{direction}" Tile1="{one}" Tile2="{other}" '
            f'OverlapX="{x}" OverlapY="{y}"/>'
        )

    joints = [joint(tile(x, y), tile(x + 1, y), "RIGHT") for y in range(down) for x in range(across - 1)]
    joints += [joint(tile(x, y), tile(x, y + 1), "UP") for y in range(down - 1) for x in range(across)]
    described = (
        '<?xml version="1.0"?><EncodeInfo Ver="2"><SlideInfo/><SlideStitchInfo>'
        f'<ImageInfo AOIScanned="1" AOIIndex="0" NumRows="{down}" NumCols="{across}" Width="{TILE}" Height="{TILE}" '
        f'Pos-X="0" Pos-Y="0">{"".join(joints)}</ImageInfo></SlideStitchInfo>'
        '<AoiOrigin><AOI0 OriginX="0" OriginY="0"/></AoiOrigin></EncodeInfo>'
    )
    scanned = f'<?xml version="1.0"?><iScan Magnification="20" ScanRes="{MICRONS_PER_PIXEL}" UnitNumber="1" Z-layers="1"/>'
    label = np.full((128, 256, 3), 230, np.uint8)
    with tifffile.TiffWriter(path, bigtiff=True) as tiff:
        tiff.write(label, photometric="rgb", description="Label_Image", extratags=[xmp(scanned)], metadata=None)
        for number, pixels in enumerate((placed, np.asarray(Image.fromarray(placed).reduce(2)))):
            tiff.write(
                pixels,
                tile=(TILE, TILE),
                photometric="rgb",
                compression="jpeg",
                compressionargs={"level": QUALITY},
                description=f"level={number} mag={20 / 2**number:g} quality=90",
                extratags=[] if number else [xmp(described)],
                metadata=None,
            )
    return path


def xmp(text: str) -> tuple[int, int, int, bytes, bool]:
    return 700, 1, len(text), text.encode(), True


def zeiss(path: Path) -> Path:
    """A Zeiss CZI of one scene, written by Zeiss's own library, uncompressed."""
    whole, _ = levels()
    with create_czi(str(path)) as writer:
        # Without depth and time, which slide scanners do not write and OpenSlide refuses.
        writer._create_plane = lambda plane, scene: {"C": 0, "S": scene}
        for row in range(0, whole.shape[0], TILE):
            for column in range(0, whole.shape[1], TILE):
                block = np.ascontiguousarray(whole[row : row + TILE, column : column + TILE, ::-1])
                writer.write(block, location=(column, row))
        metres = MICRONS_PER_PIXEL / 1e6
        writer.write_metadata("slide", channel_names={0: "brightfield"}, scale_x=metres, scale_y=metres)
    with_no_attachments(path)
    return path


# Bytes of a CZI's directory of attachments without entries, and where the file's header says where it lies.
CZI_EMPTY_DIRECTORY, CZI_ATTACHMENTS_AT = 256, 104


def with_no_attachments(path: Path) -> None:
    """Add an empty directory of attachments: OpenSlide asks for one, and the library writes none."""
    with path.open("r+b") as file:
        end = file.seek(0, io.SEEK_END)
        file.write(b"ZISRAWATTDIR".ljust(16, b"\0") + struct.pack("<2q", CZI_EMPTY_DIRECTORY, CZI_EMPTY_DIRECTORY))
        file.write(bytes(CZI_EMPTY_DIRECTORY))
        file.seek(CZI_ATTACHMENTS_AT)
        file.write(struct.pack("<q", end))


FORMATS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "generic": (generic, ".tif"),
    "philips": (philips, ".tiff"),
    "trestle": (trestle, ".tif"),
    "leica": (leica, ".scn"),
    "hamamatsu": (hamamatsu, ".ndpi"),
    "mirax": (mirax, ".mrxs"),
    "virtual microscope": (virtual_microscope, ".vms"),
    "ventana": (ventana, ".bif"),
    "zeiss": (zeiss, ".czi"),
}
