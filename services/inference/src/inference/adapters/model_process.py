"""A model in a process of its own: one that crashes, hangs or leaks takes neither the service nor its neighbours with it."""

import contextlib
import json
import multiprocessing
import resource
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import structlog
from prometheus_client import Counter

from chassis.errors import CasepathError, Malformed, Misconfigured
from chassis.isolated import begin
from inference.adapters.onnx_session import CPU_PROVIDER, Device, DeviceLost, ModelFailed, OnnxSession
from inference.bundle import ModelFile
from inference.tensors import Array, Tensor

ENDED = Counter("casepath_inference_processes_ended_total", "Processes of models that were ended, and why", ["model", "reason"])
# A model has this long to load: TensorRT may build an engine first.
LOADING_SECONDS = 600.0
# One run gets at most this many times the memory that a process may keep, beyond what it has when its model is loaded.
HARD_LIMIT = 2
# Places in /proc/self/statm (proc(5)): what is in memory, and what was asked for.
RESIDENT, DATA = 1, 5
# Each array begins at a multiple of this in the shared memory.
ALIGNMENT = 64

# What a session raises, by name.
ERRORS: dict[str, type[CasepathError]] = {kind.__name__: kind for kind in (DeviceLost, Malformed, ModelFailed)}

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ready:
    """What a process says of its model when it is loaded."""

    provider: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an array lies in the shared memory."""

    start: int
    shape: tuple[int, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Either arrays or an error; `megabytes` is what the process holds."""

    outputs: dict[str, Array]
    error: CasepathError | None
    megabytes: int


class ProcessSession:
    """Runs a model in a process. Inputs pass through shared memory, one run at a time.

    Raise Misconfigured where the model cannot be loaded, ModelFailed where its process dies or does not answer in the time that
    its manifest gives it, and what OnnxSession raises. After a death the next run has a new process; so it has where the last one
    left more memory taken than the manifest allows.
    """

    def __init__(self, model: ModelFile, device: Device = "auto", threads: int = 0) -> None:
        self.model = model
        self.arguments = (model, device, threads)
        self.lock = Lock()
        self.memory: SharedMemory | None = None
        self.process: Any = None
        self.start()
        self.provider, self.inputs, self.outputs = self.ready.provider, self.ready.inputs, self.ready.outputs

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, *self.arguments), daemon=True)
        self.process.start()
        theirs.close()
        try:
            if not self.connection.poll(LOADING_SECONDS):
                raise Misconfigured(f"{self.model.name} was not loaded in {LOADING_SECONDS:g} s")
            self.ready = ready(self.connection)
        except (EOFError, OSError):
            self.end("not loaded")
            raise Misconfigured(f"{self.model.name} could not be loaded: its process died") from None
        except Misconfigured:
            self.end("not loaded")
            raise

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        with self.lock:
            if self.process is None:
                self.renew()
            answer = self.answer(feeds)
            if answer.megabytes > self.model.serving.memory_megabytes:
                self.end("memory")
        if answer.error is not None:
            raise answer.error
        return answer.outputs

    def renew(self) -> None:
        try:
            self.start()
        except Misconfigured as error:
            raise ModelFailed(f"its process could not be made anew: {error}") from error

    def answer(self, feeds: Mapping[str, Array]) -> Answer:
        seconds = self.model.serving.seconds
        try:
            self.connection.send(self.shared(feeds))
            if not self.connection.poll(seconds):
                self.end("hung")
                raise ModelFailed(f"the model did not answer in {seconds:g} s")
            return answered(self.connection)
        except (EOFError, OSError, ValueError, KeyError, TypeError):
            self.end("died")
            raise ModelFailed("the model's process died") from None

    def shared(self, feeds: Mapping[str, Array]) -> tuple[str, dict[str, Place]]:
        """Put arrays where the process reads them."""
        places, end = {}, 0
        for name, value in feeds.items():
            places[name] = Place(end, value.shape, value.dtype.str)
            end += -(-value.nbytes // ALIGNMENT) * ALIGNMENT
        if self.memory is None or self.memory.size < end:
            self.free()
            self.memory = SharedMemory(create=True, size=max(end, 1))
        for name, value in feeds.items():
            view(self.memory, places[name])[...] = value
        return self.memory.name, places

    def end(self, reason: str) -> None:
        """Kill the process; the next run has another."""
        ENDED.labels(self.model.name, reason).inc()
        log.warning("model process", model=self.model.name, outcome="ended", reason=reason)
        self.kill()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process.close()
            self.process = None
            self.connection.close()

    def free(self) -> None:
        if self.memory is not None:
            self.memory.close()
            with contextlib.suppress(FileNotFoundError):
                self.memory.unlink()
            self.memory = None

    def close(self) -> None:
        with self.lock:
            self.kill()
            self.free()


def view(memory: SharedMemory, place: Place) -> Array:
    return np.ndarray(place.shape, np.dtype(place.kind), memory.buf, place.start)


def work(connection: Connection, model: ModelFile, device: Device, threads: int) -> None:
    """In the child: load, then answer until the service goes away."""
    begin()
    try:
        session = OnnxSession(model, device, threads)
    except Misconfigured as error:
        tell(connection, {"error": "Misconfigured", "said": str(error)})
        return
    if session.provider == CPU_PROVIDER:
        # A GPU's driver maps far more than it uses.
        most = megabytes(DATA) + model.serving.memory_megabytes * HARD_LIMIT
        resource.setrlimit(resource.RLIMIT_DATA, (most << 20, most << 20))
    described = {"inputs": [asdict(one) for one in session.inputs], "outputs": [asdict(one) for one in session.outputs]}
    tell(connection, {"provider": session.provider, **described})
    memory: SharedMemory | None = None
    while True:
        try:
            name, places = connection.recv()
        except (EOFError, OSError):
            return
        if memory is None or memory.name != name:
            if memory is not None:
                memory.close()
            memory = SharedMemory(name)
        try:
            outputs = session.run({key: view(memory, place) for key, place in places.items()})
        except CasepathError as error:
            tell(connection, {"error": type(error).__name__, "said": str(error), "megabytes": megabytes()})
            continue
        shapes = {key: [value.dtype.str, value.shape] for key, value in outputs.items()}
        tell(connection, {"outputs": shapes, "megabytes": megabytes()})
        for value in outputs.values():
            connection.send_bytes(np.ascontiguousarray(value).tobytes())


def tell(connection: Connection, said: dict[str, Any]) -> None:
    """As JSON: what comes out of a model's process is data, and is never unpickled."""
    connection.send_bytes(json.dumps(said).encode())


def ready(connection: Connection) -> Ready:
    """Raise Misconfigured where the process says that it cannot load."""
    said = json.loads(connection.recv_bytes())
    if "error" in said:
        raise Misconfigured(said["said"])
    inputs, outputs = (
        tuple(Tensor(**one | {"shape": tuple(one["shape"])}) for one in said[side]) for side in ("inputs", "outputs")
    )
    return Ready(said["provider"], inputs, outputs)


def answered(connection: Connection) -> Answer:
    said = json.loads(connection.recv_bytes())
    if "error" in said:
        return Answer({}, ERRORS[said["error"]](said["said"]), said["megabytes"])
    outputs = {}
    for name, (kind, shape) in said["outputs"].items():
        # A copy of its own: what comes over the pipe is read-only.
        outputs[name] = np.frombuffer(connection.recv_bytes(), np.dtype(kind)).reshape(shape).copy()
    return Answer(outputs, None, said["megabytes"])


def megabytes(what: int = RESIDENT) -> int:
    """What this process has in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[what]) * resource.getpagesize() >> 20
