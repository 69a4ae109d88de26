"""Slides made of real tiles: a pyramidal TIFF that says how large its pixels are."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

SIDE = 256
MICRONS = 0.243
GLASS = 255

type Pixels = NDArray[np.uint8]


def pixels(tile: Path) -> Pixels:
    return np.asarray(Image.open(tile).convert("RGB"))


def write_mosaic(rows: Sequence[Sequence[Pixels | None]], file: Path) -> Path:
    """Tiles of SIDE x SIDE x 3 as they lie beside each other, every row as long as the first; none is bare glass."""
    whole = np.full((len(rows) * SIDE, len(rows[0]) * SIDE, 3), GLASS, np.uint8)
    for row, tiles in enumerate(rows):
        for column, tile in enumerate(tiles):
            if tile is not None:
                whole[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE] = tile
    per_centimetre = 1e4 / MICRONS
    with tifffile.TiffWriter(file) as tiff:
        tiff.write(
            whole,
            tile=(SIDE, SIDE),
            photometric="rgb",
            compression="jpeg",
            compressionargs={"level": 95},
            resolution=(per_centimetre, per_centimetre),
            resolutionunit="CENTIMETER",
            metadata=None,
        )
    return file
