"""A model bundle: a folder with model.onnx and the manifest, bundle.json, that says what it is.

One that was published holds its card too, README.md, and its signature, model.sig.
"""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from casepath.inference.v1.scoring_pb2 import Calibration, Model, ModelKind
from chassis.errors import Misconfigured
from inference.batching import BatchLimits
from inference.manifest import KINDS, Manifest, ServedManifest, Serving, parsed

MANIFEST, ONNX, AGGREGATOR, CARD, SIGNATURE = "bundle.json", "model.onnx", "aggregator.onnx", "README.md", "model.sig"
# Changed whenever tiles come to be cut, filled or scaled in another way, or tissue to be found in another way.
PREPROCESSING = "tissue mask v1 | tiles cut on a grid from decoded frames, white beyond the edge, scaled bilinearly, uint8 RGB"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """An ONNX model of any kind, and how requests to it are batched and bounded."""

    name: str
    version: str
    sha256: str
    onnx: bytes = field(repr=False)
    serving: Serving = field(default_factory=Serving)

    @property
    def model(self) -> Model:
        return Model(name=self.name, version=self.version, sha256=self.sha256)

    @property
    def limits(self) -> BatchLimits:
        return BatchLimits(self.serving.batch_rows, self.serving.waiting_rows, self.serving.delay_ms / 1000)


@dataclass(frozen=True, slots=True)
class Bundle(ModelFile):
    """A model that reads slides. `aggregator` is the second network of a slide-aggregator."""

    manifest: Manifest = field(kw_only=True)
    aggregator: ModelFile | None = field(default=None, kw_only=True)

    @property
    def kind(self) -> ModelKind:
        return KINDS[self.manifest.kind]

    @property
    def calibration(self) -> Calibration:
        said = self.manifest.calibration
        return Calibration(temperature=said.temperature, ece=said.ece)

    @property
    def preprocessing_sha256(self) -> str:
        """Of everything between the stored level and the model."""
        said = self.manifest
        told = [
            PREPROCESSING,
            f"{said.tile_side} pixels of {said.microns_per_pixel} um, {said.step} from one to the next",
            said.normalisation.model_dump_json() if said.normalisation else "not normalised",
        ]
        return hashlib.sha256(" | ".join(told).encode()).hexdigest()


def load_model(folder: Path) -> ModelFile:
    """Raise Misconfigured when a part is missing, or the model is not the one that bundle.json names by its digest."""
    said = parsed(ServedManifest, text_of(folder), str(folder / MANIFEST))
    return ModelFile(said.name, said.version, said.sha256, content_of(folder / ONNX, said.sha256), said.serving)


def load_bundle(folder: Path) -> Bundle:
    """The same for a model that reads slides."""
    said = parsed(Manifest, text_of(folder), str(folder / MANIFEST))
    onnx = content_of(folder / ONNX, said.sha256)
    aggregator = None
    if said.aggregator_sha256 is not None:
        second = content_of(folder / AGGREGATOR, said.aggregator_sha256)
        aggregator = ModelFile(f"{said.name}-aggregator", said.version, said.aggregator_sha256, second, said.serving)
    return Bundle(said.name, said.version, said.sha256, onnx, said.serving, manifest=said, aggregator=aggregator)


def write_bundle(folder: Path, said: Manifest, files: Mapping[str, bytes]) -> None:
    """A new folder, whole or not at all."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        made = Path(scratch) / "bundle"
        made.mkdir()
        (made / MANIFEST).write_text(json.dumps(said.model_dump(mode="json", exclude_defaults=True), indent=2) + "\n")
        for name, content in files.items():
            (made / name).write_bytes(content)
        made.rename(folder)


def text_of(folder: Path) -> str:
    try:
        return (folder / MANIFEST).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{folder} is not a model bundle: {MANIFEST}: {type(error).__name__}") from None


def content_of(path: Path, sha256: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{path.parent} is not a model bundle: {path.name}: {type(error).__name__}") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Misconfigured(f"{path} does not have the sha256 that {MANIFEST} names")
    return content
