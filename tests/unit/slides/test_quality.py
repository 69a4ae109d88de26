import numpy as np
import pytest

from casepath.slides.v1.slide_pb2 import QUALITY_FLAG_BLURRED, QUALITY_FLAG_EMPTY
from slides.quality import LEAST_SHARPNESS, judged, sharpness, spread


def test_fine_detail_is_sharp_and_a_slow_gradient_is_not() -> None:
    rng = np.random.default_rng(4)
    fine = rng.integers(0, 255, (256, 256, 3)).astype(np.uint8)
    slow = np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 256, axis=1).repeat(3, axis=2)
    assert sharpness(fine) > LEAST_SHARPNESS > sharpness(np.asarray(slow))


def test_a_field_without_anything_is_not_sharp() -> None:
    assert sharpness(np.full((256, 256, 3), 240, np.uint8)) == 0


def test_a_pale_field_is_as_sharp_as_a_dark_one() -> None:
    rng = np.random.default_rng(4)
    dark = rng.integers(0, 240, (256, 256, 3)).astype(np.uint8)
    assert sharpness((220 + dark // 12).astype(np.uint8)) == pytest.approx(sharpness(dark), rel=0.05)


def test_most_fields_must_be_in_focus() -> None:
    assert list(judged(0.3, [0.2] * 5 + [0.05] * 5).flags) == []
    assert list(judged(0.3, [0.2] * 4 + [0.05] * 6).flags) == [QUALITY_FLAG_BLURRED]


def test_an_empty_slide_is_empty_and_not_blurred() -> None:
    assert list(judged(0.0, [0.01]).flags) == [QUALITY_FLAG_EMPTY]


def test_where_nothing_could_be_looked_at_nothing_is_said_of_focus() -> None:
    found = judged(0.3, [])
    assert (list(found.flags), found.tiles) == ([], 0)


def test_fields_are_taken_from_all_over_the_slide() -> None:
    assert spread(range(1000), 4) == [0, 250, 500, 750]
    assert spread(range(3), 4) == [0, 1, 2]
