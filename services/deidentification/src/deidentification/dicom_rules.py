"""Which attributes of a DICOM object leave the hospital, and as what. What is not listed here does not.

Basic Application Level Confidentiality Profile with the options Clean Pixel Data, Retain Longitudinal Temporal Information with
Modified Dates and Clean Structured Content (PS3.15 Annex E), for VL Whole Slide Microscopy Images, and for what models make of
them: Segmentations, Parametric Maps and Microscopy Bulk Simple Annotations. Where the profile leaves a choice, or says nothing
of an attribute that holds text, the text is one of a closed list or is not there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache

from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import (
    MicroscopyBulkSimpleAnnotationsStorage,
    ParametricMapStorage,
    SegmentationStorage,
    VLWholeSlideMicroscopyImageStorage,
)


class Kind(Enum):
    """What becomes of an attribute."""

    # A number, of any representation, that is one and of a size that measures have.
    NUMBER = auto()
    # Numbers in bulk.
    NUMBERS = auto()
    # Names of other attributes.
    TAGS = auto()
    # The UID of a class or an encoding, that the standard lists; and any other, in place of which another stands.
    CLASS_UID = auto()
    NEW_UID = auto()
    # A day, moved; and a time of day, which is midnight.
    DAY = auto()
    MIDNIGHT = auto()
    # A sequence of codes, and a sequence of items of which each attribute has its own rule.
    CODES = auto()
    ITEMS = auto()
    # Words of this module, of the object's model, or of what the site listed.
    WORDS = auto()
    # Present, with nothing in it.
    EMPTY = auto()
    # In place of an identifier, the one of the project.
    NAME = auto()
    # A profile of colours without its texts.
    COLOURS = auto()


@dataclass(frozen=True, slots=True)
class Rule:
    kind: Kind
    # Of WORDS: those that are kept besides what others list. Of NAME: of what the identifier is.
    words: frozenset[str] = frozenset()
    of: str = ""
    # Of WORDS: what stands for any other, where the standard asks for a value. Of CODES: the code of SNOMED CT that does.
    otherwise: str = ""


def each(kind: Kind, names: str) -> dict[str, Rule]:
    return dict.fromkeys(names.split(), Rule(kind))


def words(listed: str, otherwise: str = "") -> Rule:
    return Rule(Kind.WORDS, frozenset(listed.split("|")), otherwise=otherwise)


YES_NO = words("YES|NO")
IMAGE = words("ORIGINAL|DERIVED|PRIMARY|VOLUME|NONE|RESAMPLED|MERGED|QUANTITY|SECONDARY|MAXIMUM|MINIMUM|MEAN")
# Makers of scanners, and their scanners, as they name themselves in files. A site may list more.
MAKERS = words(
    "Leica Biosystems|Aperio|Aperio GT450|Aperio GT450DX|Aperio AT2|Hamamatsu|Hamamatsu Photonics|Hamamatsu Photonics K.K.|"
    "NanoZoomer|Philips|PHILIPS|UFS Scanner|3DHISTECH|P1000|Pannoramic|Roche|Roche Diagnostics|Ventana|VENTANA|"
    "VENTANA DP 200|VENTANA DP 600|Zeiss|ZEISS|Carl Zeiss|Carl Zeiss Microscopy GmbH|Axioscan 7|Trestle|Olympus|Evident|"
    "Sakura|Motic|Huron|Grundium|Epredia|KFBIO|GOOGLE|Google|casepath|wsidicomizer|OME|Glencoe Software",
    otherwise="Unknown",
)
# What a model found, where its own word for that is not known here: a morphologically abnormal structure.
FOUND = Rule(Kind.CODES, otherwise="49755003")

RULES: dict[str, Rule] = {
    "ImageType": IMAGE,
    "FrameType": IMAGE,
    "Modality": words("SM|SEG|ANN|OT"),
    "VolumetricProperties": words("VOLUME|SAMPLED|DISTORTED|MIXED"),
    "Manufacturer": MAKERS,
    "ManufacturerModelName": MAKERS,
    # Which versions a site runs tells the site.
    "SoftwareVersions": words("", otherwise="Unknown"),
    "DeviceSerialNumber": Rule(Kind.NAME, of="device"),
    "PositionReferenceIndicator": words("SLIDE_CORNER"),
    "DimensionOrganizationType": words("TILED_FULL|TILED_SPARSE|3D"),
    "PhotometricInterpretation": words(
        "MONOCHROME1|MONOCHROME2|RGB|YBR_FULL|YBR_FULL_422|YBR_PARTIAL_420|YBR_ICT|YBR_RCT|PALETTE COLOR|XYB"
    ),
    "BurnedInAnnotation": YES_NO,
    "RecognizableVisualFeatures": YES_NO,
    "LossyImageCompression": words("00|01"),
    "LossyImageCompressionMethod": words(
        "ISO_10918_1|ISO_14495_1|ISO_15444_1|ISO_15444_2|ISO_15444_15|ISO_18181_1|ISO_13818_2|ISO_14496_10|ISO_23008_2"
    ),
    "SpecimenLabelInImage": YES_NO,
    "FocusMethod": words("AUTO|MANUAL"),
    "ExtendedDepthOfField": YES_NO,
    "ColorSpace": words("SRGB|ADOBERGB|ROMMRGB"),
    "PixelPresentation": words("MONOCHROME|COLOR|COLOR_RANGE|TRUE_COLOR"),
    "PresentationLUTShape": words("IDENTITY|INVERSE"),
    "ContentQualification": words("PRODUCT|RESEARCH|SERVICE"),
    "ContentLabel": words("AI_SEGMENTATION|AI_HEATMAP|SM_ANN", otherwise="UNNAMED"),
    "RescaleType": words("US"),
    "LUTExplanation": words("Probability"),
    "LUTLabel": words("probability", otherwise="unnamed"),
    "ValueType": words("CODE"),
    "SegmentationType": words("BINARY|FRACTIONAL|LABELMAP"),
    "SegmentationFractionalType": words("PROBABILITY|OCCUPANCY"),
    "SegmentAlgorithmType": words("AUTOMATIC|SEMIAUTOMATIC|MANUAL"),
    "SegmentsOverlap": words("YES|UNDEFINED|NO"),
    "SegmentLabel": words("", otherwise="unnamed"),
    "SegmentAlgorithmName": words("", otherwise="unnamed"),
    "AlgorithmName": words("", otherwise="unnamed"),
    "AlgorithmVersion": words("", otherwise="unnamed"),
    "AlgorithmSource": words("casepath"),
    "AnnotationCoordinateType": words("2D|3D"),
    "AnnotationGroupLabel": words("", otherwise="unnamed"),
    "AnnotationGroupGenerationType": words("AUTOMATIC|SEMIAUTOMATIC|MANUAL"),
    "AnnotationAppliesToAllOpticalPaths": YES_NO,
    "AnnotationAppliesToAllZPlanes": YES_NO,
    "GraphicType": words("POINT|POLYLINE|POLYGON|ELLIPSE|RECTANGLE"),
    "OpticalPathIdentifier": words("|".join(str(number) for number in range(1, 100)), otherwise="1"),
    "PatientName": Rule(Kind.NAME, of="patient"),
    "PatientID": Rule(Kind.NAME, of="patient"),
    "ContainerIdentifier": Rule(Kind.NAME, of="slide"),
    "SpecimenIdentifier": Rule(Kind.NAME, of="specimen"),
    "ICCProfile": Rule(Kind.COLOURS),
    **each(Kind.CLASS_UID, "SOPClassUID ReferencedSOPClassUID"),
    **each(
        Kind.NEW_UID,
        "SOPInstanceUID StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID PyramidUID DimensionOrganizationUID SpecimenUID "
        "ReferencedSOPInstanceUID AnnotationGroupUID TrackingUID",
    ),
    **each(Kind.DAY, "StudyDate SeriesDate ContentDate AcquisitionDate AcquisitionDateTime InstanceCreationDate"),
    **each(Kind.MIDNIGHT, "StudyTime SeriesTime ContentTime InstanceCreationTime"),
    **each(
        Kind.EMPTY,
        "AccessionNumber ReferringPhysicianName PatientBirthDate PatientSex StudyID IssuerOfTheContainerIdentifierSequence "
        "IssuerOfTheSpecimenIdentifierSequence AcquisitionContextSequence SpecimenPreparationSequence ContentDescription "
        "PatientOrientation",
    ),
    **each(
        Kind.CODES,
        "ContainerTypeCodeSequence SpecimenTypeCodeSequence PrimaryAnatomicStructureSequence IlluminationTypeCodeSequence "
        "IlluminationColorCodeSequence MeasurementUnitsCodeSequence ConceptNameCodeSequence ConceptCodeSequence "
        "SegmentedPropertyCategoryCodeSequence AlgorithmFamilyCodeSequence AnnotationPropertyCategoryCodeSequence",
    ),
    "SegmentedPropertyTypeCodeSequence": FOUND,
    "AnnotationPropertyTypeCodeSequence": FOUND,
    **each(
        Kind.ITEMS,
        "SpecimenDescriptionSequence OpticalPathSequence TotalPixelMatrixOriginSequence SharedFunctionalGroupsSequence "
        "PerFrameFunctionalGroupsSequence PixelMeasuresSequence WholeSlideMicroscopyImageFrameTypeSequence "
        "DimensionOrganizationSequence DimensionIndexSequence FrameContentSequence PlanePositionSlideSequence "
        "OpticalPathIdentificationSequence DerivationImageSequence SourceImageSequence ReferencedSeriesSequence "
        "ReferencedInstanceSequence ReferencedImageSequence SegmentSequence SegmentIdentificationSequence "
        "SegmentationAlgorithmIdentificationSequence AnnotationGroupSequence AnnotationGroupAlgorithmIdentificationSequence "
        "MeasurementsSequence MeasurementValuesSequence FrameVOILUTSequence PixelValueTransformationSequence "
        "ParametricMapFrameTypeSequence RealWorldValueMappingSequence QuantityDefinitionSequence",
    ),
    **each(Kind.TAGS, "DimensionIndexPointer FunctionalGroupPointer"),
    **each(
        Kind.NUMBERS,
        "DoublePointCoordinatesData PointCoordinatesData LongPrimitivePointIndexList FloatingPointValues AnnotationIndexList",
    ),
    **each(
        Kind.NUMBER,
        "SeriesNumber InstanceNumber SamplesPerPixel PlanarConfiguration NumberOfFrames Rows Columns BitsAllocated BitsStored "
        "HighBit PixelRepresentation LossyImageCompressionRatio RepresentativeFrameNumber ImagedVolumeWidth ImagedVolumeHeight "
        "ImagedVolumeDepth TotalPixelMatrixColumns TotalPixelMatrixRows XOffsetInSlideCoordinateSystem "
        "YOffsetInSlideCoordinateSystem ZOffsetInSlideCoordinateSystem ImageOrientationSlide ObjectiveLensPower "
        "ObjectiveLensNumericalAperture NumberOfOpticalPaths TotalPixelMatrixFocalPlanes NumberOfFocalPlanes SliceThickness "
        "PixelSpacing SpacingBetweenSlices DimensionIndexValues ColumnPositionInTotalImagePixelMatrix "
        "RowPositionInTotalImagePixelMatrix SegmentNumber ReferencedSegmentNumber MaximumFractionalValue ReferencedFrameNumber "
        "AnnotationGroupNumber NumberOfAnnotations CommonZCoordinateValue WindowCenter WindowWidth RescaleIntercept RescaleSlope "
        "DoubleFloatRealWorldValueLastValueMapped DoubleFloatRealWorldValueFirstValueMapped RealWorldValueIntercept "
        "RealWorldValueSlope",
    ),
}
# Objects that may leave: their classes, as PS3.4 B.5 lists them.
CLASSES = (
    VLWholeSlideMicroscopyImageStorage,
    SegmentationStorage,
    ParametricMapStorage,
    MicroscopyBulkSimpleAnnotationsStorage,
)
# Required by the objects (PS3.3 A.32.8), and so empty where they were not there.
ALWAYS = ("AccessionNumber", "ReferringPhysicianName", "PatientBirthDate", "PatientSex", "StudyID")
# Where the pixels are, and where each frame lies; written anew by `dicom_files`.
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData", "ExtendedOffsetTable", "ExtendedOffsetTableLengths")


# Words that may be in a header whoever the patient is, and may be names too.
TERMS = frozenset(word for rule in RULES.values() for listed in rule.words for word in (listed, *listed.split()))


@cache
def known_codes() -> dict[tuple[str, str], Code]:
    """Codes of the standard's context groups (PS3.16), by scheme and value."""
    return {(code.scheme_designator, code.value): code for code in all_codes()}


def all_codes() -> Iterator[Code]:
    for scheme in codes.schemes():
        yield from getattr(codes, scheme).concepts.values()
