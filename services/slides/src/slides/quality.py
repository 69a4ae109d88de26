"""Whether a scan is fit to be read: tissue and focus. Pure, on arrays."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from casepath.slides.v1.slide_pb2 import QUALITY_FLAG_BLURRED, QUALITY_FLAG_EMPTY, QualityFlag, ScanQuality

# Focus is measured at this many micrometres a pixel, over tiles of this many pixels: about one 20x field of view.
MICRONS_PER_PIXEL = 0.5
TILE_SIDE = 256
# A scan whose pixels are this many times coarser has too little detail to tell its focus from.
COARSEST = 1.25
MOST_TILES = 64
# Share of a tile that must be tissue, so that the edge of the section is not taken for lack of focus.
LEAST_TISSUE = 0.5
# Measured on 146 sharp fields of six scanned slides (0.10 to 0.30) and on the same blurred by 0.5 um or more (0.07 to 0.13).
LEAST_SHARPNESS = 0.10
LEAST_SHARP_TILES = 0.5
# Dust and pen marks stay below it.
LEAST_TISSUE_OF_SLIDE = 0.001


def sharpness(tile: NDArray[np.uint8]) -> float:
    """Fine detail over coarse: the energy of differences 1 pixel apart over that 4 apart, in the luminance of (rows, columns, 3).

    A ratio, so that pale stains count as dark ones do. Near 1/16 where nothing finer than 4 pixels is left.
    """
    gray = tile.mean(axis=2, dtype=np.float32)
    fine = (float(np.diff(gray, axis=1).var()) + float(np.diff(gray, axis=0).var())) / 2
    coarse = (float((gray[:, 4:] - gray[:, :-4]).var()) + float((gray[4:] - gray[:-4]).var())) / 2
    return fine / coarse if coarse else 0.0


def spread[T](items: Sequence[T], most: int) -> list[T]:
    """At most `most` of them, evenly over the whole."""
    if len(items) <= most:
        return list(items)
    return [items[number * len(items) // most] for number in range(most)]


def judged(tissue_fraction: float, sharpnesses: Sequence[float]) -> ScanQuality:
    """What the measures amount to. Where no tile could be looked at, nothing is said of focus."""
    sharp = sum(one >= LEAST_SHARPNESS for one in sharpnesses) / len(sharpnesses) if sharpnesses else 0.0
    flags: list[QualityFlag] = []
    if tissue_fraction < LEAST_TISSUE_OF_SLIDE:
        flags.append(QUALITY_FLAG_EMPTY)
    elif sharpnesses and sharp < LEAST_SHARP_TILES:
        flags.append(QUALITY_FLAG_BLURRED)
    return ScanQuality(tissue_fraction=tissue_fraction, sharp_fraction=sharp, tiles=len(sharpnesses), flags=flags)
