"""A large slide made of a real one's own compressed tiles, repeated: real pixels, real compression, any size."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import tifffile

from embedded import samples


def repeated_slide(path: Path, megabytes: float) -> Path:
    """An Aperio SVS of about that size. Only whole tiles are repeated; the last column and row of the source are left out."""
    with tifffile.TiffFile(samples.SLIDE) as source, samples.SLIDE.open("rb") as file:
        page = source.pages.first
        across, down = page.imagewidth // page.tilewidth, page.imagelength // page.tilelength
        row = -(-page.imagewidth // page.tilewidth)
        tiles: list[list[bytes]] = []
        for y in range(down):
            tiles.append([])
            for x in range(across):
                file.seek(page.dataoffsets[y * row + x])
                tiles[y].append(file.read(page.databytecounts[y * row + x]))
        whole = sum(len(tile) for line in tiles for tile in line)
        times = max(1, round((megabytes * 1e6 / whole) ** 0.5))
        description = page.description
        tables, width, height = page.jpegtables, page.tilewidth, page.tilelength
    columns, rows = across * times, down * times

    def content() -> Iterator[bytes]:
        for y in range(rows):
            line = tiles[y % down]
            yield from islice((tile for _ in range(times) for tile in line), columns)

    with tifffile.TiffWriter(path, bigtiff=True) as target:
        target.write(
            content(),
            shape=(rows * height, columns * width, 3),
            dtype="uint8",
            tile=(height, width),
            photometric="rgb",
            compression="jpeg",
            jpegtables=tables,
            description=description,
            metadata=None,
        )
    return path
