"""How well a model separates tiles, with an interval that says how little that may mean."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from chassis.errors import Malformed
from inference.adapters.onnx_session import Classifier
from inference.bundle import Bundle

SEED = 20261124
RESAMPLES = 2000
BATCH = 32
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff"})


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile on disk. Its slide is what its name says before the coordinates, `<slide>_<x>_<y>`."""

    path: Path
    label: int

    @property
    def slide(self) -> str:
        return self.path.stem.rsplit("_", 2)[0]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`auc` and its bootstrap 95 % interval over tiles; None where the tiles are of one class alone."""

    tiles: int
    slides: list[str]
    excluded_training_tiles: int
    auc: float | None
    auc_ci95: tuple[float, float] | None
    accuracy: float
    sensitivity: float | None
    specificity: float | None
    provider: str


def find_tiles(folder: Path, classes: tuple[str, ...]) -> list[Tile]:
    """Tiles in one subfolder a class. Raise Malformed when there are none, or a subfolder is no class of the model."""
    named = {path.name for path in folder.iterdir() if path.is_dir()}
    if unknown := sorted(named - set(classes)):
        raise Malformed(f"{folder} holds {', '.join(unknown)}; the model's classes are {', '.join(classes)}")
    found = [
        Tile(path, label)
        for label, name in enumerate(classes)
        for path in sorted((folder / name).glob("*"))
        if path.suffix.lower() in SUFFIXES
    ]
    if not found:
        raise Malformed(f"{folder} holds no tile: it needs the subfolders {', '.join(classes)} with image files")
    return found


def evaluate(bundle: Bundle, classifier: Classifier, folder: Path, include_training: bool = False) -> Evaluation:
    """Score every tile of a folder; tiles of slides that the model was trained on are left out unless asked for."""
    everything = find_tiles(folder, bundle.classes)
    tiles = [tile for tile in everything if include_training or tile.slide not in bundle.training_slides]
    if not tiles:
        raise Malformed("every tile is of a slide that the model was trained on; --include-training evaluates them all the same")
    scores = np.concatenate([classifier.score(batch) for batch in batches(tiles, bundle.tile_side)])
    labels = np.array([tile.label == len(bundle.classes) - 1 for tile in tiles])
    positive = scores >= 0.5
    both = bool(labels.any() and not labels.all())
    return Evaluation(
        tiles=len(tiles),
        slides=sorted({tile.slide for tile in tiles}),
        excluded_training_tiles=len(everything) - len(tiles),
        auc=auc(labels, scores) if both else None,
        auc_ci95=bootstrap(labels, scores) if both else None,
        accuracy=float((positive == labels).mean()),
        sensitivity=float(positive[labels].mean()) if labels.any() else None,
        specificity=float((~positive[~labels]).mean()) if not labels.all() else None,
        provider=classifier.provider,
    )


def batches(tiles: list[Tile], side: int) -> Iterator[NDArray[np.uint8]]:
    for start in range(0, len(tiles), BATCH):
        yield np.stack([read(tile.path, side) for tile in tiles[start : start + BATCH]])


def read(path: Path, side: int) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
    except (UnidentifiedImageError, OSError) as error:
        raise Malformed(f"{path} is not an image: {type(error).__name__}") from None
    if pixels.shape[:2] != (side, side):
        raise Malformed(f"{path} is {pixels.shape[1]} x {pixels.shape[0]} pixels; the model takes {side} x {side}")
    return pixels


def auc(labels: NDArray[np.bool_], scores: NDArray[np.float32]) -> float:
    """Area under the ROC curve: the chance that a positive scores above a negative, ties counting half (Hanley 1982)."""
    difference = scores[labels][:, None] - scores[~labels][None, :]
    return float(((difference > 0) + 0.5 * (difference == 0)).mean())


def bootstrap(labels: NDArray[np.bool_], scores: NDArray[np.float32]) -> tuple[float, float]:
    """95 % percentile interval of the AUC, resampling tiles within each class. Tiles of one slide are alike, so the
    interval over slides would be wider."""
    rng = np.random.default_rng(SEED)
    positives, negatives = scores[labels], scores[~labels]
    found = []
    for _ in range(RESAMPLES):
        chosen = np.concatenate([rng.choice(positives, len(positives)), rng.choice(negatives, len(negatives))])
        found.append(auc(np.arange(len(chosen)) < len(positives), chosen))
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)
