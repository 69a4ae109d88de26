"""One shard, read: frames are fetched, decoded and run side by side, and each waits when the next has enough."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from casepath.inference.v1.scoring_pb2 import (
    FAILURE_REASON_MODEL_FAILED,
    FAILURE_REASON_UNSPECIFIED,
    Cell,
    FailureReason,
    StainStatistics,
)
from chassis.errors import CasepathError, Malformed
from inference.adapters.level_pixels import LevelPixels, Pixels
from inference.adapters.onnx_session import ModelFailed
from inference.readers import Reader, TilesRead

# Batches that wait between two steps.
WAITING = 2
# After so many tiles, one after the other, that the model fails on alone, it is not asked for the rest of the shard.
MOST_FAILURES = 3
# Between two looks at whether the job was stopped.
LOOK_SECONDS = 1.0
# Stain is told from every so many-th pixel of a tile, in both directions.
STAIN_STEP = 8
DENSITY = -np.log10((np.arange(256) + 1) / 256)

type Turn = Callable[[], AbstractAsyncContextManager[None]]


class Stopped(Exception):
    """Nobody waits for this shard any more."""


@dataclass(slots=True)
class ShardRead:
    """For each cell of a shard a probability, NaN where its tile failed, and what the model's kind keeps besides."""

    probabilities: NDArray[np.float32]
    stain: StainStatistics
    array: NDArray[np.uint8] | NDArray[np.float32] | None = None
    failure: FailureReason = FAILURE_REASON_UNSPECIFIED
    failed_in_a_row: int = 0

    def put(self, indexes: Sequence[int], read: TilesRead) -> None:
        self.probabilities[indexes] = read.probabilities
        if read.array is None:
            return
        if self.array is None:
            shape = (len(self.probabilities), *read.array.shape[1:])
            blank = np.nan if read.array.dtype == np.float32 else 0
            self.array = np.full(shape, blank, read.array.dtype)
        self.array[indexes] = read.array


async def read_shard(
    pixels: LevelPixels, reader: Reader, cells: Sequence[Cell], batch: int, turn: Turn, stopped: Callable[[], Awaitable[bool]]
) -> ShardRead:
    """Read cells in batches; `turn` is taken for each run of the model. The same cells in the same batches give the same.

    Raise Stopped where `stopped` says so in between, DeviceLost where the device fails, NotFound or Unavailable where the slide
    does.
    """
    found = ShardRead(np.full(len(cells), np.nan, np.float32), StainStatistics())
    fetched: asyncio.Queue[tuple[int, Sequence[Cell], dict[int, bytes]] | None] = asyncio.Queue(WAITING)
    tiles: asyncio.Queue[tuple[int, list[Pixels | None]] | None] = asyncio.Queue(WAITING)

    async def fetch() -> None:
        for start in range(0, len(cells), batch):
            group = cells[start : start + batch]
            await fetched.put((start, group, await pixels.fetch(group)))
        await fetched.put(None)

    async def cut() -> None:
        while (item := await fetched.get()) is not None:
            start, group, frames = item
            await tiles.put((start, await asyncio.to_thread(pixels.cut, group, frames)))
        await tiles.put(None)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        looked = loop.time()
        while (item := await tiles.get()) is not None:
            start, cut_tiles = item
            numbered = [(start + index, tile) for index, tile in enumerate(cut_tiles) if tile is not None]
            if loop.time() - looked > LOOK_SECONDS:
                if await stopped():
                    raise Stopped
                looked = loop.time()
            if numbered and not found.failure:
                async with turn():
                    await asyncio.to_thread(read_batch, reader, numbered, found)

    try:
        async with asyncio.TaskGroup() as group:
            for step in (fetch, cut, run):
                group.create_task(step())
    except* (CasepathError, Stopped) as errors:
        raise errors.exceptions[0] from None
    return found


def read_batch(reader: Reader, tiles: Sequence[tuple[int, Pixels]], found: ShardRead) -> None:
    """Read numbered tiles together; where the model fails on them, each alone, so that one of them harms no other."""
    indexes = [index for index, _ in tiles]
    stack = np.stack([tile for _, tile in tiles])
    add_stain(found.stain, stack)
    try:
        found.put(indexes, reader.read(stack))
        found.failed_in_a_row = 0
    except (ModelFailed, Malformed):
        for index, tile in tiles:
            try:
                found.put([index], reader.read(tile[None]))
                found.failed_in_a_row = 0
            except (ModelFailed, Malformed):
                found.failed_in_a_row += 1
            if found.failed_in_a_row == MOST_FAILURES:
                found.failure = FAILURE_REASON_MODEL_FAILED
                return


def add_stain(stain: StainStatistics, tiles: NDArray[np.uint8]) -> None:
    """Mean optical density of each colour, summed over tiles (Ruifrok 2001)."""
    means = DENSITY[tiles[:, ::STAIN_STEP, ::STAIN_STEP]].mean(axis=(1, 2)).sum(axis=0)
    stain.tiles += len(tiles)
    stain.red += float(means[0])
    stain.green += float(means[1])
    stain.blue += float(means[2])
