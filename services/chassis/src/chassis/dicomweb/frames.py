"""Reading frames of stored instances by byte range: nothing is decoded, and nothing else of the object is read."""

import asyncio
import io
import struct
from collections.abc import Sequence

import pydicom
import simplejpeg
from pydicom.uid import JPEG2000, UID, JPEG2000Lossless, JPEGBaseline8Bit

from casepath.slides.v1.frames_pb2 import StoredInstance
from chassis.errors import NotFound
from chassis.frames import decoded, unwrapped
from chassis.objects import Objects

# PS3.18 table 8.7.3-2.
MEDIA_TYPES = {JPEGBaseline8Bit: "image/jpeg", JPEG2000: "image/jp2", JPEG2000Lossless: "image/jp2"}
OCTETS = "application/octet-stream"
RENDERED_QUALITY = 90
# An APP2 segment holds at most this much of a profile (ICC.1:2010 section B.4).
ICC_MARKER = b"ICC_PROFILE\0"
LONGEST_ICC_PART = 65519


class Frames:
    """Frames of instances in the object store."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects

    async def read(self, stored: StoredInstance, numbers: Sequence[int]) -> list[bytes]:
        """As they are stored, in the order asked for; counted from 1. Raise NotFound where there is no such frame."""
        count = len(stored.offsets)
        if any(not 1 <= number <= count for number in numbers):
            raise NotFound(f"the instance has frames 1 to {count}")
        starts = [stored.offsets[number - 1] for number in numbers]
        lengths = [stored.lengths[number - 1] for number in numbers]
        parts = await self.objects.ranges(stored.instance.object, starts, lengths)
        if UID(stored.instance.transfer_syntax_uid).is_encapsulated:
            return [unwrapped(part) for part in parts]
        return parts

    async def rendered(self, stored: StoredInstance, number: int, with_profile: bool) -> bytes:
        """As a JPEG that a browser shows: the stored one where it is one, else decoded and encoded (quality 90)."""
        (content,) = await self.read(stored, [number])
        if stored.instance.transfer_syntax_uid != JPEGBaseline8Bit:
            content = await asyncio.to_thread(encoded, content, stored)
        return with_icc_profile(content, stored.icc_profile) if with_profile else content

    async def bulk_data(self, stored: StoredInstance, tag: str) -> bytes:
        """A long value of the header, by its tag in hexadecimal. Raise NotFound where there is none."""
        (head,) = await self.objects.ranges(stored.instance.object, [0], [stored.offsets[0]])
        dataset = pydicom.dcmread(io.BytesIO(head), stop_before_pixels=True)
        for element in dataset.iterall():
            if element.tag == int(tag, 16) and isinstance(element.value, bytes):
                return element.value
        raise NotFound("the instance has no such value")


def media_type(stored: StoredInstance) -> str:
    return MEDIA_TYPES.get(stored.instance.transfer_syntax_uid, OCTETS)


def encoded(content: bytes, stored: StoredInstance) -> bytes:
    return bytes(simplejpeg.encode_jpeg(decoded(content, stored.instance), RENDERED_QUALITY, "RGB", "422"))


def with_icc_profile(jpeg: bytes, profile: bytes) -> bytes:
    """A JPEG that carries its profile (ICC.1:2010 annex B.4); its coded data is not touched."""
    if not profile:
        return jpeg
    parts = [profile[at : at + LONGEST_ICC_PART] for at in range(0, len(profile), LONGEST_ICC_PART)]
    segments = b"".join(
        b"\xff\xe2" + struct.pack(">H", 2 + len(ICC_MARKER) + 2 + len(part)) + ICC_MARKER + bytes([number, len(parts)]) + part
        for number, part in enumerate(parts, start=1)
    )
    return jpeg[:2] + segments + jpeg[2:]
