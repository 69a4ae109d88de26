import datetime

from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Sex(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEX_UNSPECIFIED: _ClassVar[Sex]
    SEX_FEMALE: _ClassVar[Sex]
    SEX_MALE: _ClassVar[Sex]
    SEX_OTHER: _ClassVar[Sex]

class EncounterClass(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENCOUNTER_CLASS_UNSPECIFIED: _ClassVar[EncounterClass]
    ENCOUNTER_CLASS_INPATIENT: _ClassVar[EncounterClass]
    ENCOUNTER_CLASS_OUTPATIENT: _ClassVar[EncounterClass]
    ENCOUNTER_CLASS_EMERGENCY: _ClassVar[EncounterClass]
    ENCOUNTER_CLASS_PREADMISSION: _ClassVar[EncounterClass]

class EncounterStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENCOUNTER_STATUS_UNSPECIFIED: _ClassVar[EncounterStatus]
    ENCOUNTER_STATUS_IN_PROGRESS: _ClassVar[EncounterStatus]
    ENCOUNTER_STATUS_FINISHED: _ClassVar[EncounterStatus]
    ENCOUNTER_STATUS_CANCELLED: _ClassVar[EncounterStatus]
SEX_UNSPECIFIED: Sex
SEX_FEMALE: Sex
SEX_MALE: Sex
SEX_OTHER: Sex
ENCOUNTER_CLASS_UNSPECIFIED: EncounterClass
ENCOUNTER_CLASS_INPATIENT: EncounterClass
ENCOUNTER_CLASS_OUTPATIENT: EncounterClass
ENCOUNTER_CLASS_EMERGENCY: EncounterClass
ENCOUNTER_CLASS_PREADMISSION: EncounterClass
ENCOUNTER_STATUS_UNSPECIFIED: EncounterStatus
ENCOUNTER_STATUS_IN_PROGRESS: EncounterStatus
ENCOUNTER_STATUS_FINISHED: EncounterStatus
ENCOUNTER_STATUS_CANCELLED: EncounterStatus

class Patient(_message.Message):
    __slots__ = ("patient_id", "identifier", "assigning_authority", "family_name", "given_names", "birth_date", "sex", "ins", "ins_authority", "birth_place")
    PATIENT_ID_FIELD_NUMBER: _ClassVar[int]
    IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    ASSIGNING_AUTHORITY_FIELD_NUMBER: _ClassVar[int]
    FAMILY_NAME_FIELD_NUMBER: _ClassVar[int]
    GIVEN_NAMES_FIELD_NUMBER: _ClassVar[int]
    BIRTH_DATE_FIELD_NUMBER: _ClassVar[int]
    SEX_FIELD_NUMBER: _ClassVar[int]
    INS_FIELD_NUMBER: _ClassVar[int]
    INS_AUTHORITY_FIELD_NUMBER: _ClassVar[int]
    BIRTH_PLACE_FIELD_NUMBER: _ClassVar[int]
    patient_id: str
    identifier: str
    assigning_authority: str
    family_name: str
    given_names: _containers.RepeatedScalarFieldContainer[str]
    birth_date: str
    sex: Sex
    ins: str
    ins_authority: str
    birth_place: str
    def __init__(self, patient_id: _Optional[str] = ..., identifier: _Optional[str] = ..., assigning_authority: _Optional[str] = ..., family_name: _Optional[str] = ..., given_names: _Optional[_Iterable[str]] = ..., birth_date: _Optional[str] = ..., sex: _Optional[_Union[Sex, str]] = ..., ins: _Optional[str] = ..., ins_authority: _Optional[str] = ..., birth_place: _Optional[str] = ...) -> None: ...

class Encounter(_message.Message):
    __slots__ = ("encounter_id", "number", "authority", "status", "unit", "admitted_at", "discharged_at")
    ENCOUNTER_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    AUTHORITY_FIELD_NUMBER: _ClassVar[int]
    CLASS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    ADMITTED_AT_FIELD_NUMBER: _ClassVar[int]
    DISCHARGED_AT_FIELD_NUMBER: _ClassVar[int]
    encounter_id: str
    number: str
    authority: str
    status: EncounterStatus
    unit: str
    admitted_at: _timestamp_pb2.Timestamp
    discharged_at: _timestamp_pb2.Timestamp
    def __init__(self, encounter_id: _Optional[str] = ..., number: _Optional[str] = ..., authority: _Optional[str] = ..., status: _Optional[_Union[EncounterStatus, str]] = ..., unit: _Optional[str] = ..., admitted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., discharged_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., **kwargs) -> None: ...

class PatientRegistered(_message.Message):
    __slots__ = ("patient", "trigger", "recorded_at", "encounter")
    PATIENT_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    ENCOUNTER_FIELD_NUMBER: _ClassVar[int]
    patient: Patient
    trigger: str
    recorded_at: _timestamp_pb2.Timestamp
    encounter: Encounter
    def __init__(self, patient: _Optional[_Union[Patient, _Mapping]] = ..., trigger: _Optional[str] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., encounter: _Optional[_Union[Encounter, _Mapping]] = ...) -> None: ...

class PatientMerged(_message.Message):
    __slots__ = ("surviving", "retired_id", "retired_identifier", "retired_authority", "recorded_at")
    SURVIVING_FIELD_NUMBER: _ClassVar[int]
    RETIRED_ID_FIELD_NUMBER: _ClassVar[int]
    RETIRED_IDENTIFIER_FIELD_NUMBER: _ClassVar[int]
    RETIRED_AUTHORITY_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    surviving: Patient
    retired_id: str
    retired_identifier: str
    retired_authority: str
    recorded_at: _timestamp_pb2.Timestamp
    def __init__(self, surviving: _Optional[_Union[Patient, _Mapping]] = ..., retired_id: _Optional[str] = ..., retired_identifier: _Optional[str] = ..., retired_authority: _Optional[str] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PatientsUnlinked(_message.Message):
    __slots__ = ("patient_id", "other_id", "recorded_at")
    PATIENT_ID_FIELD_NUMBER: _ClassVar[int]
    OTHER_ID_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    patient_id: str
    other_id: str
    recorded_at: _timestamp_pb2.Timestamp
    def __init__(self, patient_id: _Optional[str] = ..., other_id: _Optional[str] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
