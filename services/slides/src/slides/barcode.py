"""Which slide a file is: from its sidecar, else from its name."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from casepath.slides.v1.slide_pb2 import QUARANTINE_REASON_NO_BARCODE
from slides.quarantine import Quarantined


@dataclass(frozen=True, slots=True)
class Label:
    """What is said of a scan outside its pixels. `microns_per_pixel` is there where a person supplied it."""

    accession: str = ""
    slide_id: str = ""
    microns_per_pixel: float | None = None


def sidecar_of(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def read_label(path: Path, sidecar: str | None, name: re.Pattern[str]) -> Label:
    """The sidecar's fields over the file name's. Raise Quarantined when the sidecar is not what it must be."""
    match = name.fullmatch(path.stem)
    found = Label(match["accession"], match["slide"]) if match else Label()
    if sidecar is None:
        return found
    try:
        said = json.loads(sidecar)
        microns = said.get("microns_per_pixel")
        return Label(
            accession=str(said.get("accession", found.accession)),
            slide_id=str(said.get("slide", found.slide_id)),
            microns_per_pixel=None if microns is None else positive(float(microns)),
        )
    except (ValueError, TypeError, AttributeError):
        raise Quarantined(
            QUARANTINE_REASON_NO_BARCODE, "the sidecar is not {accession, slide, microns_per_pixel} in JSON"
        ) from None


def positive(number: float) -> float:
    if not 0 < number < 1000:
        raise ValueError("micrometres per pixel must lie between 0 and 1000")
    return number
