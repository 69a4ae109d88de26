"""Headers of whole-slide images (DICOM JSON Model, PS3.18 Annex F) as the viewer shows them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from math import ceil
from typing import Any

from chassis.dicomweb.queries import tag
from portal.adapters.dicomweb import Json

# Of a level, and of the slide, in pixels.
SIZE = ("TotalPixelMatrixColumns", "TotalPixelMatrixRows")
TILE = ("Columns", "Rows")
MICRONS = 1000.0


@dataclass(frozen=True, slots=True)
class Folder:
    """What a search says of a study of DICOM's: a case of somebody."""

    uid: str
    person: str
    case: str
    slides: int


def folder(row: Json) -> Folder:
    return Folder(
        text(row, "StudyInstanceUID"),
        text(row, "PatientID"),
        text(row, "StudyDescription"),
        int(first(row, "NumberOfStudyRelatedSeries") or 0),
    )


def first(row: Json, keyword: str) -> Any:
    """The first value of an attribute; None where it has none."""
    return next(iter(row.get(tag(keyword), {}).get("Value", [])), None)


def text(row: Json, keyword: str) -> str:
    return str(first(row, keyword) or "")


def viewed_slides(rows: Iterable[Json], tiles: str) -> list[dict[str, Any]]:
    """A slide for each series, as `presenting.viewed_slide` gives those of a case; `tiles` is the address of all frames."""
    series = sorted(rows, key=lambda row: text(row, "SeriesInstanceUID"))
    return [viewed(list(of), tiles) for _, of in groupby(series, key=lambda row: text(row, "SeriesInstanceUID"))]


def viewed(rows: list[Json], tiles: str) -> dict[str, Any]:
    finest, *_ = levels = sorted(rows, key=lambda row: -int(first(row, SIZE[0])))
    width, height = (int(first(finest, one)) for one in SIZE)
    return {
        "slide": text(finest, "ContainerIdentifier"),
        "scan": text(finest, "SeriesDescription"),
        "width": width,
        "height": height,
        "micronsPerPixel": microns_per_pixel(finest),
        "levels": [level(row, tiles) for row in levels if is_full(row)],
    }


def level(row: Json, tiles: str) -> dict[str, Any]:
    uids = (text(row, one) for one in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"))
    (width, height), (tile_width, tile_height) = ([int(first(row, one)) for one in of] for of in (SIZE, TILE))
    place = f"{tiles}/{'/'.join(uids)}"
    return {"tiles": place, "width": width, "height": height, "tileWidth": tile_width, "tileHeight": tile_height}


def is_full(row: Json) -> bool:
    """Whether each tile has its frame, in order."""
    across, down = (ceil(int(first(row, whole)) / int(first(row, one))) for whole, one in zip(SIZE, TILE, strict=True))
    return int(first(row, "NumberOfFrames") or 1) == across * down


def microns_per_pixel(row: Json) -> float:
    measures = first(first(row, "SharedFunctionalGroupsSequence") or {}, "PixelMeasuresSequence") or {}
    return float(first(measures, "PixelSpacing") or 0) * MICRONS
