import datetime

from buf.validate import validate_pb2 as _validate_pb2
from casepath.inference.v1 import scoring_pb2 as _scoring_pb2
from casepath.intake.v1 import order_pb2 as _order_pb2
from casepath.records.v1 import filing_pb2 as _filing_pb2
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
SLIDE_STATE_UNSPECIFIED: SlideState
SLIDE_STATE_WAITING_FOR_SCAN: SlideState
SLIDE_STATE_WAITING_FOR_AI: SlideState
SLIDE_STATE_AI_FAILED: SlideState
SLIDE_STATE_READY: SlideState

class Slide(_message.Message):
    __slots__ = ("slide_id", "state", "ingested", "scored", "failed")
    SLIDE_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    INGESTED_FIELD_NUMBER: _ClassVar[int]
    SCORED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    slide_id: str
    state: SlideState
    ingested: _slide_pb2.SlideIngested
    scored: _scoring_pb2.SlideScored
    failed: _scoring_pb2.SlideFailed
    def __init__(self, slide_id: _Optional[str] = ..., state: _Optional[_Union[SlideState, str]] = ..., ingested: _Optional[_Union[_slide_pb2.SlideIngested, _Mapping]] = ..., scored: _Optional[_Union[_scoring_pb2.SlideScored, _Mapping]] = ..., failed: _Optional[_Union[_scoring_pb2.SlideFailed, _Mapping]] = ...) -> None: ...

class Sample(_message.Message):
    __slots__ = ("sample_id", "received", "called")
    SAMPLE_ID_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_FIELD_NUMBER: _ClassVar[int]
    CALLED_FIELD_NUMBER: _ClassVar[int]
    sample_id: str
    received: _sequencing_pb2.ReadsReceived
    called: _sequencing_pb2.VariantsCalled
    def __init__(self, sample_id: _Optional[str] = ..., received: _Optional[_Union[_sequencing_pb2.ReadsReceived, _Mapping]] = ..., called: _Optional[_Union[_sequencing_pb2.VariantsCalled, _Mapping]] = ...) -> None: ...

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
    __slots__ = ("case_id", "order", "slides", "samples", "filed", "timeline")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    SLIDES_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    FILED_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    order: _order_pb2.OrderPlaced
    slides: _containers.RepeatedCompositeFieldContainer[Slide]
    samples: _containers.RepeatedCompositeFieldContainer[Sample]
    filed: _containers.RepeatedCompositeFieldContainer[_filing_pb2.Entry]
    timeline: _containers.RepeatedCompositeFieldContainer[Moment]
    def __init__(self, case_id: _Optional[str] = ..., order: _Optional[_Union[_order_pb2.OrderPlaced, _Mapping]] = ..., slides: _Optional[_Iterable[_Union[Slide, _Mapping]]] = ..., samples: _Optional[_Iterable[_Union[Sample, _Mapping]]] = ..., filed: _Optional[_Iterable[_Union[_filing_pb2.Entry, _Mapping]]] = ..., timeline: _Optional[_Iterable[_Union[Moment, _Mapping]]] = ...) -> None: ...

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
