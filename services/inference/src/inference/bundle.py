"""A model bundle: a folder with model.onnx and the bundle.json that says what it is."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from casepath.inference.v1.scoring_pb2 import Model
from chassis.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Bundle:
    """`classes` ends with the positive one. Tiles are `tile_side` pixels of `microns_per_pixel`."""

    name: str
    version: str
    sha256: str
    onnx: bytes
    classes: tuple[str, ...]
    tile_side: int
    microns_per_pixel: float
    training_slides: frozenset[str]

    @property
    def model(self) -> Model:
        return Model(name=self.name, version=self.version, sha256=self.sha256)


def load_bundle(folder: Path) -> Bundle:
    """Raise Misconfigured when a part is missing, or the model is not the one that bundle.json names by its digest."""
    try:
        said = json.loads((folder / "bundle.json").read_text())
        onnx = (folder / "model.onnx").read_bytes()
        bundle = Bundle(
            name=said["name"],
            version=said["version"],
            sha256=said["sha256"],
            onnx=onnx,
            classes=tuple(said["classes"]),
            tile_side=int(said["tile_side"]),
            microns_per_pixel=float(said["microns_per_pixel"]),
            training_slides=frozenset(said.get("training_slides", ())),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Misconfigured(f"{folder} is not a model bundle: {type(error).__name__}: {error}") from None
    if hashlib.sha256(onnx).hexdigest() != bundle.sha256:
        raise Misconfigured(f"{folder}/model.onnx does not have the sha256 that bundle.json names")
    return bundle
