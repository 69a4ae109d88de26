"""MLServer with the same model, decoding, session options and batching as ours, in an environment of its own."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import httpx
from stages.peer_environment import peer_python

REQUIREMENTS = ("mlserver==1.7.1", *(f"{name}=={version(name)}" for name in ("onnxruntime", "simplejpeg", "numpy")))
RUNTIME = """
import numpy as np
import onnxruntime
import simplejpeg
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse


class Tiles(MLModel):
    async def load(self):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        path = self.settings.parameters.uri
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.side = self.session.get_inputs()[0].shape[1]
        return True

    async def predict(self, payload):
        encoded = payload.inputs[0].data.root
        pixels = np.empty((len(encoded), self.side, self.side, 3), np.uint8)
        for place, tile in zip(pixels, encoded, strict=True):
            simplejpeg.decode_jpeg(tile, colorspace="RGB", buffer=place)
        (found,) = self.session.run(None, {"tiles": pixels})
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("probabilities", found)])
"""


@contextmanager
def mlserver(folder: Path, name: str, content: bytes, batch: int) -> Iterator[tuple[str, int]]:
    """Its gRPC address and its process."""
    folder.mkdir()
    python = peer_python("mlserver", *REQUIREMENTS)
    ports = [free_port() for _ in range(3)]
    (folder / "model.onnx").write_bytes(content)
    (folder / "mlserver_runtime.py").write_text(RUNTIME)
    server = {"parallel_workers": 0, "host": "127.0.0.1", "grpc_max_message_length": 64 << 20, "debug": False}
    server |= dict(zip(("http_port", "grpc_port", "metrics_port"), ports, strict=True))
    (folder / "settings.json").write_text(json.dumps(server))
    model = {"name": name, "implementation": "mlserver_runtime.Tiles", "max_batch_size": batch, "max_batch_time": 0.005}
    (folder / "model-settings.json").write_text(json.dumps(model | {"parameters": {"uri": str(folder / "model.onnx")}}))
    with (folder / "log").open("wb") as log:
        environment = {**os.environ, "PYTHONPATH": str(folder)}
        argv = [str(python.with_name("mlserver")), "start", str(folder)]
        process = subprocess.Popen(argv, stdout=log, stderr=log, cwd=folder, env=environment)
    try:
        deadline = time.monotonic() + 60
        while not ready(f"http://127.0.0.1:{ports[0]}/v2/models/{name}/ready"):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, "MLServer does not answer"
        yield f"127.0.0.1:{ports[1]}", process.pid
    finally:
        process.kill()
        process.wait()


def ready(address: str) -> bool:
    try:
        return httpx.get(address).status_code == 200
    except httpx.HTTPError:
        return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
