"""Frames without what encoders wrote beside the pixels, and profiles of colours without their texts."""

import io

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms
from planted_identities import FAMILY, codestream_with_comments, found_in, with_comments
from pydicom.uid import JPEG2000, MPEG2MPML, JPEG2000Lossless, JPEGBaseline8Bit, JPEGLSLossless, RLELossless

from chassis.errors import Malformed, Rejected
from deidentification.codestreams import cleaned
from deidentification.colours import without_texts

PIXELS = np.random.default_rng(1).integers(0, 255, (64, 96, 3), np.uint8)
JPEG_FRAME = bytes(imagecodecs.jpeg8_encode(PIXELS, level=85))
J2K_FRAME = bytes(imagecodecs.jpeg2k_encode(PIXELS, codecformat="j2k", level=0))
LS_FRAME = bytes(imagecodecs.jpegls_encode(PIXELS))


@pytest.mark.parametrize(
    ("frame", "planted", "syntax", "decode"),
    [
        (JPEG_FRAME, with_comments(JPEG_FRAME), JPEGBaseline8Bit, imagecodecs.jpeg8_decode),
        (LS_FRAME, with_comments(LS_FRAME), JPEGLSLossless, imagecodecs.jpegls_decode),
        (J2K_FRAME, codestream_with_comments(J2K_FRAME), JPEG2000Lossless, imagecodecs.jpeg2k_decode),
    ],
)
def test_comments_go_and_pixels_stay(frame: bytes, planted: bytes, syntax: str, decode) -> None:  # type: ignore[no-untyped-def]
    assert found_in(planted)
    left = cleaned(planted, syntax)
    assert not found_in(left)
    assert len(left) % 2 == 0
    assert np.array_equal(decode(left), decode(frame))


def test_a_frame_that_has_nothing_beside_its_pixels_stays_as_it_is() -> None:
    once = cleaned(JPEG_FRAME, JPEGBaseline8Bit)
    assert cleaned(once, JPEGBaseline8Bit) == once


def test_a_progressive_jpeg_keeps_all_its_scans() -> None:
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, "JPEG", progressive=True, comment=FAMILY)
    left = cleaned(buffer.getvalue(), JPEGBaseline8Bit)
    assert not found_in(left)
    assert np.array_equal(imagecodecs.jpeg8_decode(left), imagecodecs.jpeg8_decode(buffer.getvalue()))


def test_a_thumbnail_within_a_jfif_header_goes() -> None:
    thumbnail = b"JFIF\0\x01\x01\x00\x00\x01\x00\x01\x02\x02" + f"{FAMILY}    ".encode()[:12]
    planted = JPEG_FRAME[:2] + b"\xff\xe0" + (len(thumbnail) + 2).to_bytes(2) + thumbnail + JPEG_FRAME[2:]
    assert not found_in(cleaned(planted, JPEGBaseline8Bit))


@pytest.mark.parametrize(("frame", "syntax"), [(JPEG_FRAME, JPEGBaseline8Bit), (J2K_FRAME, JPEG2000), (LS_FRAME, JPEGLSLossless)])
def test_a_frame_that_ends_early_is_told_and_never_hangs(frame: bytes, syntax: str) -> None:
    for end in range(0, len(frame) - 2, max(1, len(frame) // 150)):
        with pytest.raises(Malformed):
            cleaned(frame[:end], syntax)


def test_frames_of_a_syntax_that_is_not_known_do_not_leave() -> None:
    with pytest.raises(Rejected, match="convert the object first"):
        cleaned(b"\0" * 100, MPEG2MPML)
    assert cleaned(b"\0" * 100, RLELossless) == b"\0" * 100


def test_a_profile_keeps_its_colours_and_loses_its_texts() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    content = bytearray(profile.tobytes())
    assert b"s\0R\0G\0B" in content
    content[48:52] = b"QUIM"
    left = without_texts(bytes(content))
    assert left is not None
    assert b"s\0R\0G\0B" not in left
    assert b"QUIM" not in left
    target = ImageCms.createProfile("LAB")
    image = Image.fromarray(PIXELS)
    before, after = (
        np.asarray(ImageCms.profileToProfile(image, ImageCms.ImageCmsProfile(io.BytesIO(one)), target, outputMode="LAB"))
        for one in (profile.tobytes(), left)
    )
    assert np.array_equal(before, after)


@pytest.mark.parametrize("content", [b"", b"x" * 500, f"{FAMILY}".encode() * 40])
def test_what_is_no_profile_is_not_kept(content: bytes) -> None:
    assert without_texts(content) is None
