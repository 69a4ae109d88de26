"""Train the reference tile classifier on CPU and write it as a model bundle.

    uv run --group train python services/inference/training/train.py TILES_DIR BUNDLE_DIR

TILES_DIR holds `normal/` and `tumor/` with 256x256 PNG tiles named `<slide>_<x>_<y>.png`. Tiles of the slides in
TEST_SLIDES are never seen in training, nor used to choose anything: the recipe below was fixed before they were scored.
The run is seeded: the same machine and locked versions give the same weights.
"""

import argparse
import hashlib
import json
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

SEED = 20261124
TEST_SLIDES = frozenset({"tumor_073"})
CLASSES = ("normal", "tumor")
SIDE = 256
CHANNELS = (3, 16, 32, 48, 64)
STEPS = 900
BATCH = 32
MEMBERS = 3
PEAK_RATE = 2e-3
DECAY = 1e-3
EPSILON = 1e-5

type Params = list[tuple[Any, Any]]
type Tiles = NDArray[np.uint8]


def load(folder: Path) -> tuple[Tiles, NDArray[np.int64], list[str]]:
    """Tiles (N, 256, 256, 3) uint8, labels (N,), slide names (N,), in file name order."""
    files = [(path, label) for label, name in enumerate(CLASSES) for path in sorted((folder / name).glob("*.png"))]
    tiles = np.stack([np.asarray(Image.open(path).convert("RGB")) for path, _ in files])
    return tiles, np.array([label for _, label in files]), [path.stem.rsplit("_", 2)[0] for path, _ in files]


def initial(rng: np.random.Generator) -> Params:
    params: Params = []
    for inputs, outputs in pairwise(CHANNELS):
        scale = np.sqrt(2 / (9 * inputs))
        kernel = rng.standard_normal((3, 3, inputs, outputs)).astype(np.float32) * scale
        params.append((jnp.asarray(kernel, jnp.float32), jnp.zeros(outputs)))
    head = rng.standard_normal((CHANNELS[-1], 1)).astype(np.float32) * 0.1
    return [*params, (jnp.asarray(head), jnp.zeros(1))]


def forward(params: Params, tiles: Any) -> Any:
    """Logits (N,) for tiles (N, 256, 256, 3) in 0..255. Per-tile standardisation keeps a slide's stain from
    standing in for its class: one training slide is all tumour, another all normal."""
    x = tiles.reshape(tiles.shape[0], SIDE // 2, 2, SIDE // 2, 2, 3).mean((2, 4))
    mean = x.mean((1, 2), keepdims=True)
    x = (x - mean) / jnp.sqrt(((x - mean) ** 2).mean((1, 2), keepdims=True) + EPSILON)
    for kernel, bias in params[:-1]:
        x = jax.lax.conv_general_dilated(x, kernel, (2, 2), ((1, 1), (1, 1)), dimension_numbers=("NHWC", "HWIO", "NHWC"))
        x = jax.nn.relu(x + bias)
    kernel, bias = params[-1]
    return (x.mean((1, 2)) @ kernel + bias)[:, 0]


def augment(tiles: Tiles, rng: np.random.Generator) -> NDArray[np.float32]:
    """Random square symmetries, stain gain and brightness, and a shift of up to 32 pixels."""
    out = np.empty(tiles.shape, np.float32)
    for i, tile in enumerate(tiles):
        turned = np.rot90(tile, rng.integers(4))
        turned = turned[:, ::-1] if rng.integers(2) else turned
        turned = np.roll(turned, rng.integers(-32, 33, 2), (0, 1))
        density = -np.log((turned.astype(np.float32) + 1) / 256)
        density = density * rng.uniform(0.7, 1.3, 3).astype(np.float32) + rng.normal(0, 0.05, 3).astype(np.float32)
        out[i] = np.clip(256 * np.exp(-density) - 1, 0, 255)
    return out


@partial(jax.jit, donate_argnums=(0, 1, 2))
def step(params: Params, first: Params, second: Params, tiles: Any, labels: Any, rate: Any, count: Any) -> Any:
    """One AdamW step on the label-smoothed logistic loss."""

    def loss(params: Params) -> Any:
        logits = forward(params, tiles)
        target = labels * 0.9 + 0.05
        return (jnp.logaddexp(0, logits) - target * logits).mean()

    gradients = jax.grad(loss)(params)
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)

    def moved(p: Any, m: Any, v: Any) -> Any:
        return p - rate * (m / (1 - 0.9**count) / (jnp.sqrt(v / (1 - 0.999**count)) + 1e-8) + DECAY * p)

    return jax.tree.map(moved, params, first, second), first, second


def train(tiles: Tiles, labels: NDArray[np.int64], seed: int) -> Params:
    rng = np.random.default_rng(seed)
    params = initial(rng)
    first, second = jax.tree.map(jnp.zeros_like, params), jax.tree.map(jnp.zeros_like, params)
    by_class = [np.flatnonzero(labels == label) for label in range(len(CLASSES))]
    for count in range(1, STEPS + 1):
        chosen = np.concatenate([rng.choice(indices, BATCH // 2) for indices in by_class])
        rate = PEAK_RATE * min(1, count / 50) * 0.5 * (1 + np.cos(np.pi * count / STEPS))
        batch = jnp.asarray(augment(tiles[chosen], rng)), jnp.asarray(labels[chosen], jnp.float32)
        params, first, second = step(params, first, second, *batch, rate, float(count))
    return params


def export(members: list[Params]) -> onnx.ModelProto:
    """One graph: uint8 tiles (N, 256, 256, 3) in, tumour probability (N,) out, averaged over the members."""
    nodes = [
        helper.make_node("Cast", ["tiles"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["float"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["planes"], ["half"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("InstanceNormalization", ["half", "ones", "zeros"], ["standard"], epsilon=EPSILON),
    ]
    weights = [
        numpy_helper.from_array(np.ones(3, np.float32), "ones"),
        numpy_helper.from_array(np.zeros(3, np.float32), "zeros"),
        numpy_helper.from_array(np.array([-1], np.int64), "flat"),
    ]
    outputs = []
    for m, params in enumerate(members):
        x = "standard"
        for i, (kernel, bias) in enumerate(params[:-1]):
            name = f"m{m}.conv{i}"
            oihw = np.ascontiguousarray(np.asarray(kernel).transpose(3, 2, 0, 1))
            weights += [
                numpy_helper.from_array(oihw, f"{name}.w"),
                numpy_helper.from_array(np.asarray(bias), f"{name}.b"),
            ]
            nodes += [
                helper.make_node("Conv", [x, f"{name}.w", f"{name}.b"], [name], strides=[2, 2], pads=[1] * 4),
                helper.make_node("Relu", [name], [f"{name}.relu"]),
            ]
            x = f"{name}.relu"
        kernel, bias = (np.asarray(array) for array in params[-1])
        weights += [numpy_helper.from_array(kernel, f"m{m}.head.w"), numpy_helper.from_array(bias, f"m{m}.head.b")]
        nodes += [
            helper.make_node("GlobalAveragePool", [x], [f"m{m}.pool"]),
            helper.make_node("Flatten", [f"m{m}.pool"], [f"m{m}.features"]),
            helper.make_node("Gemm", [f"m{m}.features", f"m{m}.head.w", f"m{m}.head.b"], [f"m{m}.logit"]),
            helper.make_node("Sigmoid", [f"m{m}.logit"], [f"m{m}.probability"]),
        ]
        outputs.append(f"m{m}.probability")
    nodes += [
        helper.make_node("Mean", outputs, ["mean"]),
        helper.make_node("Reshape", ["mean", "flat"], ["tumor_probability"]),
    ]
    graph = helper.make_graph(
        nodes,
        "camelyon16-tile-demo",
        [helper.make_tensor_value_info("tiles", TensorProto.UINT8, ["N", SIDE, SIDE, 3])],
        [helper.make_tensor_value_info("tumor_probability", TensorProto.FLOAT, ["N"])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tiles", type=Path)
    parser.add_argument("bundle", type=Path)
    arguments = parser.parse_args()
    tiles, labels, slides = load(arguments.tiles)
    training = np.array([slide not in TEST_SLIDES for slide in slides])
    members = [train(tiles[training], labels[training], SEED + member) for member in range(MEMBERS)]
    serialized = export(members).SerializeToString()
    arguments.bundle.mkdir(parents=True, exist_ok=True)
    (arguments.bundle / "model.onnx").write_bytes(serialized)
    manifest = {
        "name": "camelyon16-tile-demo",
        "version": "1",
        "sha256": hashlib.sha256(serialized).hexdigest(),
        "kind": "tile-classifier",
        "task": "tile classification: probability of metastatic tumour in a lymph node tile",
        "classes": list(CLASSES),
        "tile_side": SIDE,
        "microns_per_pixel": 0.243,
        "training_slides": sorted(set(slides) - TEST_SLIDES),
        "test_slides": sorted(TEST_SLIDES),
        "about": {"seed": SEED, "trained_on": datetime.now(UTC).date().isoformat()},
    }
    (arguments.bundle / "bundle.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(f"{arguments.bundle}: {len(serialized)} bytes, {int(training.sum())} training tiles")


if __name__ == "__main__":
    main()
