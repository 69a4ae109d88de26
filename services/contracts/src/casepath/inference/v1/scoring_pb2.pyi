from buf.validate import validate_pb2 as _validate_pb2
from casepath.objects.v1 import object_ref_pb2 as _object_ref_pb2
from casepath.slides.v1 import slide_pb2 as _slide_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FailureReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FAILURE_REASON_UNSPECIFIED: _ClassVar[FailureReason]
    FAILURE_REASON_UNREADABLE: _ClassVar[FailureReason]
    FAILURE_REASON_NO_TISSUE: _ClassVar[FailureReason]
    FAILURE_REASON_TOO_MANY_FAILED_TILES: _ClassVar[FailureReason]
    FAILURE_REASON_RESOLUTION_TOO_LOW: _ClassVar[FailureReason]
FAILURE_REASON_UNSPECIFIED: FailureReason
FAILURE_REASON_UNREADABLE: FailureReason
FAILURE_REASON_NO_TISSUE: FailureReason
FAILURE_REASON_TOO_MANY_FAILED_TILES: FailureReason
FAILURE_REASON_RESOLUTION_TOO_LOW: FailureReason

class Model(_message.Message):
    __slots__ = ("name", "version", "sha256")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    sha256: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., sha256: _Optional[str] = ...) -> None: ...

class Run(_message.Message):
    __slots__ = ("runtime", "precision", "threshold", "preprocessing_sha256", "input_sha256")
    RUNTIME_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    PREPROCESSING_SHA256_FIELD_NUMBER: _ClassVar[int]
    INPUT_SHA256_FIELD_NUMBER: _ClassVar[int]
    runtime: str
    precision: str
    threshold: float
    preprocessing_sha256: str
    input_sha256: str
    def __init__(self, runtime: _Optional[str] = ..., precision: _Optional[str] = ..., threshold: _Optional[float] = ..., preprocessing_sha256: _Optional[str] = ..., input_sha256: _Optional[str] = ...) -> None: ...

class Cell(_message.Message):
    __slots__ = ("column", "row")
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    column: int
    row: int
    def __init__(self, column: _Optional[int] = ..., row: _Optional[int] = ...) -> None: ...

class ScoringJob(_message.Message):
    __slots__ = ("job_id", "model", "slide", "level", "side", "columns", "rows", "cells", "shards", "tissue_fraction", "tissue_shares", "precision", "threshold", "preprocessing_sha256")
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
    def __init__(self, job_id: _Optional[str] = ..., model: _Optional[_Union[Model, _Mapping]] = ..., slide: _Optional[_Union[_slide_pb2.SlideIngested, _Mapping]] = ..., level: _Optional[_Union[_slide_pb2.Instance, _Mapping]] = ..., side: _Optional[float] = ..., columns: _Optional[int] = ..., rows: _Optional[int] = ..., cells: _Optional[_Iterable[_Union[Cell, _Mapping]]] = ..., shards: _Optional[int] = ..., tissue_fraction: _Optional[float] = ..., tissue_shares: _Optional[_Iterable[float]] = ..., precision: _Optional[str] = ..., threshold: _Optional[float] = ..., preprocessing_sha256: _Optional[str] = ...) -> None: ...

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
    __slots__ = ("probabilities", "provider", "runtime")
    PROBABILITIES_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_FIELD_NUMBER: _ClassVar[int]
    probabilities: _containers.RepeatedScalarFieldContainer[float]
    provider: str
    runtime: str
    def __init__(self, probabilities: _Optional[_Iterable[float]] = ..., provider: _Optional[str] = ..., runtime: _Optional[str] = ...) -> None: ...

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
    __slots__ = ("finding_id", "column", "row", "columns", "rows", "tiles", "score")
    FINDING_ID_FIELD_NUMBER: _ClassVar[int]
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    TILES_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    finding_id: str
    column: int
    row: int
    columns: int
    rows: int
    tiles: int
    score: float
    def __init__(self, finding_id: _Optional[str] = ..., column: _Optional[int] = ..., row: _Optional[int] = ..., columns: _Optional[int] = ..., rows: _Optional[int] = ..., tiles: _Optional[int] = ..., score: _Optional[float] = ...) -> None: ...

class SlideScored(_message.Message):
    __slots__ = ("case_id", "patient_id", "slide_id", "job_id", "study_instance_uid", "series_instance_uid", "model", "provider", "tiles", "failed_tiles", "score", "positive_fraction", "tissue_fraction", "heatmap", "heatmap_image", "scan_id", "findings", "columns", "rows", "tile_microns", "failed_cells", "unexamined_tissue", "findings_total", "run")
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
    def __init__(self, case_id: _Optional[str] = ..., patient_id: _Optional[str] = ..., slide_id: _Optional[str] = ..., job_id: _Optional[str] = ..., study_instance_uid: _Optional[str] = ..., series_instance_uid: _Optional[str] = ..., model: _Optional[_Union[Model, _Mapping]] = ..., provider: _Optional[str] = ..., tiles: _Optional[int] = ..., failed_tiles: _Optional[int] = ..., score: _Optional[float] = ..., positive_fraction: _Optional[float] = ..., tissue_fraction: _Optional[float] = ..., heatmap: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., heatmap_image: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., scan_id: _Optional[str] = ..., findings: _Optional[_Iterable[_Union[Finding, _Mapping]]] = ..., columns: _Optional[int] = ..., rows: _Optional[int] = ..., tile_microns: _Optional[float] = ..., failed_cells: _Optional[_Iterable[_Union[Cell, _Mapping]]] = ..., unexamined_tissue: _Optional[float] = ..., findings_total: _Optional[int] = ..., run: _Optional[_Union[Run, _Mapping]] = ...) -> None: ...

class SlideFailed(_message.Message):
    __slots__ = ("case_id", "patient_id", "slide_id", "job_id", "model", "reason", "tiles", "failed_tiles", "scan_id")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    PATIENT_ID_FIELD_NUMBER: _ClassVar[int]
    SLIDE_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TILES_FIELD_NUMBER: _ClassVar[int]
    FAILED_TILES_FIELD_NUMBER: _ClassVar[int]
    SCAN_ID_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    patient_id: str
    slide_id: str
    job_id: str
    model: Model
    reason: FailureReason
    tiles: int
    failed_tiles: int
    scan_id: str
    def __init__(self, case_id: _Optional[str] = ..., patient_id: _Optional[str] = ..., slide_id: _Optional[str] = ..., job_id: _Optional[str] = ..., model: _Optional[_Union[Model, _Mapping]] = ..., reason: _Optional[_Union[FailureReason, str]] = ..., tiles: _Optional[int] = ..., failed_tiles: _Optional[int] = ..., scan_id: _Optional[str] = ...) -> None: ...
