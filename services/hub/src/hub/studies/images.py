"""A study's images, under its own names and on its own days; as an archive, from where the hospitals released them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any

import pyarrow as pa
import structlog
from cachetools import TTLCache
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.records.v1.filing_pb2 import Entry
from casepath.slides.v1.frames_pb2 import StoredInstance
from chassis.dicomweb import queries
from chassis.dicomweb.frames import Frames
from chassis.dicomweb.queries import Series
from chassis.encryption import HELD_SECONDS
from chassis.errors import Malformed, NotFound, Rejected
from hub.adapters.released import Released
from hub.studies.names import Names

log: structlog.stdlib.BoundLogger = structlog.get_logger()

MODALITY = "SM"
DAY, DAY_DIGITS = "%Y%m%d", 8
PATIENT = queries.tag("PatientID")
# Names of the hospitals' project that no row has: another stands for each.
OTHERS = {"SpecimenIdentifier": "specimen name", "DeviceSerialNumber": "device"}
# Headers of images are kept in memory up to this many bytes together.
CACHE_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Image:
    """One object of DICOM's: where it lies, and what it is called in the study. `uids` are of study, series and instance."""

    ref: ObjectRef
    modality: str
    uids: tuple[str, str, str]
    person_id: int
    case_id: int
    slide_id: int
    scan_id: int
    earlier: int


def images(table: pa.Table, names: Names) -> list[Image]:
    """In order of UID. Raise Malformed where the extract is of before they were told."""
    if "image_instance_uid" not in table.column_names:
        raise Malformed("this extract does not tell which images it has: make it anew")
    return sorted((image(one, names) for one in table.to_pylist()), key=lambda one: one.uids)


def image(row: Mapping[str, Any], names: Names) -> Image:
    study, series, instance = (names.uid(row[f"image_{level}_uid"]) for level in ("study", "series", "instance"))
    return Image(
        ref=ObjectRef(path=row["local_path"], sha256=row["sha256"], size=row["size"]),
        modality=row["modality_source_value"],
        uids=(study, series, instance),
        person_id=row["person_id"],
        case_id=row["case_id"],
        slide_id=row["slide_id"],
        scan_id=row["scan_id"],
        earlier=row["earlier"],
    )


def rename(header: Dataset, image: Image, names: Names) -> None:
    """Have a header say what the study's rows do of persons, slides, UIDs and days, and nothing of the hospitals' project.

    A case and a scan are its descriptions of study and series: other attributes have no room for numbers so long.
    """
    header.walk(lambda _, element: rename_value(element, image, names))
    header.PatientID = header.PatientName = str(image.person_id)
    header.ContainerIdentifier = str(image.slide_id)
    header.StudyDescription, header.SeriesDescription = str(image.case_id), str(image.scan_id)
    header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID


def rename_value(element: DataElement, image: Image, names: Names) -> None:
    if element.is_empty:
        return
    if element.VR == "UI":
        listed = element.value if isinstance(element.value, MultiValue) else [element.value]
        element.value = [names.uid(one) for one in listed]
    elif element.VR in ("DA", "DT"):
        element.value = moved(str(element.value), image.earlier)
    elif element.keyword in OTHERS:
        element.value = str(names.name(OTHERS[element.keyword], str(element.value)))


def moved(day: str, earlier: int) -> str:
    """Without its time, which hospitals do not release; empty where it would be before the calendar begins."""
    try:
        found = datetime.strptime(day[:DAY_DIGITS], DAY) - timedelta(days=earlier)
    except OverflowError:
        return ""
    return found.strftime(DAY).rjust(DAY_DIGITS, "0")


class StudyImages:
    """An Archive of one extract's slides, for whoever is a member. A study of DICOM's is a case of the study's."""

    def __init__(self, study_id: str, found: Sequence[Image], names: Names, released: Released, cache: "Headers") -> None:
        self.study_id = study_id
        self.found = found
        self.names = names
        self.released = released
        self.cache = cache

    async def studies(self, wanted: Mapping[str, str]) -> Sequence[str]:
        """By person where one is named: of each study that can match, a header is read."""
        person = wanted.get(PATIENT)
        known = {str(one.person_id) for one in self.found}
        found = (one for one in self.found if person not in known or str(one.person_id) == person)
        return list(dict.fromkeys(one.uids[0] for one in found))

    async def series(self, study: str) -> list[Series]:
        made = []
        for _, of in groupby(self.within(study), key=lambda one: one.uids[1]):
            # Any will do: the smallest is the soonest read.
            listed = sorted(of, key=lambda one: one.ref.size)
            if readable := await self.readable(listed[:1]) or await self.readable(listed[1:]):
                made.append(Series(readable[0], len(listed)))
        return made

    async def instances(self, study: str, series: str = "") -> list[StoredInstance]:
        return await self.readable([one for one in self.within(study) if series in ("", one.uids[1])])

    async def readable(self, listed: Iterable[Image]) -> list[StoredInstance]:
        """One that cannot be read is in no list, and keeps no other from being looked at."""
        found = []
        for one in listed:
            try:
                found.append(await self.stored(one))
            except Rejected as error:
                log.warning("image left out", study_id=self.study_id, sha256=one.ref.sha256, error=str(error))
        return found

    async def instance(self, study: str, series: str, sop: str) -> StoredInstance:
        for one in self.within(study):
            if one.uids == (study, series, sop):
                return await self.stored(one)
        raise NotFound("there is no such instance")

    async def frames(self, stored: StoredInstance) -> Frames:
        return Frames(await self.released.holding(stored.instance.object))

    def shown(self, found: Iterable[StoredInstance]) -> list[Entry]:
        return [Entry(kind="ResearchStudy", identifier=self.study_id)] if any(True for _ in found) else []

    def within(self, study: str) -> list[Image]:
        return [one for one in self.found if one.uids[0] == study]

    async def stored(self, one: Image) -> StoredInstance:
        name = self.study_id, one.uids[2]
        kept = self.cache.get(name)
        if kept is None:
            kept = await self.released.stored(one.ref, partial(rename, image=one, names=self.names))
            kept.study_instance_uid, kept.series_instance_uid, _ = one.uids
            kept.slide_id = str(one.slide_id)
            if kept.ByteSize() < CACHE_BYTES:
                self.cache[name] = kept
        return kept


type Headers = TTLCache[tuple[str, str], StoredInstance]


def headers() -> Headers:
    """Read anew as often as keys are: who withdrew is found out by then."""
    return TTLCache(CACHE_BYTES, HELD_SECONDS, getsizeof=StoredInstance.ByteSize)
