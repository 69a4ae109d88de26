"""LitServe with the same model, decoding, session options and batching as ours, in an environment of its own. It speaks JSON."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from stages.peer_environment import peer_python

from bench.mlserver_peer import free_port, ready

REQUIREMENTS = ("litserve==0.2.19", *(f"{name}=={version(name)}" for name in ("onnxruntime", "simplejpeg", "numpy")))
PROGRAM = """
import base64, sys
import litserve
import numpy as np
import onnxruntime
import simplejpeg


class Tiles(litserve.LitAPI):
    def setup(self, device):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
        self.side = self.session.get_inputs()[0].shape[1]

    def decode_request(self, request):
        return base64.b64decode(request["tile"])

    def batch(self, encoded):
        pixels = np.empty((len(encoded), self.side, self.side, 3), np.uint8)
        for place, tile in zip(pixels, encoded):
            simplejpeg.decode_jpeg(tile, colorspace="RGB", buffer=place)
        return pixels

    def predict(self, pixels):
        return self.session.run(None, {"tiles": pixels})[0]

    def unbatch(self, output):
        return list(output)

    def encode_response(self, output):
        return {"probabilities": output.tolist()}


if __name__ == "__main__":
    server = litserve.LitServer(Tiles(max_batch_size=int(sys.argv[3]), batch_timeout=0.001), accelerator="cpu")
    server.run(host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", generate_client_file=False, num_api_servers=1)
"""


@contextmanager
def litserve(folder: Path, content: bytes, batch: int) -> Iterator[tuple[str, int]]:
    """Its address and its process."""
    folder.mkdir()
    python, port = peer_python("litserve", *REQUIREMENTS), free_port()
    (folder / "model.onnx").write_bytes(content)
    (folder / "serve.py").write_text(PROGRAM)
    argv = [str(python), str(folder / "serve.py"), str(folder / "model.onnx"), str(port), str(batch)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log, cwd=folder, env=os.environ, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while not ready(f"http://127.0.0.1:{port}/health"):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, "LitServe does not answer"
        yield f"http://127.0.0.1:{port}/predict", process.pid
    finally:
        os.killpg(process.pid, 9)
        process.wait()
