"""ONNX Runtime: a session that says truly what it runs on."""

import re
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

import numpy as np
import onnxruntime

from chassis.errors import Malformed, Misconfigured, Rejected, Unavailable
from inference.bundle import Bundle, ModelFile
from inference.manifest import PROVIDERS
from inference.readers import Reader
from inference.tensors import Array, Tensor

*GPU_PROVIDERS, CPU_PROVIDER = PROVIDERS
# What ONNX Runtime says, in several types, where the device rather than the input is to blame.
OF_THE_DEVICE = re.compile(r"CUDA|CUDNN|CUBLAS|TensorRT|out of memory|BFCArena", re.IGNORECASE)
# ONNX's names of element types to those of the Open Inference Protocol.
DATATYPES = {
    "bool": "BOOL",
    "uint8": "UINT8",
    "uint16": "UINT16",
    "uint32": "UINT32",
    "uint64": "UINT64",
    "int8": "INT8",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
    "float16": "FP16",
    "float": "FP32",
    "double": "FP64",
}

type Device = Literal["auto", "cpu", "gpu"]


RUNTIME = f"onnxruntime {onnxruntime.__version__}"


class DeviceLost(Unavailable):
    """The device failed or has no memory left: with a new session, here or elsewhere, the same input can succeed."""


class ModelFailed(Rejected):
    """The model cannot be run on this input."""


class OnnxSession:
    """A model in ONNX Runtime.

    Asking for CUDA where there is none gives a CPU session without an error, so `provider` is what the session itself reports
    after it was made. Raise Misconfigured where a GPU is required and not used, or the model cannot be loaded or served.
    """

    def __init__(self, model: ModelFile, device: Device = "auto", threads: int = 0) -> None:
        refuse_both_runtimes()
        providers = wanted(device, model.serving.providers)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if device == "gpu":
            options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
        try:
            self.session = onnxruntime.InferenceSession(model.onnx, options, providers=providers)
        except Exception as error:
            # ONNX Runtime raises its own types from C++, which share no base but Exception.
            raise Misconfigured(f"ONNX Runtime cannot load {model.name} for {device}: {type(error).__name__}") from error
        self.provider = self.session.get_providers()[0]
        if device == "gpu" and self.provider not in GPU_PROVIDERS:
            raise Misconfigured(f"a GPU is required, but ONNX Runtime runs on {self.provider}")
        self.inputs = tuple(tensor(one) for one in self.session.get_inputs())
        self.outputs = tuple(tensor(one) for one in self.session.get_outputs())
        if not self.inputs:
            raise Misconfigured(f"{model.name} takes no input")

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        try:
            found = self.bound(feeds) if self.provider in GPU_PROVIDERS else self.session.run(None, dict(feeds))
        except Exception as error:
            if self.provider in GPU_PROVIDERS and OF_THE_DEVICE.search(str(error)):
                raise DeviceLost(f"{self.provider} failed: {type(error).__name__}") from error
            if type(error).__name__ == "InvalidArgument":
                raise Malformed("the model does not take inputs of these shapes together") from error
            raise ModelFailed(f"the model failed: {type(error).__name__}") from error
        return {one.name: np.asarray(value) for one, value in zip(self.outputs, found, strict=True)}

    def close(self) -> None:
        """ONNX Runtime frees a session when nobody refers to it."""

    def bound(self, feeds: Mapping[str, Array], device: str = "cuda") -> list[Array]:
        """On a GPU: inputs are copied there once, and outputs stay there until the run has ended."""
        binding = self.session.io_binding()
        for name, value in feeds.items():
            binding.bind_cpu_input(name, np.ascontiguousarray(value))
        for one in self.outputs:
            binding.bind_output(one.name, device)
        self.session.run_with_iobinding(binding)
        return list(binding.copy_outputs_to_cpu())


def reader_of(bundle: Bundle, device: Device = "auto", threads: int = 0) -> Reader:
    """A bundle's reader, with sessions in this process. Raise as OnnxSession does, and Misconfigured as Reader."""
    aggregator = OnnxSession(bundle.aggregator, device, threads) if bundle.aggregator else None
    return Reader(bundle, OnnxSession(bundle, device, threads), aggregator)


def tensor(one: onnxruntime.NodeArg) -> Tensor:
    """Raise Misconfigured for what has no name in the protocol: sequences, maps, strings and the 8-bit floats."""
    datatype = DATATYPES.get(one.type.removeprefix("tensor(").removesuffix(")"))
    if datatype is None:
        raise Misconfigured(f"{one.name} is a {one.type}, which cannot be served")
    return Tensor(one.name, datatype, tuple(side if isinstance(side, int) and side > 0 else -1 for side in one.shape))


def wanted(device: Device, of_model: Sequence[str] = PROVIDERS) -> list[str]:
    """Providers to ask for, best first: of those that this build of ONNX Runtime has, what the model's manifest allows."""
    built = onnxruntime.get_available_providers()
    gpu = [provider for provider in GPU_PROVIDERS if provider in built and provider in of_model]
    if device == "gpu":
        if not gpu:
            raise Misconfigured(
                "a GPU is required, but onnxruntime-gpu is not installed, or the model's manifest allows none: "
                "install casepath-inference[gpu]"
            )
        return gpu
    return [CPU_PROVIDER] if device == "cpu" else [*gpu, CPU_PROVIDER]


def refuse_both_runtimes() -> None:
    """onnxruntime and onnxruntime-gpu share their files: together they break each other without a word."""
    found = []
    for name in ("onnxruntime", "onnxruntime-gpu"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    if len(found) > 1:
        raise Misconfigured(f"{' and '.join(found)} are both installed: uninstall both, then install one")
