"""A classifier's last layer, fitted again to what pathologists said: the rest of the network stays as it is.

Each logistic unit before the answer keeps its inputs; its weights become those that make the verdicts the most likely, held to
what they were by a ridge (a Gaussian prior at the old weights), as strong as leaving out one person after the other shows to be
best. The same tiles give the same bundle.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chassis.errors import Malformed, Misconfigured
from inference.bundle import CARD, ONNX, Bundle, load_bundle, write_bundle
from inference.evaluation import Tile, auc, batches, find_tiles

RIDGES = (1.0, 10.0, 100.0, 1000.0, 10_000.0)
MOST_STEPS = 50
LEAST_STEP = 1e-8
# Of persons and of tiles of each class: with fewer nothing is shown by leaving one out.
LEAST_PERSONS = 3
LEAST_TILES = 10

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Layer:
    """A logistic unit: names of its weights and bias in the network, what they are, and its inputs for each tile."""

    weights_name: str
    bias_name: str
    weights: Floats
    bias: float
    inputs: Floats


@dataclass(frozen=True, slots=True)
class Retrained:
    """AUC of the old bundle, and of new ones each fitted without the person whose tiles it judges."""

    tiles: int
    persons: int
    positive: int
    before: float
    after: float
    ridge: float


def retrain(folder: Path, tiles: Path, out: Path, version: str, about: dict[str, Any]) -> Retrained:
    """Write the bundle `out`, of tiles as `sealed_cohort.cut_tiles` names them.

    Raise Misconfigured where the network has no such layer, Malformed where there is too little to learn from.
    """
    if find_spec("onnx") is None:
        raise Misconfigured("this needs the package onnx: install casepath-inference[research]")
    if out.exists():
        raise Misconfigured(f"{out} is there already: name a new folder")
    bundle = load_bundle(folder)
    said = bundle.manifest
    found = find_tiles(tiles, said.classes)
    labels = np.array([tile.label == said.positive_index for tile in found])
    persons = np.array([person_of(tile) for tile in found])
    enough(labels, persons)
    layers = last_layers(bundle, found)
    ridge, after = chosen(layers, labels, persons)
    content = with_weights(bundle, [fitted(layer, layer.inputs, labels, ridge) for layer in layers], layers)
    result = Retrained(
        tiles=len(found),
        persons=len(set(persons.tolist())),
        positive=int(labels.sum()),
        before=auc(labels, answers([(layer.weights, layer.bias) for layer in layers], [layer.inputs for layer in layers])),
        after=auc(labels, after),
        ridge=ridge,
    )
    figures = {"tiles": result.tiles, "persons": result.persons, "auc_before": result.before, "auc_left_out": result.after}
    made = said.model_copy(
        update={
            "version": version,
            "sha256": hashlib.sha256(content).hexdigest(),
            "training_slides": said.training_slides | {tile.slide for tile in found},
            "calibration": said.calibration.model_copy(update={"ece": None}),
            "about": {**said.about, **about, "made_from": f"{bundle.version} {bundle.sha256}", "ridge": ridge, **figures},
        }
    )
    write_bundle(out, made, {ONNX: content, CARD: card(made.name, version, bundle, result, about).encode()})
    return result


def person_of(tile: Tile) -> str:
    return tile.slide.split(".", 1)[0]


def enough(labels: NDArray[np.bool_], persons: NDArray[np.str_]) -> None:
    """Raise Malformed where leaving one person out would leave nothing of a class, or shows nothing."""
    positive, negative = int(labels.sum()), int((~labels).sum())
    if min(positive, negative) < LEAST_TILES or len(set(persons.tolist())) < LEAST_PERSONS:
        raise Malformed(
            f"{positive} and {negative} tiles of {len(set(persons.tolist()))} persons: at least {LEAST_TILES} of each class, of "
            f"{LEAST_PERSONS} persons, are needed"
        )
    for person in sorted(set(persons.tolist())):
        rest = labels[persons != person]
        if rest.all() or not rest.any():
            raise Malformed("all tiles of one class are of one person: that person would be learnt, and not the class")


def last_layers(bundle: Bundle, tiles: Sequence[Tile]) -> list[Layer]:
    """Raise Misconfigured where the network does not end in logistic units of one output each."""
    import onnx
    import onnxruntime

    model = onnx.load_from_string(bundle.onnx)
    constants = {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
    squashed = {node.input[0] for node in model.graph.node if node.op_type == "Sigmoid"}
    units = [node for node in model.graph.node if node.op_type == "Gemm" and node.output[0] in squashed and fits(node, constants)]
    if not units:
        raise Misconfigured("the network does not end in a logistic unit (Gemm, Sigmoid) whose weights could be fitted")
    for node in units:
        model.graph.output.append(onnx.helper.make_empty_tensor_value_info(node.input[0]))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    parts = [
        session.run([node.input[0] for node in units], {name: batch}) for batch in batches(list(tiles), bundle.manifest.tile_side)
    ]
    return [
        Layer(
            node.input[1],
            node.input[2],
            constants[node.input[1]][:, 0].astype(np.float64),
            float(constants[node.input[2]][0]),
            np.concatenate([part[number] for part in parts]).astype(np.float64),
        )
        for number, node in enumerate(units)
    ]


def fits(node: Any, constants: dict[str, NDArray[Any]]) -> bool:
    """Whether a Gemm is plain, with weights (inputs, 1) and a bias (1,)."""
    known = len(node.input) == 3 and node.input[1] in constants and node.input[2] in constants
    return known and not node.attribute and constants[node.input[1]].shape[1:] == (1,) and constants[node.input[2]].shape == (1,)


def chosen(layers: Sequence[Layer], labels: NDArray[np.bool_], persons: NDArray[np.str_]) -> tuple[float, NDArray[np.float32]]:
    """The ridge of the least loss when each person is judged without having been learnt from, and those answers."""
    found = []
    for ridge in RIDGES:
        given = np.empty(len(labels), np.float32)
        for person in sorted(set(persons.tolist())):
            mine = persons == person
            units = [fitted(layer, layer.inputs[~mine], labels[~mine], ridge) for layer in layers]
            given[mine] = answers(units, [layer.inputs[mine] for layer in layers])
        found.append((loss(labels, given), ridge, given))
    _, ridge, given = min(found, key=lambda one: one[0])
    return ridge, given


def loss(labels: NDArray[np.bool_], given: NDArray[np.float32]) -> float:
    right = np.clip(np.where(labels, given, 1 - given), 1e-7, 1)
    return float(-np.log(right).mean())


def fitted(layer: Layer, inputs: Floats, labels: NDArray[np.bool_], ridge: float) -> tuple[Floats, float]:
    """Weights and bias by Newton's method with halved steps; both classes weigh the same."""
    spread = inputs.std(axis=0) + 1e-6
    scaled = np.column_stack([inputs / spread, np.ones(len(inputs))])
    before = np.append(layer.weights * spread, layer.bias)
    weigh = np.where(labels, 0.5 / labels.mean(), 0.5 / (1 - labels.mean()))
    hold = np.append(np.full(len(spread), ridge), ridge / 100)

    def cost(at: Floats) -> float:
        logits = scaled @ at
        return float((weigh * (np.logaddexp(0, logits) - labels * logits)).sum() + 0.5 * (hold * (at - before) ** 2).sum())

    now, known = before.copy(), cost(before)
    for _ in range(MOST_STEPS):
        given = sigmoid(scaled @ now)
        slope = scaled.T @ (weigh * (given - labels)) + hold * (now - before)
        curve = scaled.T @ ((weigh * given * (1 - given))[:, None] * scaled) + np.diag(hold)
        step, size = np.linalg.solve(curve, slope), 1.0
        while (tried := cost(now - size * step)) > known and size > LEAST_STEP:
            size /= 2
        now, better, known = now - size * step, known - tried, min(known, tried)
        if better < LEAST_STEP:
            break
    return now[:-1] / spread, float(now[-1])


def answers(units: Sequence[tuple[Floats, float]], inputs: Sequence[Floats]) -> NDArray[np.float32]:
    """The mean over units, as ensembles of them answer."""
    each = [sigmoid(given @ weights + bias) for (weights, bias), given in zip(units, inputs, strict=True)]
    return np.mean(each, axis=0).astype(np.float32)


def sigmoid(logits: Floats) -> Floats:
    made: Floats = np.exp(-np.logaddexp(0, -logits))
    return made


def with_weights(bundle: Bundle, units: Sequence[tuple[Floats, float]], layers: Sequence[Layer]) -> bytes:
    import onnx

    model = onnx.load_from_string(bundle.onnx)
    new = {}
    for layer, (weights, bias) in zip(layers, units, strict=True):
        new[layer.weights_name] = weights[:, None].astype(np.float32)
        new[layer.bias_name] = np.array([bias], np.float32)
    for one in model.graph.initializer:
        if one.name in new:
            one.CopyFrom(onnx.numpy_helper.from_array(new[one.name], one.name))
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def card(name: str, version: str, base: Bundle, result: Retrained, about: dict[str, Any]) -> str:
    said = "".join(f"- {key}: {value}\n" for key, value in about.items())
    return (
        f"# {name} {version}\n\n"
        f"The last layer of {base.version} ({base.sha256}), fitted again to {result.tiles} tiles of regions that pathologists "
        f"accepted ({result.positive}) or rejected, of {result.persons} persons.\n\n"
        f"AUC on these tiles: {result.before:.3f} before; {result.after:.3f} after, each person judged by a layer fitted "
        "without them. The ridge was chosen on the same tiles, so the second figure is somewhat too good. Regions are those that "
        "the earlier model pointed at: what it overlooked is not among them.\n\n"
        f"{said}"
    )
