import datetime

from buf.validate import validate_pb2 as _validate_pb2
from casepath.objects.v1 import object_ref_pb2 as _object_ref_pb2
from casepath.sequencing.v1 import calling_pb2 as _calling_pb2
from casepath.sequencing.v1 import sequencing_pb2 as _sequencing_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RunState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RUN_STATE_UNSPECIFIED: _ClassVar[RunState]
    RUN_STATE_QUEUED: _ClassVar[RunState]
    RUN_STATE_RUNNING: _ClassVar[RunState]
    RUN_STATE_COMPLETE: _ClassVar[RunState]
    RUN_STATE_EXECUTOR_ERROR: _ClassVar[RunState]
    RUN_STATE_SYSTEM_ERROR: _ClassVar[RunState]
    RUN_STATE_CANCELING: _ClassVar[RunState]
    RUN_STATE_CANCELED: _ClassVar[RunState]
RUN_STATE_UNSPECIFIED: RunState
RUN_STATE_QUEUED: RunState
RUN_STATE_RUNNING: RunState
RUN_STATE_COMPLETE: RunState
RUN_STATE_EXECUTOR_ERROR: RunState
RUN_STATE_SYSTEM_ERROR: RunState
RUN_STATE_CANCELING: RunState
RUN_STATE_CANCELED: RunState

class Run(_message.Message):
    __slots__ = ("run_id", "project", "submitter", "sample", "reference", "engine", "read_groups", "tags", "state", "submitted_at", "started_at", "ended_at", "tasks", "tasks_known", "result", "reason", "cached", "computation_id", "provenance", "workflow", "files", "snapshot")
    class TagsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    SUBMITTER_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    READ_GROUPS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SUBMITTED_AT_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    TASKS_KNOWN_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CACHED_FIELD_NUMBER: _ClassVar[int]
    COMPUTATION_ID_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    project: str
    submitter: str
    sample: str
    reference: str
    engine: _calling_pb2.Engine
    read_groups: _containers.RepeatedCompositeFieldContainer[_sequencing_pb2.ReadGroup]
    tags: _containers.ScalarMap[str, str]
    state: RunState
    submitted_at: _timestamp_pb2.Timestamp
    started_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    tasks: _containers.RepeatedCompositeFieldContainer[RunTask]
    tasks_known: int
    result: _calling_pb2.CallingResult
    reason: str
    cached: bool
    computation_id: str
    provenance: _object_ref_pb2.ObjectRef
    workflow: Workflow
    files: _containers.RepeatedCompositeFieldContainer[WorkflowFile]
    snapshot: _object_ref_pb2.ObjectRef
    def __init__(self, run_id: _Optional[str] = ..., project: _Optional[str] = ..., submitter: _Optional[str] = ..., sample: _Optional[str] = ..., reference: _Optional[str] = ..., engine: _Optional[_Union[_calling_pb2.Engine, str]] = ..., read_groups: _Optional[_Iterable[_Union[_sequencing_pb2.ReadGroup, _Mapping]]] = ..., tags: _Optional[_Mapping[str, str]] = ..., state: _Optional[_Union[RunState, str]] = ..., submitted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., tasks: _Optional[_Iterable[_Union[RunTask, _Mapping]]] = ..., tasks_known: _Optional[int] = ..., result: _Optional[_Union[_calling_pb2.CallingResult, _Mapping]] = ..., reason: _Optional[str] = ..., cached: _Optional[bool] = ..., computation_id: _Optional[str] = ..., provenance: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., workflow: _Optional[_Union[Workflow, _Mapping]] = ..., files: _Optional[_Iterable[_Union[WorkflowFile, _Mapping]]] = ..., snapshot: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ...) -> None: ...

class Workflow(_message.Message):
    __slots__ = ("files", "snakefile", "targets", "config")
    FILES_FIELD_NUMBER: _ClassVar[int]
    SNAKEFILE_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    files: _containers.RepeatedCompositeFieldContainer[WorkflowFile]
    snakefile: str
    targets: _containers.RepeatedScalarFieldContainer[str]
    config: str
    def __init__(self, files: _Optional[_Iterable[_Union[WorkflowFile, _Mapping]]] = ..., snakefile: _Optional[str] = ..., targets: _Optional[_Iterable[str]] = ..., config: _Optional[str] = ...) -> None: ...

class WorkflowFile(_message.Message):
    __slots__ = ("path", "object")
    PATH_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    path: str
    object: _object_ref_pb2.ObjectRef
    def __init__(self, path: _Optional[str] = ..., object: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ...) -> None: ...

class RunTask(_message.Message):
    __slots__ = ("name", "ended_at", "seconds")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    name: str
    ended_at: _timestamp_pb2.Timestamp
    seconds: float
    def __init__(self, name: _Optional[str] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., seconds: _Optional[float] = ...) -> None: ...

class RunLease(_message.Message):
    __slots__ = ("holder", "until")
    HOLDER_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    holder: str
    until: _timestamp_pb2.Timestamp
    def __init__(self, holder: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SubmitRunRequest(_message.Message):
    __slots__ = ("header", "file", "chunk")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    header: RunHeader
    file: str
    chunk: bytes
    def __init__(self, header: _Optional[_Union[RunHeader, _Mapping]] = ..., file: _Optional[str] = ..., chunk: _Optional[bytes] = ...) -> None: ...

class RunHeader(_message.Message):
    __slots__ = ("project", "sample", "reference", "engine", "reads", "alignments", "tags", "workflow")
    class TagsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    READS_FIELD_NUMBER: _ClassVar[int]
    ALIGNMENTS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    project: str
    sample: str
    reference: str
    engine: _calling_pb2.Engine
    reads: _containers.RepeatedCompositeFieldContainer[ReadPair]
    alignments: _containers.RepeatedScalarFieldContainer[str]
    tags: _containers.ScalarMap[str, str]
    workflow: WorkflowHeader
    def __init__(self, project: _Optional[str] = ..., sample: _Optional[str] = ..., reference: _Optional[str] = ..., engine: _Optional[_Union[_calling_pb2.Engine, str]] = ..., reads: _Optional[_Iterable[_Union[ReadPair, _Mapping]]] = ..., alignments: _Optional[_Iterable[str]] = ..., tags: _Optional[_Mapping[str, str]] = ..., workflow: _Optional[_Union[WorkflowHeader, _Mapping]] = ...) -> None: ...

class WorkflowHeader(_message.Message):
    __slots__ = ("files", "snakefile", "targets", "config")
    FILES_FIELD_NUMBER: _ClassVar[int]
    SNAKEFILE_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    files: _containers.RepeatedCompositeFieldContainer[WorkflowHeaderFile]
    snakefile: str
    targets: _containers.RepeatedScalarFieldContainer[str]
    config: str
    def __init__(self, files: _Optional[_Iterable[_Union[WorkflowHeaderFile, _Mapping]]] = ..., snakefile: _Optional[str] = ..., targets: _Optional[_Iterable[str]] = ..., config: _Optional[str] = ...) -> None: ...

class WorkflowHeaderFile(_message.Message):
    __slots__ = ("path", "name")
    PATH_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    path: str
    name: str
    def __init__(self, path: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class ReadPair(_message.Message):
    __slots__ = ("first", "second")
    FIRST_FIELD_NUMBER: _ClassVar[int]
    SECOND_FIELD_NUMBER: _ClassVar[int]
    first: str
    second: str
    def __init__(self, first: _Optional[str] = ..., second: _Optional[str] = ...) -> None: ...

class SubmitRunResponse(_message.Message):
    __slots__ = ("run",)
    RUN_FIELD_NUMBER: _ClassVar[int]
    run: Run
    def __init__(self, run: _Optional[_Union[Run, _Mapping]] = ...) -> None: ...

class GetRunRequest(_message.Message):
    __slots__ = ("run_id",)
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    def __init__(self, run_id: _Optional[str] = ...) -> None: ...

class GetRunResponse(_message.Message):
    __slots__ = ("run", "outlook", "files")
    RUN_FIELD_NUMBER: _ClassVar[int]
    OUTLOOK_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    run: Run
    outlook: Outlook
    files: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, run: _Optional[_Union[Run, _Mapping]] = ..., outlook: _Optional[_Union[Outlook, _Mapping]] = ..., files: _Optional[_Iterable[str]] = ...) -> None: ...

class Outlook(_message.Message):
    __slots__ = ("core_seconds", "cost", "currency", "seconds_left")
    CORE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    SECONDS_LEFT_FIELD_NUMBER: _ClassVar[int]
    core_seconds: float
    cost: float
    currency: str
    seconds_left: float
    def __init__(self, core_seconds: _Optional[float] = ..., cost: _Optional[float] = ..., currency: _Optional[str] = ..., seconds_left: _Optional[float] = ...) -> None: ...

class ListRunsRequest(_message.Message):
    __slots__ = ("project",)
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    project: str
    def __init__(self, project: _Optional[str] = ...) -> None: ...

class ListRunsResponse(_message.Message):
    __slots__ = ("runs",)
    RUNS_FIELD_NUMBER: _ClassVar[int]
    runs: _containers.RepeatedCompositeFieldContainer[Run]
    def __init__(self, runs: _Optional[_Iterable[_Union[Run, _Mapping]]] = ...) -> None: ...

class CancelRunRequest(_message.Message):
    __slots__ = ("run_id",)
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    def __init__(self, run_id: _Optional[str] = ...) -> None: ...

class CancelRunResponse(_message.Message):
    __slots__ = ("run",)
    RUN_FIELD_NUMBER: _ClassVar[int]
    run: Run
    def __init__(self, run: _Optional[_Union[Run, _Mapping]] = ...) -> None: ...

class WatchRunRequest(_message.Message):
    __slots__ = ("run_id",)
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    def __init__(self, run_id: _Optional[str] = ...) -> None: ...

class WatchRunResponse(_message.Message):
    __slots__ = ("run", "outlook")
    RUN_FIELD_NUMBER: _ClassVar[int]
    OUTLOOK_FIELD_NUMBER: _ClassVar[int]
    run: Run
    outlook: Outlook
    def __init__(self, run: _Optional[_Union[Run, _Mapping]] = ..., outlook: _Optional[_Union[Outlook, _Mapping]] = ...) -> None: ...

class DownloadResultRequest(_message.Message):
    __slots__ = ("run_id", "name")
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    name: str
    def __init__(self, run_id: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class DownloadResultResponse(_message.Message):
    __slots__ = ("chunk",)
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    chunk: bytes
    def __init__(self, chunk: _Optional[bytes] = ...) -> None: ...

class GetScheduleRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetScheduleResponse(_message.Message):
    __slots__ = ("processes", "care_waiting", "projects", "references", "workflows")
    PROCESSES_FIELD_NUMBER: _ClassVar[int]
    CARE_WAITING_FIELD_NUMBER: _ClassVar[int]
    PROJECTS_FIELD_NUMBER: _ClassVar[int]
    REFERENCES_FIELD_NUMBER: _ClassVar[int]
    WORKFLOWS_FIELD_NUMBER: _ClassVar[int]
    processes: int
    care_waiting: int
    projects: _containers.RepeatedCompositeFieldContainer[ProjectSchedule]
    references: _containers.RepeatedScalarFieldContainer[str]
    workflows: bool
    def __init__(self, processes: _Optional[int] = ..., care_waiting: _Optional[int] = ..., projects: _Optional[_Iterable[_Union[ProjectSchedule, _Mapping]]] = ..., references: _Optional[_Iterable[str]] = ..., workflows: _Optional[bool] = ...) -> None: ...

class ProjectSchedule(_message.Message):
    __slots__ = ("project", "queued_runs", "running_runs", "tasks_waiting", "tasks_running", "core_hours_used", "core_hours", "clears_in_seconds")
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    QUEUED_RUNS_FIELD_NUMBER: _ClassVar[int]
    RUNNING_RUNS_FIELD_NUMBER: _ClassVar[int]
    TASKS_WAITING_FIELD_NUMBER: _ClassVar[int]
    TASKS_RUNNING_FIELD_NUMBER: _ClassVar[int]
    CORE_HOURS_USED_FIELD_NUMBER: _ClassVar[int]
    CORE_HOURS_FIELD_NUMBER: _ClassVar[int]
    CLEARS_IN_SECONDS_FIELD_NUMBER: _ClassVar[int]
    project: str
    queued_runs: int
    running_runs: int
    tasks_waiting: int
    tasks_running: int
    core_hours_used: float
    core_hours: float
    clears_in_seconds: float
    def __init__(self, project: _Optional[str] = ..., queued_runs: _Optional[int] = ..., running_runs: _Optional[int] = ..., tasks_waiting: _Optional[int] = ..., tasks_running: _Optional[int] = ..., core_hours_used: _Optional[float] = ..., core_hours: _Optional[float] = ..., clears_in_seconds: _Optional[float] = ...) -> None: ...
