import datetime

from buf.validate import validate_pb2 as _validate_pb2
from casepath.intake.v1 import patient_pb2 as _patient_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Urgency(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    URGENCY_UNSPECIFIED: _ClassVar[Urgency]
    URGENCY_ROUTINE: _ClassVar[Urgency]
    URGENCY_ASAP: _ClassVar[Urgency]
    URGENCY_STAT: _ClassVar[Urgency]
URGENCY_UNSPECIFIED: Urgency
URGENCY_ROUTINE: Urgency
URGENCY_ASAP: Urgency
URGENCY_STAT: Urgency

class Code(_message.Message):
    __slots__ = ("code", "text", "system")
    CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_FIELD_NUMBER: _ClassVar[int]
    code: str
    text: str
    system: str
    def __init__(self, code: _Optional[str] = ..., text: _Optional[str] = ..., system: _Optional[str] = ...) -> None: ...

class Specimen(_message.Message):
    __slots__ = ("identifier", "type", "site", "collected_at", "containers")
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SITE_FIELD_NUMBER: _ClassVar[int]
    COLLECTED_AT_FIELD_NUMBER: _ClassVar[int]
    CONTAINERS_FIELD_NUMBER: _ClassVar[int]
    identifier: str
    type: Code
    site: Code
    collected_at: _timestamp_pb2.Timestamp
    containers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, identifier: _Optional[str] = ..., type: _Optional[_Union[Code, _Mapping]] = ..., site: _Optional[_Union[Code, _Mapping]] = ..., collected_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., containers: _Optional[_Iterable[str]] = ...) -> None: ...

class RequestedService(_message.Message):
    __slots__ = ("service", "placer_order_number", "specimens", "called_off", "recorded_at", "clinical_information", "reasons")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    PLACER_ORDER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SPECIMENS_FIELD_NUMBER: _ClassVar[int]
    CALLED_OFF_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    CLINICAL_INFORMATION_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    service: Code
    placer_order_number: str
    specimens: _containers.RepeatedCompositeFieldContainer[Specimen]
    called_off: bool
    recorded_at: _timestamp_pb2.Timestamp
    clinical_information: str
    reasons: _containers.RepeatedCompositeFieldContainer[Code]
    def __init__(self, service: _Optional[_Union[Code, _Mapping]] = ..., placer_order_number: _Optional[str] = ..., specimens: _Optional[_Iterable[_Union[Specimen, _Mapping]]] = ..., called_off: _Optional[bool] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., clinical_information: _Optional[str] = ..., reasons: _Optional[_Iterable[_Union[Code, _Mapping]]] = ...) -> None: ...

class OrderPlaced(_message.Message):
    __slots__ = ("case_id", "patient", "accession", "services", "recorded_at", "urgency", "unit")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    PATIENT_FIELD_NUMBER: _ClassVar[int]
    ACCESSION_FIELD_NUMBER: _ClassVar[int]
    SERVICES_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    URGENCY_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    patient: _patient_pb2.Patient
    accession: str
    services: _containers.RepeatedCompositeFieldContainer[RequestedService]
    recorded_at: _timestamp_pb2.Timestamp
    urgency: Urgency
    unit: str
    def __init__(self, case_id: _Optional[str] = ..., patient: _Optional[_Union[_patient_pb2.Patient, _Mapping]] = ..., accession: _Optional[str] = ..., services: _Optional[_Iterable[_Union[RequestedService, _Mapping]]] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., urgency: _Optional[_Union[Urgency, str]] = ..., unit: _Optional[str] = ...) -> None: ...
