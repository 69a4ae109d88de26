"""NVIDIA's tritonclient, unmodified, against our server."""

import asyncio
import json
from pathlib import Path

from stages.constructed_models import brightness, bundle, png
from stages.model_service import model_service
from stages.peer_environment import peer_python, run_peer

from inference.adapters.onnx_session import OnnxSession
from inference.serving import ModelRepository

PROGRAM = """
import json, queue, sys
import numpy as np
import tritonclient.grpc as triton

client = triton.InferenceServerClient(sys.argv[1])
pixels = np.stack([np.full((8, 8, 3), value, np.uint8) for value in (5, 6)])
given = triton.InferInput("pixels", [2, 8, 8, 3], "UINT8")
given.set_data_from_numpy(pixels)
answer = client.infer("brightness", [given], priority=1, timeout=5_000_000, request_id="7")
pictures = triton.InferInput("pixels", [1], "BYTES")
pictures.set_data_from_numpy(np.array([bytes.fromhex(sys.argv[2])], dtype=np.object_))
found = queue.Queue()
client.start_stream(lambda result, error: found.put((result, error)))
for _ in range(3):
    client.async_stream_infer("brightness", [pictures])
streamed = [found.get(timeout=30) for _ in range(3)]
client.stop_stream()
client.unload_model("brightness")
before = client.is_model_ready("brightness")
client.load_model("brightness")
print(json.dumps({
    "live": client.is_server_live(),
    "ready": client.is_server_ready(),
    "metadata": client.get_model_metadata("brightness", as_json=True),
    "answer": answer.as_numpy("brightness").tolist(),
    "id": answer.get_response().id,
    "errors": [str(error) for _, error in streamed if error],
    "streamed": [result.as_numpy("brightness").tolist() for result, _ in streamed],
    "unloaded": before,
    "index": client.get_model_repository_index(as_json=True),
}))
"""


async def test_tritonclient_works_unmodified(tmp_path: Path) -> None:
    python = await asyncio.to_thread(peer_python, "tritonclient", "tritonclient[grpc]==2.65.0")
    bundle(tmp_path, "brightness", brightness())
    models = ModelRepository(tmp_path, lambda model: OnnxSession(model, "cpu", 1))
    await models.load_all()
    async with model_service(models, control=True) as address:
        said = json.loads(await asyncio.to_thread(run_peer, python, PROGRAM, address, png(77).hex()))
    await models.close()
    assert (said["live"], said["ready"], said["answer"], said["id"]) == (True, True, [5, 6], "7")
    assert (said["streamed"], said["errors"]) == ([[77]] * 3, [])
    assert said["metadata"]["inputs"] == [{"name": "pixels", "datatype": "UINT8", "shape": ["-1", "8", "8", "3"]}]
    assert said["unloaded"] is False
    assert said["index"]["models"] == [{"name": "brightness", "version": "1", "state": "READY"}]
