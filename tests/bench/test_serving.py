"""Serving tiles over gRPC: against a bare loop of decoding and `session.run`, on the same tiles, one thread to run in each."""

import asyncio
import base64
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import httpx
import numpy as np
import psutil
import pytest
import simplejpeg
from PIL import Image
from stages.constructed_models import bundle
from stages.model_service import packed

from bench.litserve_peer import litserve
from bench.mlserver_peer import mlserver
from bench.model_server import device
from bench.networks import SIDE, null, resnet18
from embedded import samples
from inference.adapters.onnx_session import OnnxSession
from inference.bundle import load_model
from openinference.v2.grpc_service_pb2 import ModelInferRequest
from openinference.v2.grpc_service_pb2_grpc import GRPCInferenceServiceStub

if TYPE_CHECKING:
    from openinference.v2.grpc_service_pb2_grpc import GRPCInferenceServiceAsyncStub

ROUNDS = 3
BATCH = 32
UNARY_CALLERS = 64
NULL_TILES = int(os.environ.get("BENCH_NULL_TILES", "8000"))
RESNET_TILES = int(os.environ.get("BENCH_RESNET_TILES", "320"))
LARGE_MESSAGES = [("grpc.max_send_message_length", 64 << 20)]


@dataclass(frozen=True, slots=True)
class Server:
    address: str
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """Of the server, and of the processes that its models run in."""
        every = [one.cpu_times() for one in (self.process, *self.process.children(recursive=True))]
        return float(sum(times.user + times.system for times in every))


@dataclass(frozen=True, slots=True)
class Rate:
    """Tiles a second by the clock, and by the server's processor time."""

    wall: float
    cpu: float


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    bundle(folder, "null", null(), batch_rows=BATCH)
    bundle(folder, "resnet18", resnet18(), batch_rows=BATCH)
    return folder


@pytest.fixture(scope="module")
def server(repository: Path) -> Iterator[Server]:
    argv = [sys.executable, "-m", "bench.model_server", str(repository)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        yield Server(f"127.0.0.1:{port}", psutil.Process(process.pid))
        process.kill()


@pytest.fixture(scope="module")
def tiles() -> list[bytes]:
    """64 tiles of the sample slide, JPEG as a scanner writes them."""
    with Image.open(samples.SLIDE) as image:
        whole = np.asarray(image.convert("RGB"))
    places = np.random.default_rng(0).integers((0, 0), (whole.shape[0] - SIDE, whole.shape[1] - SIDE), (64, 2))
    cut = [np.ascontiguousarray(whole[y : y + SIDE, x : x + SIDE]) for y, x in places]
    return [simplejpeg.encode_jpeg(tile, quality=80, colorsubsampling="420") for tile in cut]


def request(model: str, tiles: list[bytes], start: int, count: int) -> ModelInferRequest:
    chosen = [tiles[(start + number) % len(tiles)] for number in range(count)]
    one = ModelInferRequest(model_name=model)
    one.inputs.add(name="tiles", datatype="BYTES", shape=[count])
    one.raw_input_contents.append(packed(chosen))
    return one


async def served(server: Server, requests: list[ModelInferRequest], tiles: int, callers: int) -> Rate:
    async with grpc.aio.insecure_channel(server.address, options=LARGE_MESSAGES) as channel:
        stub: GRPCInferenceServiceAsyncStub = GRPCInferenceServiceStub(channel)
        await stub.ModelInfer(requests[0])
        turns = iter(range(tiles // rows(requests[0])))

        async def call() -> None:
            for turn in turns:
                await stub.ModelInfer(requests[turn % len(requests)])

        return await timed(server, tiles, lambda: asyncio.gather(*(call() for _ in range(callers))))


async def streamed(server: Server, requests: list[ModelInferRequest], tiles: int) -> Rate:
    async with grpc.aio.insecure_channel(server.address, options=LARGE_MESSAGES) as channel:
        stub: GRPCInferenceServiceAsyncStub = GRPCInferenceServiceStub(channel)
        await stub.ModelInfer(requests[0])

        async def all_of_them() -> AsyncIterator[ModelInferRequest]:
            for turn in range(tiles // rows(requests[0])):
                yield requests[turn % len(requests)]

        async def read() -> None:
            async for answer in stub.ModelStreamInfer(all_of_them()):
                assert not answer.error_message

        return await timed(server, tiles, read)


async def timed(server: Server, tiles: int, run: Callable[[], object]) -> Rate:
    cpu, began = server.cpu_seconds(), time.perf_counter()
    await run()  # type: ignore[misc]
    return Rate(tiles / (time.perf_counter() - began), tiles / (server.cpu_seconds() - cpu))


def rows(one: ModelInferRequest) -> int:
    return int(one.inputs[0].shape[0])


def bare(session: OnnxSession, tiles: list[bytes], count: int) -> float:
    """Tiles a second of a loop with nothing around it."""
    pixels = np.empty((BATCH, SIDE, SIDE, 3), np.uint8)
    endless = (tile for _ in iter(int, 1) for tile in tiles)
    session.session.run(None, {"tiles": pixels})
    began = time.perf_counter()
    for _ in range(count // BATCH):
        for place, tile in zip(pixels, islice(endless, BATCH), strict=True):
            simplejpeg.decode_jpeg(tile, colorspace="RGB", buffer=place)
        session.session.run(None, {"tiles": pixels})
    return count / (time.perf_counter() - began)


@pytest.mark.parametrize(("model", "count"), [("null", NULL_TILES), ("resnet18", RESNET_TILES)])
async def test_serving(model: str, count: int, server: Server, repository: Path, tiles: list[bytes]) -> None:
    session = OnnxSession(load_model(repository / model), device(), 1)
    alone = [request(model, tiles, number, 1) for number in range(64)]
    many = [request(model, tiles, number * BATCH, BATCH) for number in range(8)]
    loop: list[float] = []
    found: dict[str, list[Rate]] = {"one tile a call, 64 callers": [], "32 tiles a call, 4 callers": [], "32 tiles, a stream": []}
    for _ in range(ROUNDS):
        loop.append(await asyncio.to_thread(bare, session, tiles, count))
        found["one tile a call, 64 callers"].append(await served(server, alone, count, UNARY_CALLERS))
        found["32 tiles a call, 4 callers"].append(await served(server, many, count, 4))
        found["32 tiles, a stream"].append(await streamed(server, many, count))
    limit = statistics.median(loop)
    print(
        f"\n{model} on {session.provider}, {count} JPEG tiles of {SIDE} pixels, median of {ROUNDS}; bare loop {limit:.1f} tiles/s"
    )
    for name, rates in found.items():
        wall, cpu = (statistics.median(getattr(rate, kind) for rate in rates) for kind in ("wall", "cpu"))
        print(f"  {name:28} {wall:8.1f} tiles/s, {wall / limit:.2f} of bare; {cpu:8.1f} tiles a server CPU-second")


async def test_against_mlserver(server: Server, repository: Path, tiles: list[bytes], tmp_path: Path) -> None:
    """Overhead is the server's processor time for a tile, less that of the bare loop: of the null model, nearly all of it."""
    session = OnnxSession(load_model(repository / "null"), "cpu", 1)
    alone = [request("null", tiles, number, 1) for number in range(64)]
    many = [request("null", tiles, number * BATCH, BATCH) for number in range(8)]
    cases = [
        ("one tile a call, one caller", alone, 1),
        ("one tile a call, 64 callers", alone, 64),
        ("32 tiles, 4 callers", many, 4),
    ]
    with mlserver(tmp_path / "mlserver", "null", null(), BATCH) as (address, process):
        peer = Server(address, psutil.Process(process))
        bare_cost = 1 / statistics.median([await asyncio.to_thread(bare, session, tiles, NULL_TILES // 4) for _ in range(ROUNDS)])
        print(f"\nnull, {NULL_TILES // 4} tiles, median of {ROUNDS}; bare loop {bare_cost * 1e6:.0f} µs a tile")
        for name, requests, callers in cases:
            pairs = [[await served(one, requests, NULL_TILES // 4, callers) for one in (server, peer)] for _ in range(ROUNDS)]
            ours, theirs = (statistics.median(1 / pair[number].cpu for pair in pairs) - bare_cost for number in (0, 1))
            fast, slow = (statistics.median(pair[number].wall for pair in pairs) for number in (0, 1))
            print(
                f"  {name:28} overhead {ours * 1e6:6.0f} µs against {theirs * 1e6:6.0f} µs, {theirs / ours:.1f} times; ", end=""
            )
            print(f"{fast:.0f} against {slow:.0f} tiles/s")


async def test_against_litserve(server: Server, repository: Path, tiles: list[bytes], tmp_path: Path) -> None:
    """One tile a call, over HTTP and JSON there. Overhead as against MLServer."""
    session = OnnxSession(load_model(repository / "null"), "cpu", 1)
    alone = [request("null", tiles, number, 1) for number in range(64)]
    bodies = [json.dumps({"tile": base64.b64encode(tile).decode()}) for tile in tiles]
    count = NULL_TILES // 4
    with litserve(tmp_path / "litserve", null(), BATCH) as (address, process):
        peer = Server(address, psutil.Process(process))
        bare_cost = 1 / statistics.median([await asyncio.to_thread(bare, session, tiles, count) for _ in range(ROUNDS)])
        print(f"\nnull, {count} tiles, median of {ROUNDS}; bare loop {bare_cost * 1e6:.0f} µs a tile")
        for callers in (1, UNARY_CALLERS):
            pairs = [
                (await served(server, alone, count, callers), await posted(peer, bodies, count, callers)) for _ in range(ROUNDS)
            ]
            ours, theirs = (statistics.median(1 / pair[number].cpu for pair in pairs) - bare_cost for number in (0, 1))
            fast, slow = (statistics.median(pair[number].wall for pair in pairs) for number in (0, 1))
            print(f"  {callers:2} callers: overhead {ours * 1e6:6.0f} µs against {theirs * 1e6:6.0f} µs, ", end="")
            print(f"{theirs / ours:.1f} times; {fast:.0f} against {slow:.0f} tiles/s")


async def posted(server: Server, bodies: list[str], tiles: int, callers: int) -> Rate:
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=callers), timeout=60) as client:
        turns = iter(range(tiles))

        async def call() -> None:
            for turn in turns:
                answer = await client.post(
                    server.address, content=bodies[turn % len(bodies)], headers={"Content-Type": "application/json"}
                )
                answer.raise_for_status()

        return await timed(server, tiles, lambda: asyncio.gather(*(call() for _ in range(callers))))
