import datetime

from buf.validate import validate_pb2 as _validate_pb2
from casepath.objects.v1 import object_ref_pb2 as _object_ref_pb2
from casepath.slides.v1 import slide_pb2 as _slide_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ModelKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODEL_KIND_UNSPECIFIED: _ClassVar[ModelKind]
    MODEL_KIND_TILE_CLASSIFIER: _ClassVar[ModelKind]
    MODEL_KIND_TILE_SEGMENTER: _ClassVar[ModelKind]
    MODEL_KIND_SLIDE_AGGREGATOR: _ClassVar[ModelKind]

class Stage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STAGE_UNSPECIFIED: _ClassVar[Stage]
    STAGE_CANDIDATE: _ClassVar[Stage]
    STAGE_SHADOW: _ClassVar[Stage]
    STAGE_CANARY: _ClassVar[Stage]
    STAGE_PRODUCTION: _ClassVar[Stage]
    STAGE_RETIRED: _ClassVar[Stage]

class FailureReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FAILURE_REASON_UNSPECIFIED: _ClassVar[FailureReason]
    FAILURE_REASON_UNREADABLE: _ClassVar[FailureReason]
    FAILURE_REASON_NO_TISSUE: _ClassVar[FailureReason]
    FAILURE_REASON_TOO_MANY_FAILED_TILES: _ClassVar[FailureReason]
    FAILURE_REASON_RESOLUTION_TOO_LOW: _ClassVar[FailureReason]
    FAILURE_REASON_RESOLUTION_DIFFERS: _ClassVar[FailureReason]
    FAILURE_REASON_MODEL_FAILED: _ClassVar[FailureReason]
    FAILURE_REASON_CANCELLED: _ClassVar[FailureReason]
MODEL_KIND_UNSPECIFIED: ModelKind
MODEL_KIND_TILE_CLASSIFIER: ModelKind
MODEL_KIND_TILE_SEGMENTER: ModelKind
MODEL_KIND_SLIDE_AGGREGATOR: ModelKind
STAGE_UNSPECIFIED: Stage
STAGE_CANDIDATE: Stage
STAGE_SHADOW: Stage
STAGE_CANARY: Stage
STAGE_PRODUCTION: Stage
STAGE_RETIRED: Stage
FAILURE_REASON_UNSPECIFIED: FailureReason
FAILURE_REASON_UNREADABLE: FailureReason
FAILURE_REASON_NO_TISSUE: FailureReason
FAILURE_REASON_TOO_MANY_FAILED_TILES: FailureReason
FAILURE_REASON_RESOLUTION_TOO_LOW: FailureReason
FAILURE_REASON_RESOLUTION_DIFFERS: FailureReason
FAILURE_REASON_MODEL_FAILED: FailureReason
FAILURE_REASON_CANCELLED: FailureReason

class Model(_message.Message):
    __slots__ = ("name", "version", "sha256")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    sha256: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., sha256: _Optional[str] = ...) -> None: ...

class Calibration(_message.Message):
    __slots__ = ("temperature", "ece")
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    ECE_FIELD_NUMBER: _ClassVar[int]
    temperature: float
    ece: float
    def __init__(self, temperature: _Optional[float] = ..., ece: _Optional[float] = ...) -> None: ...

class Run(_message.Message):
    __slots__ = ("runtime", "precision", "threshold", "preprocessing_sha256", "input_sha256", "calibration", "level_microns_per_pixel", "model_microns_per_pixel", "kind")
    RUNTIME_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    PREPROCESSING_SHA256_FIELD_NUMBER: _ClassVar[int]
    INPUT_SHA256_FIELD_NUMBER: _ClassVar[int]
    CALIBRATION_FIELD_NUMBER: _ClassVar[int]
    LEVEL_MICRONS_PER_PIXEL_FIELD_NUMBER: _ClassVar[int]
    MODEL_MICRONS_PER_PIXEL_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    runtime: str
    precision: str
    threshold: float
    preprocessing_sha256: str
    input_sha256: str
    calibration: Calibration
    level_microns_per_pixel: float
    model_microns_per_pixel: float
    kind: ModelKind
    def __init__(self, runtime: _Optional[str] = ..., precision: _Optional[str] = ..., threshold: _Optional[float] = ..., preprocessing_sha256: _Optional[str] = ..., input_sha256: _Optional[str] = ..., calibration: _Optional[_Union[Calibration, _Mapping]] = ..., level_microns_per_pixel: _Optional[float] = ..., model_microns_per_pixel: _Optional[float] = ..., kind: _Optional[_Union[ModelKind, str]] = ...) -> None: ...

class Cell(_message.Message):
    __slots__ = ("column", "row")
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    column: int
    row: int
    def __init__(self, column: _Optional[int] = ..., row: _Optional[int] = ...) -> None: ...

class ScoringJob(_message.Message):
    __slots__ = ("job_id", "model", "slide", "level", "side", "columns", "rows", "cells", "shards", "tissue_fraction", "tissue_shares", "precision", "threshold", "preprocessing_sha256", "view", "kind", "stage", "calibration", "model_microns_per_pixel", "planned_at", "batch_tiles", "tile_side", "positive_class", "positive_index")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SLIDE_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    SIDE_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    CELLS_FIELD_NUMBER: _ClassVar[int]
    SHARDS_FIELD_NUMBER: _ClassVar[int]
    TISSUE_FRACTION_FIELD_NUMBER: _ClassVar[int]
    TISSUE_SHARES_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    PREPROCESSING_SHA256_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    CALIBRATION_FIELD_NUMBER: _ClassVar[int]
    MODEL_MICRONS_PER_PIXEL_FIELD_NUMBER: _ClassVar[int]
    PLANNED_AT_FIELD_NUMBER: _ClassVar[int]
    BATCH_TILES_FIELD_NUMBER: _ClassVar[int]
    TILE_SIDE_FIELD_NUMBER: _ClassVar[int]
    POSITIVE_CLASS_FIELD_NUMBER: _ClassVar[int]
    POSITIVE_INDEX_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    model: Model
    slide: _slide_pb2.SlideIngested
    level: _slide_pb2.Instance
    side: float
    columns: int
    rows: int
    cells: _containers.RepeatedCompositeFieldContainer[Cell]
    shards: int
    tissue_fraction: float
    tissue_shares: _containers.RepeatedScalarFieldContainer[float]
    precision: str
    threshold: float
    preprocessing_sha256: str
    view: float
    kind: ModelKind
    stage: Stage
    calibration: Calibration
    model_microns_per_pixel: float
    planned_at: _timestamp_pb2.Timestamp
    batch_tiles: int
    tile_side: int
    positive_class: str
    positive_index: int
    def __init__(self, job_id: _Optional[str] = ..., model: _Optional[_Union[Model, _Mapping]] = ..., slide: _Optional[_Union[_slide_pb2.SlideIngested, _Mapping]] = ..., level: _Optional[_Union[_slide_pb2.Instance, _Mapping]] = ..., side: _Optional[float] = ..., columns: _Optional[int] = ..., rows: _Optional[int] = ..., cells: _Optional[_Iterable[_Union[Cell, _Mapping]]] = ..., shards: _Optional[int] = ..., tissue_fraction: _Optional[float] = ..., tissue_shares: _Optional[_Iterable[float]] = ..., precision: _Optional[str] = ..., threshold: _Optional[float] = ..., preprocessing_sha256: _Optional[str] = ..., view: _Optional[float] = ..., kind: _Optional[_Union[ModelKind, str]] = ..., stage: _Optional[_Union[Stage, str]] = ..., calibration: _Optional[_Union[Calibration, _Mapping]] = ..., model_microns_per_pixel: _Optional[float] = ..., planned_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., batch_tiles: _Optional[int] = ..., tile_side: _Optional[int] = ..., positive_class: _Optional[str] = ..., positive_index: _Optional[int] = ...) -> None: ...

class ShardRequested(_message.Message):
    __slots__ = ("job_id", "case_id", "shard", "shards")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    SHARD_FIELD_NUMBER: _ClassVar[int]
    SHARDS_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    case_id: str
    shard: int
    shards: int
    def __init__(self, job_id: _Optional[str] = ..., case_id: _Optional[str] = ..., shard: _Optional[int] = ..., shards: _Optional[int] = ...) -> None: ...

class ShardResult(_message.Message):
    __slots__ = ("probabilities", "provider", "runtime", "failure", "array", "stain")
    PROBABILITIES_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    ARRAY_FIELD_NUMBER: _ClassVar[int]
    STAIN_FIELD_NUMBER: _ClassVar[int]
    probabilities: _containers.RepeatedScalarFieldContainer[float]
    provider: str
    runtime: str
    failure: FailureReason
    array: _object_ref_pb2.ObjectRef
    stain: StainStatistics
    def __init__(self, probabilities: _Optional[_Iterable[float]] = ..., provider: _Optional[str] = ..., runtime: _Optional[str] = ..., failure: _Optional[_Union[FailureReason, str]] = ..., array: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., stain: _Optional[_Union[StainStatistics, _Mapping]] = ...) -> None: ...

class StainStatistics(_message.Message):
    __slots__ = ("tiles", "red", "green", "blue")
    TILES_FIELD_NUMBER: _ClassVar[int]
    RED_FIELD_NUMBER: _ClassVar[int]
    GREEN_FIELD_NUMBER: _ClassVar[int]
    BLUE_FIELD_NUMBER: _ClassVar[int]
    tiles: int
    red: float
    green: float
    blue: float
    def __init__(self, tiles: _Optional[int] = ..., red: _Optional[float] = ..., green: _Optional[float] = ..., blue: _Optional[float] = ...) -> None: ...

class Histogram(_message.Message):
    __slots__ = ("low", "high", "counts")
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    low: float
    high: float
    counts: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, low: _Optional[float] = ..., high: _Optional[float] = ..., counts: _Optional[_Iterable[int]] = ...) -> None: ...

class DerivedInstance(_message.Message):
    __slots__ = ("sop_class_uid", "sop_instance_uid", "series_instance_uid", "object", "modality")
    SOP_CLASS_UID_FIELD_NUMBER: _ClassVar[int]
    SOP_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    SERIES_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    MODALITY_FIELD_NUMBER: _ClassVar[int]
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    object: _object_ref_pb2.ObjectRef
    modality: str
    def __init__(self, sop_class_uid: _Optional[str] = ..., sop_instance_uid: _Optional[str] = ..., series_instance_uid: _Optional[str] = ..., object: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., modality: _Optional[str] = ...) -> None: ...

class ShardScored(_message.Message):
    __slots__ = ("job_id", "case_id", "shard", "shards")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    SHARD_FIELD_NUMBER: _ClassVar[int]
    SHARDS_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    case_id: str
    shard: int
    shards: int
    def __init__(self, job_id: _Optional[str] = ..., case_id: _Optional[str] = ..., shard: _Optional[int] = ..., shards: _Optional[int] = ...) -> None: ...

class Finding(_message.Message):
    __slots__ = ("finding_id", "column", "row", "columns", "rows", "tiles", "score", "area_square_millimetres", "outline")
    FINDING_ID_FIELD_NUMBER: _ClassVar[int]
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    TILES_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    AREA_SQUARE_MILLIMETRES_FIELD_NUMBER: _ClassVar[int]
    OUTLINE_FIELD_NUMBER: _ClassVar[int]
    finding_id: str
    column: int
    row: int
    columns: int
    rows: int
    tiles: int
    score: float
    area_square_millimetres: float
    outline: _containers.RepeatedCompositeFieldContainer[Cell]
    def __init__(self, finding_id: _Optional[str] = ..., column: _Optional[int] = ..., row: _Optional[int] = ..., columns: _Optional[int] = ..., rows: _Optional[int] = ..., tiles: _Optional[int] = ..., score: _Optional[float] = ..., area_square_millimetres: _Optional[float] = ..., outline: _Optional[_Iterable[_Union[Cell, _Mapping]]] = ...) -> None: ...

class SlideScored(_message.Message):
    __slots__ = ("case_id", "patient_id", "slide_id", "job_id", "study_instance_uid", "series_instance_uid", "model", "provider", "tiles", "failed_tiles", "score", "positive_fraction", "tissue_fraction", "heatmap", "heatmap_image", "scan_id", "findings", "columns", "rows", "tile_microns", "failed_cells", "unexamined_tissue", "findings_total", "run", "stage", "instances", "scores", "stain")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    PATIENT_ID_FIELD_NUMBER: _ClassVar[int]
    SLIDE_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    STUDY_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    SERIES_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    TILES_FIELD_NUMBER: _ClassVar[int]
    FAILED_TILES_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    POSITIVE_FRACTION_FIELD_NUMBER: _ClassVar[int]
    TISSUE_FRACTION_FIELD_NUMBER: _ClassVar[int]
    HEATMAP_FIELD_NUMBER: _ClassVar[int]
    HEATMAP_IMAGE_FIELD_NUMBER: _ClassVar[int]
    SCAN_ID_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    TILE_MICRONS_FIELD_NUMBER: _ClassVar[int]
    FAILED_CELLS_FIELD_NUMBER: _ClassVar[int]
    UNEXAMINED_TISSUE_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_TOTAL_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    STAIN_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    patient_id: str
    slide_id: str
    job_id: str
    study_instance_uid: str
    series_instance_uid: str
    model: Model
    provider: str
    tiles: int
    failed_tiles: int
    score: float
    positive_fraction: float
    tissue_fraction: float
    heatmap: _object_ref_pb2.ObjectRef
    heatmap_image: _object_ref_pb2.ObjectRef
    scan_id: str
    findings: _containers.RepeatedCompositeFieldContainer[Finding]
    columns: int
    rows: int
    tile_microns: float
    failed_cells: _containers.RepeatedCompositeFieldContainer[Cell]
    unexamined_tissue: float
    findings_total: int
    run: Run
    stage: Stage
    instances: _containers.RepeatedCompositeFieldContainer[DerivedInstance]
    scores: Histogram
    stain: StainStatistics
    def __init__(self, case_id: _Optional[str] = ..., patient_id: _Optional[str] = ..., slide_id: _Optional[str] = ..., job_id: _Optional[str] = ..., study_instance_uid: _Optional[str] = ..., series_instance_uid: _Optional[str] = ..., model: _Optional[_Union[Model, _Mapping]] = ..., provider: _Optional[str] = ..., tiles: _Optional[int] = ..., failed_tiles: _Optional[int] = ..., score: _Optional[float] = ..., positive_fraction: _Optional[float] = ..., tissue_fraction: _Optional[float] = ..., heatmap: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., heatmap_image: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., scan_id: _Optional[str] = ..., findings: _Optional[_Iterable[_Union[Finding, _Mapping]]] = ..., columns: _Optional[int] = ..., rows: _Optional[int] = ..., tile_microns: _Optional[float] = ..., failed_cells: _Optional[_Iterable[_Union[Cell, _Mapping]]] = ..., unexamined_tissue: _Optional[float] = ..., findings_total: _Optional[int] = ..., run: _Optional[_Union[Run, _Mapping]] = ..., stage: _Optional[_Union[Stage, str]] = ..., instances: _Optional[_Iterable[_Union[DerivedInstance, _Mapping]]] = ..., scores: _Optional[_Union[Histogram, _Mapping]] = ..., stain: _Optional[_Union[StainStatistics, _Mapping]] = ...) -> None: ...

class SlideFailed(_message.Message):
    __slots__ = ("case_id", "patient_id", "slide_id", "job_id", "model", "reason", "tiles", "failed_tiles", "scan_id", "stage")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    PATIENT_ID_FIELD_NUMBER: _ClassVar[int]
    SLIDE_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TILES_FIELD_NUMBER: _ClassVar[int]
    FAILED_TILES_FIELD_NUMBER: _ClassVar[int]
    SCAN_ID_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    patient_id: str
    slide_id: str
    job_id: str
    model: Model
    reason: FailureReason
    tiles: int
    failed_tiles: int
    scan_id: str
    stage: Stage
    def __init__(self, case_id: _Optional[str] = ..., patient_id: _Optional[str] = ..., slide_id: _Optional[str] = ..., job_id: _Optional[str] = ..., model: _Optional[_Union[Model, _Mapping]] = ..., reason: _Optional[_Union[FailureReason, str]] = ..., tiles: _Optional[int] = ..., failed_tiles: _Optional[int] = ..., scan_id: _Optional[str] = ..., stage: _Optional[_Union[Stage, str]] = ...) -> None: ...

class Conclusion(_message.Message):
    __slots__ = ("scored", "failed")
    SCORED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    scored: SlideScored
    failed: SlideFailed
    def __init__(self, scored: _Optional[_Union[SlideScored, _Mapping]] = ..., failed: _Optional[_Union[SlideFailed, _Mapping]] = ...) -> None: ...
