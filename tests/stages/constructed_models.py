"""Small ONNX models whose answers tell what they were asked, in bundles, and pictures for them."""

import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

OPSET = 17
IR_VERSION = 8


def graph(nodes: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any], constants: Sequence[Any] = ()) -> bytes:
    made = helper.make_graph(list(nodes), "model", list(inputs), list(outputs), list(constants))
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def brightness(side: int = 8, rows: str | int = "N") -> bytes:
    """Pixels, uint8 (N, side, side, 3), to the mean of each, float32 (N,)."""
    return graph(
        [
            helper.make_node("Cast", ["pixels"], ["real"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["real"], ["brightness"], axes=[1, 2, 3], keepdims=0),
        ],
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, [rows, side, side, 3])],
        [helper.make_tensor_value_info("brightness", TensorProto.FLOAT, [rows])],
    )


def sums() -> bytes:
    """Two inputs, int64 and float64 (N, any), to their sum and their difference."""
    return graph(
        [
            helper.make_node("Cast", ["a"], ["real"], to=TensorProto.DOUBLE),
            helper.make_node("Add", ["real", "b"], ["sum"]),
            helper.make_node("Sub", ["real", "b"], ["difference"]),
        ],
        [
            helper.make_tensor_value_info("a", TensorProto.INT64, ["N", "M"]),
            helper.make_tensor_value_info("b", TensorProto.DOUBLE, ["N", "M"]),
        ],
        [
            helper.make_tensor_value_info("sum", TensorProto.DOUBLE, ["N", "M"]),
            helper.make_tensor_value_info("difference", TensorProto.DOUBLE, ["N", "M"]),
        ],
    )


def total() -> bytes:
    """One answer for all rows: it cannot be batched."""
    return graph(
        [helper.make_node("ReduceSum", ["a"], ["total"], keepdims=0)],
        [helper.make_tensor_value_info("a", TensorProto.FLOAT, ["N"])],
        [helper.make_tensor_value_info("total", TensorProto.FLOAT, [])],
    )


def picks() -> bytes:
    """int64 (N,) to what stands there in a table of four: an index beyond it fails as it runs."""
    table = numpy_helper.from_array(np.array([10, 20, 30, 40], np.float32), "table")
    return graph(
        [helper.make_node("Gather", ["table", "index"], ["picked"])],
        [helper.make_tensor_value_info("index", TensorProto.INT64, ["N"])],
        [helper.make_tensor_value_info("picked", TensorProto.FLOAT, ["N"])],
        [table],
    )


def bundle(repository: Path, name: str, content: bytes, version: str = "1", **serving: float) -> Path:
    """A folder with a model in it."""
    folder = repository / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(content)
    said = {"name": name, "version": version, "sha256": hashlib.sha256(content).hexdigest(), "serving": serving}
    (folder / "bundle.json").write_text(json.dumps(said))
    return folder


def png(value: int, side: int = 8) -> bytes:
    """A picture of one grey."""
    buffer = io.BytesIO()
    Image.fromarray(np.full((side, side, 3), value, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()
