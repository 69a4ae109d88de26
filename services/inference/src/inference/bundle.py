"""A model bundle: a folder with model.onnx and the bundle.json that says what it is."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casepath.inference.v1.scoring_pb2 import Model
from chassis.errors import Misconfigured
from inference.batching import BatchLimits

DEFAULTS = BatchLimits()
# Changed whenever tiles come to be cut, filled or scaled in another way, or tissue to be found in another way.
PREPROCESSING = "tissue mask v1 | tiles cut on a grid, white beyond the edge, scaled bilinearly, uint8 RGB"
# The first is that of a bundle that does not say.
PRECISIONS = ("fp32", "fp16", "int8")
USUAL_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class ModelFile:
    """An ONNX model of any kind, and how requests to it are batched."""

    name: str
    version: str
    sha256: str
    onnx: bytes
    limits: BatchLimits = DEFAULTS

    @property
    def model(self) -> Model:
        return Model(name=self.name, version=self.version, sha256=self.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle(ModelFile):
    """A tile classifier. `classes` ends with the positive one. Tiles are `tile_side` pixels of `microns_per_pixel`.

    A tile at or above `threshold` counts as positive. `precision` is that of the model's numbers.
    """

    classes: tuple[str, ...]
    tile_side: int
    microns_per_pixel: float
    training_slides: frozenset[str]
    threshold: float = USUAL_THRESHOLD
    precision: str = PRECISIONS[0]

    @property
    def preprocessing_sha256(self) -> str:
        """Of everything between the stored level and the model."""
        said = f"{PREPROCESSING} | {self.tile_side} pixels of {self.microns_per_pixel} um"
        return hashlib.sha256(said.encode()).hexdigest()


def load_model(folder: Path) -> ModelFile:
    """Raise Misconfigured when a part is missing, or the model is not the one that bundle.json names by its digest."""
    return ModelFile(**_read(folder)[1])


def load_bundle(folder: Path) -> Bundle:
    """The same for a tile classifier."""
    said, common = _read(folder)
    try:
        bundle = Bundle(
            **common,
            classes=tuple(said["classes"]),
            tile_side=int(said["tile_side"]),
            microns_per_pixel=float(said["microns_per_pixel"]),
            training_slides=frozenset(said.get("training_slides", ())),
            threshold=float(said.get("threshold", USUAL_THRESHOLD)),
            precision=said.get("precision", PRECISIONS[0]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Misconfigured(f"{folder} is not a tile classifier: {type(error).__name__}: {error}") from None
    if not 0 < bundle.threshold <= 1 or bundle.precision not in PRECISIONS:
        raise Misconfigured(f"{folder}: a threshold lies in (0, 1], and a precision is one of {', '.join(PRECISIONS)}")
    return bundle


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What bundle.json says, and what every model has."""
    try:
        said = json.loads((folder / "bundle.json").read_text())
        onnx = (folder / "model.onnx").read_bytes()
        serving = said.get("serving", {})
        limits = BatchLimits(
            rows=int(serving.get("batch_rows", DEFAULTS.rows)),
            waiting=int(serving.get("waiting_rows", DEFAULTS.waiting)),
            delay=float(serving.get("delay_ms", 0)) / 1000,
        )
        common = {"name": said["name"], "version": said["version"], "sha256": said["sha256"], "onnx": onnx, "limits": limits}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Misconfigured(f"{folder} is not a model bundle: {type(error).__name__}: {error}") from None
    if hashlib.sha256(onnx).hexdigest() != said["sha256"]:
        raise Misconfigured(f"{folder}/model.onnx does not have the sha256 that bundle.json names")
    return said, common
