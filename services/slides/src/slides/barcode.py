"""Which slide a scan is: from its sidecar, else from its name, else from its DICOM header."""

import re
from dataclasses import dataclass

import pydicom

from casepath.slides.v1.slide_pb2 import QUARANTINE_REASON_NO_BARCODE
from chassis.errors import Malformed
from chassis.json_text import json_of
from slides.quarantine import Quarantined
from slides.scans import Scan, is_dicom


@dataclass(frozen=True, slots=True)
class Label:
    """What is said of a scan outside its pixels. `microns_per_pixel` is there where a person supplied it."""

    accession: str = ""
    slide_id: str = ""
    microns_per_pixel: float | None = None


def label_of(scan: Scan, name: re.Pattern[str]) -> Label:
    """Raise Quarantined when the sidecar is not what it must be."""
    match = name.fullmatch(scan.named.stem)
    found = Label(match["accession"], match["slide"]) if match else label_in_header(scan)
    return read_label(found, scan.sidecar.read_bytes() if scan.sidecar.exists() else None)


def label_in_header(scan: Scan) -> Label:
    """What a scanner that knows the order wrote: Accession Number, and Container Identifier (PS3.3 C.7.6.22)."""
    files = scan.files()
    if not files or not is_dicom(files[0]):
        return Label()
    try:
        dataset = pydicom.dcmread(files[0], specific_tags=["AccessionNumber", "ContainerIdentifier"])
    except Exception:  # noqa: BLE001 - parsers raise whatever they do; what is wrong with the file is said when it is inspected
        return Label()
    return Label(str(dataset.get("AccessionNumber") or ""), str(dataset.get("ContainerIdentifier") or ""))


def read_label(found: Label, sidecar: bytes | None) -> Label:
    """The sidecar's fields over those found. Raise Quarantined when the sidecar is not what it must be."""
    if sidecar is None:
        return found
    refusal = "the sidecar is not {accession, slide, microns_per_pixel} in JSON"
    try:
        said = json_of(sidecar, refusal)
        microns = said.get("microns_per_pixel")
        return Label(
            accession=str(said.get("accession", found.accession)),
            slide_id=str(said.get("slide", found.slide_id)),
            microns_per_pixel=None if microns is None else positive(float(microns)),
        )
    except (Malformed, ArithmeticError, ValueError, TypeError, AttributeError):
        raise Quarantined(QUARANTINE_REASON_NO_BARCODE, refusal) from None


def positive(number: float) -> float:
    if not 0 < number < 1000:
        raise ValueError("micrometres per pixel must lie between 0 and 1000")
    return number
