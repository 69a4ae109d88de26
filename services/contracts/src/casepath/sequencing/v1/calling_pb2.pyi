import datetime

from buf.validate import validate_pb2 as _validate_pb2
from casepath.objects.v1 import object_ref_pb2 as _object_ref_pb2
from casepath.sequencing.v1 import sequencing_pb2 as _sequencing_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Engine(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENGINE_UNSPECIFIED: _ClassVar[Engine]
    ENGINE_BCFTOOLS: _ClassVar[Engine]
    ENGINE_GATK: _ClassVar[Engine]

class Stage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STAGE_UNSPECIFIED: _ClassVar[Stage]
    STAGE_SPLIT: _ClassVar[Stage]
    STAGE_ALIGN: _ClassVar[Stage]
    STAGE_CALL: _ClassVar[Stage]
    STAGE_JOIN: _ClassVar[Stage]

class CallingFailureReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CALLING_FAILURE_REASON_UNSPECIFIED: _ClassVar[CallingFailureReason]
    CALLING_FAILURE_REASON_UNREADABLE: _ClassVar[CallingFailureReason]
    CALLING_FAILURE_REASON_TOOL_FAILED: _ClassVar[CallingFailureReason]
    CALLING_FAILURE_REASON_WRONG_REFERENCE: _ClassVar[CallingFailureReason]
ENGINE_UNSPECIFIED: Engine
ENGINE_BCFTOOLS: Engine
ENGINE_GATK: Engine
STAGE_UNSPECIFIED: Stage
STAGE_SPLIT: Stage
STAGE_ALIGN: Stage
STAGE_CALL: Stage
STAGE_JOIN: Stage
CALLING_FAILURE_REASON_UNSPECIFIED: CallingFailureReason
CALLING_FAILURE_REASON_UNREADABLE: CallingFailureReason
CALLING_FAILURE_REASON_TOOL_FAILED: CallingFailureReason
CALLING_FAILURE_REASON_WRONG_REFERENCE: CallingFailureReason

class Computation(_message.Message):
    __slots__ = ("computation_id", "sample_id", "read_groups", "reference", "reference_sha256", "engine", "tools", "chunk_pairs", "shards")
    COMPUTATION_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_ID_FIELD_NUMBER: _ClassVar[int]
    READ_GROUPS_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_SHA256_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    TOOLS_FIELD_NUMBER: _ClassVar[int]
    CHUNK_PAIRS_FIELD_NUMBER: _ClassVar[int]
    SHARDS_FIELD_NUMBER: _ClassVar[int]
    computation_id: str
    sample_id: str
    read_groups: _containers.RepeatedCompositeFieldContainer[_sequencing_pb2.ReadGroup]
    reference: str
    reference_sha256: str
    engine: Engine
    tools: _containers.RepeatedScalarFieldContainer[str]
    chunk_pairs: int
    shards: _containers.RepeatedCompositeFieldContainer[Shard]
    def __init__(self, computation_id: _Optional[str] = ..., sample_id: _Optional[str] = ..., read_groups: _Optional[_Iterable[_Union[_sequencing_pb2.ReadGroup, _Mapping]]] = ..., reference: _Optional[str] = ..., reference_sha256: _Optional[str] = ..., engine: _Optional[_Union[Engine, str]] = ..., tools: _Optional[_Iterable[str]] = ..., chunk_pairs: _Optional[int] = ..., shards: _Optional[_Iterable[_Union[Shard, _Mapping]]] = ...) -> None: ...

class Shard(_message.Message):
    __slots__ = ("intervals",)
    INTERVALS_FIELD_NUMBER: _ClassVar[int]
    intervals: _containers.RepeatedCompositeFieldContainer[Interval]
    def __init__(self, intervals: _Optional[_Iterable[_Union[Interval, _Mapping]]] = ...) -> None: ...

class Interval(_message.Message):
    __slots__ = ("contig", "start", "end", "whole")
    CONTIG_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    WHOLE_FIELD_NUMBER: _ClassVar[int]
    contig: str
    start: int
    end: int
    whole: bool
    def __init__(self, contig: _Optional[str] = ..., start: _Optional[int] = ..., end: _Optional[int] = ..., whole: _Optional[bool] = ...) -> None: ...

class TaskRequested(_message.Message):
    __slots__ = ("computation_id", "stage", "part", "chunk")
    COMPUTATION_ID_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    computation_id: str
    stage: Stage
    part: int
    chunk: int
    def __init__(self, computation_id: _Optional[str] = ..., stage: _Optional[_Union[Stage, str]] = ..., part: _Optional[int] = ..., chunk: _Optional[int] = ...) -> None: ...

class TaskDone(_message.Message):
    __slots__ = ("task",)
    TASK_FIELD_NUMBER: _ClassVar[int]
    task: TaskRequested
    def __init__(self, task: _Optional[_Union[TaskRequested, _Mapping]] = ...) -> None: ...

class TaskResult(_message.Message):
    __slots__ = ("objects", "bin_bytes", "reads", "alignments", "result", "seconds")
    OBJECTS_FIELD_NUMBER: _ClassVar[int]
    BIN_BYTES_FIELD_NUMBER: _ClassVar[int]
    READS_FIELD_NUMBER: _ClassVar[int]
    ALIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    objects: _containers.RepeatedCompositeFieldContainer[_object_ref_pb2.ObjectRef]
    bin_bytes: _containers.RepeatedScalarFieldContainer[int]
    reads: ReadsTally
    alignments: AlignmentTally
    result: CallingResult
    seconds: float
    def __init__(self, objects: _Optional[_Iterable[_Union[_object_ref_pb2.ObjectRef, _Mapping]]] = ..., bin_bytes: _Optional[_Iterable[int]] = ..., reads: _Optional[_Union[ReadsTally, _Mapping]] = ..., alignments: _Optional[_Union[AlignmentTally, _Mapping]] = ..., result: _Optional[_Union[CallingResult, _Mapping]] = ..., seconds: _Optional[float] = ...) -> None: ...

class ReadsTally(_message.Message):
    __slots__ = ("reads", "bases", "q20_bases", "q30_bases", "gc_bases", "unread_bases", "longest")
    READS_FIELD_NUMBER: _ClassVar[int]
    BASES_FIELD_NUMBER: _ClassVar[int]
    Q20_BASES_FIELD_NUMBER: _ClassVar[int]
    Q30_BASES_FIELD_NUMBER: _ClassVar[int]
    GC_BASES_FIELD_NUMBER: _ClassVar[int]
    UNREAD_BASES_FIELD_NUMBER: _ClassVar[int]
    LONGEST_FIELD_NUMBER: _ClassVar[int]
    reads: int
    bases: int
    q20_bases: int
    q30_bases: int
    gc_bases: int
    unread_bases: int
    longest: int
    def __init__(self, reads: _Optional[int] = ..., bases: _Optional[int] = ..., q20_bases: _Optional[int] = ..., q30_bases: _Optional[int] = ..., gc_bases: _Optional[int] = ..., unread_bases: _Optional[int] = ..., longest: _Optional[int] = ...) -> None: ...

class AlignmentTally(_message.Message):
    __slots__ = ("mapped", "duplicates", "properly_paired", "positions_at_depth", "pairs_at_length")
    MAPPED_FIELD_NUMBER: _ClassVar[int]
    DUPLICATES_FIELD_NUMBER: _ClassVar[int]
    PROPERLY_PAIRED_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_AT_DEPTH_FIELD_NUMBER: _ClassVar[int]
    PAIRS_AT_LENGTH_FIELD_NUMBER: _ClassVar[int]
    mapped: int
    duplicates: int
    properly_paired: int
    positions_at_depth: _containers.RepeatedScalarFieldContainer[int]
    pairs_at_length: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, mapped: _Optional[int] = ..., duplicates: _Optional[int] = ..., properly_paired: _Optional[int] = ..., positions_at_depth: _Optional[_Iterable[int]] = ..., pairs_at_length: _Optional[_Iterable[int]] = ...) -> None: ...

class CallingResult(_message.Message):
    __slots__ = ("alignments", "alignments_index", "variants", "variants_index", "genomic_variants", "genomic_variants_index", "quality", "figures", "computed_at")
    ALIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    ALIGNMENTS_INDEX_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_INDEX_FIELD_NUMBER: _ClassVar[int]
    GENOMIC_VARIANTS_FIELD_NUMBER: _ClassVar[int]
    GENOMIC_VARIANTS_INDEX_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    FIGURES_FIELD_NUMBER: _ClassVar[int]
    COMPUTED_AT_FIELD_NUMBER: _ClassVar[int]
    alignments: _object_ref_pb2.ObjectRef
    alignments_index: _object_ref_pb2.ObjectRef
    variants: _object_ref_pb2.ObjectRef
    variants_index: _object_ref_pb2.ObjectRef
    genomic_variants: _object_ref_pb2.ObjectRef
    genomic_variants_index: _object_ref_pb2.ObjectRef
    quality: _sequencing_pb2.Quality
    figures: QualityFigures
    computed_at: _timestamp_pb2.Timestamp
    def __init__(self, alignments: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., alignments_index: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., variants: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., variants_index: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., genomic_variants: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., genomic_variants_index: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., quality: _Optional[_Union[_sequencing_pb2.Quality, _Mapping]] = ..., figures: _Optional[_Union[QualityFigures, _Mapping]] = ..., computed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class QualityFigures(_message.Message):
    __slots__ = ("reads", "alignments", "regions", "reference_at_homozygous", "homozygous")
    READS_FIELD_NUMBER: _ClassVar[int]
    ALIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    REGIONS_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_AT_HOMOZYGOUS_FIELD_NUMBER: _ClassVar[int]
    HOMOZYGOUS_FIELD_NUMBER: _ClassVar[int]
    reads: ReadsTally
    alignments: AlignmentTally
    regions: _containers.RepeatedCompositeFieldContainer[RegionFigures]
    reference_at_homozygous: float
    homozygous: int
    def __init__(self, reads: _Optional[_Union[ReadsTally, _Mapping]] = ..., alignments: _Optional[_Union[AlignmentTally, _Mapping]] = ..., regions: _Optional[_Iterable[_Union[RegionFigures, _Mapping]]] = ..., reference_at_homozygous: _Optional[float] = ..., homozygous: _Optional[int] = ...) -> None: ...

class RegionFigures(_message.Message):
    __slots__ = ("region", "mean_coverage", "covered_10x_fraction")
    REGION_FIELD_NUMBER: _ClassVar[int]
    MEAN_COVERAGE_FIELD_NUMBER: _ClassVar[int]
    COVERED_10X_FRACTION_FIELD_NUMBER: _ClassVar[int]
    region: Shard
    mean_coverage: float
    covered_10x_fraction: float
    def __init__(self, region: _Optional[_Union[Shard, _Mapping]] = ..., mean_coverage: _Optional[float] = ..., covered_10x_fraction: _Optional[float] = ...) -> None: ...

class CallingConclusion(_message.Message):
    __slots__ = ("result", "failure")
    RESULT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    result: CallingResult
    failure: CallingFailureReason
    def __init__(self, result: _Optional[_Union[CallingResult, _Mapping]] = ..., failure: _Optional[_Union[CallingFailureReason, str]] = ...) -> None: ...

class CallingFailed(_message.Message):
    __slots__ = ("case_id", "sample_id", "job_id", "reason")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    sample_id: str
    job_id: str
    reason: CallingFailureReason
    def __init__(self, case_id: _Optional[str] = ..., sample_id: _Optional[str] = ..., job_id: _Optional[str] = ..., reason: _Optional[_Union[CallingFailureReason, str]] = ...) -> None: ...
