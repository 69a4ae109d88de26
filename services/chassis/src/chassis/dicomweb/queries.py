"""QIDO-RS (PS3.18 section 10.6) over the headers of stored instances. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from pydicom.datadict import tag_for_keyword

from casepath.slides.v1.frames_pb2 import StoredInstance
from chassis.errors import Malformed

type Json = dict[str, Any]

CONTROLS = {"limit", "offset", "includefield", "fuzzymatching"}
# PS3.18 tables 10.6.3-3 to 10.6.3-5: what an answer holds without being asked.
STUDY = (
    "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "PatientName", "PatientID", "PatientBirthDate",
    "PatientSex", "StudyInstanceUID", "StudyID",
)  # fmt: skip
SERIES = (
    "Modality", "SeriesDescription", "SeriesInstanceUID", "SeriesNumber", "PerformedProcedureStepStartDate",
    "ContainerIdentifier",
)  # fmt: skip
INSTANCE = (
    "SOPClassUID", "SOPInstanceUID", "InstanceNumber", "Rows", "Columns", "BitsAllocated", "NumberOfFrames", "ImageType",
    "TotalPixelMatrixColumns", "TotalPixelMatrixRows", "DimensionOrganizationType",
)  # fmt: skip
STUDY_SERIES = "00201206"
STUDY_INSTANCES = "00201208"
SERIES_INSTANCES = "00201209"
MODALITIES = "00080061"
RETRIEVE_URL = "00081190"
AVAILABLE_SYNTAX = "00083002"
MOST_RESULTS = 1000


@dataclass(frozen=True, slots=True)
class Series:
    """One of its instances, and how many it has."""

    first: StoredInstance
    instances: int


def tag(name: str) -> str:
    """A keyword or eight hexadecimal digits as the latter. Raise Malformed for what is neither."""
    found = tag_for_keyword(name)
    if found is not None:
        return f"{found:08X}"
    if len(name) == 8 and all(digit in "0123456789abcdefABCDEF" for digit in name):
        return name.upper()
    raise Malformed("a query attribute is neither a DICOM keyword nor a tag")


def filters(parameters: Mapping[str, str]) -> dict[str, str]:
    """What must match, by tag."""
    return {tag(name): value for name, value in parameters.items() if name not in CONTROLS and value not in ("", "*")}


def window(parameters: Mapping[str, str]) -> tuple[int, int]:
    """Offset and limit. Raise Malformed where they are no numbers."""
    try:
        offset, limit = int(parameters.get("offset", 0)), int(parameters.get("limit", MOST_RESULTS))
    except ValueError:
        raise Malformed("limit and offset are whole numbers") from None
    if offset < 0 or limit < 0:
        raise Malformed("limit and offset are not negative")
    return offset, min(limit, MOST_RESULTS)


def matching(rows: Iterable[tuple[Json, Json]], wanted: Mapping[str, str]) -> list[Json]:
    """The rows whose headers match, each given with its header.

    An attribute matches by a list of UIDs, or by text with the wildcards * and ? (PS3.4 C.2.2.2).
    """
    return [
        row
        for said, row in rows
        if all(any(one_of(text, pattern) for text in texts({**said, **row}, name)) for name, pattern in wanted.items())
    ]


def one_of(text: str, pattern: str) -> bool:
    # fnmatch would take brackets for a set of characters; DICOM does not.
    patterns = pattern.replace("\\", ",").split(",")
    return any(fnmatchcase(text.lower(), one.replace("[", "[[]").lower()) for one in patterns)


def texts(row: Json, name: str) -> list[str]:
    values = row.get(name, {}).get("Value", [])
    return [str(value.get("Alphabetic", "")) if isinstance(value, dict) else str(value) for value in values]


def header(stored: StoredInstance) -> Json:
    found: Json = json.loads(stored.metadata)
    return found


def chosen(said: Json, keywords: Iterable[str], more: Iterable[str] = ()) -> Json:
    tags = [*(tag(keyword) for keyword in keywords), *more]
    return {name: said[name] for name in sorted(set(tags)) if name in said}


def numeric(value: int) -> Json:
    return {"vr": "IS", "Value": [value]}


def study_row(series: Sequence[Series], base: str, more: Iterable[str]) -> tuple[Json, Json]:
    """A header of the study's, and what is answered of it."""
    first = series[0].first
    said = header(first)
    row = chosen(said, STUDY, more)
    row[MODALITIES] = {"vr": "CS", "Value": ["SM"]}
    row[STUDY_SERIES] = numeric(len(series))
    row[STUDY_INSTANCES] = numeric(sum(one.instances for one in series))
    row[RETRIEVE_URL] = {"vr": "UR", "Value": [f"{base}/studies/{first.study_instance_uid}"]}
    return said, row


def series_row(series: Series, base: str, more: Iterable[str]) -> tuple[Json, Json]:
    """A header of the series', and what is answered of it."""
    first = series.first
    said = header(first)
    row = chosen(said, (*SERIES, "StudyInstanceUID"), more)
    row[SERIES_INSTANCES] = numeric(series.instances)
    row[RETRIEVE_URL] = {"vr": "UR", "Value": [f"{base}/studies/{first.study_instance_uid}/series/{first.series_instance_uid}"]}
    return said, row


def instance_row(stored: StoredInstance, base: str, more: Iterable[str]) -> tuple[Json, Json]:
    """The instance's header, and what is answered of it."""
    said = header(stored)
    row = chosen(said, (*INSTANCE, "StudyInstanceUID", "SeriesInstanceUID"), more)
    row[AVAILABLE_SYNTAX] = {"vr": "UI", "Value": [stored.instance.transfer_syntax_uid]}
    row[RETRIEVE_URL] = {"vr": "UR", "Value": [instance_url(stored, base)]}
    return said, row


def metadata(stored: StoredInstance, base: str) -> Json:
    """The whole header; what is long is named by an absolute address."""
    found = header(stored)
    place_bulk_data(found, instance_url(stored, base))
    found[AVAILABLE_SYNTAX] = {"vr": "UI", "Value": [stored.instance.transfer_syntax_uid]}
    return found


def place_bulk_data(said: Json, url: str) -> None:
    for element in said.values():
        if "BulkDataURI" in element:
            element["BulkDataURI"] = f"{url}/{element['BulkDataURI']}"
        elif element.get("vr") == "SQ":
            for item in element.get("Value", []):
                place_bulk_data(item, url)


def instance_url(stored: StoredInstance, base: str) -> str:
    series = f"{base}/studies/{stored.study_instance_uid}/series/{stored.series_instance_uid}"
    return f"{series}/instances/{stored.instance.sop_instance_uid}"
