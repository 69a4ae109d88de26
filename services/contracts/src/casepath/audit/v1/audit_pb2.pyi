import datetime

from buf.validate import validate_pb2 as _validate_pb2
from casepath.records.v1 import filing_pb2 as _filing_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Action(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTION_UNSPECIFIED: _ClassVar[Action]
    ACTION_CREATED: _ClassVar[Action]
    ACTION_READ: _ClassVar[Action]
    ACTION_UPDATED: _ClassVar[Action]
    ACTION_EXECUTED: _ClassVar[Action]
    ACTION_DELETED: _ClassVar[Action]

class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_UNSPECIFIED: _ClassVar[Outcome]
    OUTCOME_DONE: _ClassVar[Outcome]
    OUTCOME_REFUSED: _ClassVar[Outcome]

class Purpose(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PURPOSE_UNSPECIFIED: _ClassVar[Purpose]
    PURPOSE_BREAK_THE_GLASS: _ClassVar[Purpose]
ACTION_UNSPECIFIED: Action
ACTION_CREATED: Action
ACTION_READ: Action
ACTION_UPDATED: Action
ACTION_EXECUTED: Action
ACTION_DELETED: Action
OUTCOME_UNSPECIFIED: Outcome
OUTCOME_DONE: Outcome
OUTCOME_REFUSED: Outcome
PURPOSE_UNSPECIFIED: Purpose
PURPOSE_BREAK_THE_GLASS: Purpose

class Agent(_message.Message):
    __slots__ = ("user_id", "roles", "address")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    roles: _containers.RepeatedScalarFieldContainer[str]
    address: str
    def __init__(self, user_id: _Optional[str] = ..., roles: _Optional[_Iterable[str]] = ..., address: _Optional[str] = ...) -> None: ...

class AccessRecorded(_message.Message):
    __slots__ = ("agent", "action", "outcome", "service", "operation", "entries", "reason", "purpose")
    AGENT_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    agent: Agent
    action: Action
    outcome: Outcome
    service: str
    operation: str
    entries: _containers.RepeatedCompositeFieldContainer[_filing_pb2.Entry]
    reason: str
    purpose: Purpose
    def __init__(self, agent: _Optional[_Union[Agent, _Mapping]] = ..., action: _Optional[_Union[Action, str]] = ..., outcome: _Optional[_Union[Outcome, str]] = ..., service: _Optional[str] = ..., operation: _Optional[str] = ..., entries: _Optional[_Iterable[_Union[_filing_pb2.Entry, _Mapping]]] = ..., reason: _Optional[str] = ..., purpose: _Optional[_Union[Purpose, str]] = ...) -> None: ...

class LedgerEntry(_message.Message):
    __slots__ = ("event_id", "time", "access")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    ACCESS_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    time: _timestamp_pb2.Timestamp
    access: AccessRecorded
    def __init__(self, event_id: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., access: _Optional[_Union[AccessRecorded, _Mapping]] = ...) -> None: ...

class Block(_message.Message):
    __slots__ = ("number", "previous", "sealed_at", "entries")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    SEALED_AT_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    number: int
    previous: bytes
    sealed_at: _timestamp_pb2.Timestamp
    entries: _containers.RepeatedCompositeFieldContainer[LedgerEntry]
    def __init__(self, number: _Optional[int] = ..., previous: _Optional[bytes] = ..., sealed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., entries: _Optional[_Iterable[_Union[LedgerEntry, _Mapping]]] = ...) -> None: ...

class SealedBlock(_message.Message):
    __slots__ = ("block", "key_id", "signature")
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    block: bytes
    key_id: str
    signature: bytes
    def __init__(self, block: _Optional[bytes] = ..., key_id: _Optional[str] = ..., signature: _Optional[bytes] = ...) -> None: ...

class BlockSealed(_message.Message):
    __slots__ = ("number", "digest", "entries")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    number: int
    digest: bytes
    entries: int
    def __init__(self, number: _Optional[int] = ..., digest: _Optional[bytes] = ..., entries: _Optional[int] = ...) -> None: ...
