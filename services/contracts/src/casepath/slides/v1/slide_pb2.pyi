from buf.validate import validate_pb2 as _validate_pb2
from casepath.intake.v1 import order_pb2 as _order_pb2
from casepath.objects.v1 import object_ref_pb2 as _object_ref_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ImageFlavor(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IMAGE_FLAVOR_UNSPECIFIED: _ClassVar[ImageFlavor]
    IMAGE_FLAVOR_VOLUME: _ClassVar[ImageFlavor]
    IMAGE_FLAVOR_LABEL: _ClassVar[ImageFlavor]
    IMAGE_FLAVOR_OVERVIEW: _ClassVar[ImageFlavor]
    IMAGE_FLAVOR_THUMBNAIL: _ClassVar[ImageFlavor]

class QualityFlag(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    QUALITY_FLAG_UNSPECIFIED: _ClassVar[QualityFlag]
    QUALITY_FLAG_BLURRED: _ClassVar[QualityFlag]
    QUALITY_FLAG_EMPTY: _ClassVar[QualityFlag]

class QuarantineReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    QUARANTINE_REASON_UNSPECIFIED: _ClassVar[QuarantineReason]
    QUARANTINE_REASON_NOT_A_SLIDE: _ClassVar[QuarantineReason]
    QUARANTINE_REASON_TRUNCATED: _ClassVar[QuarantineReason]
    QUARANTINE_REASON_NO_MICRONS_PER_PIXEL: _ClassVar[QuarantineReason]
    QUARANTINE_REASON_NO_BARCODE: _ClassVar[QuarantineReason]
    QUARANTINE_REASON_NO_MATCHING_ORDER: _ClassVar[QuarantineReason]
    QUARANTINE_REASON_BAD_FRAMES: _ClassVar[QuarantineReason]
    QUARANTINE_REASON_CONVERTER_FAILED: _ClassVar[QuarantineReason]
    QUARANTINE_REASON_OTHER_IDENTITY: _ClassVar[QuarantineReason]
    QUARANTINE_REASON_MIXED_FILES: _ClassVar[QuarantineReason]
    QUARANTINE_REASON_OTHER_CONTENT: _ClassVar[QuarantineReason]
IMAGE_FLAVOR_UNSPECIFIED: ImageFlavor
IMAGE_FLAVOR_VOLUME: ImageFlavor
IMAGE_FLAVOR_LABEL: ImageFlavor
IMAGE_FLAVOR_OVERVIEW: ImageFlavor
IMAGE_FLAVOR_THUMBNAIL: ImageFlavor
QUALITY_FLAG_UNSPECIFIED: QualityFlag
QUALITY_FLAG_BLURRED: QualityFlag
QUALITY_FLAG_EMPTY: QualityFlag
QUARANTINE_REASON_UNSPECIFIED: QuarantineReason
QUARANTINE_REASON_NOT_A_SLIDE: QuarantineReason
QUARANTINE_REASON_TRUNCATED: QuarantineReason
QUARANTINE_REASON_NO_MICRONS_PER_PIXEL: QuarantineReason
QUARANTINE_REASON_NO_BARCODE: QuarantineReason
QUARANTINE_REASON_NO_MATCHING_ORDER: QuarantineReason
QUARANTINE_REASON_BAD_FRAMES: QuarantineReason
QUARANTINE_REASON_CONVERTER_FAILED: QuarantineReason
QUARANTINE_REASON_OTHER_IDENTITY: QuarantineReason
QUARANTINE_REASON_MIXED_FILES: QuarantineReason
QUARANTINE_REASON_OTHER_CONTENT: QuarantineReason

class Instance(_message.Message):
    __slots__ = ("sop_instance_uid", "flavor", "object", "transfer_syntax_uid", "frames", "rows", "columns", "total_rows", "total_columns", "microns_per_pixel", "index")
    SOP_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    FLAVOR_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_SYNTAX_UID_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_ROWS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    MICRONS_PER_PIXEL_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    sop_instance_uid: str
    flavor: ImageFlavor
    object: _object_ref_pb2.ObjectRef
    transfer_syntax_uid: str
    frames: int
    rows: int
    columns: int
    total_rows: int
    total_columns: int
    microns_per_pixel: float
    index: _object_ref_pb2.ObjectRef
    def __init__(self, sop_instance_uid: _Optional[str] = ..., flavor: _Optional[_Union[ImageFlavor, str]] = ..., object: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., transfer_syntax_uid: _Optional[str] = ..., frames: _Optional[int] = ..., rows: _Optional[int] = ..., columns: _Optional[int] = ..., total_rows: _Optional[int] = ..., total_columns: _Optional[int] = ..., microns_per_pixel: _Optional[float] = ..., index: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ...) -> None: ...

class ScanQuality(_message.Message):
    __slots__ = ("tissue_fraction", "sharp_fraction", "tiles", "flags")
    TISSUE_FRACTION_FIELD_NUMBER: _ClassVar[int]
    SHARP_FRACTION_FIELD_NUMBER: _ClassVar[int]
    TILES_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    tissue_fraction: float
    sharp_fraction: float
    tiles: int
    flags: _containers.RepeatedScalarFieldContainer[QualityFlag]
    def __init__(self, tissue_fraction: _Optional[float] = ..., sharp_fraction: _Optional[float] = ..., tiles: _Optional[int] = ..., flags: _Optional[_Iterable[_Union[QualityFlag, str]]] = ...) -> None: ...

class SlideIngested(_message.Message):
    __slots__ = ("case_id", "patient_id", "slide_id", "scan_id", "study_instance_uid", "series_instance_uid", "instances", "source_sha256", "source_format", "quality", "urgency")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    PATIENT_ID_FIELD_NUMBER: _ClassVar[int]
    SLIDE_ID_FIELD_NUMBER: _ClassVar[int]
    SCAN_ID_FIELD_NUMBER: _ClassVar[int]
    STUDY_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    SERIES_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    SOURCE_SHA256_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FORMAT_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    URGENCY_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    patient_id: str
    slide_id: str
    scan_id: str
    study_instance_uid: str
    series_instance_uid: str
    instances: _containers.RepeatedCompositeFieldContainer[Instance]
    source_sha256: str
    source_format: str
    quality: ScanQuality
    urgency: _order_pb2.Urgency
    def __init__(self, case_id: _Optional[str] = ..., patient_id: _Optional[str] = ..., slide_id: _Optional[str] = ..., scan_id: _Optional[str] = ..., study_instance_uid: _Optional[str] = ..., series_instance_uid: _Optional[str] = ..., instances: _Optional[_Iterable[_Union[Instance, _Mapping]]] = ..., source_sha256: _Optional[str] = ..., source_format: _Optional[str] = ..., quality: _Optional[_Union[ScanQuality, _Mapping]] = ..., urgency: _Optional[_Union[_order_pb2.Urgency, str]] = ...) -> None: ...

class SlideQuarantined(_message.Message):
    __slots__ = ("scan_id", "reason", "remedy", "source_sha256")
    SCAN_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    SOURCE_SHA256_FIELD_NUMBER: _ClassVar[int]
    scan_id: str
    reason: QuarantineReason
    remedy: str
    source_sha256: str
    def __init__(self, scan_id: _Optional[str] = ..., reason: _Optional[_Union[QuarantineReason, str]] = ..., remedy: _Optional[str] = ..., source_sha256: _Optional[str] = ...) -> None: ...
