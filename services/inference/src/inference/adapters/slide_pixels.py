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
from chassis.overview import overview as whole


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


def overview(path: Path) -> NDArray[np.uint8]:
    """The whole of a level, small."""
    with opened(path) as slide:
        return whole(slide)


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
