"""Compressed frames without what their encoders wrote beside the pixels. What is decoded stays the same, bit for bit. Pure.

JPEG (ITU-T T.81, annex B) and JPEG-LS (T.87): comments, applications' segments but JFIF's and Adobe's own, and what follows the
end of the image. JPEG 2000 (T.800, annex A): comments, and what follows the codestream's end.
"""

import re
import struct
from collections.abc import Iterator

from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from chassis.errors import Malformed, Rejected

JPEG = (JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEGLSNearLossless)
JPEG_2000 = (JPEG2000, JPEG2000Lossless, HTJ2K, HTJ2KLossless, HTJ2KLosslessRPCL)

SOI, EOI, SOS, COM = 0xD8, 0xD9, 0xDA, 0xFE
APP0, APP14, APP15 = 0xE0, 0xEE, 0xEF
# JFIF without its thumbnail, and Adobe's transform.
JFIF, JFIF_SIZE, JFIF_ALONE = b"JFIF\0", 14, 12
ADOBE, ADOBE_SIZE = b"Adobe", 12
# In coded data 0xFF is followed by a stuffed byte or a restart; anything else is the next marker.
IN_SCAN = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
IN_LS_SCAN = re.compile(rb"\xff+[\x80-\xcf\xd8-\xfe]")
J2K_SOC, J2K_SOT, J2K_SOD, J2K_EOC, J2K_COM, J2K_TLM = 0xFF4F, 0xFF90, 0xFF93, 0xFFD9, 0xFF64, 0xFF55
SOT_SIZE = 10


def cleaned(frame: bytes, transfer_syntax: str) -> bytes:
    """A frame as its transfer syntax has it, of an even length. Raise Rejected where it is of one that is not known here."""
    if transfer_syntax in JPEG:
        made = b"".join(jpeg(frame, transfer_syntax in (JPEGLSLossless, JPEGLSNearLossless)))
    elif transfer_syntax in JPEG_2000:
        made = b"".join(jpeg_2000(frame))
    elif transfer_syntax == RLELossless:
        made = frame
    else:
        raise Rejected("frames of this transfer syntax cannot be cleaned: convert the object first")
    return made + b"\0" * (len(made) % 2)


def jpeg(frame: bytes, is_ls: bool = False) -> Iterator[bytes]:
    """Raise Malformed where the frame ends before its image does."""
    if frame[:2] != bytes((0xFF, SOI)):
        raise Malformed("a frame is no JPEG image")
    yield frame[:2]
    at = 2
    while True:
        marker, at = jpeg_marker(frame, at)
        if marker == EOI:
            yield bytes((0xFF, EOI))
            return
        length = segment_length(frame, at)
        segment = kept_segment(marker, frame[at + 2 : at + length])
        if segment is not None:
            yield bytes((0xFF, marker)) + struct.pack(">H", len(segment) + 2) + segment
        at += length
        if marker == SOS:
            found = (IN_LS_SCAN if is_ls else IN_SCAN).search(frame, at)
            if found is None:
                raise Malformed("a frame ends within its image")
            yield frame[at : found.start()]
            at = found.start()


def jpeg_marker(frame: bytes, at: int) -> tuple[int, int]:
    """The marker here, and where it ends. Any number of 0xFF may come before it."""
    if frame[at : at + 1] != b"\xff":
        raise Malformed("a frame has something between its segments")
    while frame[at : at + 1] == b"\xff":
        at += 1
    if at >= len(frame):
        raise Malformed("a frame ends before its image does")
    return frame[at], at + 1


def segment_length(frame: bytes, at: int) -> int:
    if at + 2 > len(frame) or at + (length := struct.unpack_from(">H", frame, at)[0]) > len(frame) or length < 2:
        raise Malformed("a frame ends within a segment")
    return int(length)


def kept_segment(marker: int, content: bytes) -> bytes | None:
    if marker == APP0 and content.startswith(JFIF) and len(content) >= JFIF_SIZE:
        return content[:JFIF_ALONE] + b"\0\0"
    if marker == APP14 and content.startswith(ADOBE) and len(content) >= ADOBE_SIZE:
        return content[:ADOBE_SIZE]
    return None if APP0 <= marker <= APP15 or marker == COM else content


def jpeg_2000(frame: bytes) -> Iterator[bytes]:
    """Raise Malformed where the codestream ends before its end marker."""
    if word(frame, 0) != J2K_SOC:
        raise Malformed("a frame is no JPEG 2000 codestream")
    main, at = headers(frame, 2, J2K_SOT)
    tiles: list[bytes] = []
    shortened = False
    while word(frame, at) != J2K_EOC:
        tile, at, changed = tile_part(frame, at)
        tiles.append(tile)
        shortened = shortened or changed
    yield frame[:2]
    # Where a tile-part is shorter than it was, the list of their lengths is wrong; it may be left out.
    yield from (segment for marker, segment in main if marker != J2K_COM and not (shortened and marker == J2K_TLM))
    yield from tiles
    yield struct.pack(">H", J2K_EOC)


def tile_part(frame: bytes, at: int) -> tuple[bytes, int, bool]:
    """A tile-part, where the next one begins, and whether it is shorter than it was."""
    if word(frame, at) != J2K_SOT or at + 2 + SOT_SIZE > len(frame):
        raise Malformed("a codestream has something between its tile-parts")
    size = struct.unpack_from(">I", frame, at + 6)[0]
    end = at + size if size else end_of_last(frame)
    if end > len(frame):
        raise Malformed("a codestream ends within a tile-part")
    parts, data = headers(frame, at, J2K_SOD)
    kept = b"".join(segment for marker, segment in parts if marker != J2K_COM)
    made = bytearray(kept + frame[data:end])
    if size:
        struct.pack_into(">I", made, 6, len(made))
    return bytes(made), end, len(made) != end - at


def end_of_last(frame: bytes) -> int:
    """Of a tile-part that goes on to the end of the codestream. In coded data no two bytes are above 0xFF8F."""
    end = frame.rfind(struct.pack(">H", J2K_EOC))
    if end < 0:
        raise Malformed("a codestream ends before its end marker")
    return end


def headers(frame: bytes, at: int, last: int) -> tuple[list[tuple[int, bytes]], int]:
    """Segments up to the marker `last`, and where that is."""
    found = []
    while (marker := word(frame, at)) != last:
        length = segment_length(frame, at + 2)
        found.append((marker, frame[at : at + 2 + length]))
        at += 2 + length
    return found, at


def word(frame: bytes, at: int) -> int:
    if at + 2 > len(frame):
        raise Malformed("a codestream ends before its end marker")
    return int(struct.unpack_from(">H", frame, at)[0])
