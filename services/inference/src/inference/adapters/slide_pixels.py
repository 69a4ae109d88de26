"""Pixels of a stored DICOM level."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from wsidicom import WsiDicom

from casepath.inference.v1.scoring_pb2 import Cell
from casepath.slides.v1.slide_pb2 import Instance
from chassis.errors import Rejected
from inference.tissue import OVERVIEW_SIDE

# Memory bound of one read, in pixels.
BAND_PIXELS = 64 << 20


class Unreadable(Rejected):
    """A stored slide cannot be read."""


@contextmanager
def opened(path: Path) -> Iterator[WsiDicom]:
    try:
        with WsiDicom.open(path) as slide:
            yield slide
    except Exception as error:
        # Parsers and codecs raise whatever they do, MemoryError included where a header promises too much.
        raise Unreadable(f"the stored slide cannot be read: {type(error).__name__}") from error


def overview(path: Path, level: Instance) -> NDArray[np.uint8]:
    """The whole level as RGB (rows, columns, 3) with its longer side at most OVERVIEW_SIDE, read in bands."""
    shrink = max(1, -(-max(level.total_columns, level.total_rows) // OVERVIEW_SIDE))
    height = max(shrink, BAND_PIXELS // level.total_columns // shrink * shrink)
    bands = []
    with opened(path) as slide:
        for top in range(0, level.total_rows, height):
            size = level.total_columns, min(height, level.total_rows - top)
            band = slide.read_region((0, top), 0, size).convert("RGB")
            bands.append(np.asarray(band.reduce(shrink)))
    return np.concatenate(bands)


def tiles(path: Path, level: Instance, cells: list[Cell], side: float, out: int) -> Iterator[NDArray[np.uint8] | None]:
    """Each cell as RGB (out, out, 3), white beyond the slide's edge; None for a cell that cannot be read."""
    with opened(path) as slide:
        for cell in cells:
            yield tile(slide, level, cell, side, out)


def tile(slide: Any, level: Instance, cell: Cell, side: float, out: int) -> NDArray[np.uint8] | None:
    left, top = round(cell.column * side), round(cell.row * side)
    whole = max(1, round(side))
    width, height = min(whole, level.total_columns - left), min(whole, level.total_rows - top)
    try:
        region = slide.read_region((left, top), 0, (width, height)).convert("RGB")
    except Exception:  # noqa: BLE001 - the tile is counted as failed, whatever its codec raises
        return None
    if (width, height) != (whole, whole):
        white = Image.new("RGB", (whole, whole), "white")
        white.paste(region, (0, 0))
        region = white
    return np.asarray(region.resize((out, out), Image.Resampling.BILINEAR))
