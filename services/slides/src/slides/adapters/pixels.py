"""Reading pixels of converted levels, to measure them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from wsidicom import WsiDicom

from casepath.slides.v1.slide_pb2 import ScanQuality
from chassis.overview import OVERVIEW_SIDE, overview
from chassis.tissue import tissue_cells, tissue_mask
from slides.quality import COARSEST, LEAST_TISSUE, MICRONS_PER_PIXEL, MOST_TILES, TILE_SIDE, judged, sharpness, spread


def measured(volumes: Sequence[tuple[Path, float]]) -> ScanQuality:
    """The quality of a scan from its levels: each file with its micrometres a pixel."""
    levels = sorted(volumes, key=lambda level: level[1])
    mask = tissue_mask(smallest_overview([path for path, _ in levels]))
    path, microns = next((level for level in reversed(levels) if level[1] <= MICRONS_PER_PIXEL), levels[0])
    if microns > MICRONS_PER_PIXEL * COARSEST:
        return judged(float(mask.mean()), [])
    side = round(TILE_SIDE * MICRONS_PER_PIXEL / microns)
    with WsiDicom.open(path) as slide:
        columns, rows = slide.size.width // side, slide.size.height // side
        cells = tissue_cells(mask, columns, rows, side, mask.shape[1] / slide.size.width, LEAST_TISSUE)
        found = [sharpness(tile) for tile in tiles(slide, spread(cells, MOST_TILES), side)]
    return judged(float(mask.mean()), found)


def smallest_overview(levels: Sequence[Path]) -> NDArray[np.uint8]:
    """From the coarsest level that fills it; `levels` are finest first."""
    for path in reversed(levels):
        with WsiDicom.open(path) as slide:
            if path == levels[0] or max(slide.size.width, slide.size.height) >= OVERVIEW_SIDE:
                return overview(slide)
    raise AssertionError("a scan has a finest level")


def tiles(slide: WsiDicom, cells: Sequence[tuple[int, int]], side: int) -> Iterator[NDArray[np.uint8]]:
    for column, row in cells:
        region = slide.read_region((column * side, row * side), 0, (side, side)).convert("RGB")
        yield np.asarray(region.resize((TILE_SIDE, TILE_SIDE), Image.Resampling.BOX))
