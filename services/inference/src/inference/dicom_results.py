"""A slide's result as DICOM objects in the slide's study, so that any archive and viewer has it.

A structured report (TID 1500, PS3.16) with each finding's outline, the same outlines as Microscopy Bulk Simple Annotations
(PS3.3 A.87), the heatmap as a Parametric Map (A.75), and a segmenter's pixels as Segmentations (A.51). Made by highdicom; UIDs
and times come from the job, so that making them again makes the same bytes.
"""

import asyncio
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any
from uuid import UUID, uuid5

import highdicom as hd
import numpy as np
import pydicom
from highdicom.ann import AnnotationGroup, Measurements, MicroscopyBulkSimpleAnnotations
from highdicom.pm import ParametricMap, RealWorldValueMapping
from highdicom.seg import Segmentation, SegmentDescription
from highdicom.spatial import ImageToReferenceTransformer
from highdicom.sr import (
    AlgorithmIdentification,
    Comprehensive3DSR,
    DeviceObserverIdentifyingAttributes,
    ImageRegion3D,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    SourceImageForMeasurementGroup,
    TrackingIdentifier,
)
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import UID

from casepath.inference.v1.scoring_pb2 import MODEL_KIND_TILE_SEGMENTER, DerivedInstance, Finding, ScoringJob, ShardResult
from casepath.slides.v1.frames_pb2 import StoredInstance
from chassis.errors import Rejected, defect_and_place
from chassis.objects import Objects
from inference.handlers import shard_cells, unexamined
from inference.heatmap import Summary, from_npy

MANUFACTURER = "casepath"
# An SR, an ANN and a heatmap, then a segmentation for each shard up to what an event carries.
MOST_SEGMENTATIONS = 940
SERIES = {"SR": 9001, "ANN": 9002, "OT": 9003, "SEG": 9004}
# Codes of our own, where no terminology has one.
SLIDE_SCORE = Code("slide-score", "99CASEPATH", "AI slide score")
EXAMINED = Code("examined-tissue", "99CASEPATH", "Share of the tissue that was examined")
TILES = Code("tiles", "99CASEPATH", "Tissue tiles")
FAILED_TILES = Code("failed-tiles", "99CASEPATH", "Tiles that failed")
FAMILY = codes.DCM.ArtificialIntelligence


class Underivable(Rejected):
    """A slide's header does not have what a DICOM object about it needs."""


@dataclass(frozen=True, slots=True)
class Source:
    """The level that was read, by its header, and the job that read it."""

    job: ScoringJob
    header: Dataset

    @property
    def at(self) -> datetime:
        return self.job.planned_at.ToDatetime()

    def uid(self, what: str) -> str:
        """PS3.5 B.2: a UID from a UUID."""
        return f"2.25.{uuid5(UUID(self.job.job_id), what).int}"

    @property
    def tile_millimetres(self) -> float:
        return float(self.job.side * self.job.level.microns_per_pixel / 1000)

    @property
    def equipment(self) -> dict[str, Any]:
        return {
            "manufacturer": MANUFACTURER,
            "manufacturer_model_name": self.job.model.name,
            "software_versions": version("casepath-inference"),
            "device_serial_number": self.job.model.sha256,
        }

    def identity(self, modality: str, number: int = 1) -> dict[str, Any]:
        return {
            "series_instance_uid": self.uid(f"series|{modality}"),
            "series_number": SERIES[modality],
            "sop_instance_uid": self.uid(f"instance|{modality}|{number}"),
            "instance_number": number,
        }

    @property
    def parameters(self) -> dict[str, str]:
        job = self.job
        return {
            "sha256": job.model.sha256,
            "precision": job.precision,
            "threshold": f"{job.threshold:g}",
            "temperature": f"{job.calibration.temperature:g}",
            "preprocessing": job.preprocessing_sha256,
        }

    def algorithm(self) -> hd.AlgorithmIdentificationSequence:
        model = self.job.model
        return hd.AlgorithmIdentificationSequence(model.name, FAMILY, model.version, MANUFACTURER, self.parameters)


async def derived(
    objects: Objects,
    job: ScoringJob,
    found: Summary,
    findings: Sequence[Finding],
    grid: NDArray[np.float32],
    results: Sequence[ShardResult],
) -> list[DerivedInstance]:
    """Made, and kept in the object store.

    Raise Underivable where the slide's header lacks what they need, as a scanner's own may; else as Objects does.
    """
    source = Source(job, await header(objects, job))
    try:
        return await all_of(objects, source, found, findings, grid, results)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # pydicom and highdicom raise these for what a header lacks, or has in another form.
        raise Underivable(f"no DICOM results for this slide: {defect_and_place(error)}") from error


async def all_of(
    objects: Objects,
    source: Source,
    found: Summary,
    findings: Sequence[Finding],
    grid: NDArray[np.float32],
    results: Sequence[ShardResult],
) -> list[DerivedInstance]:
    job = source.job
    made = await asyncio.to_thread(lambda: [report(source, found, findings), parametric_map(source, grid)])
    if findings:
        made.append(await asyncio.to_thread(annotations, source, findings))
    instances = [await kept(objects, source, one) for one in made]
    if job.kind == MODEL_KIND_TILE_SEGMENTER:
        for shard, result in enumerate(results[:MOST_SEGMENTATIONS]):
            if result.HasField("array"):
                classes = from_npy(await objects.get(result.array))
                one = await asyncio.to_thread(segmentation, source, shard, classes, np.array(result.probabilities))
                instances += [await kept(objects, source, one)] if one is not None else []
    return instances


async def header(objects: Objects, job: ScoringJob) -> Dataset:
    """What the level's file says before its pixels."""
    stored = StoredInstance.FromString(await objects.get(job.level.index))
    (head,) = await objects.ranges(job.level.object, [0], [stored.offsets[0]])
    return pydicom.dcmread(io.BytesIO(head), stop_before_pixels=True)


async def kept(objects: Objects, source: Source, made: Dataset) -> DerivedInstance:
    content = await asyncio.to_thread(lambda: written(source, made))
    return DerivedInstance(
        sop_class_uid=made.SOPClassUID,
        sop_instance_uid=made.SOPInstanceUID,
        series_instance_uid=made.SeriesInstanceUID,
        object=await objects.put(content, source.job.slide.case_id),
        modality=made.Modality,
    )


def written(source: Source, made: Dataset) -> bytes:
    """The job's time and UIDs in place of the clock's and the dice's."""
    date, time = source.at.strftime("%Y%m%d"), source.at.strftime("%H%M%S.%f")
    for element in list(made.iterall()):
        if element.keyword in ("ContentDate", "InstanceCreationDate"):
            element.value = date
        elif element.keyword in ("ContentTime", "InstanceCreationTime"):
            element.value = time
        elif element.keyword == "ContributionDateTime":
            element.value = date + time
        elif element.keyword == "DimensionOrganizationUID":
            element.value = UID(source.uid(f"dimensions|{made.SOPInstanceUID}"))
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def report(source: Source, found: Summary, findings: Sequence[Finding]) -> Dataset:
    """TID 1500: one group for the slide, and one with an outline for each finding."""
    model, head = source.job.model, source.header
    algorithm = AlgorithmIdentification(
        model.name, model.version, [f"{name}={value}" for name, value in source.parameters.items()], FAMILY, MANUFACTURER
    )
    device = DeviceObserverIdentifyingAttributes(
        uid=source.uid(f"device|{model.sha256}"),
        name=model.name,
        manufacturer_name=MANUFACTURER,
        model_name=f"{model.name} {model.version}",
        serial_number=model.sha256,
    )
    slide = MeasurementsAndQualitativeEvaluations(
        TrackingIdentifier(source.uid("slide"), "Slide"),
        finding_type=codes.DCM.SelectedRegion,
        algorithm_id=algorithm,
        measurements=[
            measured(SLIDE_SCORE, found.score, codes.UCUM.NoUnits),
            measured(EXAMINED, 1 - unexamined(source.job, found.failed), codes.UCUM.NoUnits),
            measured(TILES, found.tiles, codes.UCUM.NoUnits),
            measured(FAILED_TILES, found.failed_tiles, codes.UCUM.NoUnits),
        ],
        source_images=[SourceImageForMeasurementGroup(head.SOPClassUID, head.SOPInstanceUID)],
    )
    regions = [
        PlanarROIMeasurementsAndQualitativeEvaluations(
            TrackingIdentifier(f"2.25.{UUID(one.finding_id).int}", f"Finding {number}"),
            ImageRegion3D("POLYGON", np.concatenate([outline, outline[:1]]), head.FrameOfReferenceUID),
            finding_type=finding_type(source.job),
            algorithm_id=algorithm,
            measurements=[
                measured(codes.DCM.Probability, one.score, codes.UCUM.NoUnits),
                measured(codes.SCT.Area, one.area_square_millimetres, codes.UCUM.SquareMillimeter),
            ],
        )
        for number, (one, outline) in enumerate(zip(findings, outlines(source, findings), strict=True), start=1)
    ]
    content = MeasurementReport(
        ObservationContext(observer_device_context=ObserverContext(codes.DCM.Device, device)),
        codes.SCT.LightMicroscopy,
        [slide, *regions],
        title=codes.DCM.ImagingMeasurementReport,
    )
    return Comprehensive3DSR(
        evidence=[head],
        content=content[0],
        **source.identity("SR"),
        manufacturer=MANUFACTURER,
        is_complete=True,
        is_final=False,
        is_verified=False,
    )


def annotations(source: Source, findings: Sequence[Finding]) -> Dataset:
    """Outlines in millimetres on the slide, so that they lie right on every level, with their probabilities."""
    group = AnnotationGroup(
        number=1,
        uid=source.uid("annotations"),
        label=source.job.positive_class[:64],
        annotated_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        annotated_property_type=finding_type(source.job),
        graphic_type="POLYGON",
        graphic_data=list(outlines(source, findings)),
        algorithm_type="AUTOMATIC",
        algorithm_identification=source.algorithm(),
        measurements=[
            Measurements(codes.DCM.Probability, np.array([one.score for one in findings], np.float32), codes.UCUM.NoUnits)
        ],
    )
    return MicroscopyBulkSimpleAnnotations([source.header], "3D", [group], **source.identity("ANN"), **source.equipment)


def parametric_map(source: Source, grid: NDArray[np.float32]) -> Dataset:
    """The heatmap, a pixel for each tile; NaN, as in the heatmap, where there is no score."""
    mapping = RealWorldValueMapping(
        "probability", "Probability", codes.UCUM.NoUnits, (0.0, 1.0), 1.0, 0.0, quantity_definition=codes.DCM.Probability
    )
    return ParametricMap(
        [source.header],
        grid[None],
        **source.identity("OT"),
        **source.equipment,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping],
        voi_lut_transformations=[hd.VOILUTTransformation(window_center=0.5, window_width=1.0)],
        **geometry(source, source.tile_millimetres, [(0, 0)]),
        content_label="AI_HEATMAP",
    )


def segmentation(source: Source, shard: int, classes: NDArray[np.uint8], probabilities: NDArray[np.float64]) -> Dataset | None:
    """Where a shard's tiles hold the positive class: a frame for each tile that has any. None where none has."""
    job = source.job
    cells = shard_cells(job, shard)
    positive = job.positive_index
    marked = [index for index, part in enumerate(classes) if np.isfinite(probabilities[index]) and (part == positive).any()]
    if not marked:
        return None
    rows = classes.shape[1]
    description = SegmentDescription(
        1,
        job.positive_class[:64],
        codes.SCT.MorphologicallyAbnormalStructure,
        finding_type(job),
        "AUTOMATIC",
        source.algorithm(),
    )
    corners = [(cells[index].column * rows, cells[index].row * rows) for index in marked]
    made = Segmentation(
        [source.header],
        (classes[marked] == positive).astype(np.uint8),
        "BINARY",
        [description],
        **source.identity("SEG", shard + 1),
        **source.equipment,
        **geometry(source, source.tile_millimetres / rows, corners),
        omit_empty_frames=False,
        content_label="AI_SEGMENTATION",
    )
    # Present and empty: where there is no frame of reference of a patient (PS3.3 C.7.6.1.1.1).
    made.PatientOrientation = None
    return made


def geometry(source: Source, spacing: float, corners: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Where frames lie, by their top left pixels, columns and rows of pixels that are `spacing` millimetres apart."""
    head = source.header
    origin = head.TotalPixelMatrixOriginSequence[0]
    cosines = [float(one) for one in head.ImageOrientationSlide]
    along_row, along_column = np.array(cosines[:3]), np.array(cosines[3:])
    # A position is that of a pixel's centre, and these pixels are larger or smaller than the level's.
    inset = (spacing - source.job.level.microns_per_pixel / 1000) / 2
    first = np.array([float(origin.XOffsetInSlideCoordinateSystem), float(origin.YOffsetInSlideCoordinateSystem), 0.0])
    first += (along_row + along_column) * inset
    places = [first + along_row * column * spacing + along_column * row * spacing for column, row in corners]
    return {
        "pixel_measures": hd.PixelMeasuresSequence((spacing, spacing), slice_thickness=0.001),
        "plane_orientation": hd.PlaneOrientationSequence("SLIDE", cosines),
        "plane_positions": [
            hd.PlanePositionSequence("SLIDE", [float(one) for one in place], (column + 1, row + 1))
            for (column, row), place in zip(corners, places, strict=True)
        ],
    }


def outlines(source: Source, findings: Sequence[Finding]) -> Iterator[NDArray[np.float64]]:
    """(corners, 3): millimetres on the slide; what lies beyond the level's edge is cut off."""
    job = source.job
    transform = ImageToReferenceTransformer.for_image(source.header, for_total_pixel_matrix=True)
    for one in findings:
        corners = np.array([(corner.column, corner.row) for corner in one.outline], np.float64) * job.side
        yield transform(np.minimum(corners, (job.level.total_columns, job.level.total_rows))).round(6)


def finding_type(job: ScoringJob) -> Code:
    """The model's class, under its own name: a model's word for a region is no diagnosis's code."""
    return Code(hashlib.sha256(job.positive_class.encode()).hexdigest()[:16], "99CASEPATH", job.positive_class[:64])


def measured(name: Code, value: float, unit: Code) -> Measurement:
    return Measurement(name, round(float(value), 6), unit)
