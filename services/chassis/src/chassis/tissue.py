"""Where there is tissue on a slide. Pure, on arrays."""

import numpy as np
from numpy.typing import NDArray

# Below this saturation (0 to 255) a pixel is glass whatever the rest of the slide is like: an empty slide has no tissue.
LEAST_SATURATION = 15
# A cell with less tissue than this is not scored.
LEAST_SHARE = 0.1


def tissue_mask(image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Stained pixels of an RGB image (rows, columns, 3): saturation above Otsu's threshold (Otsu 1979)."""
    high = image.max(axis=2).astype(np.int32)
    low = image.min(axis=2).astype(np.int32)
    saturation = np.where(high > 0, (high - low) * 255 // np.maximum(high, 1), 0)
    # Scanners pad with black, whose saturation is noise.
    saturation[high < 20] = 0
    return saturation > max(otsu(saturation), LEAST_SATURATION)


def otsu(values: NDArray[np.int32]) -> int:
    """The threshold in 0..255 that separates two classes with the greatest variance between them."""
    counts = np.bincount(values.ravel(), minlength=256).astype(np.float64)
    below = counts.cumsum()
    above = below[-1] - below
    sums = (counts * np.arange(256)).cumsum()
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return int(np.nan_to_num(between).argmax())


def tissue_cells(
    mask: NDArray[np.bool_], columns: int, rows: int, side: float, scale: float, least: float = LEAST_SHARE
) -> list[tuple[int, int]]:
    """(column, row) of each cell of which at least the share `least` is tissue, in row order.

    `side` is a cell's side in pixels of the scored level; `scale` is pixels of the mask for one pixel of that level.
    """
    found = []
    for row in range(rows):
        for column in range(columns):
            top, bottom = int(row * side * scale), max(int((row + 1) * side * scale), int(row * side * scale) + 1)
            left, right = int(column * side * scale), max(int((column + 1) * side * scale), int(column * side * scale) + 1)
            part = mask[top:bottom, left:right]
            if part.size and part.mean() >= least:
                found.append((column, row))
    return found
