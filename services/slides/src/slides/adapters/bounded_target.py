"""Writing a slide's levels in bounded memory.

wsidicom 0.36 reads a level in the order that halving needs, writes it in the order of the rows, and keeps what waits in memory,
about half the slide. Its own budget for that cannot be set from outside, and overflows into a file a tile.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

from wsidicom.file import OffsetTableType
from wsidicom.file.file_writer import BaseFileWriter, PyramidFileWriter
from wsidicom.file.wsidicom_file_target import WsiDicomFileTarget
from wsidicom.metadata import UidGenerator
from wsidicom.writing.tile_cache import TileCache


class TilesOnDisk(TileCache):  # type: ignore[misc]
    """Compressed tiles that wait for their turn, in one file."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.lock = Lock()
        self.end = 0
        self.places: dict[tuple[int, int], tuple[int, int]] = {}

    def save_sequential(self, level: int, start_index: int, tiles: Iterable[bytes]) -> None:
        with self.lock:
            for index, tile in enumerate(tiles, start=start_index):
                written = 0
                while written < len(tile):
                    written += os.pwrite(self.file.fileno(), memoryview(tile)[written:], self.end + written)
                self.places[level, index] = self.end, len(tile)
                self.end += len(tile)

    def load_sequential(self, level: int, index: int) -> Iterator[bytes]:
        while True:
            with self.lock:
                place = self.places.pop((level, index), None)
            if place is None:
                return
            offset, size = place
            yield os.pread(self.file.fileno(), size, offset)
            index += 1

    def clear(self, level: int) -> None:
        with self.lock:
            self.places = {place: at for place, at in self.places.items() if place[0] != level}


class BoundedTarget(WsiDicomFileTarget):  # type: ignore[misc]
    """Adds the levels that the scanner did not write; what waits lies in `waiting`."""

    def __init__(self, output: Path, waiting: TileCache, uids: UidGenerator) -> None:
        super().__init__(output, uids, workers=1, offset_table=OffsetTableType.EXTENDED, add_missing_levels=True)
        self.waiting = waiting

    def _collect_writers(self, *groups: Any) -> Iterator[BaseFileWriter]:
        for writer in super()._collect_writers(*groups):
            if isinstance(writer, PyramidFileWriter):
                writer._create_tile_cache = lambda _: self.waiting
            yield writer
