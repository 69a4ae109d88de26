"""Frames of stored DICOM slides: as they are stored, and as pixels."""

import imagecodecs
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from pydicom.uid import JPEG2000, ExplicitVRLittleEndian, JPEG2000Lossless, JPEGBaseline8Bit

from casepath.slides.v1.slide_pb2 import Instance
from chassis.errors import Rejected

ITEM_HEADER = 8


class Undecodable(Rejected):
    """A frame that is stored cannot be decoded."""


def unwrapped(stored: bytes) -> bytes:
    """An encapsulated frame without its items' headers (PS3.5 A.4)."""
    parts, at = [], 0
    while at < len(stored):
        length = int.from_bytes(stored[at + 4 : at + ITEM_HEADER], "little")
        at += ITEM_HEADER
        parts.append(stored[at : at + length])
        at += length
    return b"".join(parts)


def decoded(content: bytes, instance: Instance) -> NDArray[np.uint8]:
    """RGB (rows, columns, 3). Raise Undecodable where the codec cannot, or the frame is not of the instance's size."""
    syntax = instance.transfer_syntax_uid
    try:
        if syntax == ExplicitVRLittleEndian:
            pixels = np.frombuffer(content, np.uint8)[: instance.rows * instance.columns * 3]
            pixels = pixels.reshape(instance.rows, instance.columns, -1)
        elif syntax == JPEGBaseline8Bit:
            pixels = simplejpeg.decode_jpeg(content, "RGB", strict=False)
        elif syntax in (JPEG2000, JPEG2000Lossless):
            pixels = imagecodecs.jpeg2k_decode(content)
        else:
            pixels = imagecodecs.imread(content)
    except Exception as error:
        # Codecs raise whatever they do, MemoryError included where a header promises too much.
        raise Undecodable(f"a stored frame cannot be decoded: {type(error).__name__}") from error
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    if pixels.shape[:2] != (instance.rows, instance.columns) or pixels.shape[2] < 3 or pixels.dtype != np.uint8:
        raise Undecodable("a stored frame is not of the size, or the depth, that its instance says")
    return np.ascontiguousarray(pixels[..., :3])
