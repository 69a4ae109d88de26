"""A whole slide in one small picture, read from its DICOM level."""

import numpy as np
from numpy.typing import NDArray
from wsidicom import WsiDicom

# The picture's longer side is at most this many pixels.
OVERVIEW_SIDE = 1024
# Memory bound of one read, in pixels.
BAND_PIXELS = 16 << 20


def overview(slide: WsiDicom) -> NDArray[np.uint8]:
    """The finest level of an open slide as RGB (rows, columns, 3), shrunk by a whole number and read in bands."""
    width, height = slide.size.width, slide.size.height
    shrink = max(1, -(-max(width, height) // OVERVIEW_SIDE))
    band = max(shrink, BAND_PIXELS // width // shrink * shrink)
    bands = []
    for top in range(0, height, band):
        region = slide.read_region((0, top), 0, (width, min(band, height - top))).convert("RGB")
        bands.append(np.asarray(region.reduce(shrink)))
    return np.concatenate(bands)
