"""A classifier with smaller numbers, admitted only where it separates tiles as well as before, within a margin.

Static int8 is quantised with QDQ nodes (ONNX Runtime, "Quantize ONNX models"), calibrated on tiles of the slides that the model
was trained on, and judged on tiles of others.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chassis.errors import Malformed, Misconfigured, Rejected
from inference.adapters.onnx_session import classifier_of
from inference.bundle import Bundle, load_bundle
from inference.evaluation import Evaluation, Tile, batches, evaluate, find_tiles

type Precision = Literal["fp16", "int8"]


class NotAdmitted(Rejected):
    """What was made is worse than the margin allows."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """Both on the same tiles; `largest_difference` is between two probabilities of one tile."""

    before: Evaluation
    after: Evaluation
    largest_difference: float
    margin: float

    @property
    def lost(self) -> float:
        """Of the AUC."""
        if self.before.auc is None or self.after.auc is None:
            raise Malformed("the tiles of other slides are of one class alone: there is nothing to judge by")
        return self.before.auc - self.after.auc


def reduce_precision(folder: Path, tiles: Path, out: Path, precision: Precision, margin: float) -> Reduction:
    """Write the bundle `out`. Raise NotAdmitted, leaving nothing, where its AUC is lower by more than `margin`."""
    if find_spec("onnx") is None:
        raise Misconfigured("this needs the package onnx: install casepath-inference[precision]")
    bundle = load_bundle(folder)
    if out.exists():
        raise Misconfigured(f"{out} is there already: name a new folder")
    found = find_tiles(tiles, bundle.classes)
    calibration = [tile for tile in found if tile.slide in bundle.training_slides]
    content = as_fp16(bundle.onnx) if precision == "fp16" else as_int8(bundle, calibration)
    said = json.loads((folder / "bundle.json").read_text()) | {
        "version": f"{bundle.version}-{precision}",
        "sha256": hashlib.sha256(content).hexdigest(),
        "precision": precision,
        "made_from_sha256": bundle.sha256,
    }
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        made = Path(scratch) / "bundle"
        made.mkdir()
        (made / "model.onnx").write_bytes(content)
        (made / "bundle.json").write_text(json.dumps(said, indent=2) + "\n")
        reduction = compared(bundle, load_bundle(made), tiles, margin)
        if reduction.lost > margin:
            raise NotAdmitted(f"the AUC of {precision} is lower by {reduction.lost:.4f}; the margin is {margin:.4f}")
        said["admitted"] = {"margin": margin, "before": asdict(reduction.before), "after": asdict(reduction.after)}
        (made / "bundle.json").write_text(json.dumps(said, indent=2) + "\n")
        made.rename(out)
    return reduction


def compared(bundle: Bundle, made: Bundle, tiles: Path, margin: float) -> Reduction:
    before, after = classifier_of(bundle, "cpu"), classifier_of(made, "cpu")
    others = [tile for tile in find_tiles(tiles, bundle.classes) if tile.slide not in bundle.training_slides]
    evaluations = evaluate(bundle, before, tiles), evaluate(made, after, tiles)
    differences = [float(np.abs(before.score(one) - after.score(one)).max()) for one in batches(others, bundle.tile_side)]
    return Reduction(*evaluations, max(differences), margin)


def as_fp16(onnx: bytes) -> bytes:
    """Inputs and outputs keep their types."""
    import onnx as library
    from onnxruntime.transformers.float16 import convert_float_to_float16

    return bytes(convert_float_to_float16(library.load_from_string(onnx), keep_io_types=True).SerializeToString())


def as_int8(bundle: Bundle, calibration: list[Tile]) -> bytes:
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    if not calibration:
        raise Malformed("there is no tile of a slide that the model was trained on, to calibrate with")

    class Tiles(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self, name: str) -> None:
            self.name = name
            self.batches: Iterator[NDArray[np.uint8]] = batches(calibration, bundle.tile_side)

        def get_next(self) -> dict[str, Any] | None:
            batch = next(self.batches, None)
            return None if batch is None else {self.name: batch}

    with tempfile.TemporaryDirectory() as scratch:
        source, prepared, made = (Path(scratch) / name for name in ("source.onnx", "prepared.onnx", "int8.onnx"))
        source.write_bytes(bundle.onnx)
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            made,
            Tiles(classifier_of(bundle, "cpu").input),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=["Conv", "Gemm", "MatMul"],
        )
        return made.read_bytes()
