"""The platform's model server, as a hospital's own program asks it."""

from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import numpy as np
import pytest
from PIL import Image

from chassis.calls import Identity, connected
from conftest import Platform
from embedded import samples
from inference.adapters.onnx_session import reader_of
from inference.bundle import load_bundle
from openinference.v2.grpc_service_pb2 import ModelInferRequest, RepositoryIndexRequest, RepositoryModelUnloadRequest
from openinference.v2.grpc_service_pb2_grpc import GRPCInferenceServiceStub

if TYPE_CHECKING:
    from openinference.v2.grpc_service_pb2_grpc import GRPCInferenceServiceAsyncStub

MODEL = "camelyon16-tile-demo"
BUNDLE = Path(__file__).parents[2] / "services/inference/models" / MODEL


async def test_the_model_that_reads_slides_answers_others_alike(platform: Platform) -> None:
    bundle = load_bundle(BUNDLE)
    with Image.open(samples.SLIDE) as image:
        tiles = np.stack([np.asarray(image.convert("RGB").crop((x, 900, x + 256, 1156))) for x in (300, 900, 1500)])
    request = ModelInferRequest(model_name=MODEL)
    request.inputs.add(name="tiles", datatype="UINT8", shape=tiles.shape)
    request.raw_input_contents.append(tiles.tobytes())
    trust = Identity(platform.identity("operator").ca)
    async with connected(f"127.0.0.1:{platform.ports['inference']}", "inference", trust) as channel:
        stub: GRPCInferenceServiceAsyncStub = GRPCInferenceServiceStub(channel)
        listed = await stub.RepositoryIndex(RepositoryIndexRequest())
        assert [(one.name, one.state) for one in listed.models] == [(MODEL, "READY")]
        answer = await stub.ModelInfer(request)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.RepositoryModelUnload(RepositoryModelUnloadRequest(model_name=MODEL))
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert answer.parameters["sha256"].string_param == bundle.sha256
    served = np.frombuffer(answer.raw_output_contents[0], np.float32)
    assert served == pytest.approx(reader_of(bundle, "cpu").score(tiles), abs=1e-6)
