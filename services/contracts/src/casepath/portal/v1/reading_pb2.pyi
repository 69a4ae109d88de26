import datetime

from buf.validate import validate_pb2 as _validate_pb2
from casepath.intake.v1 import order_pb2 as _order_pb2
from casepath.objects.v1 import object_ref_pb2 as _object_ref_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_UNSPECIFIED: _ClassVar[Verdict]
    VERDICT_ACCEPTED: _ClassVar[Verdict]
    VERDICT_REJECTED: _ClassVar[Verdict]
    VERDICT_CORRECTED: _ClassVar[Verdict]

class IdentityVerdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IDENTITY_VERDICT_UNSPECIFIED: _ClassVar[IdentityVerdict]
    IDENTITY_VERDICT_TAKEN: _ClassVar[IdentityVerdict]
    IDENTITY_VERDICT_REFUSED: _ClassVar[IdentityVerdict]
VERDICT_UNSPECIFIED: Verdict
VERDICT_ACCEPTED: Verdict
VERDICT_REJECTED: Verdict
VERDICT_CORRECTED: Verdict
IDENTITY_VERDICT_UNSPECIFIED: IdentityVerdict
IDENTITY_VERDICT_TAKEN: IdentityVerdict
IDENTITY_VERDICT_REFUSED: IdentityVerdict

class Reader(_message.Message):
    __slots__ = ("user_id", "name")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    name: str
    def __init__(self, user_id: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class CaseAssigned(_message.Message):
    __slots__ = ("case_id", "assignee", "by")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    assignee: Reader
    by: Reader
    def __init__(self, case_id: _Optional[str] = ..., assignee: _Optional[_Union[Reader, _Mapping]] = ..., by: _Optional[_Union[Reader, _Mapping]] = ...) -> None: ...

class ReadingBegun(_message.Message):
    __slots__ = ("case_id", "reader")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    READER_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    reader: Reader
    def __init__(self, case_id: _Optional[str] = ..., reader: _Optional[_Union[Reader, _Mapping]] = ...) -> None: ...

class FindingReviewed(_message.Message):
    __slots__ = ("case_id", "slide_id", "finding_id", "verdict", "correction", "reviewer", "job_id")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    SLIDE_ID_FIELD_NUMBER: _ClassVar[int]
    FINDING_ID_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    CORRECTION_FIELD_NUMBER: _ClassVar[int]
    REVIEWER_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    slide_id: str
    finding_id: str
    verdict: Verdict
    correction: str
    reviewer: Reader
    job_id: str
    def __init__(self, case_id: _Optional[str] = ..., slide_id: _Optional[str] = ..., finding_id: _Optional[str] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., correction: _Optional[str] = ..., reviewer: _Optional[_Union[Reader, _Mapping]] = ..., job_id: _Optional[str] = ...) -> None: ...

class AnnotationsSaved(_message.Message):
    __slots__ = ("case_id", "slide_id", "scan_id", "geojson", "count", "author")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    SLIDE_ID_FIELD_NUMBER: _ClassVar[int]
    SCAN_ID_FIELD_NUMBER: _ClassVar[int]
    GEOJSON_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    slide_id: str
    scan_id: str
    geojson: _object_ref_pb2.ObjectRef
    count: int
    author: Reader
    def __init__(self, case_id: _Optional[str] = ..., slide_id: _Optional[str] = ..., scan_id: _Optional[str] = ..., geojson: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., count: _Optional[int] = ..., author: _Optional[_Union[Reader, _Mapping]] = ...) -> None: ...

class ReportSigned(_message.Message):
    __slots__ = ("case_id", "patient_id", "number", "text", "signer", "signed_at", "reviews", "scan_ids", "withdraws", "diagnoses")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    PATIENT_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    SIGNED_AT_FIELD_NUMBER: _ClassVar[int]
    REVIEWS_FIELD_NUMBER: _ClassVar[int]
    SCAN_IDS_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWS_FIELD_NUMBER: _ClassVar[int]
    DIAGNOSES_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    patient_id: str
    number: int
    text: str
    signer: Reader
    signed_at: _timestamp_pb2.Timestamp
    reviews: _containers.RepeatedCompositeFieldContainer[FindingReviewed]
    scan_ids: _containers.RepeatedScalarFieldContainer[str]
    withdraws: bool
    diagnoses: _containers.RepeatedCompositeFieldContainer[_order_pb2.Code]
    def __init__(self, case_id: _Optional[str] = ..., patient_id: _Optional[str] = ..., number: _Optional[int] = ..., text: _Optional[str] = ..., signer: _Optional[_Union[Reader, _Mapping]] = ..., signed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reviews: _Optional[_Iterable[_Union[FindingReviewed, _Mapping]]] = ..., scan_ids: _Optional[_Iterable[str]] = ..., withdraws: _Optional[bool] = ..., diagnoses: _Optional[_Iterable[_Union[_order_pb2.Code, _Mapping]]] = ...) -> None: ...

class ReportDraft(_message.Message):
    __slots__ = ("text", "codes")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CODES_FIELD_NUMBER: _ClassVar[int]
    text: str
    codes: str
    def __init__(self, text: _Optional[str] = ..., codes: _Optional[str] = ...) -> None: ...

class GenomicReportSigned(_message.Message):
    __slots__ = ("case_id", "patient_id", "sample_id", "report_id", "comment", "signer", "signed_at")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    PATIENT_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_ID_FIELD_NUMBER: _ClassVar[int]
    REPORT_ID_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    SIGNED_AT_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    patient_id: str
    sample_id: str
    report_id: str
    comment: str
    signer: Reader
    signed_at: _timestamp_pb2.Timestamp
    def __init__(self, case_id: _Optional[str] = ..., patient_id: _Optional[str] = ..., sample_id: _Optional[str] = ..., report_id: _Optional[str] = ..., comment: _Optional[str] = ..., signer: _Optional[_Union[Reader, _Mapping]] = ..., signed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GenomicReportWithdrawn(_message.Message):
    __slots__ = ("case_id", "patient_id", "sample_id", "report_id", "reason", "signer", "signed_at")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    PATIENT_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_ID_FIELD_NUMBER: _ClassVar[int]
    REPORT_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    SIGNED_AT_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    patient_id: str
    sample_id: str
    report_id: str
    reason: str
    signer: Reader
    signed_at: _timestamp_pb2.Timestamp
    def __init__(self, case_id: _Optional[str] = ..., patient_id: _Optional[str] = ..., sample_id: _Optional[str] = ..., report_id: _Optional[str] = ..., reason: _Optional[str] = ..., signer: _Optional[_Union[Reader, _Mapping]] = ..., signed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class VariantsDisowned(_message.Message):
    __slots__ = ("case_id", "patient_id", "sample_id", "origin_id", "variants_sha256", "reason", "signer", "signed_at")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    PATIENT_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_ID_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_ID_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_SHA256_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    SIGNED_AT_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    patient_id: str
    sample_id: str
    origin_id: str
    variants_sha256: _containers.RepeatedScalarFieldContainer[str]
    reason: str
    signer: Reader
    signed_at: _timestamp_pb2.Timestamp
    def __init__(self, case_id: _Optional[str] = ..., patient_id: _Optional[str] = ..., sample_id: _Optional[str] = ..., origin_id: _Optional[str] = ..., variants_sha256: _Optional[_Iterable[str]] = ..., reason: _Optional[str] = ..., signer: _Optional[_Union[Reader, _Mapping]] = ..., signed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GlassBroken(_message.Message):
    __slots__ = ("case_id", "by", "reason", "until")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    by: Reader
    reason: str
    until: _timestamp_pb2.Timestamp
    def __init__(self, case_id: _Optional[str] = ..., by: _Optional[_Union[Reader, _Mapping]] = ..., reason: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class IdentityDecided(_message.Message):
    __slots__ = ("dispute_id", "patient_id", "verdict", "reason", "by")
    DISPUTE_ID_FIELD_NUMBER: _ClassVar[int]
    PATIENT_ID_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    dispute_id: str
    patient_id: str
    verdict: IdentityVerdict
    reason: str
    by: Reader
    def __init__(self, dispute_id: _Optional[str] = ..., patient_id: _Optional[str] = ..., verdict: _Optional[_Union[IdentityVerdict, str]] = ..., reason: _Optional[str] = ..., by: _Optional[_Union[Reader, _Mapping]] = ...) -> None: ...
