import datetime

from buf.validate import validate_pb2 as _validate_pb2
from casepath.objects.v1 import object_ref_pb2 as _object_ref_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResearchTable(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESEARCH_TABLE_UNSPECIFIED: _ClassVar[ResearchTable]
    RESEARCH_TABLE_PROCEDURE_OCCURRENCE: _ClassVar[ResearchTable]
    RESEARCH_TABLE_SPECIMEN: _ClassVar[ResearchTable]
    RESEARCH_TABLE_MEASUREMENT: _ClassVar[ResearchTable]
    RESEARCH_TABLE_NOTE: _ClassVar[ResearchTable]
    RESEARCH_TABLE_IMAGE_OCCURRENCE: _ClassVar[ResearchTable]
    RESEARCH_TABLE_CONDITION_OCCURRENCE: _ClassVar[ResearchTable]

class Office(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OFFICE_UNSPECIFIED: _ClassVar[Office]
    OFFICE_DATA_PROTECTION_OFFICER: _ClassVar[Office]
    OFFICE_SCIENTIFIC_COMMITTEE: _ClassVar[Office]

class StudyState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STUDY_STATE_UNSPECIFIED: _ClassVar[StudyState]
    STUDY_STATE_REQUESTED: _ClassVar[StudyState]
    STUDY_STATE_APPROVED: _ClassVar[StudyState]
    STUDY_STATE_REFUSED: _ClassVar[StudyState]
    STUDY_STATE_ENDED: _ClassVar[StudyState]

class ExportState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EXPORT_STATE_UNSPECIFIED: _ClassVar[ExportState]
    EXPORT_STATE_WAITING: _ClassVar[ExportState]
    EXPORT_STATE_GRANTED: _ClassVar[ExportState]
    EXPORT_STATE_REFUSED: _ClassVar[ExportState]
RESEARCH_TABLE_UNSPECIFIED: ResearchTable
RESEARCH_TABLE_PROCEDURE_OCCURRENCE: ResearchTable
RESEARCH_TABLE_SPECIMEN: ResearchTable
RESEARCH_TABLE_MEASUREMENT: ResearchTable
RESEARCH_TABLE_NOTE: ResearchTable
RESEARCH_TABLE_IMAGE_OCCURRENCE: ResearchTable
RESEARCH_TABLE_CONDITION_OCCURRENCE: ResearchTable
OFFICE_UNSPECIFIED: Office
OFFICE_DATA_PROTECTION_OFFICER: Office
OFFICE_SCIENTIFIC_COMMITTEE: Office
STUDY_STATE_UNSPECIFIED: StudyState
STUDY_STATE_REQUESTED: StudyState
STUDY_STATE_APPROVED: StudyState
STUDY_STATE_REFUSED: StudyState
STUDY_STATE_ENDED: StudyState
EXPORT_STATE_UNSPECIFIED: ExportState
EXPORT_STATE_WAITING: ExportState
EXPORT_STATE_GRANTED: ExportState
EXPORT_STATE_REFUSED: ExportState

class WantedTable(_message.Message):
    __slots__ = ("table", "reason")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    table: ResearchTable
    reason: str
    def __init__(self, table: _Optional[_Union[ResearchTable, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class StudyRequest(_message.Message):
    __slots__ = ("title", "purpose", "reference", "project", "cohort", "tables", "members", "until")
    TITLE_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    COHORT_FIELD_NUMBER: _ClassVar[int]
    TABLES_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    title: str
    purpose: str
    reference: str
    project: str
    cohort: str
    tables: _containers.RepeatedCompositeFieldContainer[WantedTable]
    members: _containers.RepeatedScalarFieldContainer[str]
    until: str
    def __init__(self, title: _Optional[str] = ..., purpose: _Optional[str] = ..., reference: _Optional[str] = ..., project: _Optional[str] = ..., cohort: _Optional[str] = ..., tables: _Optional[_Iterable[_Union[WantedTable, _Mapping]]] = ..., members: _Optional[_Iterable[str]] = ..., until: _Optional[str] = ...) -> None: ...

class StudyDecision(_message.Message):
    __slots__ = ("office", "granted", "reason", "decided_by", "decided_at")
    OFFICE_FIELD_NUMBER: _ClassVar[int]
    GRANTED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_FIELD_NUMBER: _ClassVar[int]
    office: Office
    granted: bool
    reason: str
    decided_by: str
    decided_at: _timestamp_pb2.Timestamp
    def __init__(self, office: _Optional[_Union[Office, str]] = ..., granted: _Optional[bool] = ..., reason: _Optional[str] = ..., decided_by: _Optional[str] = ..., decided_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Study(_message.Message):
    __slots__ = ("study_id", "request", "requested_by", "requested_at", "decisions", "state", "ended_by", "ended_at", "extract")
    STUDY_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_BY_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_AT_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ENDED_BY_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    EXTRACT_FIELD_NUMBER: _ClassVar[int]
    study_id: str
    request: StudyRequest
    requested_by: str
    requested_at: _timestamp_pb2.Timestamp
    decisions: _containers.RepeatedCompositeFieldContainer[StudyDecision]
    state: StudyState
    ended_by: str
    ended_at: _timestamp_pb2.Timestamp
    extract: Extract
    def __init__(self, study_id: _Optional[str] = ..., request: _Optional[_Union[StudyRequest, _Mapping]] = ..., requested_by: _Optional[str] = ..., requested_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., decisions: _Optional[_Iterable[_Union[StudyDecision, _Mapping]]] = ..., state: _Optional[_Union[StudyState, str]] = ..., ended_by: _Optional[str] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., extract: _Optional[_Union[Extract, _Mapping]] = ...) -> None: ...

class Coarseness(_message.Message):
    __slots__ = ("birth_band", "hospital", "sex")
    BIRTH_BAND_FIELD_NUMBER: _ClassVar[int]
    HOSPITAL_FIELD_NUMBER: _ClassVar[int]
    SEX_FIELD_NUMBER: _ClassVar[int]
    birth_band: int
    hospital: bool
    sex: bool
    def __init__(self, birth_band: _Optional[int] = ..., hospital: _Optional[bool] = ..., sex: _Optional[bool] = ...) -> None: ...

class DisclosureRisk(_message.Message):
    __slots__ = ("persons", "suppressed", "coarseness", "smallest_class", "least_values", "singled_out", "singled_out_by_all", "linkable", "inferred", "inferred_most")
    PERSONS_FIELD_NUMBER: _ClassVar[int]
    SUPPRESSED_FIELD_NUMBER: _ClassVar[int]
    COARSENESS_FIELD_NUMBER: _ClassVar[int]
    SMALLEST_CLASS_FIELD_NUMBER: _ClassVar[int]
    LEAST_VALUES_FIELD_NUMBER: _ClassVar[int]
    SINGLED_OUT_FIELD_NUMBER: _ClassVar[int]
    SINGLED_OUT_BY_ALL_FIELD_NUMBER: _ClassVar[int]
    LINKABLE_FIELD_NUMBER: _ClassVar[int]
    INFERRED_FIELD_NUMBER: _ClassVar[int]
    INFERRED_MOST_FIELD_NUMBER: _ClassVar[int]
    persons: int
    suppressed: int
    coarseness: Coarseness
    smallest_class: int
    least_values: int
    singled_out: float
    singled_out_by_all: float
    linkable: float
    inferred: float
    inferred_most: str
    def __init__(self, persons: _Optional[int] = ..., suppressed: _Optional[int] = ..., coarseness: _Optional[_Union[Coarseness, _Mapping]] = ..., smallest_class: _Optional[int] = ..., least_values: _Optional[int] = ..., singled_out: _Optional[float] = ..., singled_out_by_all: _Optional[float] = ..., linkable: _Optional[float] = ..., inferred: _Optional[float] = ..., inferred_most: _Optional[str] = ...) -> None: ...

class Extract(_message.Message):
    __slots__ = ("study_id", "number", "snapshot", "made_at", "made_by", "risk", "refused", "rows", "database", "subjects", "images")
    class RowsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    STUDY_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    MADE_AT_FIELD_NUMBER: _ClassVar[int]
    MADE_BY_FIELD_NUMBER: _ClassVar[int]
    RISK_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    study_id: str
    number: int
    snapshot: str
    made_at: _timestamp_pb2.Timestamp
    made_by: str
    risk: DisclosureRisk
    refused: str
    rows: _containers.ScalarMap[str, int]
    database: _object_ref_pb2.ObjectRef
    subjects: _object_ref_pb2.ObjectRef
    images: _object_ref_pb2.ObjectRef
    def __init__(self, study_id: _Optional[str] = ..., number: _Optional[int] = ..., snapshot: _Optional[str] = ..., made_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., made_by: _Optional[str] = ..., risk: _Optional[_Union[DisclosureRisk, _Mapping]] = ..., refused: _Optional[str] = ..., rows: _Optional[_Mapping[str, int]] = ..., database: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., subjects: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., images: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ...) -> None: ...

class StudyKey(_message.Message):
    __slots__ = ("key",)
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: bytes
    def __init__(self, key: _Optional[bytes] = ...) -> None: ...

class Export(_message.Message):
    __slots__ = ("export_id", "study_id", "query", "reason", "asked_by", "asked_at", "content", "rows", "small", "state", "decided_by", "decision", "decided_at")
    EXPORT_ID_FIELD_NUMBER: _ClassVar[int]
    STUDY_ID_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ASKED_BY_FIELD_NUMBER: _ClassVar[int]
    ASKED_AT_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    SMALL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DECIDED_BY_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    DECIDED_AT_FIELD_NUMBER: _ClassVar[int]
    export_id: str
    study_id: str
    query: str
    reason: str
    asked_by: str
    asked_at: _timestamp_pb2.Timestamp
    content: _object_ref_pb2.ObjectRef
    rows: int
    small: _containers.RepeatedScalarFieldContainer[str]
    state: ExportState
    decided_by: str
    decision: str
    decided_at: _timestamp_pb2.Timestamp
    def __init__(self, export_id: _Optional[str] = ..., study_id: _Optional[str] = ..., query: _Optional[str] = ..., reason: _Optional[str] = ..., asked_by: _Optional[str] = ..., asked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., content: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., rows: _Optional[int] = ..., small: _Optional[_Iterable[str]] = ..., state: _Optional[_Union[ExportState, str]] = ..., decided_by: _Optional[str] = ..., decision: _Optional[str] = ..., decided_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AskedCohort(_message.Message):
    __slots__ = ("cohort", "asked_at")
    COHORT_FIELD_NUMBER: _ClassVar[int]
    ASKED_AT_FIELD_NUMBER: _ClassVar[int]
    cohort: str
    asked_at: _timestamp_pb2.Timestamp
    def __init__(self, cohort: _Optional[str] = ..., asked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RequestStudyRequest(_message.Message):
    __slots__ = ("request",)
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    request: StudyRequest
    def __init__(self, request: _Optional[_Union[StudyRequest, _Mapping]] = ...) -> None: ...

class RequestStudyResponse(_message.Message):
    __slots__ = ("study",)
    STUDY_FIELD_NUMBER: _ClassVar[int]
    study: Study
    def __init__(self, study: _Optional[_Union[Study, _Mapping]] = ...) -> None: ...

class GetStudyRequest(_message.Message):
    __slots__ = ("study_id",)
    STUDY_ID_FIELD_NUMBER: _ClassVar[int]
    study_id: str
    def __init__(self, study_id: _Optional[str] = ...) -> None: ...

class GetStudyResponse(_message.Message):
    __slots__ = ("study", "exports")
    STUDY_FIELD_NUMBER: _ClassVar[int]
    EXPORTS_FIELD_NUMBER: _ClassVar[int]
    study: Study
    exports: _containers.RepeatedCompositeFieldContainer[Export]
    def __init__(self, study: _Optional[_Union[Study, _Mapping]] = ..., exports: _Optional[_Iterable[_Union[Export, _Mapping]]] = ...) -> None: ...

class ListStudiesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListStudiesResponse(_message.Message):
    __slots__ = ("studies", "projects")
    STUDIES_FIELD_NUMBER: _ClassVar[int]
    PROJECTS_FIELD_NUMBER: _ClassVar[int]
    studies: _containers.RepeatedCompositeFieldContainer[Study]
    projects: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, studies: _Optional[_Iterable[_Union[Study, _Mapping]]] = ..., projects: _Optional[_Iterable[str]] = ...) -> None: ...

class DecideStudyRequest(_message.Message):
    __slots__ = ("study_id", "office", "granted", "reason")
    STUDY_ID_FIELD_NUMBER: _ClassVar[int]
    OFFICE_FIELD_NUMBER: _ClassVar[int]
    GRANTED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    study_id: str
    office: Office
    granted: bool
    reason: str
    def __init__(self, study_id: _Optional[str] = ..., office: _Optional[_Union[Office, str]] = ..., granted: _Optional[bool] = ..., reason: _Optional[str] = ...) -> None: ...

class DecideStudyResponse(_message.Message):
    __slots__ = ("study",)
    STUDY_FIELD_NUMBER: _ClassVar[int]
    study: Study
    def __init__(self, study: _Optional[_Union[Study, _Mapping]] = ...) -> None: ...

class EndStudyRequest(_message.Message):
    __slots__ = ("study_id",)
    STUDY_ID_FIELD_NUMBER: _ClassVar[int]
    study_id: str
    def __init__(self, study_id: _Optional[str] = ...) -> None: ...

class EndStudyResponse(_message.Message):
    __slots__ = ("study",)
    STUDY_FIELD_NUMBER: _ClassVar[int]
    study: Study
    def __init__(self, study: _Optional[_Union[Study, _Mapping]] = ...) -> None: ...

class CountCohortRequest(_message.Message):
    __slots__ = ("project", "cohort")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    COHORT_FIELD_NUMBER: _ClassVar[int]
    project: str
    cohort: str
    def __init__(self, project: _Optional[str] = ..., cohort: _Optional[str] = ...) -> None: ...

class CountCohortResponse(_message.Message):
    __slots__ = ("persons", "smallest", "snapshot")
    PERSONS_FIELD_NUMBER: _ClassVar[int]
    SMALLEST_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    persons: int
    smallest: int
    snapshot: str
    def __init__(self, persons: _Optional[int] = ..., smallest: _Optional[int] = ..., snapshot: _Optional[str] = ...) -> None: ...

class ListCodesRequest(_message.Message):
    __slots__ = ("project",)
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    project: str
    def __init__(self, project: _Optional[str] = ...) -> None: ...

class ListCodesResponse(_message.Message):
    __slots__ = ("codes",)
    CODES_FIELD_NUMBER: _ClassVar[int]
    codes: _containers.RepeatedCompositeFieldContainer[KnownCode]
    def __init__(self, codes: _Optional[_Iterable[_Union[KnownCode, _Mapping]]] = ...) -> None: ...

class KnownCode(_message.Message):
    __slots__ = ("table", "code", "text")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    table: ResearchTable
    code: str
    text: str
    def __init__(self, table: _Optional[_Union[ResearchTable, str]] = ..., code: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class MakeExtractRequest(_message.Message):
    __slots__ = ("study_id",)
    STUDY_ID_FIELD_NUMBER: _ClassVar[int]
    study_id: str
    def __init__(self, study_id: _Optional[str] = ...) -> None: ...

class MakeExtractResponse(_message.Message):
    __slots__ = ("extract",)
    EXTRACT_FIELD_NUMBER: _ClassVar[int]
    extract: Extract
    def __init__(self, extract: _Optional[_Union[Extract, _Mapping]] = ...) -> None: ...

class QueryWorkspaceRequest(_message.Message):
    __slots__ = ("study_id", "query")
    STUDY_ID_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    study_id: str
    query: str
    def __init__(self, study_id: _Optional[str] = ..., query: _Optional[str] = ...) -> None: ...

class QueryWorkspaceResponse(_message.Message):
    __slots__ = ("columns", "rows", "cut")
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    CUT_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedScalarFieldContainer[str]
    rows: _containers.RepeatedCompositeFieldContainer[ResultRow]
    cut: bool
    def __init__(self, columns: _Optional[_Iterable[str]] = ..., rows: _Optional[_Iterable[_Union[ResultRow, _Mapping]]] = ..., cut: _Optional[bool] = ...) -> None: ...

class ResultRow(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, values: _Optional[_Iterable[str]] = ...) -> None: ...

class RequestExportRequest(_message.Message):
    __slots__ = ("study_id", "query", "reason")
    STUDY_ID_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    study_id: str
    query: str
    reason: str
    def __init__(self, study_id: _Optional[str] = ..., query: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RequestExportResponse(_message.Message):
    __slots__ = ("export",)
    EXPORT_FIELD_NUMBER: _ClassVar[int]
    export: Export
    def __init__(self, export: _Optional[_Union[Export, _Mapping]] = ...) -> None: ...

class DecideExportRequest(_message.Message):
    __slots__ = ("study_id", "export_id", "granted", "reason")
    STUDY_ID_FIELD_NUMBER: _ClassVar[int]
    EXPORT_ID_FIELD_NUMBER: _ClassVar[int]
    GRANTED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    study_id: str
    export_id: str
    granted: bool
    reason: str
    def __init__(self, study_id: _Optional[str] = ..., export_id: _Optional[str] = ..., granted: _Optional[bool] = ..., reason: _Optional[str] = ...) -> None: ...

class DecideExportResponse(_message.Message):
    __slots__ = ("export",)
    EXPORT_FIELD_NUMBER: _ClassVar[int]
    export: Export
    def __init__(self, export: _Optional[_Union[Export, _Mapping]] = ...) -> None: ...

class ReadExportRequest(_message.Message):
    __slots__ = ("study_id", "export_id")
    STUDY_ID_FIELD_NUMBER: _ClassVar[int]
    EXPORT_ID_FIELD_NUMBER: _ClassVar[int]
    study_id: str
    export_id: str
    def __init__(self, study_id: _Optional[str] = ..., export_id: _Optional[str] = ...) -> None: ...

class ReadExportResponse(_message.Message):
    __slots__ = ("content",)
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    content: bytes
    def __init__(self, content: _Optional[bytes] = ...) -> None: ...

class FitStepRequest(_message.Message):
    __slots__ = ("study_id", "design", "coefficients")
    STUDY_ID_FIELD_NUMBER: _ClassVar[int]
    DESIGN_FIELD_NUMBER: _ClassVar[int]
    COEFFICIENTS_FIELD_NUMBER: _ClassVar[int]
    study_id: str
    design: str
    coefficients: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, study_id: _Optional[str] = ..., design: _Optional[str] = ..., coefficients: _Optional[_Iterable[float]] = ...) -> None: ...

class FitStepResponse(_message.Message):
    __slots__ = ("names", "persons", "gradient", "information", "log_likelihood")
    NAMES_FIELD_NUMBER: _ClassVar[int]
    PERSONS_FIELD_NUMBER: _ClassVar[int]
    GRADIENT_FIELD_NUMBER: _ClassVar[int]
    INFORMATION_FIELD_NUMBER: _ClassVar[int]
    LOG_LIKELIHOOD_FIELD_NUMBER: _ClassVar[int]
    names: _containers.RepeatedScalarFieldContainer[str]
    persons: int
    gradient: _containers.RepeatedScalarFieldContainer[float]
    information: _containers.RepeatedScalarFieldContainer[float]
    log_likelihood: float
    def __init__(self, names: _Optional[_Iterable[str]] = ..., persons: _Optional[int] = ..., gradient: _Optional[_Iterable[float]] = ..., information: _Optional[_Iterable[float]] = ..., log_likelihood: _Optional[float] = ...) -> None: ...
