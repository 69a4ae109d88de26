"""ONNX Runtime: a session that says truly what it runs on."""

from importlib.metadata import PackageNotFoundError, version
from typing import Literal, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from chassis.errors import Misconfigured
from inference.bundle import Bundle

GPU_PROVIDERS = ("TensorrtExecutionProvider", "CUDAExecutionProvider")
CPU_PROVIDER = "CPUExecutionProvider"


class Classifier(Protocol):
    """Scores tiles: uint8 (N, side, side, 3) RGB to float32 probabilities (N,)."""

    @property
    def provider(self) -> str: ...

    def score(self, tiles: NDArray[np.uint8]) -> NDArray[np.float32]: ...


class OnnxClassifier:
    """A bundle's model in a session.

    Asking ONNX Runtime for CUDA where there is none gives a CPU session without an error, so `provider` is what the session
    itself reports after it was made. Raise Misconfigured where a GPU is required and not used.
    """

    def __init__(self, bundle: Bundle, device: Literal["auto", "cpu", "gpu"] = "auto", threads: int = 0) -> None:
        refuse_both_runtimes()
        providers = wanted(device)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if device == "gpu":
            options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
        try:
            self.session = onnxruntime.InferenceSession(bundle.onnx, options, providers=providers)
        except Exception as error:
            # ONNX Runtime raises its own types from C++, which share no base but Exception.
            raise Misconfigured(f"ONNX Runtime cannot load {bundle.name} for {device}: {type(error).__name__}") from error
        self.provider = self.session.get_providers()[0]
        if device == "gpu" and self.provider not in GPU_PROVIDERS:
            raise Misconfigured(f"a GPU is required, but ONNX Runtime runs on {self.provider}")
        self.input = self.session.get_inputs()[0].name

    def score(self, tiles: NDArray[np.uint8]) -> NDArray[np.float32]:
        (found,) = self.session.run(None, {self.input: tiles})
        return np.asarray(found, np.float32)


def wanted(device: str) -> list[str]:
    """Providers to ask for, best first, of those that this build of ONNX Runtime has."""
    built = onnxruntime.get_available_providers()
    gpu = [provider for provider in GPU_PROVIDERS if provider in built]
    if device == "gpu":
        if not gpu:
            raise Misconfigured("a GPU is required, but onnxruntime-gpu is not installed: install casepath-inference[gpu]")
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
