from buf.validate import validate_pb2 as _validate_pb2
from casepath.objects.v1 import object_ref_pb2 as _object_ref_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RejectionReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REJECTION_REASON_UNSPECIFIED: _ClassVar[RejectionReason]
    REJECTION_REASON_TRUNCATED_GZIP: _ClassVar[RejectionReason]
    REJECTION_REASON_UNEQUAL_PAIRS: _ClassVar[RejectionReason]
    REJECTION_REASON_QUALITY_LENGTH: _ClassVar[RejectionReason]
    REJECTION_REASON_MALFORMED_RECORD: _ClassVar[RejectionReason]
    REJECTION_REASON_MISMATCHED_NAMES: _ClassVar[RejectionReason]
    REJECTION_REASON_EMPTY: _ClassVar[RejectionReason]
    REJECTION_REASON_NO_MATCHING_ORDER: _ClassVar[RejectionReason]
    REJECTION_REASON_TOO_LONG: _ClassVar[RejectionReason]
    REJECTION_REASON_DAMAGED_ALIGNMENTS: _ClassVar[RejectionReason]
    REJECTION_REASON_WRONG_REFERENCE: _ClassVar[RejectionReason]
    REJECTION_REASON_BASE_CALLS_ONLY: _ClassVar[RejectionReason]
    REJECTION_REASON_SAMPLE_SHEET: _ClassVar[RejectionReason]
    REJECTION_REASON_DAMAGED_VARIANTS: _ClassVar[RejectionReason]
    REJECTION_REASON_NOT_ONE_SAMPLE: _ClassVar[RejectionReason]
    REJECTION_REASON_UNSORTED_VARIANTS: _ClassVar[RejectionReason]
    REJECTION_REASON_OTHER_BUILD: _ClassVar[RejectionReason]
    REJECTION_REASON_OUTSIDE_CALLS: _ClassVar[RejectionReason]
    REJECTION_REASON_ORDER_CALLED_OFF: _ClassVar[RejectionReason]

class QualityShortfall(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    QUALITY_SHORTFALL_UNSPECIFIED: _ClassVar[QualityShortfall]
    QUALITY_SHORTFALL_MAPPED: _ClassVar[QualityShortfall]
    QUALITY_SHORTFALL_DUPLICATES: _ClassVar[QualityShortfall]
    QUALITY_SHORTFALL_Q30: _ClassVar[QualityShortfall]
    QUALITY_SHORTFALL_MEAN_COVERAGE: _ClassVar[QualityShortfall]
    QUALITY_SHORTFALL_COVERED_10X: _ClassVar[QualityShortfall]
    QUALITY_SHORTFALL_CONTAMINATION: _ClassVar[QualityShortfall]
    QUALITY_SHORTFALL_SEX: _ClassVar[QualityShortfall]
    QUALITY_SHORTFALL_CONCORDANCE: _ClassVar[QualityShortfall]

class GenomicSex(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GENOMIC_SEX_UNSPECIFIED: _ClassVar[GenomicSex]
    GENOMIC_SEX_XX: _ClassVar[GenomicSex]
    GENOMIC_SEX_XY: _ClassVar[GenomicSex]
REJECTION_REASON_UNSPECIFIED: RejectionReason
REJECTION_REASON_TRUNCATED_GZIP: RejectionReason
REJECTION_REASON_UNEQUAL_PAIRS: RejectionReason
REJECTION_REASON_QUALITY_LENGTH: RejectionReason
REJECTION_REASON_MALFORMED_RECORD: RejectionReason
REJECTION_REASON_MISMATCHED_NAMES: RejectionReason
REJECTION_REASON_EMPTY: RejectionReason
REJECTION_REASON_NO_MATCHING_ORDER: RejectionReason
REJECTION_REASON_TOO_LONG: RejectionReason
REJECTION_REASON_DAMAGED_ALIGNMENTS: RejectionReason
REJECTION_REASON_WRONG_REFERENCE: RejectionReason
REJECTION_REASON_BASE_CALLS_ONLY: RejectionReason
REJECTION_REASON_SAMPLE_SHEET: RejectionReason
REJECTION_REASON_DAMAGED_VARIANTS: RejectionReason
REJECTION_REASON_NOT_ONE_SAMPLE: RejectionReason
REJECTION_REASON_UNSORTED_VARIANTS: RejectionReason
REJECTION_REASON_OTHER_BUILD: RejectionReason
REJECTION_REASON_OUTSIDE_CALLS: RejectionReason
REJECTION_REASON_ORDER_CALLED_OFF: RejectionReason
QUALITY_SHORTFALL_UNSPECIFIED: QualityShortfall
QUALITY_SHORTFALL_MAPPED: QualityShortfall
QUALITY_SHORTFALL_DUPLICATES: QualityShortfall
QUALITY_SHORTFALL_Q30: QualityShortfall
QUALITY_SHORTFALL_MEAN_COVERAGE: QualityShortfall
QUALITY_SHORTFALL_COVERED_10X: QualityShortfall
QUALITY_SHORTFALL_CONTAMINATION: QualityShortfall
QUALITY_SHORTFALL_SEX: QualityShortfall
QUALITY_SHORTFALL_CONCORDANCE: QualityShortfall
GENOMIC_SEX_UNSPECIFIED: GenomicSex
GENOMIC_SEX_XX: GenomicSex
GENOMIC_SEX_XY: GenomicSex

class ReadsReceived(_message.Message):
    __slots__ = ("case_id", "patient_id", "sample_id", "run_id", "reads_1", "reads_2", "pairs", "reference", "read_groups")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    PATIENT_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    READS_1_FIELD_NUMBER: _ClassVar[int]
    READS_2_FIELD_NUMBER: _ClassVar[int]
    PAIRS_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    READ_GROUPS_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    patient_id: str
    sample_id: str
    run_id: str
    reads_1: _object_ref_pb2.ObjectRef
    reads_2: _object_ref_pb2.ObjectRef
    pairs: int
    reference: str
    read_groups: _containers.RepeatedCompositeFieldContainer[ReadGroup]
    def __init__(self, case_id: _Optional[str] = ..., patient_id: _Optional[str] = ..., sample_id: _Optional[str] = ..., run_id: _Optional[str] = ..., reads_1: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., reads_2: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., pairs: _Optional[int] = ..., reference: _Optional[str] = ..., read_groups: _Optional[_Iterable[_Union[ReadGroup, _Mapping]]] = ...) -> None: ...

class ReadGroup(_message.Message):
    __slots__ = ("id", "library", "reads_1", "reads_2", "alignments", "group_in_file")
    ID_FIELD_NUMBER: _ClassVar[int]
    LIBRARY_FIELD_NUMBER: _ClassVar[int]
    READS_1_FIELD_NUMBER: _ClassVar[int]
    READS_2_FIELD_NUMBER: _ClassVar[int]
    ALIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    GROUP_IN_FILE_FIELD_NUMBER: _ClassVar[int]
    id: str
    library: str
    reads_1: _object_ref_pb2.ObjectRef
    reads_2: _object_ref_pb2.ObjectRef
    alignments: _object_ref_pb2.ObjectRef
    group_in_file: str
    def __init__(self, id: _Optional[str] = ..., library: _Optional[str] = ..., reads_1: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., reads_2: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., alignments: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., group_in_file: _Optional[str] = ...) -> None: ...

class ReadsRejected(_message.Message):
    __slots__ = ("run_id", "reason", "file", "record", "line")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    reason: RejectionReason
    file: int
    record: int
    line: int
    def __init__(self, run_id: _Optional[str] = ..., reason: _Optional[_Union[RejectionReason, str]] = ..., file: _Optional[int] = ..., record: _Optional[int] = ..., line: _Optional[int] = ...) -> None: ...

class CallingRequested(_message.Message):
    __slots__ = ("job_id", "reads")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    READS_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    reads: ReadsReceived
    def __init__(self, job_id: _Optional[str] = ..., reads: _Optional[_Union[ReadsReceived, _Mapping]] = ...) -> None: ...

class Quality(_message.Message):
    __slots__ = ("reads", "mapped_reads", "duplicate_reads", "q30_fraction", "mean_coverage", "covered_10x_fraction", "median_insert_size", "snps", "indels", "transition_transversion_ratio")
    READS_FIELD_NUMBER: _ClassVar[int]
    MAPPED_READS_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_READS_FIELD_NUMBER: _ClassVar[int]
    Q30_FRACTION_FIELD_NUMBER: _ClassVar[int]
    MEAN_COVERAGE_FIELD_NUMBER: _ClassVar[int]
    COVERED_10X_FRACTION_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_INSERT_SIZE_FIELD_NUMBER: _ClassVar[int]
    SNPS_FIELD_NUMBER: _ClassVar[int]
    INDELS_FIELD_NUMBER: _ClassVar[int]
    TRANSITION_TRANSVERSION_RATIO_FIELD_NUMBER: _ClassVar[int]
    reads: int
    mapped_reads: int
    duplicate_reads: int
    q30_fraction: float
    mean_coverage: float
    covered_10x_fraction: float
    median_insert_size: int
    snps: int
    indels: int
    transition_transversion_ratio: float
    def __init__(self, reads: _Optional[int] = ..., mapped_reads: _Optional[int] = ..., duplicate_reads: _Optional[int] = ..., q30_fraction: _Optional[float] = ..., mean_coverage: _Optional[float] = ..., covered_10x_fraction: _Optional[float] = ..., median_insert_size: _Optional[int] = ..., snps: _Optional[int] = ..., indels: _Optional[int] = ..., transition_transversion_ratio: _Optional[float] = ...) -> None: ...

class QualityFile(_message.Message):
    __slots__ = ("name", "object")
    NAME_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    name: str
    object: _object_ref_pb2.ObjectRef
    def __init__(self, name: _Optional[str] = ..., object: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ...) -> None: ...

class VariantsCalled(_message.Message):
    __slots__ = ("case_id", "patient_id", "sample_id", "job_id", "alignments", "alignments_index", "variants", "variants_index", "quality", "reference", "reference_sha256", "tools", "genomic_variants", "genomic_variants_index", "shortfalls", "sex", "quality_files", "provenance", "concordances")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    PATIENT_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    ALIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    ALIGNMENTS_INDEX_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_INDEX_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_SHA256_FIELD_NUMBER: _ClassVar[int]
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    GENOMIC_VARIANTS_FIELD_NUMBER: _ClassVar[int]
    GENOMIC_VARIANTS_INDEX_FIELD_NUMBER: _ClassVar[int]
    SHORTFALLS_FIELD_NUMBER: _ClassVar[int]
    SEX_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FILES_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    CONCORDANCES_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    patient_id: str
    sample_id: str
    job_id: str
    alignments: _object_ref_pb2.ObjectRef
    alignments_index: _object_ref_pb2.ObjectRef
    variants: _object_ref_pb2.ObjectRef
    variants_index: _object_ref_pb2.ObjectRef
    quality: Quality
    reference: str
    reference_sha256: str
    tools: _containers.RepeatedScalarFieldContainer[str]
    genomic_variants: _object_ref_pb2.ObjectRef
    genomic_variants_index: _object_ref_pb2.ObjectRef
    shortfalls: _containers.RepeatedScalarFieldContainer[QualityShortfall]
    sex: GenomicSex
    quality_files: _containers.RepeatedCompositeFieldContainer[QualityFile]
    provenance: _object_ref_pb2.ObjectRef
    concordances: _containers.RepeatedCompositeFieldContainer[Concordance]
    def __init__(self, case_id: _Optional[str] = ..., patient_id: _Optional[str] = ..., sample_id: _Optional[str] = ..., job_id: _Optional[str] = ..., alignments: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., alignments_index: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., variants: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., variants_index: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., quality: _Optional[_Union[Quality, _Mapping]] = ..., reference: _Optional[str] = ..., reference_sha256: _Optional[str] = ..., tools: _Optional[_Iterable[str]] = ..., genomic_variants: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., genomic_variants_index: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., shortfalls: _Optional[_Iterable[_Union[QualityShortfall, str]]] = ..., sex: _Optional[_Union[GenomicSex, str]] = ..., quality_files: _Optional[_Iterable[_Union[QualityFile, _Mapping]]] = ..., provenance: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., concordances: _Optional[_Iterable[_Union[Concordance, _Mapping]]] = ...) -> None: ...

class Concordance(_message.Message):
    __slots__ = ("case_id", "sample_id", "sites", "agreeing")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_ID_FIELD_NUMBER: _ClassVar[int]
    SITES_FIELD_NUMBER: _ClassVar[int]
    AGREEING_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    sample_id: str
    sites: int
    agreeing: int
    def __init__(self, case_id: _Optional[str] = ..., sample_id: _Optional[str] = ..., sites: _Optional[int] = ..., agreeing: _Optional[int] = ...) -> None: ...
