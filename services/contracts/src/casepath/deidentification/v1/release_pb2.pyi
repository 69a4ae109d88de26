import datetime

from buf.validate import validate_pb2 as _validate_pb2
from casepath.inference.v1 import scoring_pb2 as _scoring_pb2
from casepath.intake.v1 import order_pb2 as _order_pb2
from casepath.intake.v1 import patient_pb2 as _patient_pb2
from casepath.portal.v1 import reading_pb2 as _reading_pb2
from casepath.sequencing.v1 import known_variants_pb2 as _known_variants_pb2
from casepath.sequencing.v1 import pharmacogenomics_pb2 as _pharmacogenomics_pb2
from casepath.slides.v1 import slide_pb2 as _slide_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WithdrawalReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WITHDRAWAL_REASON_UNSPECIFIED: _ClassVar[WithdrawalReason]
    WITHDRAWAL_REASON_OBJECTED: _ClassVar[WithdrawalReason]
    WITHDRAWAL_REASON_ERASED: _ClassVar[WithdrawalReason]
    WITHDRAWAL_REASON_MOVED: _ClassVar[WithdrawalReason]
WITHDRAWAL_REASON_UNSPECIFIED: WithdrawalReason
WITHDRAWAL_REASON_OBJECTED: WithdrawalReason
WITHDRAWAL_REASON_ERASED: WithdrawalReason
WITHDRAWAL_REASON_MOVED: WithdrawalReason

class FactReleased(_message.Message):
    __slots__ = ("project", "hospital", "subject_id", "lineage_id", "as_of", "moved_as_of", "said_at", "case", "slide", "score", "report", "pharmacogenomics", "withdrawal", "review", "variants")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    HOSPITAL_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    LINEAGE_ID_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    MOVED_AS_OF_FIELD_NUMBER: _ClassVar[int]
    SAID_AT_FIELD_NUMBER: _ClassVar[int]
    CASE_FIELD_NUMBER: _ClassVar[int]
    SLIDE_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    PHARMACOGENOMICS_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWAL_FIELD_NUMBER: _ClassVar[int]
    REVIEW_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_FIELD_NUMBER: _ClassVar[int]
    project: str
    hospital: str
    subject_id: str
    lineage_id: str
    as_of: _timestamp_pb2.Timestamp
    moved_as_of: _timestamp_pb2.Timestamp
    said_at: _timestamp_pb2.Timestamp
    case: CaseFact
    slide: SlideFact
    score: ScoreFact
    report: ReportFact
    pharmacogenomics: PharmacogenomicFact
    withdrawal: Withdrawal
    review: ReviewFact
    variants: VariantsFact
    def __init__(self, project: _Optional[str] = ..., hospital: _Optional[str] = ..., subject_id: _Optional[str] = ..., lineage_id: _Optional[str] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., moved_as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., said_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., case: _Optional[_Union[CaseFact, _Mapping]] = ..., slide: _Optional[_Union[SlideFact, _Mapping]] = ..., score: _Optional[_Union[ScoreFact, _Mapping]] = ..., report: _Optional[_Union[ReportFact, _Mapping]] = ..., pharmacogenomics: _Optional[_Union[PharmacogenomicFact, _Mapping]] = ..., withdrawal: _Optional[_Union[Withdrawal, _Mapping]] = ..., review: _Optional[_Union[ReviewFact, _Mapping]] = ..., variants: _Optional[_Union[VariantsFact, _Mapping]] = ...) -> None: ...

class CaseFact(_message.Message):
    __slots__ = ("case_id", "sex", "birth_year", "ordered_on", "services", "linkage", "linkage_exact")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    SEX_FIELD_NUMBER: _ClassVar[int]
    BIRTH_YEAR_FIELD_NUMBER: _ClassVar[int]
    ORDERED_ON_FIELD_NUMBER: _ClassVar[int]
    SERVICES_FIELD_NUMBER: _ClassVar[int]
    LINKAGE_FIELD_NUMBER: _ClassVar[int]
    LINKAGE_EXACT_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    sex: _patient_pb2.Sex
    birth_year: int
    ordered_on: str
    services: _containers.RepeatedCompositeFieldContainer[ServiceFact]
    linkage: bytes
    linkage_exact: bytes
    def __init__(self, case_id: _Optional[str] = ..., sex: _Optional[_Union[_patient_pb2.Sex, str]] = ..., birth_year: _Optional[int] = ..., ordered_on: _Optional[str] = ..., services: _Optional[_Iterable[_Union[ServiceFact, _Mapping]]] = ..., linkage: _Optional[bytes] = ..., linkage_exact: _Optional[bytes] = ...) -> None: ...

class ServiceFact(_message.Message):
    __slots__ = ("service", "specimens", "called_off")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    SPECIMENS_FIELD_NUMBER: _ClassVar[int]
    CALLED_OFF_FIELD_NUMBER: _ClassVar[int]
    service: _order_pb2.Code
    specimens: _containers.RepeatedCompositeFieldContainer[SpecimenFact]
    called_off: bool
    def __init__(self, service: _Optional[_Union[_order_pb2.Code, _Mapping]] = ..., specimens: _Optional[_Iterable[_Union[SpecimenFact, _Mapping]]] = ..., called_off: _Optional[bool] = ...) -> None: ...

class SpecimenFact(_message.Message):
    __slots__ = ("specimen_id", "type", "site", "collected_on", "slide_ids")
    SPECIMEN_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SITE_FIELD_NUMBER: _ClassVar[int]
    COLLECTED_ON_FIELD_NUMBER: _ClassVar[int]
    SLIDE_IDS_FIELD_NUMBER: _ClassVar[int]
    specimen_id: str
    type: _order_pb2.Code
    site: _order_pb2.Code
    collected_on: str
    slide_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, specimen_id: _Optional[str] = ..., type: _Optional[_Union[_order_pb2.Code, _Mapping]] = ..., site: _Optional[_Union[_order_pb2.Code, _Mapping]] = ..., collected_on: _Optional[str] = ..., slide_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class SlideFact(_message.Message):
    __slots__ = ("case_id", "slide_id", "scan_id", "study_instance_uid", "series_instance_uid", "instances", "source_format", "quality")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    SLIDE_ID_FIELD_NUMBER: _ClassVar[int]
    SCAN_ID_FIELD_NUMBER: _ClassVar[int]
    STUDY_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    SERIES_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FORMAT_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    slide_id: str
    scan_id: str
    study_instance_uid: str
    series_instance_uid: str
    instances: _containers.RepeatedCompositeFieldContainer[_slide_pb2.Instance]
    source_format: str
    quality: _slide_pb2.ScanQuality
    def __init__(self, case_id: _Optional[str] = ..., slide_id: _Optional[str] = ..., scan_id: _Optional[str] = ..., study_instance_uid: _Optional[str] = ..., series_instance_uid: _Optional[str] = ..., instances: _Optional[_Iterable[_Union[_slide_pb2.Instance, _Mapping]]] = ..., source_format: _Optional[str] = ..., quality: _Optional[_Union[_slide_pb2.ScanQuality, _Mapping]] = ...) -> None: ...

class ScoreFact(_message.Message):
    __slots__ = ("case_id", "slide_id", "scan_id", "job_id", "model", "scored", "failed")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    SLIDE_ID_FIELD_NUMBER: _ClassVar[int]
    SCAN_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SCORED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    slide_id: str
    scan_id: str
    job_id: str
    model: _scoring_pb2.Model
    scored: ScoreOutcome
    failed: _scoring_pb2.FailureReason
    def __init__(self, case_id: _Optional[str] = ..., slide_id: _Optional[str] = ..., scan_id: _Optional[str] = ..., job_id: _Optional[str] = ..., model: _Optional[_Union[_scoring_pb2.Model, _Mapping]] = ..., scored: _Optional[_Union[ScoreOutcome, _Mapping]] = ..., failed: _Optional[_Union[_scoring_pb2.FailureReason, str]] = ...) -> None: ...

class ScoreOutcome(_message.Message):
    __slots__ = ("score", "positive_fraction", "tissue_fraction", "unexamined_tissue", "findings", "instances", "regions", "tile_microns")
    SCORE_FIELD_NUMBER: _ClassVar[int]
    POSITIVE_FRACTION_FIELD_NUMBER: _ClassVar[int]
    TISSUE_FRACTION_FIELD_NUMBER: _ClassVar[int]
    UNEXAMINED_TISSUE_FIELD_NUMBER: _ClassVar[int]
    FINDINGS_FIELD_NUMBER: _ClassVar[int]
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    REGIONS_FIELD_NUMBER: _ClassVar[int]
    TILE_MICRONS_FIELD_NUMBER: _ClassVar[int]
    score: float
    positive_fraction: float
    tissue_fraction: float
    unexamined_tissue: float
    findings: int
    instances: _containers.RepeatedCompositeFieldContainer[_scoring_pb2.DerivedInstance]
    regions: _containers.RepeatedCompositeFieldContainer[_scoring_pb2.Finding]
    tile_microns: float
    def __init__(self, score: _Optional[float] = ..., positive_fraction: _Optional[float] = ..., tissue_fraction: _Optional[float] = ..., unexamined_tissue: _Optional[float] = ..., findings: _Optional[int] = ..., instances: _Optional[_Iterable[_Union[_scoring_pb2.DerivedInstance, _Mapping]]] = ..., regions: _Optional[_Iterable[_Union[_scoring_pb2.Finding, _Mapping]]] = ..., tile_microns: _Optional[float] = ...) -> None: ...

class ReviewFact(_message.Message):
    __slots__ = ("case_id", "slide_id", "finding_id", "verdict", "correction")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    SLIDE_ID_FIELD_NUMBER: _ClassVar[int]
    FINDING_ID_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    CORRECTION_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    slide_id: str
    finding_id: str
    verdict: _reading_pb2.Verdict
    correction: str
    def __init__(self, case_id: _Optional[str] = ..., slide_id: _Optional[str] = ..., finding_id: _Optional[str] = ..., verdict: _Optional[_Union[_reading_pb2.Verdict, str]] = ..., correction: _Optional[str] = ...) -> None: ...

class ReportFact(_message.Message):
    __slots__ = ("case_id", "number", "signed_on", "text", "masked", "withdraws", "diagnoses")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SIGNED_ON_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    MASKED_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWS_FIELD_NUMBER: _ClassVar[int]
    DIAGNOSES_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    number: int
    signed_on: str
    text: str
    masked: _containers.RepeatedCompositeFieldContainer[Masked]
    withdraws: bool
    diagnoses: _containers.RepeatedCompositeFieldContainer[_order_pb2.Code]
    def __init__(self, case_id: _Optional[str] = ..., number: _Optional[int] = ..., signed_on: _Optional[str] = ..., text: _Optional[str] = ..., masked: _Optional[_Iterable[_Union[Masked, _Mapping]]] = ..., withdraws: _Optional[bool] = ..., diagnoses: _Optional[_Iterable[_Union[_order_pb2.Code, _Mapping]]] = ...) -> None: ...

class Masked(_message.Message):
    __slots__ = ("sort", "count")
    SORT_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    sort: str
    count: int
    def __init__(self, sort: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class PharmacogenomicFact(_message.Message):
    __slots__ = ("case_id", "sample_id", "genes", "definitions", "withdraws")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_ID_FIELD_NUMBER: _ClassVar[int]
    GENES_FIELD_NUMBER: _ClassVar[int]
    DEFINITIONS_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWS_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    sample_id: str
    genes: _containers.RepeatedCompositeFieldContainer[_pharmacogenomics_pb2.GeneCall]
    definitions: str
    withdraws: bool
    def __init__(self, case_id: _Optional[str] = ..., sample_id: _Optional[str] = ..., genes: _Optional[_Iterable[_Union[_pharmacogenomics_pb2.GeneCall, _Mapping]]] = ..., definitions: _Optional[str] = ..., withdraws: _Optional[bool] = ...) -> None: ...

class VariantsFact(_message.Message):
    __slots__ = ("case_id", "sample_id", "file_id", "snapshots", "looked_up", "known", "notable", "variants", "withdraws")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_ID_FIELD_NUMBER: _ClassVar[int]
    FILE_ID_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOTS_FIELD_NUMBER: _ClassVar[int]
    LOOKED_UP_FIELD_NUMBER: _ClassVar[int]
    KNOWN_FIELD_NUMBER: _ClassVar[int]
    NOTABLE_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWS_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    sample_id: str
    file_id: str
    snapshots: _containers.RepeatedCompositeFieldContainer[_known_variants_pb2.Snapshot]
    looked_up: int
    known: int
    notable: int
    variants: _containers.RepeatedCompositeFieldContainer[_known_variants_pb2.KnownVariant]
    withdraws: bool
    def __init__(self, case_id: _Optional[str] = ..., sample_id: _Optional[str] = ..., file_id: _Optional[str] = ..., snapshots: _Optional[_Iterable[_Union[_known_variants_pb2.Snapshot, _Mapping]]] = ..., looked_up: _Optional[int] = ..., known: _Optional[int] = ..., notable: _Optional[int] = ..., variants: _Optional[_Iterable[_Union[_known_variants_pb2.KnownVariant, _Mapping]]] = ..., withdraws: _Optional[bool] = ...) -> None: ...

class Withdrawal(_message.Message):
    __slots__ = ("reason", "case_id")
    REASON_FIELD_NUMBER: _ClassVar[int]
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    reason: WithdrawalReason
    case_id: str
    def __init__(self, reason: _Optional[_Union[WithdrawalReason, str]] = ..., case_id: _Optional[str] = ...) -> None: ...

class ReleaseRecorded(_message.Message):
    __slots__ = ("case_id", "project", "content", "withdrawn")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWN_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    project: str
    content: str
    withdrawn: WithdrawalReason
    def __init__(self, case_id: _Optional[str] = ..., project: _Optional[str] = ..., content: _Optional[str] = ..., withdrawn: _Optional[_Union[WithdrawalReason, str]] = ...) -> None: ...

class ObjectionRecorded(_message.Message):
    __slots__ = ("patient_id", "project", "lifted", "recorded_by", "recorded_at")
    PATIENT_ID_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    LIFTED_FIELD_NUMBER: _ClassVar[int]
    RECORDED_BY_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    patient_id: str
    project: str
    lifted: bool
    recorded_by: str
    recorded_at: _timestamp_pb2.Timestamp
    def __init__(self, patient_id: _Optional[str] = ..., project: _Optional[str] = ..., lifted: _Optional[bool] = ..., recorded_by: _Optional[str] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Source(_message.Message):
    __slots__ = ("topic", "message", "event_id", "recorded_at")
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    topic: str
    message: bytes
    event_id: str
    recorded_at: _timestamp_pb2.Timestamp
    def __init__(self, topic: _Optional[str] = ..., message: _Optional[bytes] = ..., event_id: _Optional[str] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReleasedAs(_message.Message):
    __slots__ = ("project", "patient_ids")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    PATIENT_IDS_FIELD_NUMBER: _ClassVar[int]
    project: str
    patient_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, project: _Optional[str] = ..., patient_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class Removals(_message.Message):
    __slots__ = ("removed", "made_anew")
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    MADE_ANEW_FIELD_NUMBER: _ClassVar[int]
    removed: int
    made_anew: int
    def __init__(self, removed: _Optional[int] = ..., made_anew: _Optional[int] = ...) -> None: ...
