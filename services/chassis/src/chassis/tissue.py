"""Where there is tissue on a slide. Pure, on arrays."""

from collections.abc import Iterable

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
            part = part_of(mask, column, row, side * scale)
            if part.size and part.mean() >= least:
                found.append((column, row))
    return found


def cell_shares(mask: NDArray[np.bool_], cells: Iterable[tuple[int, int]], side: float, scale: float) -> list[float]:
    """How much of all tissue lies in each cell; arguments as in `tissue_cells`."""
    whole = max(1, int(mask.sum()))
    return [float(part_of(mask, column, row, side * scale).sum()) / whole for column, row in cells]


def part_of(mask: NDArray[np.bool_], column: int, row: int, side: float) -> NDArray[np.bool_]:
    """One cell's pixels of the mask, at least one where the cell lies in it; `side` in pixels of the mask."""
    top, left = int(row * side), int(column * side)
    return mask[top : max(int((row + 1) * side), top + 1), left : max(int((column + 1) * side), left + 1)]
