from buf.validate import validate_pb2 as _validate_pb2
from casepath.slides.v1 import slide_pb2 as _slide_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StoredInstance(_message.Message):
    __slots__ = ("case_id", "slide_id", "scan_id", "study_instance_uid", "series_instance_uid", "instance", "offsets", "lengths", "metadata", "tile_columns", "tile_rows", "icc_profile")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    SLIDE_ID_FIELD_NUMBER: _ClassVar[int]
    SCAN_ID_FIELD_NUMBER: _ClassVar[int]
    STUDY_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    SERIES_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    OFFSETS_FIELD_NUMBER: _ClassVar[int]
    LENGTHS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    TILE_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    TILE_ROWS_FIELD_NUMBER: _ClassVar[int]
    ICC_PROFILE_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    slide_id: str
    scan_id: str
    study_instance_uid: str
    series_instance_uid: str
    instance: _slide_pb2.Instance
    offsets: _containers.RepeatedScalarFieldContainer[int]
    lengths: _containers.RepeatedScalarFieldContainer[int]
    metadata: bytes
    tile_columns: _containers.RepeatedScalarFieldContainer[int]
    tile_rows: _containers.RepeatedScalarFieldContainer[int]
    icc_profile: bytes
    def __init__(self, case_id: _Optional[str] = ..., slide_id: _Optional[str] = ..., scan_id: _Optional[str] = ..., study_instance_uid: _Optional[str] = ..., series_instance_uid: _Optional[str] = ..., instance: _Optional[_Union[_slide_pb2.Instance, _Mapping]] = ..., offsets: _Optional[_Iterable[int]] = ..., lengths: _Optional[_Iterable[int]] = ..., metadata: _Optional[bytes] = ..., tile_columns: _Optional[_Iterable[int]] = ..., tile_rows: _Optional[_Iterable[int]] = ..., icc_profile: _Optional[bytes] = ...) -> None: ...

class GetFramesRequest(_message.Message):
    __slots__ = ("study_instance_uid", "series_instance_uid", "sop_instance_uid", "frames")
    STUDY_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    SERIES_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    SOP_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    frames: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, study_instance_uid: _Optional[str] = ..., series_instance_uid: _Optional[str] = ..., sop_instance_uid: _Optional[str] = ..., frames: _Optional[_Iterable[int]] = ...) -> None: ...

class GetFramesResponse(_message.Message):
    __slots__ = ("frame", "transfer_syntax_uid", "content")
    FRAME_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_SYNTAX_UID_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    frame: int
    transfer_syntax_uid: str
    content: bytes
    def __init__(self, frame: _Optional[int] = ..., transfer_syntax_uid: _Optional[str] = ..., content: _Optional[bytes] = ...) -> None: ...

class UploadSlideRequest(_message.Message):
    __slots__ = ("header", "chunk")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    header: SlideHeader
    chunk: bytes
    def __init__(self, header: _Optional[_Union[SlideHeader, _Mapping]] = ..., chunk: _Optional[bytes] = ...) -> None: ...

class SlideHeader(_message.Message):
    __slots__ = ("accession", "slide_id", "suffix", "sha256", "microns_per_pixel")
    ACCESSION_FIELD_NUMBER: _ClassVar[int]
    SLIDE_ID_FIELD_NUMBER: _ClassVar[int]
    SUFFIX_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    MICRONS_PER_PIXEL_FIELD_NUMBER: _ClassVar[int]
    accession: str
    slide_id: str
    suffix: str
    sha256: str
    microns_per_pixel: float
    def __init__(self, accession: _Optional[str] = ..., slide_id: _Optional[str] = ..., suffix: _Optional[str] = ..., sha256: _Optional[str] = ..., microns_per_pixel: _Optional[float] = ...) -> None: ...

class UploadSlideResponse(_message.Message):
    __slots__ = ("scan_id", "size")
    SCAN_ID_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    scan_id: str
    size: int
    def __init__(self, scan_id: _Optional[str] = ..., size: _Optional[int] = ...) -> None: ...
