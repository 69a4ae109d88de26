"""Pixels of a stored level, read by frame: the rest of the object is not touched, wherever it lies."""

import asyncio
from collections.abc import Mapping, Sequence
from math import ceil, floor
from pathlib import Path

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray
from PIL import Image
from pydicom.uid import UID
from wsidicom import WsiDicom

from casepath.inference.v1.scoring_pb2 import Cell, ScoringJob
from casepath.slides.v1.frames_pb2 import StoredInstance
from casepath.slides.v1.slide_pb2 import Instance
from chassis.errors import Rejected
from chassis.frames import Undecodable, decoded, unwrapped
from chassis.objects import Objects
from chassis.overview import overview as whole

# Frames that are kept for the next cells, in bytes: so much of compressed ones, and of decoded ones.
KEPT_BYTES = 64 << 20

type Pixels = NDArray[np.uint8]


class Unreadable(Rejected):
    """A stored slide cannot be read."""


def overview(path: Path) -> Pixels:
    """The whole of a level, small."""
    try:
        with WsiDicom.open(path) as slide:
            return whole(slide)
    except Exception as error:
        # Parsers and codecs raise whatever they do, MemoryError included where a header promises too much.
        raise Unreadable(f"the stored slide cannot be read: {type(error).__name__}") from error


class LevelPixels:
    """Cuts a job's cells out of the frames of its level.

    `fetch` gives the compressed frames that cells need, `cut` their pixels from those.
    """

    def __init__(self, objects: Objects, stored: StoredInstance, job: ScoringJob, tile_side: int) -> None:
        self.objects = objects
        self.stored = stored
        self.instance: Instance = job.level
        self.step = job.side
        self.view = job.view or job.side
        self.tile_side = tile_side
        self.columns = ceil(self.instance.total_columns / self.instance.columns)
        places = zip(stored.tile_columns, stored.tile_rows, strict=True)
        self.sparse = {(column, row): number for number, (column, row) in enumerate(places)}
        self.encapsulated = UID(self.instance.transfer_syntax_uid).is_encapsulated
        self.fetched: LRUCache[int, bytes] = LRUCache(KEPT_BYTES, getsizeof=len)
        self.decoded: LRUCache[int, Pixels | None] = LRUCache(KEPT_BYTES, getsizeof=lambda one: 1 if one is None else one.nbytes)

    def box(self, cell: Cell) -> tuple[int, int, int]:
        """Left, top and side of what the model sees of a cell, in pixels of the level; it may lie beyond its edges."""
        margin = (self.view - self.step) / 2
        return round(cell.column * self.step - margin), round(cell.row * self.step - margin), max(1, round(self.view))

    def frames_of(self, cell: Cell) -> list[tuple[int, int, int]]:
        """Number, column and row of each frame under a cell. A frame that a sparse level leaves out has none."""
        left, top, side = self.box(cell)
        level = self.instance
        right, bottom = min(left + side, level.total_columns), min(top + side, level.total_rows)
        found = []
        for row in range(floor(max(0, top) / level.rows), ceil(bottom / level.rows)):
            for column in range(floor(max(0, left) / level.columns), ceil(right / level.columns)):
                number = self.sparse.get((column, row)) if self.sparse else row * self.columns + column
                if number is not None and number < len(self.stored.offsets):
                    found.append((number, column, row))
        return found

    async def fetch(self, cells: Sequence[Cell]) -> dict[int, bytes]:
        """Compressed frames that these cells need. Raise NotFound and Unavailable as Objects does."""
        needed = sorted({number for cell in cells for number, *_ in self.frames_of(cell)})
        found = {number: self.fetched[number] for number in needed if number in self.fetched}
        missing = [number for number in needed if number not in found]
        if missing:
            starts = [self.stored.offsets[number] for number in missing]
            lengths = [self.stored.lengths[number] for number in missing]
            parts = await self.objects.ranges(self.instance.object, starts, lengths)
            for number, part in zip(missing, parts, strict=True):
                found[number] = unwrapped(part) if self.encapsulated else part
                if len(part) <= KEPT_BYTES:
                    self.fetched[number] = found[number]
        return found

    def cut(self, cells: Sequence[Cell], fetched: Mapping[int, bytes]) -> list[Pixels | None]:
        """Each cell as RGB (tile_side, tile_side, 3), white beyond the slide; None where a frame under it cannot be decoded."""
        return [self.tile(cell, fetched) for cell in cells]

    def tile(self, cell: Cell, fetched: Mapping[int, bytes]) -> Pixels | None:
        left, top, side = self.box(cell)
        level = self.instance
        pixels = np.full((side, side, 3), 255, np.uint8)
        for number, column, row in self.frames_of(cell):
            frame = self.frame(number, fetched)
            if frame is None:
                return None
            frame_left, frame_top = column * level.columns, row * level.rows
            from_x, to_x = max(left, frame_left, 0), min(left + side, frame_left + level.columns, level.total_columns)
            from_y, to_y = max(top, frame_top, 0), min(top + side, frame_top + level.rows, level.total_rows)
            part = frame[from_y - frame_top : to_y - frame_top, from_x - frame_left : to_x - frame_left]
            pixels[from_y - top : to_y - top, from_x - left : to_x - left] = part
        if side == self.tile_side:
            return pixels
        scaled = Image.fromarray(pixels).resize((self.tile_side, self.tile_side), Image.Resampling.BILINEAR)
        return np.asarray(scaled)

    def frame(self, number: int, fetched: Mapping[int, bytes]) -> Pixels | None:
        if number in self.decoded:
            return self.decoded[number]
        try:
            found = decoded(fetched[number], self.instance)
        except Undecodable:
            found = None
        if found is None or found.nbytes <= KEPT_BYTES:
            self.decoded[number] = found
        return found


async def level_pixels(objects: Objects, job: ScoringJob, tile_side: int) -> LevelPixels:
    """Raise Unreadable where the slide's event did not say where its frames lie; NotFound and Unavailable as Objects does."""
    if not job.level.HasField("index"):
        raise Unreadable("the slide was ingested before its frames were announced: ingest it again")
    content = await objects.get(job.level.index)
    stored = await asyncio.to_thread(StoredInstance.FromString, content)
    return LevelPixels(objects, stored, job, tile_side)
