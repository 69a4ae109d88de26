"""Networks to measure with: their weights are random, their shapes are real."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from stages.constructed_models import graph

SIDE = 224
CLASSES = 9
# Blocks and channels of ResNet-18 (He et al. 2016, table 1).
STAGES = ((2, 64), (2, 128), (2, 256), (2, 512))


def null() -> bytes:
    """Next to no work: one pixel of each tile, to nine numbers. What is measured is all else."""
    constants = [
        numpy_helper.from_array(np.array([0, 0], np.int64), "from"),
        numpy_helper.from_array(np.array([1, 1], np.int64), "to"),
        numpy_helper.from_array(np.array([1, 2], np.int64), "axes"),
        numpy_helper.from_array(np.ones((3, CLASSES), np.float32), "weights"),
    ]
    nodes = [
        helper.make_node("Slice", ["tiles", "from", "to", "axes"], ["corner"]),
        helper.make_node("Cast", ["corner"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["real"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"]),
    ]
    return graph(nodes, *ends(), constants)


def ends() -> tuple[Sequence[Any], Sequence[Any]]:
    return (
        [helper.make_tensor_value_info("tiles", TensorProto.UINT8, ["N", SIDE, SIDE, 3])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", CLASSES])],
    )


class Layers:
    """Nodes and random weights, one after the other."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Any) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def convolution(self, given: str, before: int, after: int, side: int, stride: int = 1) -> str:
        scale = np.sqrt(2 / (before * side * side))
        weights = (self.rng.standard_normal((after, before, side, side)) * scale).astype(np.float32)
        bias = self.constant(np.zeros(after, np.float32))
        shape = {"kernel_shape": [side, side], "strides": [stride, stride], "pads": [side // 2] * 4}
        return self.node("Conv", given, self.constant(weights), bias, **shape)


def resnet18() -> bytes:
    """Tiles, uint8 and normalised inside, to nine probabilities."""
    layers = Layers()
    real = layers.node("Cast", "tiles", to=TensorProto.FLOAT)
    scaled = layers.node("Mul", real, layers.constant(np.float32(1 / 127.5)))
    x = layers.node("Transpose", layers.node("Sub", scaled, layers.constant(np.float32(1))), perm=[0, 3, 1, 2])
    x = layers.node("Relu", layers.convolution(x, 3, 64, 7, 2))
    x = layers.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    channels = 64
    for stage, (blocks, after) in enumerate(STAGES):
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            y = layers.node("Relu", layers.convolution(x, channels, after, 3, stride))
            y = layers.convolution(y, after, after, 3)
            beside = x if stride == 1 and channels == after else layers.convolution(x, channels, after, 1, stride)
            x = layers.node("Relu", layers.node("Add", beside, y))
            channels = after
    pooled = layers.node("Flatten", layers.node("GlobalAveragePool", x))
    weights = layers.constant((layers.rng.standard_normal((channels, CLASSES)) * 0.001).astype(np.float32))
    logits = layers.node("Gemm", pooled, weights, layers.constant(np.zeros(CLASSES, np.float32)))
    layers.nodes.append(helper.make_node("Softmax", [logits], ["probabilities"]))
    return graph(layers.nodes, *ends(), layers.constants)
