"""The Open Inference Protocol, over gRPC, on real models in ONNX Runtime."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import numpy as np
import pytest
import pytest_asyncio
import simplejpeg
from stages.constructed_models import brightness, bundle, picks, png, sums, total
from stages.model_service import model_service, packed

from inference.adapters.onnx_session import DeviceLost, OnnxSession
from inference.bundle import ModelFile
from inference.readers import Session
from inference.serving import ModelRepository
from inference.tensors import Array, Tensor
from openinference.v2.grpc_service_pb2 import (
    ModelInferRequest,
    ModelInferResponse,
    ModelMetadataRequest,
    ModelReadyRequest,
    ModelStreamInferResponse,
    RepositoryIndexRequest,
    RepositoryModelLoadRequest,
    RepositoryModelUnloadRequest,
    ServerLiveRequest,
    ServerMetadataRequest,
    ServerReadyRequest,
)
from openinference.v2.grpc_service_pb2_grpc import GRPCInferenceServiceStub

if TYPE_CHECKING:
    from openinference.v2.grpc_service_pb2_grpc import GRPCInferenceServiceAsyncStub

SIDE = 8


def on_cpu(model: ModelFile) -> Session:
    return OnnxSession(model, "cpu", 1)


@pytest_asyncio.fixture
async def models(tmp_path: Path) -> AsyncIterator[ModelRepository]:
    bundle(tmp_path, "brightness", brightness(SIDE), batch_rows=16)
    bundle(tmp_path, "sums", sums(), version="7")
    bundle(tmp_path, "total", total())
    bundle(tmp_path, "picks", picks())
    one = ModelRepository(tmp_path, on_cpu)
    await one.load_all()
    yield one
    await one.close()


@pytest_asyncio.fixture
async def stub(models: ModelRepository) -> AsyncIterator["GRPCInferenceServiceAsyncStub"]:
    async with model_service(models, control=True) as address, grpc.aio.insecure_channel(address) as channel:
        yield GRPCInferenceServiceStub(channel)


def pixels(*values: int) -> np.ndarray:
    return np.stack([np.full((SIDE, SIDE, 3), value, np.uint8) for value in values])


def asked(values: np.ndarray, model: str = "brightness", name: str = "pixels", datatype: str = "UINT8") -> ModelInferRequest:
    request = ModelInferRequest(model_name=model, id="x")
    request.inputs.add(name=name, datatype=datatype, shape=values.shape)
    request.raw_input_contents.append(values.tobytes())
    return request


def pictures(*encoded: bytes) -> ModelInferRequest:
    request = ModelInferRequest(model_name="brightness")
    request.inputs.add(name="pixels", datatype="BYTES", shape=[len(encoded)])
    request.raw_input_contents.append(packed(encoded))
    return request


def jpeg(value: int, side: int = SIDE) -> bytes:
    return bytes(simplejpeg.encode_jpeg(np.full((side, side, 3), value, np.uint8), quality=95))


def answer(response: ModelInferResponse, number: int = 0, dtype: str = "<f4") -> list[float]:
    found: list[float] = np.frombuffer(response.raw_output_contents[number], dtype).tolist()
    return found


async def refused(call: "grpc.aio.UnaryUnaryCall[ModelInferRequest, ModelInferResponse]") -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code(), caught.value.details() or ""


async def test_server_and_models_say_what_they_are(stub: "GRPCInferenceServiceAsyncStub") -> None:
    assert (await stub.ServerLive(ServerLiveRequest())).live
    assert (await stub.ServerReady(ServerReadyRequest())).ready
    assert (await stub.ServerMetadata(ServerMetadataRequest())).name == "casepath-inference"
    assert (await stub.ModelReady(ModelReadyRequest(name="sums", version="7"))).ready
    assert not (await stub.ModelReady(ModelReadyRequest(name="sums", version="8"))).ready
    found = await stub.ModelMetadata(ModelMetadataRequest(name="sums"))
    assert list(found.versions) == ["7"]
    assert found.platform == "onnxruntime_onnx"
    assert [(one.name, one.datatype, list(one.shape)) for one in found.inputs] == [
        ("a", "INT64", [-1, -1]),
        ("b", "FP64", [-1, -1]),
    ]
    assert [one.name for one in found.outputs] == ["sum", "difference"]


async def test_raw_tensors_are_answered_with_what_answered(stub: "GRPCInferenceServiceAsyncStub") -> None:
    response = await stub.ModelInfer(asked(pixels(3, 250)))
    assert answer(response) == [3, 250]
    assert (response.model_name, response.model_version, response.id) == ("brightness", "1", "x")
    assert response.parameters["provider"].string_param == "CPUExecutionProvider"
    assert len(response.parameters["sha256"].string_param) == 64


async def test_values_one_by_one_and_chosen_outputs(stub: "GRPCInferenceServiceAsyncStub") -> None:
    request = ModelInferRequest(model_name="sums")
    request.inputs.add(name="b", datatype="FP64", shape=[1, 2]).contents.fp64_contents.extend([0.5, 1.5])
    request.inputs.add(name="a", datatype="INT64", shape=[1, 2]).contents.int64_contents.extend([1, 2])
    request.outputs.add(name="difference")
    response = await stub.ModelInfer(request)
    assert [(one.name, one.datatype, list(one.shape)) for one in response.outputs] == [("difference", "FP64", [1, 2])]
    assert answer(response, dtype="<f8") == [0.5, 0.5]


async def test_pictures_are_decoded(stub: "GRPCInferenceServiceAsyncStub") -> None:
    assert answer(await stub.ModelInfer(pictures(jpeg(40), png(200)))) == pytest.approx([40, 200], abs=1)


@pytest.mark.parametrize(
    ("encoded", "why"),
    [
        (jpeg(1, side=9), "9 x 9 pixels; the model takes 8 x 8"),
        (png(1, side=9), "9 x 9 pixels"),
        (jpeg(1, side=8)[:40], "cannot be decoded"),
        (png(1)[:30], "cannot be decoded"),
        (b"GIF89a", "cannot be decoded"),
        (b"", "cannot be decoded"),
    ],
)
async def test_a_picture_that_cannot_be_used_is_refused(encoded: bytes, why: str, stub: "GRPCInferenceServiceAsyncStub") -> None:
    code, details = await refused(stub.ModelInfer(pictures(encoded)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert why in details


def wrong_requests() -> Iterator[tuple[str, ModelInferRequest, str]]:
    right = pixels(1)
    yield "another name", asked(right, name="tiles"), "inputs are pixels"
    yield "another type", asked(right, datatype="INT8"), "UINT8 or BYTES, not INT8"
    yield "another shape", asked(pixels(1)[:, :4]), "has the shape"
    yield "too many rows", asked(pixels(*range(17))), "1 to 16 rows"
    yield "no rows", asked(pixels(1)[:0]), "1 to 16 rows"
    short = asked(right)
    short.raw_input_contents[0] = short.raw_input_contents[0][:-1]
    yield "bytes short", short, "191 bytes; its shape needs 192"
    twice = asked(right)
    twice.inputs.append(twice.inputs[0])
    yield "more inputs than contents", twice, "2 inputs and 1 raw contents"
    both = asked(right)
    both.inputs.append(both.inputs[0])
    both.raw_input_contents.append(right.tobytes())
    yield "an input twice", both, "each once"
    yield "none", ModelInferRequest(model_name="brightness"), "pixels is missing"
    output = asked(right)
    output.outputs.add(name="darkness")
    yield "another output", output, "outputs are brightness, not darkness"
    broken = pictures(jpeg(1))
    broken.raw_input_contents[0] += b"\x01"
    yield "a length cut short", broken, "ends within a length"
    broken = pictures(jpeg(1))
    broken.raw_input_contents[0] = broken.raw_input_contents[0][:-1]
    yield "an element cut short", broken, "ends within an element"
    count = pictures(jpeg(1))
    count.inputs[0].shape[0] = 2
    yield "another number of pictures", count, "holds 1 pictures"
    values = ModelInferRequest(model_name="picks")
    values.inputs.add(name="index", datatype="INT64", shape=[3]).contents.int64_contents.extend([1, 2])
    yield "values short", values, "2 values; its shape needs 3"
    negative = asked(right)
    negative.inputs[0].shape[0] = -1
    yield "a negative size", negative, "has the shape"


@pytest.mark.parametrize(("request_", "why"), [pytest.param(one, why, id=name) for name, one, why in wrong_requests()])
async def test_a_request_that_is_not_the_models_is_refused_and_says_why(
    request_: ModelInferRequest, why: str, stub: "GRPCInferenceServiceAsyncStub"
) -> None:
    code, details = await refused(stub.ModelInfer(request_))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert why in details
    assert answer(await stub.ModelInfer(asked(pixels(5)))) == [5]


async def test_a_model_that_is_not_there_is_not_found(stub: "GRPCInferenceServiceAsyncStub") -> None:
    assert (await refused(stub.ModelInfer(asked(pixels(1), model="nothing"))))[0] is grpc.StatusCode.NOT_FOUND


async def test_of_many_callers_at_once_each_gets_its_own_answer(
    models: ModelRepository, stub: "GRPCInferenceServiceAsyncStub"
) -> None:
    async def ask(value: int) -> list[float]:
        rows = 1 + value % 3
        request = asked(pixels(*range(value, value + rows))) if value % 5 else pictures(*[png(value)] * rows)
        return answer(await stub.ModelInfer(request))

    found = await asyncio.gather(*(ask(value) for value in range(200)))
    for value, given in enumerate(found):
        assert given == ([value + row for row in range(1 + value % 3)] if value % 5 else [value] * (1 + value % 3))


async def test_a_bad_picture_in_a_batch_harms_no_neighbour(
    models: ModelRepository, stub: "GRPCInferenceServiceAsyncStub"
) -> None:
    calls = [stub.ModelInfer(pictures(png(value) if value % 4 else b"no picture")) for value in range(40)]
    found = await asyncio.gather(*calls, return_exceptions=True)
    for value, given in enumerate(found):
        if value % 4:
            assert isinstance(given, ModelInferResponse)
            assert answer(given) == [value]
        else:
            assert isinstance(given, grpc.aio.AioRpcError)


async def test_what_fails_as_it_runs_harms_no_neighbour(stub: "GRPCInferenceServiceAsyncStub") -> None:
    requests = [asked(np.array([index], "<i8"), "picks", "index", "INT64") for index in (0, 9, 3, 1)]
    found = await asyncio.gather(*(stub.ModelInfer(request) for request in requests), return_exceptions=True)
    assert [answer(one) for one in found if isinstance(one, ModelInferResponse)] == [[10], [40], [20]]
    assert isinstance(found[1], grpc.aio.AioRpcError)
    assert found[1].code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_model_that_gives_one_answer_for_all_rows_is_not_answered_wrongly(
    models: ModelRepository, stub: "GRPCInferenceServiceAsyncStub"
) -> None:
    models.get("total").thread.submit(asyncio.run, asyncio.sleep(0.05))
    requests = [asked(np.array([value, value], "<f4"), "total", "a", "FP32") for value in (1.0, 2.0, 3.0)]
    found = await asyncio.gather(*(stub.ModelInfer(request) for request in requests))
    assert [answer(one) for one in found] == [[2], [4], [6]]


async def test_a_deadline_that_passes_is_said_so(models: ModelRepository, stub: "GRPCInferenceServiceAsyncStub") -> None:
    request = asked(pixels(1))
    request.parameters["timeout"].int64_param = 1
    served = models.get("brightness")
    served.thread.submit(asyncio.run, asyncio.sleep(0.05))
    first = asyncio.ensure_future(stub.ModelInfer(asked(pixels(2))))
    code, _ = await refused(stub.ModelInfer(request))
    assert code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert answer(await first) == [2]


async def test_a_stream_is_answered_in_order_and_an_error_is_one_requests_own(stub: "GRPCInferenceServiceAsyncStub") -> None:
    call = stub.ModelStreamInfer()
    await call.write(asked(pixels(9)))
    first = await call.read()
    assert isinstance(first, ModelStreamInferResponse)
    assert answer(first.infer_response) == [9]
    for value in range(30):
        await call.write(asked(pixels(value)) if value != 7 else asked(pixels(value), name="other"))
    await call.done_writing()
    found = [one for _ in range(30) if isinstance(one := await call.read(), ModelStreamInferResponse)]
    assert len(found) == 30
    assert await call.read() is grpc.aio.EOF
    assert "inputs are pixels" in found.pop(7).error_message
    assert [answer(one.infer_response)[0] for one in found] == [value for value in range(30) if value != 7]


async def test_models_are_listed_loaded_replaced_and_unloaded(
    models: ModelRepository, stub: "GRPCInferenceServiceAsyncStub", tmp_path: Path
) -> None:
    bundle(tmp_path, "broken", b"no model")
    await stub.RepositoryModelUnload(RepositoryModelUnloadRequest(model_name="total"))
    assert (await refused(stub.ModelInfer(asked(pixels(1), "total"))))[0] is grpc.StatusCode.NOT_FOUND
    with pytest.raises(grpc.aio.AioRpcError, match="cannot load broken"):
        await stub.RepositoryModelLoad(RepositoryModelLoadRequest(model_name="broken"))
    bundle(tmp_path, "brightness", brightness(SIDE), version="2")
    await stub.RepositoryModelLoad(RepositoryModelLoadRequest(model_name="brightness"))
    listed = {one.name: (one.version, one.state) for one in (await stub.RepositoryIndex(RepositoryIndexRequest())).models}
    assert listed["brightness"] == ("2", "READY")
    assert listed["total"] == listed["broken"] == ("", "UNAVAILABLE")
    ready = await stub.RepositoryIndex(RepositoryIndexRequest(ready=True))
    assert {one.name for one in ready.models} == {"brightness", "sums", "picks"}


async def test_loading_over_grpc_is_off_unless_it_is_allowed(models: ModelRepository) -> None:
    async with model_service(models, control=False) as address, grpc.aio.insecure_channel(address) as channel:
        stub: GRPCInferenceServiceAsyncStub = GRPCInferenceServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError, match="CASEPATH_MODEL_CONTROL") as caught:
            await stub.RepositoryModelUnload(RepositoryModelUnloadRequest(model_name="total"))
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert models.get("total").model.version == "1"


class Failing:
    """A session whose device fails as often as it is told."""

    inputs = (Tensor("a", "FP32", (-1,)),)
    outputs = (Tensor("a", "FP32", (-1,)),)

    def __init__(self, failures: list[bool], provider: str) -> None:
        self.failures = failures
        self.provider = provider

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        if self.failures and self.failures.pop(0):
            raise DeviceLost("CUDA error")
        return dict(feeds)

    def close(self) -> None:
        """There is nothing to give back."""


async def test_a_device_that_fails_gets_a_new_session_and_the_answer_comes(tmp_path: Path) -> None:
    bundle(tmp_path, "echo", total())
    providers = iter(["CUDAExecutionProvider", "CPUExecutionProvider", "CPUExecutionProvider"])
    failures = [False, True, False, True, True, False]
    models = ModelRepository(tmp_path, lambda _: Failing(failures, next(providers)))
    served = await models.load("echo")
    asks = {"a": np.array([1.0], np.float32)}
    assert (await served.infer(asks))["a"].tolist() == [1]
    assert served.session.provider == "CUDAExecutionProvider"
    assert (await served.infer(asks))["a"].tolist() == [1]
    assert served.session.provider == "CPUExecutionProvider"
    with pytest.raises(DeviceLost):
        await served.infer(asks)
    assert (await served.infer(asks))["a"].tolist() == [1]
    await models.close()
