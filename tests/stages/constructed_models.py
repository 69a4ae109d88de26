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


def darkness(side: int = 256, answer: str = "share") -> bytes:
    """Pixels, uint8 (N, side, side, 3), to how dark each tile is, 0 to 1: float32 (N,).

    `answer` makes it one that misbehaves: "nan" gives no number for light tiles, "endless" comes to no end with dark ones,
    "steep" has numbers that do not fit in 16 bits.
    """
    nodes = [
        helper.make_node("Cast", ["tiles"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["real"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Div", ["mean", "most"], ["light"]),
        helper.make_node("Sub", ["one", "light"], ["share"]),
    ]
    constants = [
        numpy_helper.from_array(np.array(255, np.float32), "most"),
        numpy_helper.from_array(np.array(1, np.float32), "one"),
        numpy_helper.from_array(np.array(0.2, np.float32), "little"),
        numpy_helper.from_array(np.array(np.nan, np.float32), "nan"),
        numpy_helper.from_array(np.array(1 << 40, np.float32), "ages"),
        numpy_helper.from_array(np.array(True), "true"),
        numpy_helper.from_array(np.array(0.5, np.float32), "half"),
        numpy_helper.from_array(np.array(1e6, np.float32), "million"),
        numpy_helper.from_array(np.array(5e5, np.float32), "half_million"),
    ]
    output = "share"
    if answer == "steep":
        nodes += [
            helper.make_node("Mul", ["share", "million"], ["much"]),
            helper.make_node("Sub", ["much", "half_million"], ["logit"]),
            helper.make_node("Sigmoid", ["logit"], ["answer"]),
        ]
        output = "answer"
    if answer == "nan":
        nodes += [
            helper.make_node("Less", ["share", "little"], ["is_light"]),
            helper.make_node("Where", ["is_light", "nan", "share"], ["answer"]),
        ]
        output = "answer"
    if answer == "endless":
        body = helper.make_graph(
            [
                helper.make_node("Identity", ["going"], ["still"]),
                helper.make_node("Cos", ["before"], ["after"]),
            ],
            "body",
            [
                helper.make_tensor_value_info("turn", TensorProto.INT64, []),
                helper.make_tensor_value_info("going", TensorProto.BOOL, []),
                helper.make_tensor_value_info("before", TensorProto.FLOAT, ["N"]),
            ],
            [
                helper.make_tensor_value_info("still", TensorProto.BOOL, []),
                helper.make_tensor_value_info("after", TensorProto.FLOAT, ["N"]),
            ],
        )
        nodes += [
            helper.make_node("ReduceMax", ["share"], ["darkest"], keepdims=0),
            helper.make_node("Greater", ["darkest", "half"], ["is_dark"]),
            helper.make_node("Cast", ["is_dark"], ["factor"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["factor", "ages"], ["turns_real"]),
            helper.make_node("Cast", ["turns_real"], ["turns"], to=TensorProto.INT64),
            helper.make_node("Loop", ["turns", "true", "share"], ["answer"], body=body),
        ]
        output = "answer"
    used = {name for node in nodes for name in node.input}
    return graph(
        nodes,
        [helper.make_tensor_value_info("tiles", TensorProto.UINT8, ["N", side, side, 3])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N"])],
        [one for one in constants if one.name in used],
    )


def dark_pixels(side: int = 256) -> bytes:
    """A segmenter: float (N, 3, side, side), normalised, to (N, 2, side, side): light and dark."""
    return graph(
        [
            helper.make_node("ReduceMean", ["tiles"], ["light"], axes=[1], keepdims=1),
            helper.make_node("Neg", ["light"], ["dark"]),
            helper.make_node("Concat", ["light", "dark"], ["classes"], axis=1),
        ],
        [helper.make_tensor_value_info("tiles", TensorProto.FLOAT, ["N", 3, side, side])],
        [helper.make_tensor_value_info("classes", TensorProto.FLOAT, ["N", 2, side, side])],
    )


def mean_colours(side: int = 256) -> bytes:
    """An embedder: uint8 (N, side, side, 3) to the mean of each colour, 0 to 1: float32 (N, 3)."""
    return graph(
        [
            helper.make_node("Cast", ["tiles"], ["real"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["real"], ["mean"], axes=[1, 2], keepdims=0),
            helper.make_node("Div", ["mean", "most"], ["vectors"]),
        ],
        [helper.make_tensor_value_info("tiles", TensorProto.UINT8, ["N", side, side, 3])],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["N", 3])],
        [numpy_helper.from_array(np.array(255, np.float32), "most")],
    )


def attention() -> bytes:
    """An aggregator: (1, T, 3) to weights (T,), softmax of the first colour over tiles, and their mean as a logit (1,)."""
    return graph(
        [
            helper.make_node("Gather", ["vectors", "first"], ["column"], axis=2),
            helper.make_node("Reshape", ["column", "flat"], ["values"]),
            helper.make_node("Softmax", ["values"], ["weights"], axis=0),
            helper.make_node("Mul", ["weights", "values"], ["weighed"]),
            helper.make_node("ReduceSum", ["weighed"], ["logit"], keepdims=1),
        ],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, [1, "T", 3])],
        [
            helper.make_tensor_value_info("logit", TensorProto.FLOAT, [1]),
            helper.make_tensor_value_info("weights", TensorProto.FLOAT, ["T"]),
        ],
        [
            numpy_helper.from_array(np.array([0], np.int64), "first"),
            numpy_helper.from_array(np.array([-1], np.int64), "flat"),
        ],
    )


def reading_bundle(folder: Path, content: bytes, second: bytes | None = None, **said: Any) -> Path:
    """A bundle of a model that reads slides; what is not said is a tile classifier's of 256 pixels of 0.5 micrometres."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(content)
    manifest = {
        "name": "constructed",
        "version": "1",
        "sha256": hashlib.sha256(content).hexdigest(),
        "classes": ["light", "dark"],
        "tile_side": 256,
        "microns_per_pixel": 0.5,
    }
    if second is not None:
        (folder / "aggregator.onnx").write_bytes(second)
        manifest["aggregator_sha256"] = hashlib.sha256(second).hexdigest()
    (folder / "bundle.json").write_text(json.dumps(manifest | said))
    return folder


def grey_tiles(folder: Path, slides: int = 2, side: int = 8) -> Path:
    """An evaluation set for models of darkness: from each slide ten light and ten dark tiles, of greys that do not overlap."""
    for name, greys in (("light", range(150, 250, 10)), ("dark", range(20, 120, 10))):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for slide in range(slides):
            for number, grey in enumerate(greys):
                (folder / name / f"slide{slide}_{number}_0.png").write_bytes(png(grey + slide, side))
    return folder
