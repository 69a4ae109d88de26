"""A model in a process of its own: one that crashes, hangs or leaks takes neither the service nor its neighbours with it."""

import contextlib
import multiprocessing
import resource
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import structlog
from prometheus_client import Counter

from chassis.errors import CasepathError, Misconfigured
from chassis.isolated import begin
from inference.adapters.onnx_session import CPU_PROVIDER, Device, ModelFailed, OnnxSession
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

    outputs: dict[str, Array] | None
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
            found = self.connection.recv() if self.connection.poll(LOADING_SECONDS) else None
        except EOFError:
            found = None
        if not isinstance(found, Ready):
            self.end("not loaded")
            reason = found if isinstance(found, Misconfigured) else Misconfigured(f"{self.model.name} could not be loaded")
            raise reason
        self.ready: Ready = found

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        with self.lock:
            if self.process is None:
                self.renew()
            answer = self.answer(feeds)
            if answer.megabytes > self.model.serving.memory_megabytes:
                self.end("memory")
        if answer.error is not None:
            raise answer.error
        assert answer.outputs is not None
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
            found: Answer = self.connection.recv()
        except (EOFError, OSError):
            self.end("died")
            raise ModelFailed("the model's process died") from None
        return found

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
        connection.send(Misconfigured(str(error)))
        return
    if session.provider == CPU_PROVIDER:
        # A GPU's driver maps far more than it uses.
        most = megabytes(DATA) + model.serving.memory_megabytes * HARD_LIMIT
        resource.setrlimit(resource.RLIMIT_DATA, (most << 20, most << 20))
    connection.send(Ready(session.provider, session.inputs, session.outputs))
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
            answer = Answer(session.run({key: view(memory, place) for key, place in places.items()}), None, megabytes())
        except CasepathError as error:
            answer = Answer(None, type(error)(str(error)), megabytes())
        connection.send(answer)


def megabytes(what: int = RESIDENT) -> int:
    """What this process has in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[what]) * resource.getpagesize() >> 20
