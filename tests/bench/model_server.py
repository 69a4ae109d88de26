"""Our model server alone, to measure: `python -m bench.model_server REPOSITORY` prints its port and serves until killed."""

import asyncio
import os
import sys
from pathlib import Path

from chassis.grpc_server import GrpcServer
from inference.adapters.model_process import ProcessSession
from inference.adapters.onnx_session import Device, OnnxSession
from inference.open_inference import OpenInference
from inference.serving import ModelRepository
from openinference.v2.grpc_service_pb2_grpc import add_GRPCInferenceServiceServicer_to_server


async def serve(repository: Path) -> None:
    make = ProcessSession if os.environ.get("BENCH_ISOLATION", "process") == "process" else OnnxSession
    models = ModelRepository(repository, lambda model: make(model, device(), 1))
    await models.load_all()
    service = OpenInference(models, control=False)
    register = [lambda one: add_GRPCInferenceServiceServicer_to_server(service, one)]
    server = GrpcServer("127.0.0.1:0", register, [], lambda: True, 64 << 20, traced=False)
    print(server.port, flush=True)
    await server.run(asyncio.Event())


def device() -> Device:
    """What to measure on: BENCH_DEVICE, the CPU where it is not set. `make bench-gpu` sets it."""
    return "gpu" if os.environ.get("BENCH_DEVICE") == "gpu" else "cpu"


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
