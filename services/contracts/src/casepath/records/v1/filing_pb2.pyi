import datetime

from buf.validate import validate_pb2 as _validate_pb2
from casepath.intake.v1 import patient_pb2 as _patient_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Entry(_message.Message):
    __slots__ = ("kind", "identifier", "version")
    KIND_FIELD_NUMBER: _ClassVar[int]
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    kind: str
    identifier: str
    version: str
    def __init__(self, kind: _Optional[str] = ..., identifier: _Optional[str] = ..., version: _Optional[str] = ...) -> None: ...

class EntriesFiled(_message.Message):
    __slots__ = ("case_id", "cause", "entries")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    cause: str
    entries: _containers.RepeatedCompositeFieldContainer[Entry]
    def __init__(self, case_id: _Optional[str] = ..., cause: _Optional[str] = ..., entries: _Optional[_Iterable[_Union[Entry, _Mapping]]] = ...) -> None: ...

class Belonging(_message.Message):
    __slots__ = ("case_id",)
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    def __init__(self, case_id: _Optional[str] = ...) -> None: ...

class CaseMoved(_message.Message):
    __slots__ = ("case_id", "ordered_for", "patient", "recorded_at")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    ORDERED_FOR_FIELD_NUMBER: _ClassVar[int]
    PATIENT_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    ordered_for: str
    patient: _patient_pb2.Patient
    recorded_at: _timestamp_pb2.Timestamp
    def __init__(self, case_id: _Optional[str] = ..., ordered_for: _Optional[str] = ..., patient: _Optional[_Union[_patient_pb2.Patient, _Mapping]] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
