"""A slide's scores as an array, and what they amount to. Pure."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from casepath.inference.v1.scoring_pb2 import Cell

POSITIVE = 0.5
# A cluster counts from this many scored tiles of its 2 x 2, so that one tile alone does not carry a slide.
LEAST_NEIGHBOURS = 3


@dataclass(frozen=True, slots=True)
class Summary:
    tiles: int
    failed_tiles: int
    score: float
    positive_fraction: float


def heatmap(columns: int, rows: int, cells: Sequence[Cell], probabilities: Sequence[float]) -> NDArray[np.float32]:
    """float32 (rows, columns); NaN where there is no tissue or the tile failed."""
    grid = np.full((rows, columns), np.nan, np.float32)
    for cell, probability in zip(cells, probabilities, strict=True):
        grid[cell.row, cell.column] = probability
    return grid


def summary(grid: NDArray[np.float32], tiles: int) -> Summary:
    """What a heatmap amounts to; `tiles` is how many should have been scored."""
    scored = np.isfinite(grid)
    count = int(scored.sum())
    if not count:
        return Summary(tiles, tiles, 0.0, 0.0)
    return Summary(
        tiles=tiles,
        failed_tiles=tiles - count,
        score=cluster_score(grid),
        positive_fraction=float((grid[scored] >= POSITIVE).mean()),
    )


def cluster_score(grid: NDArray[np.float32]) -> float:
    """The best mean of a 2 x 2 neighbourhood; the best tile where no neighbourhood has enough scored tiles."""
    padded = np.pad(grid, ((0, 1), (0, 1)), constant_values=np.nan)
    windows = np.stack([padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]])
    counts = np.isfinite(windows).sum(axis=0)
    sums = np.nansum(windows, axis=0)
    if (counts >= LEAST_NEIGHBOURS).any():
        enough = counts >= LEAST_NEIGHBOURS
        return float((sums[enough] / counts[enough]).max())
    return float(np.nanmax(grid))


def as_npy(grid: NDArray[np.float32]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, grid, allow_pickle=False)
    return buffer.getvalue()


def as_png(grid: NDArray[np.float32], zoom: int = 8) -> bytes:
    """Blue (0) over white to red (1), transparent where there is no score; `zoom` pixels a tile."""
    known = np.isfinite(grid)
    p = np.where(known, grid, 0)
    red, blue = np.minimum(1, 2 * p), np.minimum(1, 2 - 2 * p)
    image = np.stack([red, np.minimum(red, blue), blue, known * 0.6], axis=-1)
    pixels = (image * 255).round().astype(np.uint8).repeat(zoom, axis=0).repeat(zoom, axis=1)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
