import datetime

from buf.validate import validate_pb2 as _validate_pb2
from casepath.inference.v1 import scoring_pb2 as _scoring_pb2
from casepath.objects.v1 import object_ref_pb2 as _object_ref_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DriftOf(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DRIFT_OF_UNSPECIFIED: _ClassVar[DriftOf]
    DRIFT_OF_SCORES: _ClassVar[DriftOf]
    DRIFT_OF_STAIN: _ClassVar[DriftOf]
DRIFT_OF_UNSPECIFIED: DriftOf
DRIFT_OF_SCORES: DriftOf
DRIFT_OF_STAIN: DriftOf

class BundleFile(_message.Message):
    __slots__ = ("name", "object")
    NAME_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    name: str
    object: _object_ref_pb2.ObjectRef
    def __init__(self, name: _Optional[str] = ..., object: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ...) -> None: ...

class ModelPublished(_message.Message):
    __slots__ = ("model", "kind", "files", "key_sha256", "publisher", "published_at")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    KEY_SHA256_FIELD_NUMBER: _ClassVar[int]
    PUBLISHER_FIELD_NUMBER: _ClassVar[int]
    PUBLISHED_AT_FIELD_NUMBER: _ClassVar[int]
    model: _scoring_pb2.Model
    kind: _scoring_pb2.ModelKind
    files: _containers.RepeatedCompositeFieldContainer[BundleFile]
    key_sha256: str
    publisher: str
    published_at: _timestamp_pb2.Timestamp
    def __init__(self, model: _Optional[_Union[_scoring_pb2.Model, _Mapping]] = ..., kind: _Optional[_Union[_scoring_pb2.ModelKind, str]] = ..., files: _Optional[_Iterable[_Union[BundleFile, _Mapping]]] = ..., key_sha256: _Optional[str] = ..., publisher: _Optional[str] = ..., published_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ModelEvaluated(_message.Message):
    __slots__ = ("model", "evaluation_set_sha256", "tiles", "slides", "auc", "auc_low", "auc_high", "sensitivity", "specificity", "ece", "provider", "passed", "reason", "scores", "stain", "evaluated_at")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    EVALUATION_SET_SHA256_FIELD_NUMBER: _ClassVar[int]
    TILES_FIELD_NUMBER: _ClassVar[int]
    SLIDES_FIELD_NUMBER: _ClassVar[int]
    AUC_FIELD_NUMBER: _ClassVar[int]
    AUC_LOW_FIELD_NUMBER: _ClassVar[int]
    AUC_HIGH_FIELD_NUMBER: _ClassVar[int]
    SENSITIVITY_FIELD_NUMBER: _ClassVar[int]
    SPECIFICITY_FIELD_NUMBER: _ClassVar[int]
    ECE_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    PASSED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    STAIN_FIELD_NUMBER: _ClassVar[int]
    EVALUATED_AT_FIELD_NUMBER: _ClassVar[int]
    model: _scoring_pb2.Model
    evaluation_set_sha256: str
    tiles: int
    slides: int
    auc: float
    auc_low: float
    auc_high: float
    sensitivity: float
    specificity: float
    ece: float
    provider: str
    passed: bool
    reason: str
    scores: _scoring_pb2.Histogram
    stain: _scoring_pb2.StainStatistics
    evaluated_at: _timestamp_pb2.Timestamp
    def __init__(self, model: _Optional[_Union[_scoring_pb2.Model, _Mapping]] = ..., evaluation_set_sha256: _Optional[str] = ..., tiles: _Optional[int] = ..., slides: _Optional[int] = ..., auc: _Optional[float] = ..., auc_low: _Optional[float] = ..., auc_high: _Optional[float] = ..., sensitivity: _Optional[float] = ..., specificity: _Optional[float] = ..., ece: _Optional[float] = ..., provider: _Optional[str] = ..., passed: _Optional[bool] = ..., reason: _Optional[str] = ..., scores: _Optional[_Union[_scoring_pb2.Histogram, _Mapping]] = ..., stain: _Optional[_Union[_scoring_pb2.StainStatistics, _Mapping]] = ..., evaluated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ModelStaged(_message.Message):
    __slots__ = ("model", "from_stage", "to_stage", "canary_percent", "approver", "reason", "staged_at", "replaces", "rollback")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    FROM_STAGE_FIELD_NUMBER: _ClassVar[int]
    TO_STAGE_FIELD_NUMBER: _ClassVar[int]
    CANARY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    APPROVER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    STAGED_AT_FIELD_NUMBER: _ClassVar[int]
    REPLACES_FIELD_NUMBER: _ClassVar[int]
    ROLLBACK_FIELD_NUMBER: _ClassVar[int]
    model: _scoring_pb2.Model
    from_stage: _scoring_pb2.Stage
    to_stage: _scoring_pb2.Stage
    canary_percent: int
    approver: str
    reason: str
    staged_at: _timestamp_pb2.Timestamp
    replaces: str
    rollback: bool
    def __init__(self, model: _Optional[_Union[_scoring_pb2.Model, _Mapping]] = ..., from_stage: _Optional[_Union[_scoring_pb2.Stage, str]] = ..., to_stage: _Optional[_Union[_scoring_pb2.Stage, str]] = ..., canary_percent: _Optional[int] = ..., approver: _Optional[str] = ..., reason: _Optional[str] = ..., staged_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., replaces: _Optional[str] = ..., rollback: _Optional[bool] = ...) -> None: ...

class DriftDetected(_message.Message):
    __slots__ = ("model", "of", "value", "limit", "slides", "last_job_id")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    OF_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    SLIDES_FIELD_NUMBER: _ClassVar[int]
    LAST_JOB_ID_FIELD_NUMBER: _ClassVar[int]
    model: _scoring_pb2.Model
    of: DriftOf
    value: float
    limit: float
    slides: int
    last_job_id: str
    def __init__(self, model: _Optional[_Union[_scoring_pb2.Model, _Mapping]] = ..., of: _Optional[_Union[DriftOf, str]] = ..., value: _Optional[float] = ..., limit: _Optional[float] = ..., slides: _Optional[int] = ..., last_job_id: _Optional[str] = ...) -> None: ...

class FindingJudged(_message.Message):
    __slots__ = ("model", "job_id", "finding_id", "stage", "score", "accepted", "correction")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    FINDING_ID_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    CORRECTION_FIELD_NUMBER: _ClassVar[int]
    model: _scoring_pb2.Model
    job_id: str
    finding_id: str
    stage: _scoring_pb2.Stage
    score: float
    accepted: bool
    correction: str
    def __init__(self, model: _Optional[_Union[_scoring_pb2.Model, _Mapping]] = ..., job_id: _Optional[str] = ..., finding_id: _Optional[str] = ..., stage: _Optional[_Union[_scoring_pb2.Stage, str]] = ..., score: _Optional[float] = ..., accepted: _Optional[bool] = ..., correction: _Optional[str] = ...) -> None: ...

class PublishModelRequest(_message.Message):
    __slots__ = ("file", "chunk")
    FILE_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    file: str
    chunk: bytes
    def __init__(self, file: _Optional[str] = ..., chunk: _Optional[bytes] = ...) -> None: ...

class PublishModelResponse(_message.Message):
    __slots__ = ("published",)
    PUBLISHED_FIELD_NUMBER: _ClassVar[int]
    published: ModelPublished
    def __init__(self, published: _Optional[_Union[ModelPublished, _Mapping]] = ...) -> None: ...

class EvaluateModelRequest(_message.Message):
    __slots__ = ("name", "version")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ...) -> None: ...

class EvaluateModelResponse(_message.Message):
    __slots__ = ("evaluated",)
    EVALUATED_FIELD_NUMBER: _ClassVar[int]
    evaluated: ModelEvaluated
    def __init__(self, evaluated: _Optional[_Union[ModelEvaluated, _Mapping]] = ...) -> None: ...

class PromoteModelRequest(_message.Message):
    __slots__ = ("name", "version", "to_stage", "canary_percent", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TO_STAGE_FIELD_NUMBER: _ClassVar[int]
    CANARY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: str
    to_stage: _scoring_pb2.Stage
    canary_percent: int
    reason: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., to_stage: _Optional[_Union[_scoring_pb2.Stage, str]] = ..., canary_percent: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class PromoteModelResponse(_message.Message):
    __slots__ = ("staged",)
    STAGED_FIELD_NUMBER: _ClassVar[int]
    staged: ModelStaged
    def __init__(self, staged: _Optional[_Union[ModelStaged, _Mapping]] = ...) -> None: ...

class RollbackModelRequest(_message.Message):
    __slots__ = ("name", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    reason: str
    def __init__(self, name: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RollbackModelResponse(_message.Message):
    __slots__ = ("staged",)
    STAGED_FIELD_NUMBER: _ClassVar[int]
    staged: ModelStaged
    def __init__(self, staged: _Optional[_Union[ModelStaged, _Mapping]] = ...) -> None: ...

class ListModelsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("models",)
    MODELS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[ModelState]
    def __init__(self, models: _Optional[_Iterable[_Union[ModelState, _Mapping]]] = ...) -> None: ...

class ModelState(_message.Message):
    __slots__ = ("published", "stage", "canary_percent", "evaluated", "accepted", "rejected", "score_drift", "stain_drift", "staged")
    PUBLISHED_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    CANARY_PERCENT_FIELD_NUMBER: _ClassVar[int]
    EVALUATED_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    SCORE_DRIFT_FIELD_NUMBER: _ClassVar[int]
    STAIN_DRIFT_FIELD_NUMBER: _ClassVar[int]
    STAGED_FIELD_NUMBER: _ClassVar[int]
    published: ModelPublished
    stage: _scoring_pb2.Stage
    canary_percent: int
    evaluated: ModelEvaluated
    accepted: int
    rejected: int
    score_drift: float
    stain_drift: float
    staged: ModelStaged
    def __init__(self, published: _Optional[_Union[ModelPublished, _Mapping]] = ..., stage: _Optional[_Union[_scoring_pb2.Stage, str]] = ..., canary_percent: _Optional[int] = ..., evaluated: _Optional[_Union[ModelEvaluated, _Mapping]] = ..., accepted: _Optional[int] = ..., rejected: _Optional[int] = ..., score_drift: _Optional[float] = ..., stain_drift: _Optional[float] = ..., staged: _Optional[_Union[ModelStaged, _Mapping]] = ...) -> None: ...

class CancelJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class CancelJobResponse(_message.Message):
    __slots__ = ("cancelled",)
    CANCELLED_FIELD_NUMBER: _ClassVar[int]
    cancelled: bool
    def __init__(self, cancelled: _Optional[bool] = ...) -> None: ...
