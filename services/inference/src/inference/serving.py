"""Models that answer: each with its session, its queue and a thread to run in."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import structlog
from prometheus_client import Counter, Gauge, Histogram

from chassis.errors import CasepathError, Malformed, Misconfigured, NotFound
from inference.adapters.onnx_session import DeviceLost, ModelFailed
from inference.batching import Batcher
from inference.bundle import ModelFile, load_model
from inference.readers import Session
from inference.tensors import Array, Input, Pictures, kind_of, rows_of

BATCHES = Histogram("casepath_inference_batch_rows", "Rows run together", ["model"], buckets=[1, 2, 4, 8, 16, 32, 64, 128, 256])
ROWS = Counter("casepath_inference_rows_total", "Rows asked for, by how that ended", ["model", "outcome"])
WAITING = Gauge("casepath_inference_rows_waiting", "Rows in the queue", ["model"])
PROVIDER = Gauge("casepath_inference_provider", "1 for what a model really runs on", ["model", "provider"])
RENEWED = Counter("casepath_inference_sessions_renewed_total", "Sessions made anew after their device failed", ["model"])

log: structlog.stdlib.BoundLogger = structlog.get_logger()

type Inputs = Mapping[str, Input]
type Outputs = dict[str, Array]
type MakeSession = Callable[[ModelFile], Session]


class RenewedSession:
    """A session that is made anew where its device fails, and runs once more what failed, or raises DeviceLost."""

    def __init__(self, model: ModelFile, make: MakeSession) -> None:
        self.model = model
        self.make = make
        self.session = make(model)
        self.inputs, self.outputs = self.session.inputs, self.session.outputs
        self.tell_provider(1)

    @property
    def provider(self) -> str:
        return self.session.provider

    def run(self, feeds: Mapping[str, Array]) -> Outputs:
        try:
            return self.session.run(feeds)
        except DeviceLost:
            RENEWED.labels(self.model.name).inc()
            self.renew()
            return self.session.run(feeds)

    def renew(self) -> None:
        self.session.close()
        try:
            new = self.make(self.model)
        except Misconfigured as error:
            raise DeviceLost(f"no new session could be made: {error}") from error
        self.tell_provider(0)
        self.session = new
        self.tell_provider(1)

    def close(self) -> None:
        self.session.close()

    def tell_provider(self, used: int) -> None:
        PROVIDER.labels(self.model.name, self.provider).set(used)


class Served:
    """One model. Its session is made, and run, in a thread of its own.

    Where each input's first dimension is open, requests are batched along it; else each is run alone.
    """

    def __init__(self, model: ModelFile, make: MakeSession) -> None:
        self.model = model
        self.session: Session = RenewedSession(model, make)
        self.thread = ThreadPoolExecutor(1, thread_name_prefix=f"model-{model.name}")
        self.batched = all(tensor.shape and tensor.shape[0] == -1 for tensor in self.session.inputs)
        limits = model.limits if self.batched else replace(model.limits, rows=1)
        self.batcher: Batcher[Inputs, Outputs] = Batcher(self.run, limits, BATCHES.labels(model.name).observe)
        self.answered = ROWS.labels(model.name, "answered")
        WAITING.labels(model.name).set_function(lambda: self.batcher.waiting)

    async def infer(self, inputs: Inputs, priority: int = 0, seconds: float | None = None) -> Outputs:
        """Raise what Batcher.submit does, and DeviceLost, Malformed or ModelFailed."""
        rows = rows_of(next(iter(inputs.values()))) if self.batched else 1
        if self.batched and any(rows_of(value) != rows for value in inputs.values()):
            raise Malformed("the inputs have different numbers of rows")
        try:
            found = await self.batcher.submit(inputs, rows, kind_of(inputs), priority, seconds)
        except (CasepathError, asyncio.CancelledError) as error:
            ROWS.labels(self.model.name, type(error).__name__).inc(rows)
            raise
        self.answered.inc(rows)
        return found

    async def run(self, requests: Sequence[Inputs]) -> Sequence[Outputs | CasepathError]:
        return await asyncio.get_running_loop().run_in_executor(self.thread, self.answers, requests)

    def answers(self, requests: Sequence[Inputs]) -> list[Outputs | CasepathError]:
        """In the model's thread: decode, put together, run, take apart. What cannot be decoded harms no neighbour."""
        found: dict[int, Outputs | CasepathError] = {}
        decoded: dict[int, dict[str, Array]] = {}
        for number, inputs in enumerate(requests):
            try:
                decoded[number] = {name: pixels_of(value) for name, value in inputs.items()}
            except Malformed as error:
                found[number] = error
        if decoded:
            feeds = list(decoded.values())
            together = feeds[0] if len(feeds) == 1 else {name: np.concatenate([one[name] for one in feeds]) for name in feeds[0]}
            found.update(zip(decoded, self.parted(self.session.run(together), feeds), strict=True))
        return [found[number] for number in range(len(requests))]

    def parted(self, outputs: Outputs, feeds: Sequence[Mapping[str, Array]]) -> list[Outputs]:
        if len(feeds) == 1:
            return [outputs]
        sizes = [len(next(iter(one.values()))) for one in feeds]
        if any(value.shape[:1] != (sum(sizes),) for value in outputs.values()):
            raise ModelFailed("the model does not give a row for each row that it takes")
        ends = np.cumsum(sizes)
        return [{name: value[end - size : end] for name, value in outputs.items()} for size, end in zip(sizes, ends, strict=True)]

    async def close(self) -> None:
        await self.batcher.close()
        await asyncio.get_running_loop().run_in_executor(self.thread, self.session.close)
        self.thread.shutdown()


def pixels_of(value: Input) -> Array:
    if not isinstance(value, Pictures):
        return value
    pixels = np.empty((len(value.encoded), value.rows, value.columns, 3), np.uint8)
    value.decode_into(pixels)
    return pixels


@dataclass(frozen=True, slots=True)
class Listed:
    """A model of the repository. `reason` says why it is not ready."""

    name: str
    version: str
    ready: bool
    reason: str


class ModelRepository:
    """A folder of bundles, of which some are served."""

    def __init__(self, folder: Path, make: MakeSession) -> None:
        self.folder = folder
        self.make = make
        self.served: dict[str, Served] = {}
        self.failed: dict[str, str] = {}

    def get(self, name: str, version: str = "") -> Served:
        """Raise NotFound where it is not served."""
        found = self.served.get(name)
        if found is None or version not in ("", found.model.version):
            raise NotFound(f"the model {name}{f' {version}' if version else ''} is not served")
        return found

    async def load(self, name: str) -> Served:
        """Serve a model of the folder; the one that is served is replaced once the new one is ready.

        Raise NotFound, or Misconfigured where it cannot be served.
        """
        if name not in self.names():
            raise NotFound(f"the repository has no model {name}")
        try:
            new = await asyncio.to_thread(self.made, name)
        except Misconfigured as error:
            self.failed[name] = str(error)
            raise
        self.failed.pop(name, None)
        before = self.served.get(name)
        self.served[name] = new
        if before is not None:
            await before.close()
        return new

    def add(self, served: Served) -> None:
        """Serve a model that need not lie in the folder."""
        self.served[served.model.name] = served

    async def load_all(self) -> None:
        """Serve each model of the folder that is not; one that cannot be is listed with the reason, and harms no other."""
        for name in sorted(set(self.names()) - set(self.served)):
            try:
                await self.load(name)
            except Misconfigured as error:
                log.error("model", outcome="not served", model=name, error=str(error))

    def made(self, name: str) -> Served:
        model = load_model(self.folder / name)
        if model.name != name:
            raise Misconfigured(f"the bundle in {name} names its model {model.name}")
        return Served(model, self.make)

    async def unload(self, name: str) -> None:
        """What is being run ends first. Raise NotFound where it is not served."""
        served = self.get(name)
        del self.served[name]
        await served.close()

    def index(self) -> list[Listed]:
        """Every model of the folder, and what is served besides."""
        found = []
        for name in sorted({*self.names(), *self.served}):
            served = self.served.get(name)
            reason = "" if served else self.failed.get(name, "unloaded")
            found.append(Listed(name, served.model.version if served else "", served is not None, reason))
        return found

    def names(self) -> list[str]:
        """Of the bundles' folders, which are their models' too."""
        return [path.parent.name for path in sorted(self.folder.glob("*/bundle.json"))]

    async def close(self) -> None:
        for served in list(self.served.values()):
            await served.close()
        self.served.clear()
