"""Converting a scan to DICOM whole-slide instances (PS3.3 A.32.8) without touching its compressed tiles."""

import errno
import shutil
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from uuid import UUID

import pydicom
import tifffile
from pydicom.uid import UID
from wsidicom.geometry import SizeMm
from wsidicom.metadata import Image, Patient, PatientSex, Pyramid, Series, Slide, SlideSample, Study
from wsidicom.metadata.uid_generator import CallableUidGenerator
from wsidicomizer import WsiDicomizer
from wsidicomizer.metadata import WsiDicomizerMetadata
from wsidicomizer.wsidicomizer import SourceIdentifier

from casepath.intake.v1.order_pb2 import OrderPlaced, Specimen
from casepath.intake.v1.patient_pb2 import SEX_FEMALE, SEX_MALE, SEX_OTHER
from casepath.slides.v1.slide_pb2 import (
    IMAGE_FLAVOR_LABEL,
    IMAGE_FLAVOR_OVERVIEW,
    IMAGE_FLAVOR_THUMBNAIL,
    IMAGE_FLAVOR_VOLUME,
    QUARANTINE_REASON_CONVERTER_FAILED,
    QUARANTINE_REASON_MIXED_FILES,
    QUARANTINE_REASON_OTHER_IDENTITY,
    ImageFlavor,
)
from chassis.errors import Unavailable, defect_and_place
from chassis.identity import dicom_uid
from chassis.machine_faults import of_the_machine
from slides.adapters.bounded_target import BoundedTarget, TilesOnDisk
from slides.adapters.frame_index import FrameIndex, frame_index
from slides.adapters.frames import check_frames
from slides.adapters.inspection import Inspection, carried, dicom_microns_per_pixel, inspect, inspect_dicom
from slides.adapters.levels import describe_made_levels
from slides.adapters.pixels import measured
from slides.quarantine import Quarantined

FLAVORS = {
    "VOLUME": IMAGE_FLAVOR_VOLUME,
    "LABEL": IMAGE_FLAVOR_LABEL,
    "OVERVIEW": IMAGE_FLAVOR_OVERVIEW,
    "THUMBNAIL": IMAGE_FLAVOR_THUMBNAIL,
}
# A share that is gone.
GONE = frozenset({errno.ENOENT, errno.EACCES})
# Value representation SH, of Accession Number and Study ID (PS3.5 section 6.2).
LONGEST_SH = 16
COLOR_SPACES = frozenset({"SRGB", "ADOBERGB", "ROMMRGB", "DISPLAYP3"})
SEXES = {SEX_FEMALE: PatientSex.F, SEX_MALE: PatientSex.M, SEX_OTHER: PatientSex.O}


@dataclass(frozen=True, slots=True)
class Conversion:
    """What to convert, and for whom: the file that a reader opens, or the DICOM files of a series.

    `identity` is the secret namespace and `name` the scan's own part of each UID.
    """

    sources: tuple[Path, ...]
    out: Path
    identity: UUID
    name: str
    slide_id: str
    order: bytes = b""
    specimen: bytes = b""
    microns_per_pixel: float | None = None


@dataclass(frozen=True, slots=True)
class WrittenInstance:
    """A DICOM file, and what its header says. Sizes in pixels, spacing in micrometres."""

    path: Path
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    flavor: ImageFlavor
    transfer_syntax_uid: str
    frames: int
    rows: int
    columns: int
    total_rows: int
    total_columns: int
    microns_per_pixel: float
    index: FrameIndex


@dataclass(frozen=True, slots=True)
class Converted:
    """`quality` is a ScanQuality, serialised; empty where the scan has no volume."""

    vendor: str
    instances: list[WrittenInstance]
    quality: bytes


class ContentUids(CallableUidGenerator):  # type: ignore[misc]
    """UIDs from the scan's digest and its case: converting again gives the same ones."""

    def __init__(self, identity: UUID, name: str, study: str) -> None:
        self.identity = identity
        self.name = name
        self.study = study
        self.count = 0
        super().__init__(self.following)

    def following(self) -> UID:
        self.count += 1
        return UID(dicom_uid(self.identity, f"{self.name}|{self.count}"))

    def study_uid(self, study: Study) -> UID:
        return UID(self.study)

    def sop_uid(self, dataset: pydicom.Dataset) -> UID:
        kind = "/".join(dataset.ImageType)
        size = f"{dataset.TotalPixelMatrixColumns}x{dataset.TotalPixelMatrixRows}"
        return UID(dicom_uid(self.identity, f"{self.name}|instance|{kind}|{size}"))


def convert(work: Conversion) -> Converted:
    """Write the DICOM files of a scan into an empty folder; a DICOM scan is taken as it is, byte for byte.

    Runs in a process of its own, since decoders can crash. Raise Quarantined, or Unavailable where it is the machine that fails.
    """
    try:
        work.out.mkdir(parents=True, exist_ok=True)
        inspection = inspect(work.sources[0], work.microns_per_pixel)
        paths = taken(work) if inspection.vendor == "dicom" else dicomize(work, inspection)
        for path in paths:
            check_frames(path)
        if inspection.vendor == "dicom":
            check_identity(work)
        instances = [described(path) for path in paths]
        volumes = [(one.path, one.microns_per_pixel) for one in instances if one.flavor == IMAGE_FLAVOR_VOLUME]
        quality = measured(volumes).SerializeToString() if volumes else b""
        return Converted(inspection.vendor, instances, quality)
    except Quarantined:
        raise
    except Exception as error:
        if of_the_machine(error) or (isinstance(error, OSError) and error.errno in GONE):
            raise Unavailable(f"this machine cannot convert it now: {defect_and_place(error)}") from error
        # Readers raise whatever their parsers and codecs do; each means that this file cannot be converted.
        raise Quarantined(QUARANTINE_REASON_CONVERTER_FAILED, defect_and_place(error)) from error


def taken(work: Conversion) -> list[Path]:
    """The files of a DICOM series, each looked at before it is taken."""
    paths = []
    for number, source in enumerate(work.sources, start=1):
        inspect_dicom(source)
        path = work.out / f"instance-{number:03}.dcm"
        shutil.copyfile(source, path)
        paths.append(path)
    return paths


def check_identity(work: Conversion) -> None:
    """Raise Quarantined when a DICOM scan names another patient or accession than its order, or is of several series."""
    order = OrderPlaced.FromString(work.order)
    series = set()
    for source in work.sources:
        dataset = pydicom.dcmread(source, stop_before_pixels=True)
        series.add((str(dataset.StudyInstanceUID), str(dataset.SeriesInstanceUID)))
        for said, wanted in (
            (dataset.get("PatientID"), order.patient.identifier),
            (dataset.get("AccessionNumber"), order.accession[:LONGEST_SH]),
        ):
            if said and wanted and str(said) != wanted:
                raise Quarantined(QUARANTINE_REASON_OTHER_IDENTITY)
    if len(series) > 1:
        raise Quarantined(QUARANTINE_REASON_MIXED_FILES, f"{len(series)} series")


def dicomize(work: Conversion, inspection: Inspection) -> list[Path]:
    order, specimen = OrderPlaced.FromString(work.order), Specimen.FromString(work.specimen)
    study = dicom_uid(work.identity, f"study|{order.case_id or work.name}")
    with TemporaryDirectory(dir=work.out.parent) as scratch:
        source = work.sources[0]
        if work.microns_per_pixel is not None and inspection.vendor == "aperio":
            source = with_microns_per_pixel(source, Path(scratch) / source.name, work.microns_per_pixel)
        tiles = carried(source)
        uids = ContentUids(work.identity, work.name, study)
        with (
            TemporaryFile(dir=scratch) as waiting,
            WsiDicomizer.open(
                source,
                metadata=metadata(order, specimen, work.slide_id, inspection.microns_per_pixel),
                metadata_pre_processor=with_valid_color_space,
                uid_generator=uids,
                preferred_source=SourceIdentifier.OPENTILE if tiles else SourceIdentifier.OPENSLIDE,
            ) as slide,
            BoundedTarget(work.out, TilesOnDisk(waiting), uids) as target,
        ):
            target.save(slide.pyramids, slide.labels, slide.overviews, include_thumbnails=False)
    paths = sorted(Path(str(path)) for path in target.filepaths)
    describe_made_levels(paths, tiles or inspection.levels)
    return paths


def with_microns_per_pixel(source: Path, copy: Path, microns_per_pixel: float) -> Path:
    """A copy of an Aperio file whose description says how large a pixel is; its tiles are not touched.

    wsidicomizer 0.31 cannot be told the spacing of a file that states none.
    """
    shutil.copyfile(source, copy)
    with tifffile.TiffFile(copy, mode="r+b") as tiff:
        tag = tiff.pages.first.tags["ImageDescription"]
        tag.overwrite(f"{tag.value}|MPP = {microns_per_pixel}")
    return copy


def with_valid_color_space(found: WsiDicomizerMetadata) -> WsiDicomizerMetadata:
    """Leave out a Color Space that is no defined term (PS3.3 C.11.15.1.2): scanners name theirs freely in the ICC profile."""
    paths = [
        path if path.color_space in COLOR_SPACES else replace(path, color_space=None) for path in found.pyramid.optical_paths
    ]
    return replace(found, pyramid=replace(found.pyramid, optical_paths=paths))


def metadata(order: OrderPlaced, specimen: Specimen, slide_id: str, microns_per_pixel: float) -> WsiDicomizerMetadata:
    """What the order knows, over what the scanner wrote (PS3.3 C.7.6.22, Specimen module)."""
    person = order.patient
    name = "^".join([person.family_name, " ".join(person.given_names)]).rstrip("^")
    born = date.fromisoformat(person.birth_date) if len(person.birth_date) == 10 else None
    spacing = SizeMm(microns_per_pixel / 1000, microns_per_pixel / 1000)
    sample = SlideSample(identifier=specimen.identifier or "Unknown", short_description=specimen.type.text[:64] or None)
    return WsiDicomizerMetadata(
        study=Study(accession_number=order.accession[:LONGEST_SH] or None, identifier=order.accession[:LONGEST_SH] or None),
        series=Series(number=1),
        patient=Patient(name=name or None, identifier=person.identifier or None, birth_date=born, sex=SEXES.get(person.sex)),
        slide=Slide(identifier=slide_id or "Unknown", samples=[sample]),
        pyramid=Pyramid(image=Image(pixel_spacing=spacing), optical_paths=[]),
    )


def described(path: Path) -> WrittenInstance:
    dataset = pydicom.dcmread(path, stop_before_pixels=True)
    flavor = FLAVORS.get(dataset.ImageType[2], IMAGE_FLAVOR_VOLUME)
    whole = flavor in (IMAGE_FLAVOR_VOLUME, IMAGE_FLAVOR_THUMBNAIL)
    return WrittenInstance(
        path=path,
        sop_instance_uid=str(dataset.SOPInstanceUID),
        study_instance_uid=str(dataset.StudyInstanceUID),
        series_instance_uid=str(dataset.SeriesInstanceUID),
        flavor=flavor,
        transfer_syntax_uid=str(dataset.file_meta.TransferSyntaxUID),
        frames=int(dataset.get("NumberOfFrames", 1)),
        rows=int(dataset.Rows),
        columns=int(dataset.Columns),
        total_rows=int(dataset.TotalPixelMatrixRows),
        total_columns=int(dataset.TotalPixelMatrixColumns),
        microns_per_pixel=(dicom_microns_per_pixel(dataset) or 0.0) if whole else 0.0,
        index=frame_index(path),
    )
