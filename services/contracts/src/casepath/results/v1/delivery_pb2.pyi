from buf.validate import validate_pb2 as _validate_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class ResultDelivered(_message.Message):
    __slots__ = ("case_id", "control_id", "cause")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    CONTROL_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    control_id: str
    cause: str
    def __init__(self, case_id: _Optional[str] = ..., control_id: _Optional[str] = ..., cause: _Optional[str] = ...) -> None: ...
