import datetime

from buf.validate import validate_pb2 as _validate_pb2
from casepath.intake.v1 import order_pb2 as _order_pb2
from casepath.intake.v1 import patient_pb2 as _patient_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Trait(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRAIT_UNSPECIFIED: _ClassVar[Trait]
    TRAIT_FAMILY_NAME: _ClassVar[Trait]
    TRAIT_GIVEN_NAME: _ClassVar[Trait]
    TRAIT_BIRTH_DATE: _ClassVar[Trait]
    TRAIT_SEX: _ClassVar[Trait]
    TRAIT_ACCESSION: _ClassVar[Trait]
    TRAIT_BIRTH_PLACE: _ClassVar[Trait]
    TRAIT_INS: _ClassVar[Trait]
TRAIT_UNSPECIFIED: Trait
TRAIT_FAMILY_NAME: Trait
TRAIT_GIVEN_NAME: Trait
TRAIT_BIRTH_DATE: Trait
TRAIT_SEX: Trait
TRAIT_ACCESSION: Trait
TRAIT_BIRTH_PLACE: Trait
TRAIT_INS: Trait

class KnownPatient(_message.Message):
    __slots__ = ("patient", "recorded_at")
    PATIENT_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    patient: _patient_pb2.Patient
    recorded_at: _timestamp_pb2.Timestamp
    def __init__(self, patient: _Optional[_Union[_patient_pb2.Patient, _Mapping]] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class IdentityDisputed(_message.Message):
    __slots__ = ("dispute_id", "known", "stated", "traits", "registration", "order")
    DISPUTE_ID_FIELD_NUMBER: _ClassVar[int]
    KNOWN_FIELD_NUMBER: _ClassVar[int]
    STATED_FIELD_NUMBER: _ClassVar[int]
    TRAITS_FIELD_NUMBER: _ClassVar[int]
    REGISTRATION_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    dispute_id: str
    known: _patient_pb2.Patient
    stated: _patient_pb2.Patient
    traits: _containers.RepeatedScalarFieldContainer[Trait]
    registration: _patient_pb2.PatientRegistered
    order: _order_pb2.OrderPlaced
    def __init__(self, dispute_id: _Optional[str] = ..., known: _Optional[_Union[_patient_pb2.Patient, _Mapping]] = ..., stated: _Optional[_Union[_patient_pb2.Patient, _Mapping]] = ..., traits: _Optional[_Iterable[_Union[Trait, str]]] = ..., registration: _Optional[_Union[_patient_pb2.PatientRegistered, _Mapping]] = ..., order: _Optional[_Union[_order_pb2.OrderPlaced, _Mapping]] = ...) -> None: ...
