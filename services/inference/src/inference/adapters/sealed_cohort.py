"""Tiles of regions that pathologists judged, cut out of a study's opened workspace (`casepath hub workspace`)."""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from math import ceil
from pathlib import Path

import numpy as np
from PIL import Image
from wsidicom import WsiDicom

from chassis.errors import Malformed, Misconfigured
from inference.manifest import Manifest

DATABASE, IMAGES = "study.duckdb", "images"
# Of one region, so that a large one does not outweigh all others.
MOST_TILES = 64
ACCEPTED, REJECTED = "accepted", "rejected"
JUDGED = """
    select cast(f.person_id as varchar), json_extract_string(f.modifiers, '$.scan'),
        cast(json_extract(f.modifiers, '$.left') as double), cast(json_extract(f.modifiers, '$.top') as double),
        cast(json_extract(f.modifiers, '$.width') as double), cast(json_extract(f.modifiers, '$.height') as double),
        r.value_source_value
    from measurement as f join measurement as r
        on json_extract_string(f.modifiers, '$.finding') = json_extract_string(r.modifiers, '$.finding')
    where f.measurement_source_value = 'finding' and r.measurement_source_value = 'finding-review'
    order by all
"""
LEVELS = """
    select cast(scan_id as varchar), sha256 from image_occurrence where modality_source_value = 'SM' order by all
"""


@dataclass(frozen=True, slots=True)
class Region:
    """In micrometres from the top left of the slide."""

    person: str
    scan: str
    left: float
    top: float
    width: float
    height: float
    verdict: str


def judged(workspace: Path) -> tuple[list[Region], dict[str, list[str]]]:
    """Regions with what was said of each, and the digests of each scan's levels. Raise Misconfigured where there are none."""
    if find_spec("duckdb") is None:
        raise Misconfigured("this needs the package duckdb: install casepath-inference[research]")
    import duckdb

    file = workspace / DATABASE
    if not file.is_file():
        raise Misconfigured(f"{workspace} has no {DATABASE}: casepath hub workspace makes one of a study that was granted")
    try:
        with duckdb.connect(str(file), read_only=True) as database:
            regions = [Region(*row) for row in database.execute(JUDGED).fetchall()]
            levels: dict[str, list[str]] = {}
            for scan, sha256 in database.execute(LEVELS).fetchall():
                levels.setdefault(scan, []).append(sha256)
    except duckdb.CatalogException:
        raise Misconfigured("the study has no measurements or no images: it has to ask for both, and for why") from None
    except duckdb.BinderException:
        raise Misconfigured(
            "an earlier version made the study's extract, which does not tell scans apart: make it anew"
        ) from None
    return regions, levels


def cut_tiles(workspace: Path, said: Manifest, out: Path) -> Counter[str]:
    """Write tiles as `casepath model evaluate` takes them, `<class>/<person>.<scan>_<x>_<y>.png`; count regions by verdict.

    What was accepted is of the positive class, what was rejected of the other; what was corrected is neither, and left out.
    Raise Misconfigured for a model of more than two classes, Malformed where no region can be used.
    """
    if said.kind != "tile-classifier" or len(said.classes) != 2:
        raise Misconfigured("what pathologists accept and reject trains a classifier of tiles of two classes, and no other")
    positive = said.classes[said.positive_index]
    (negative,) = (one for one in said.classes if one != positive)
    names = {ACCEPTED: positive, REJECTED: negative}
    regions, levels = judged(workspace)
    counted: Counter[str] = Counter()
    for name in said.classes:
        (out / name).mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        opened: dict[str, WsiDicom] = {}
        for one in regions:
            if one.scan not in levels:
                counted["without images"] += 1
                continue
            counted[one.verdict] += 1
            if one.verdict not in names:
                continue
            if one.scan not in opened:
                files = [workspace / IMAGES / f"{sha256}.dcm" for sha256 in levels[one.scan]]
                opened[one.scan] = stack.enter_context(WsiDicom.open(files))
            for left, top in corners(one, said.tile_side * said.microns_per_pixel):
                tile = pixels(opened[one.scan], left, top, said)
                if tile is not None:
                    tile.save(out / names[one.verdict] / f"{one.person}.{one.scan}_{round(left)}_{round(top)}.png")
    if not counted[ACCEPTED] or not counted[REJECTED]:
        raise Malformed(f"the study has {counted[ACCEPTED]} accepted and {counted[REJECTED]} rejected regions: both are needed")
    return counted


def corners(one: Region, side: float) -> Sequence[tuple[float, float]]:
    """Top left of tiles of this side that cover a region, in order; the first of them where they are too many."""
    columns, rows = max(1, ceil(one.width / side - 0.5)), max(1, ceil(one.height / side - 0.5))
    left = one.left + (one.width - columns * side) / 2
    top = one.top + (one.height - rows * side) / 2
    return [(left + column * side, top + row * side) for row in range(rows) for column in range(columns)][:MOST_TILES]


def pixels(slide: WsiDicom, left: float, top: float, said: Manifest) -> Image.Image | None:
    """A tile of the model's size and pixels; None where it does not lie on the slide."""
    side = said.tile_side * said.microns_per_pixel / 1000
    size = slide.mm_size
    if left < 0 or top < 0 or (size is not None and (left / 1000 + side > size.width or top / 1000 + side > size.height)):
        return None
    found = slide.read_region_mpp((left / 1000, top / 1000), said.microns_per_pixel, (side, side), as_array=True)
    image = Image.fromarray(np.asarray(found)[..., :3])
    return image if image.size == (said.tile_side, said.tile_side) else image.resize((said.tile_side, said.tile_side))
