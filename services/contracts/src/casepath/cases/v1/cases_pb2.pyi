import datetime

from buf.validate import validate_pb2 as _validate_pb2
from casepath.inference.v1 import scoring_pb2 as _scoring_pb2
from casepath.intake.v1 import order_pb2 as _order_pb2
from casepath.intake.v1 import patient_pb2 as _patient_pb2
from casepath.portal.v1 import reading_pb2 as _reading_pb2
from casepath.records.v1 import filing_pb2 as _filing_pb2
from casepath.sequencing.v1 import calling_pb2 as _calling_pb2
from casepath.sequencing.v1 import known_variants_pb2 as _known_variants_pb2
from casepath.sequencing.v1 import pharmacogenomics_pb2 as _pharmacogenomics_pb2
from casepath.sequencing.v1 import sequencing_pb2 as _sequencing_pb2
from casepath.slides.v1 import slide_pb2 as _slide_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SlideState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SLIDE_STATE_UNSPECIFIED: _ClassVar[SlideState]
    SLIDE_STATE_WAITING_FOR_SCAN: _ClassVar[SlideState]
    SLIDE_STATE_WAITING_FOR_AI: _ClassVar[SlideState]
    SLIDE_STATE_AI_FAILED: _ClassVar[SlideState]
    SLIDE_STATE_READY: _ClassVar[SlideState]

class CaseState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CASE_STATE_UNSPECIFIED: _ClassVar[CaseState]
    CASE_STATE_WAITING_FOR_SCAN: _ClassVar[CaseState]
    CASE_STATE_WAITING_FOR_AI: _ClassVar[CaseState]
    CASE_STATE_AI_FAILED: _ClassVar[CaseState]
    CASE_STATE_READY: _ClassVar[CaseState]
    CASE_STATE_IN_READING: _ClassVar[CaseState]
    CASE_STATE_SIGNED: _ClassVar[CaseState]
    CASE_STATE_NO_SLIDES: _ClassVar[CaseState]
    CASE_STATE_CALLED_OFF: _ClassVar[CaseState]

class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REASON_UNSPECIFIED: _ClassVar[Reason]
    REASON_AI_FINDINGS: _ClassVar[Reason]
    REASON_AI_FAILED: _ClassVar[Reason]
    REASON_BLURRED: _ClassVar[Reason]
    REASON_EMPTY: _ClassVar[Reason]
    REASON_UNEXAMINED: _ClassVar[Reason]
    REASON_AI_NO_FINDINGS: _ClassVar[Reason]
    REASON_REPORT_WITHDRAWN: _ClassVar[Reason]

class Sort(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SORT_UNSPECIFIED: _ClassVar[Sort]
    SORT_DUE: _ClassVar[Sort]
    SORT_NEWEST: _ClassVar[Sort]
SLIDE_STATE_UNSPECIFIED: SlideState
SLIDE_STATE_WAITING_FOR_SCAN: SlideState
SLIDE_STATE_WAITING_FOR_AI: SlideState
SLIDE_STATE_AI_FAILED: SlideState
SLIDE_STATE_READY: SlideState
CASE_STATE_UNSPECIFIED: CaseState
CASE_STATE_WAITING_FOR_SCAN: CaseState
CASE_STATE_WAITING_FOR_AI: CaseState
CASE_STATE_AI_FAILED: CaseState
CASE_STATE_READY: CaseState
CASE_STATE_IN_READING: CaseState
CASE_STATE_SIGNED: CaseState
CASE_STATE_NO_SLIDES: CaseState
CASE_STATE_CALLED_OFF: CaseState
REASON_UNSPECIFIED: Reason
REASON_AI_FINDINGS: Reason
REASON_AI_FAILED: Reason
REASON_BLURRED: Reason
REASON_EMPTY: Reason
REASON_UNEXAMINED: Reason
REASON_AI_NO_FINDINGS: Reason
REASON_REPORT_WITHDRAWN: Reason
SORT_UNSPECIFIED: Sort
SORT_DUE: Sort
SORT_NEWEST: Sort

class Slide(_message.Message):
    __slots__ = ("slide_id", "state", "ingested", "scored", "failed", "superseded", "annotations", "ingested_at")
    SLIDE_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    INGESTED_FIELD_NUMBER: _ClassVar[int]
    SCORED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    SUPERSEDED_FIELD_NUMBER: _ClassVar[int]
    ANNOTATIONS_FIELD_NUMBER: _ClassVar[int]
    INGESTED_AT_FIELD_NUMBER: _ClassVar[int]
    slide_id: str
    state: SlideState
    ingested: _slide_pb2.SlideIngested
    scored: _scoring_pb2.SlideScored
    failed: _scoring_pb2.SlideFailed
    superseded: _containers.RepeatedCompositeFieldContainer[_slide_pb2.SlideIngested]
    annotations: _containers.RepeatedCompositeFieldContainer[_reading_pb2.AnnotationsSaved]
    ingested_at: _timestamp_pb2.Timestamp
    def __init__(self, slide_id: _Optional[str] = ..., state: _Optional[_Union[SlideState, str]] = ..., ingested: _Optional[_Union[_slide_pb2.SlideIngested, _Mapping]] = ..., scored: _Optional[_Union[_scoring_pb2.SlideScored, _Mapping]] = ..., failed: _Optional[_Union[_scoring_pb2.SlideFailed, _Mapping]] = ..., superseded: _Optional[_Iterable[_Union[_slide_pb2.SlideIngested, _Mapping]]] = ..., annotations: _Optional[_Iterable[_Union[_reading_pb2.AnnotationsSaved, _Mapping]]] = ..., ingested_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Sample(_message.Message):
    __slots__ = ("sample_id", "received", "called", "failed", "variants", "reported", "withheld", "annotated", "signed", "withdrawn", "disowned")
    SAMPLE_ID_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_FIELD_NUMBER: _ClassVar[int]
    CALLED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_FIELD_NUMBER: _ClassVar[int]
    REPORTED_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    ANNOTATED_FIELD_NUMBER: _ClassVar[int]
    SIGNED_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWN_FIELD_NUMBER: _ClassVar[int]
    DISOWNED_FIELD_NUMBER: _ClassVar[int]
    sample_id: str
    received: _sequencing_pb2.ReadsReceived
    called: _sequencing_pb2.VariantsCalled
    failed: _calling_pb2.CallingFailed
    variants: _pharmacogenomics_pb2.VariantsReceived
    reported: _pharmacogenomics_pb2.PharmacogenomicsReported
    withheld: _pharmacogenomics_pb2.PharmacogenomicsWithheld
    annotated: _known_variants_pb2.VariantsAnnotated
    signed: _reading_pb2.GenomicReportSigned
    withdrawn: _reading_pb2.GenomicReportWithdrawn
    disowned: _containers.RepeatedCompositeFieldContainer[_reading_pb2.VariantsDisowned]
    def __init__(self, sample_id: _Optional[str] = ..., received: _Optional[_Union[_sequencing_pb2.ReadsReceived, _Mapping]] = ..., called: _Optional[_Union[_sequencing_pb2.VariantsCalled, _Mapping]] = ..., failed: _Optional[_Union[_calling_pb2.CallingFailed, _Mapping]] = ..., variants: _Optional[_Union[_pharmacogenomics_pb2.VariantsReceived, _Mapping]] = ..., reported: _Optional[_Union[_pharmacogenomics_pb2.PharmacogenomicsReported, _Mapping]] = ..., withheld: _Optional[_Union[_pharmacogenomics_pb2.PharmacogenomicsWithheld, _Mapping]] = ..., annotated: _Optional[_Union[_known_variants_pb2.VariantsAnnotated, _Mapping]] = ..., signed: _Optional[_Union[_reading_pb2.GenomicReportSigned, _Mapping]] = ..., withdrawn: _Optional[_Union[_reading_pb2.GenomicReportWithdrawn, _Mapping]] = ..., disowned: _Optional[_Iterable[_Union[_reading_pb2.VariantsDisowned, _Mapping]]] = ...) -> None: ...

class Moment(_message.Message):
    __slots__ = ("event_id", "type", "time")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    type: str
    time: _timestamp_pb2.Timestamp
    def __init__(self, event_id: _Optional[str] = ..., type: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Case(_message.Message):
    __slots__ = ("case_id", "order", "slides", "samples", "filed", "timeline", "assignee", "reader", "reviews", "reports", "moved", "openings")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    SLIDES_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    FILED_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    READER_FIELD_NUMBER: _ClassVar[int]
    REVIEWS_FIELD_NUMBER: _ClassVar[int]
    REPORTS_FIELD_NUMBER: _ClassVar[int]
    MOVED_FIELD_NUMBER: _ClassVar[int]
    OPENINGS_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    order: _order_pb2.OrderPlaced
    slides: _containers.RepeatedCompositeFieldContainer[Slide]
    samples: _containers.RepeatedCompositeFieldContainer[Sample]
    filed: _containers.RepeatedCompositeFieldContainer[_filing_pb2.Entry]
    timeline: _containers.RepeatedCompositeFieldContainer[Moment]
    assignee: _reading_pb2.Reader
    reader: _reading_pb2.Reader
    reviews: _containers.RepeatedCompositeFieldContainer[_reading_pb2.FindingReviewed]
    reports: _containers.RepeatedCompositeFieldContainer[_reading_pb2.ReportSigned]
    moved: _filing_pb2.CaseMoved
    openings: _containers.RepeatedCompositeFieldContainer[_reading_pb2.GlassBroken]
    def __init__(self, case_id: _Optional[str] = ..., order: _Optional[_Union[_order_pb2.OrderPlaced, _Mapping]] = ..., slides: _Optional[_Iterable[_Union[Slide, _Mapping]]] = ..., samples: _Optional[_Iterable[_Union[Sample, _Mapping]]] = ..., filed: _Optional[_Iterable[_Union[_filing_pb2.Entry, _Mapping]]] = ..., timeline: _Optional[_Iterable[_Union[Moment, _Mapping]]] = ..., assignee: _Optional[_Union[_reading_pb2.Reader, _Mapping]] = ..., reader: _Optional[_Union[_reading_pb2.Reader, _Mapping]] = ..., reviews: _Optional[_Iterable[_Union[_reading_pb2.FindingReviewed, _Mapping]]] = ..., reports: _Optional[_Iterable[_Union[_reading_pb2.ReportSigned, _Mapping]]] = ..., moved: _Optional[_Union[_filing_pb2.CaseMoved, _Mapping]] = ..., openings: _Optional[_Iterable[_Union[_reading_pb2.GlassBroken, _Mapping]]] = ...) -> None: ...

class Attention(_message.Message):
    __slots__ = ("reason", "slide_id", "value")
    REASON_FIELD_NUMBER: _ClassVar[int]
    SLIDE_ID_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    reason: Reason
    slide_id: str
    value: float
    def __init__(self, reason: _Optional[_Union[Reason, str]] = ..., slide_id: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...

class WorklistEntry(_message.Message):
    __slots__ = ("case_id", "accession", "patient", "state", "urgency", "priority", "attention", "ordered_at", "due_at", "assignee", "slides", "scanned", "examination", "unit")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    ACCESSION_FIELD_NUMBER: _ClassVar[int]
    PATIENT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    URGENCY_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    ATTENTION_FIELD_NUMBER: _ClassVar[int]
    ORDERED_AT_FIELD_NUMBER: _ClassVar[int]
    DUE_AT_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    SLIDES_FIELD_NUMBER: _ClassVar[int]
    SCANNED_FIELD_NUMBER: _ClassVar[int]
    EXAMINATION_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    accession: str
    patient: _patient_pb2.Patient
    state: CaseState
    urgency: _order_pb2.Urgency
    priority: int
    attention: _containers.RepeatedCompositeFieldContainer[Attention]
    ordered_at: _timestamp_pb2.Timestamp
    due_at: _timestamp_pb2.Timestamp
    assignee: _reading_pb2.Reader
    slides: int
    scanned: int
    examination: str
    unit: str
    def __init__(self, case_id: _Optional[str] = ..., accession: _Optional[str] = ..., patient: _Optional[_Union[_patient_pb2.Patient, _Mapping]] = ..., state: _Optional[_Union[CaseState, str]] = ..., urgency: _Optional[_Union[_order_pb2.Urgency, str]] = ..., priority: _Optional[int] = ..., attention: _Optional[_Iterable[_Union[Attention, _Mapping]]] = ..., ordered_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., due_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., assignee: _Optional[_Union[_reading_pb2.Reader, _Mapping]] = ..., slides: _Optional[int] = ..., scanned: _Optional[int] = ..., examination: _Optional[str] = ..., unit: _Optional[str] = ...) -> None: ...

class Relation(_message.Message):
    __slots__ = ("user_id", "units", "every_unit")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    EVERY_UNIT_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    units: _containers.RepeatedScalarFieldContainer[str]
    every_unit: bool
    def __init__(self, user_id: _Optional[str] = ..., units: _Optional[_Iterable[str]] = ..., every_unit: _Optional[bool] = ...) -> None: ...

class ListWorklistRequest(_message.Message):
    __slots__ = ("states", "assignee", "unassigned", "search", "sort", "page_size", "page_token", "relation")
    STATES_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    UNASSIGNED_FIELD_NUMBER: _ClassVar[int]
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    SORT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    RELATION_FIELD_NUMBER: _ClassVar[int]
    states: _containers.RepeatedScalarFieldContainer[CaseState]
    assignee: str
    unassigned: bool
    search: str
    sort: Sort
    page_size: int
    page_token: str
    relation: Relation
    def __init__(self, states: _Optional[_Iterable[_Union[CaseState, str]]] = ..., assignee: _Optional[str] = ..., unassigned: _Optional[bool] = ..., search: _Optional[str] = ..., sort: _Optional[_Union[Sort, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., relation: _Optional[_Union[Relation, _Mapping]] = ...) -> None: ...

class StateCount(_message.Message):
    __slots__ = ("state", "cases")
    STATE_FIELD_NUMBER: _ClassVar[int]
    CASES_FIELD_NUMBER: _ClassVar[int]
    state: CaseState
    cases: int
    def __init__(self, state: _Optional[_Union[CaseState, str]] = ..., cases: _Optional[int] = ...) -> None: ...

class ListWorklistResponse(_message.Message):
    __slots__ = ("entries", "next_page_token", "counts", "elsewhere")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    ELSEWHERE_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[WorklistEntry]
    next_page_token: str
    counts: _containers.RepeatedCompositeFieldContainer[StateCount]
    elsewhere: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, entries: _Optional[_Iterable[_Union[WorklistEntry, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., counts: _Optional[_Iterable[_Union[StateCount, _Mapping]]] = ..., elsewhere: _Optional[_Iterable[str]] = ...) -> None: ...

class WatchWorklistRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WatchWorklistResponse(_message.Message):
    __slots__ = ("revision",)
    REVISION_FIELD_NUMBER: _ClassVar[int]
    revision: int
    def __init__(self, revision: _Optional[int] = ...) -> None: ...

class GetCaseRequest(_message.Message):
    __slots__ = ("case_id",)
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    def __init__(self, case_id: _Optional[str] = ...) -> None: ...

class GetCaseResponse(_message.Message):
    __slots__ = ("case",)
    CASE_FIELD_NUMBER: _ClassVar[int]
    case: Case
    def __init__(self, case: _Optional[_Union[Case, _Mapping]] = ...) -> None: ...

class ListCasesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListCasesResponse(_message.Message):
    __slots__ = ("cases", "next_page_token")
    CASES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    cases: _containers.RepeatedCompositeFieldContainer[Case]
    next_page_token: str
    def __init__(self, cases: _Optional[_Iterable[_Union[Case, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchCaseRequest(_message.Message):
    __slots__ = ("case_id",)
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    def __init__(self, case_id: _Optional[str] = ...) -> None: ...

class WatchCaseResponse(_message.Message):
    __slots__ = ("case",)
    CASE_FIELD_NUMBER: _ClassVar[int]
    case: Case
    def __init__(self, case: _Optional[_Union[Case, _Mapping]] = ...) -> None: ...
