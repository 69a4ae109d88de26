"""A slide's scores as an array, and what they amount to. Pure."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from casepath.inference.v1.scoring_pb2 import Cell

# A cluster counts from this many scored tiles of its 2 x 2, so that one tile alone does not carry a slide.
LEAST_NEIGHBOURS = 3


@dataclass(frozen=True, slots=True)
class Region:
    """Positive tiles that touch, also at corners: the bounding box in tiles, how many there are, and the highest probability.

    `outline` goes around them clockwise, corner by corner, in tiles from the top left; holes are not told.
    """

    column: int
    row: int
    columns: int
    rows: int
    tiles: int
    score: float
    outline: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """`regions` with the most suspicious first; `failed` counts into the job's cells."""

    tiles: int
    score: float
    positive_fraction: float
    regions: list[Region]
    failed: list[int]

    @property
    def failed_tiles(self) -> int:
        return len(self.failed)


def heatmap(columns: int, rows: int, cells: Sequence[Cell], probabilities: Sequence[float]) -> NDArray[np.float32]:
    """float32 (rows, columns); NaN where there is no tissue or the tile failed."""
    grid = np.full((rows, columns), np.nan, np.float32)
    for cell, probability in zip(cells, probabilities, strict=True):
        grid[cell.row, cell.column] = probability
    return grid


def summary(grid: NDArray[np.float32], cells: Sequence[Cell], threshold: float, score: float | None = None) -> Summary:
    """What a heatmap amounts to; `cells` are those that should have been scored, and positive is what reaches `threshold`.

    `score` is the slide's where the model gives one of its own.
    """
    scored = np.isfinite(grid)
    failed = [index for index, cell in enumerate(cells) if not scored[cell.row, cell.column]]
    if not scored.any():
        return Summary(len(cells), 0.0, 0.0, [], failed)
    return Summary(
        tiles=len(cells),
        score=cluster_score(grid) if score is None else score,
        positive_fraction=float((grid[scored] >= threshold).mean()),
        regions=regions(grid, threshold),
        failed=failed,
    )


def regions(grid: NDArray[np.float32], threshold: float) -> list[Region]:
    waiting = {(int(row), int(column)) for row, column in zip(*np.nonzero(np.nan_to_num(grid) >= threshold), strict=True)}
    found = []
    while waiting:
        members = [waiting.pop()]
        for row, column in members:
            near = {(row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)} & waiting
            waiting -= near
            members += near
        rows, columns = [row for row, _ in members], [column for _, column in members]
        found.append(
            Region(
                column=min(columns),
                row=min(rows),
                columns=max(columns) - min(columns) + 1,
                rows=max(rows) - min(rows) + 1,
                tiles=len(members),
                score=float(max(grid[row, column] for row, column in members)),
                outline=outline(set(members)),
            )
        )
    return sorted(found, key=lambda region: (-region.score, region.row, region.column))


def outline(members: set[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Corners (column, row) around tiles (row, column) that touch, clockwise from the top left one's, without holes.

    The tiles are on the right hand; at a corner that two tiles share alone, the way goes over to the other one, so that what
    touches at corners has one outline.
    """
    row, column = min(members)
    start = (column, row)
    corners = [start]
    (x, y), (dx, dy) = start, (1, 0)
    while True:
        x, y = x + dx, y + dy
        ahead_left = tile_at(x, y, dx, dy, left=True) in members
        ahead_right = tile_at(x, y, dx, dy, left=False) in members
        turned = (dy, -dx) if ahead_left else (dx, dy) if ahead_right else (-dy, dx)
        if (x, y) == start and turned == (1, 0):
            return tuple(corners)
        if turned != (dx, dy):
            corners.append((x, y))
        dx, dy = turned


def tile_at(x: int, y: int, dx: int, dy: int, *, left: bool) -> tuple[int, int]:
    """The tile (row, column) ahead of a corner, to the left or right of the way."""
    # Of the four tiles around the corner: ahead is along (dx, dy), the right hand is (-dy, dx).
    side_x, side_y = (dy, -dx) if left else (-dy, dx)
    return (y + (min(dy, 0) if dy else min(side_y, 0)), x + (min(dx, 0) if dx else min(side_x, 0)))


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


def as_npy(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def from_npy(content: bytes) -> NDArray[Any]:
    return np.asarray(np.load(io.BytesIO(content), allow_pickle=False))


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
