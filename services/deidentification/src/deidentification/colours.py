"""An ICC profile without its texts (ICC.1:2022, section 7): what a maker or a site wrote there does not change colours. Pure."""

import struct

HEADER = 128
ENTRY = struct.Struct(">4sII")
# What turns device values into colours: matrices, curves, tables, and the white they are for.
COLORIMETRIC = {
    *(b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC", b"kTRC", b"wtpt", b"bkpt", b"chad", b"lumi"),
    *(b"A2B0", b"A2B1", b"A2B2", b"A2B3", b"B2A0", b"B2A1", b"B2A2", b"B2A3", b"D2B0", b"B2D0", b"gamt"),
}
NUMERIC_TYPES = {b"XYZ ", b"curv", b"para", b"sf32", b"mft1", b"mft2", b"mAB ", b"mBA ", b"mpet"}
# Of the header, what names a maker, a model or a day: dates and times, platform, manufacturer, model, creator, profile id.
NAMING = ((24, 36), (40, 44), (48, 56), (80, 84), (84, 128))
MULTIPLE = 4


def multi_localized(text: str) -> bytes:
    """A multiLocalizedUnicodeType (ICC.1:2022, 10.15) of one English text."""
    content = text.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(content), 28) + content


def text_description(text: str) -> bytes:
    """A textDescriptionType (ICC.1:2001-04, 6.5.17), as profiles before version 4 have it."""
    content = text.encode("ascii") + b"\0"
    return b"desc" + bytes(4) + struct.pack(">I", len(content)) + content + bytes(4 + 4 + 2 + 1 + 67)


def without_texts(profile: bytes) -> bytes | None:
    """The same colours; None where it is no profile that can be read."""
    if len(profile) < HEADER + 4 or profile[36:40] != b"acsp":
        return None
    (count,) = struct.unpack_from(">I", profile, HEADER)
    if HEADER + 4 + count * ENTRY.size > len(profile):
        return None
    kept: list[tuple[bytes, bytes]] = []
    for number in range(count):
        signature, offset, size = ENTRY.unpack_from(profile, HEADER + 4 + number * ENTRY.size)
        content = profile[offset : offset + size]
        if signature in COLORIMETRIC and len(content) == size and content[:4] in NUMERIC_TYPES:
            kept.append((signature, content))
    described = multi_localized if profile[8] >= MULTIPLE else text_description
    notice = multi_localized("none") if profile[8] >= MULTIPLE else b"text" + bytes(4) + b"none\0"
    return assembled(profile, [(b"desc", described("scanner")), (b"cprt", notice), *kept])


def assembled(profile: bytes, tags: list[tuple[bytes, bytes]]) -> bytes:
    """Tags of the same content share it, as they may have before."""
    table, contents = [], bytearray()
    at = HEADER + 4 + len(tags) * ENTRY.size
    places: dict[bytes, int] = {}
    for signature, content in tags:
        if content not in places:
            places[content] = at + len(contents)
            contents += content + bytes(-len(content) % 4)
        table.append(ENTRY.pack(signature, places[content], len(content)))
    header = bytearray(profile[:HEADER])
    for begin, end in NAMING:
        header[begin:end] = bytes(end - begin)
    made = bytes(header) + struct.pack(">I", len(tags)) + b"".join(table) + bytes(contents)
    return struct.pack(">I", len(made)) + made[4:]
