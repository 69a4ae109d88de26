"""A classifier with smaller numbers, admitted only where it separates tiles as well as before, within a margin.

Static int8 is quantised with QDQ nodes (ONNX Runtime, "Quantize ONNX models"), calibrated on tiles of the slides that the model
was trained on, and judged on tiles of others.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chassis.errors import Malformed, Misconfigured, Rejected
from inference.adapters.onnx_session import reader_of
from inference.bundle import ONNX, Bundle, load_bundle, write_bundle
from inference.evaluation import Evaluation, Tile, batches, find_tiles, tried

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
    if bundle.aggregator is not None:
        raise Misconfigured("a slide-aggregator's tiles have no probabilities of their own to compare")
    if out.exists():
        raise Misconfigured(f"{out} is there already: name a new folder")
    said = bundle.manifest
    found = find_tiles(tiles, said.classes)
    calibration = [tile for tile in found if tile.slide in said.training_slides]
    content = as_fp16(bundle.onnx) if precision == "fp16" else as_int8(bundle, calibration)
    made = said.model_copy(
        update={
            "version": f"{bundle.version}-{precision}",
            "sha256": hashlib.sha256(content).hexdigest(),
            "precision": precision,
            "about": said.about | {"made_from_sha256": bundle.sha256},
        }
    )
    reduced = replace(bundle, version=made.version, sha256=made.sha256, onnx=content, manifest=made)
    reduction = compared(bundle, reduced, tiles, margin)
    if reduction.lost > margin:
        raise NotAdmitted(f"the AUC of {precision} is lower by {reduction.lost:.4f}; the margin is {margin:.4f}")
    admitted = {"margin": margin, "before": asdict(reduction.before), "after": asdict(reduction.after)}
    write_bundle(out, made.model_copy(update={"about": made.about | {"admitted": admitted}}), {ONNX: content})
    return reduction


def compared(bundle: Bundle, made: Bundle, tiles: Path, margin: float) -> Reduction:
    (before, first), (after, second) = (tried(reader_of(one, "cpu"), tiles) for one in (bundle, made))
    return Reduction(first, second, float(np.abs(before.scores - after.scores).max()), margin)


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
            self.batches: Iterator[NDArray[np.uint8]] = batches(calibration, bundle.manifest.tile_side)

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
            Tiles(reader_of(bundle, "cpu").input.name),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            # A processor without VNNI adds two products of 8-bit numbers in 16 bits, and cuts off what does not fit: 7 bits do.
            reduce_range=True,
            op_types_to_quantize=["Conv", "Gemm", "MatMul"],
        )
        return made.read_bytes()
