"""How well a model separates tiles, with an interval that says how little that may mean."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from casepath.inference.v1.scoring_pb2 import MODEL_KIND_SLIDE_AGGREGATOR, Histogram, StainStatistics
from chassis.errors import Malformed
from inference.handlers import histogram
from inference.readers import Reader, logits
from inference.shard import add_stain

SEED = 20261124
RESAMPLES = 2000
BATCH = 32
# The expected calibration error is over so many bins of equal width (Guo 2017).
CALIBRATION_BINS = 10
# Sensitivity is also told where the specificity is at least this.
SET_SPECIFICITY = 0.9
# Between these a temperature is looked for.
TEMPERATURES = (0.05, 20.0)
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
    """`auc` and its bootstrap 95 % interval over tiles; None where the tiles are of one class alone.

    `accuracy`, `sensitivity` and `specificity` are at the bundle's threshold; `sensitivity_at_specificity` at the lowest
    threshold whose specificity is at least 0.9. Of a slide-aggregator, the tiles of one slide and class are a slide.
    """

    tiles: int
    slides: list[str]
    excluded_training_tiles: int
    auc: float | None
    auc_ci95: tuple[float, float] | None
    auc_by_slide: dict[str, float]
    threshold: float
    accuracy: float
    sensitivity: float | None
    specificity: float | None
    sensitivity_at_specificity: float | None
    ece: float
    provider: str
    set_sha256: str


@dataclass(frozen=True, slots=True)
class Scored:
    """Tiles with their labels and probabilities, and what drift is told by."""

    tiles: list[Tile]
    labels: NDArray[np.bool_]
    scores: NDArray[np.float32]
    histogram: Histogram
    stain: StainStatistics


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


def scored_tiles(reader: Reader, folder: Path, include_training: bool = False) -> tuple[Scored, int]:
    """Score every tile of a folder, and how many were left out: those of slides that the model was trained on, unless asked for.

    Raise Malformed where none is left, or the model gave no number for one.
    """
    said = reader.bundle.manifest
    everything = find_tiles(folder, said.classes)
    tiles = [tile for tile in everything if include_training or tile.slide not in said.training_slides]
    if not tiles:
        raise Malformed("every tile is of a slide that the model was trained on; --include-training evaluates them all the same")
    stain = StainStatistics()
    if reader.bundle.kind == MODEL_KIND_SLIDE_AGGREGATOR:
        groups = [list(group) for _, group in groupby(sorted(tiles, key=bag_of), bag_of)]
        tiles = [group[0] for group in groups]
        scores = np.array([bag_score(reader, group, stain) for group in groups], np.float32)
    else:
        scores = np.concatenate([score_batch(reader, batch, stain) for batch in batches(tiles, said.tile_side)])
    if not np.isfinite(scores).all():
        raise Malformed(f"the model gave no probability for {int((~np.isfinite(scores)).sum())} of {len(scores)}")
    labels = np.array([tile.label == said.positive_index for tile in tiles])
    return Scored(tiles, labels, scores, histogram(scores.tolist()), stain), len(everything) - len(tiles)


def bag_of(tile: Tile) -> tuple[str, int]:
    return tile.slide, tile.label


def bag_score(reader: Reader, group: list[Tile], stain: StainStatistics) -> float:
    vectors = []
    for batch in batches(group, reader.bundle.manifest.tile_side):
        add_stain(stain, batch)
        vectors.append(np.asarray(reader.read(batch).array, np.float32))
    return reader.aggregated(np.concatenate(vectors))[0]


def score_batch(reader: Reader, batch: NDArray[np.uint8], stain: StainStatistics) -> NDArray[np.float32]:
    add_stain(stain, batch)
    return reader.score(batch)


def evaluate(reader: Reader, folder: Path, include_training: bool = False) -> Evaluation:
    """How well a model does on a folder of tiles. Raise as `scored_tiles` does."""
    return tried(reader, folder, include_training)[1]


def tried(reader: Reader, folder: Path, include_training: bool = False) -> tuple[Scored, Evaluation]:
    """The same, with each tile's probability."""
    found, excluded = scored_tiles(reader, folder, include_training)
    return found, evaluation(found, excluded, reader, folder)


def evaluation(found: Scored, excluded: int, reader: Reader, folder: Path) -> Evaluation:
    labels, scores, threshold = found.labels, found.scores, reader.bundle.manifest.threshold
    positive = scores >= threshold
    both = bool(labels.any() and not labels.all())
    return Evaluation(
        tiles=len(found.tiles),
        slides=sorted({tile.slide for tile in found.tiles}),
        excluded_training_tiles=excluded,
        auc=auc(labels, scores) if both else None,
        auc_ci95=bootstrap(labels, scores) if both else None,
        auc_by_slide=auc_by_slide(found),
        threshold=threshold,
        accuracy=float((positive == labels).mean()),
        sensitivity=float(positive[labels].mean()) if labels.any() else None,
        specificity=float((~positive[~labels]).mean()) if not labels.all() else None,
        sensitivity_at_specificity=sensitivity_at(labels, scores, SET_SPECIFICITY) if both else None,
        ece=calibration_error(labels, scores),
        provider=reader.provider,
        set_sha256=set_digest(folder, reader.bundle.manifest.classes),
    )


def set_digest(folder: Path, classes: tuple[str, ...]) -> str:
    """SHA-256 over the tiles' names and bytes."""
    whole = hashlib.sha256()
    for tile in find_tiles(folder, classes):
        whole.update(f"{tile.path.relative_to(folder)}|{hashlib.sha256(tile.path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def auc_by_slide(found: Scored) -> dict[str, float]:
    """Of each slide that has tiles of both classes."""
    slides = np.array([tile.slide for tile in found.tiles])
    chosen = {slide: slides == slide for slide in sorted(set(slides.tolist()))}
    mixed = {slide: of for slide, of in chosen.items() if found.labels[of].any() and not found.labels[of].all()}
    return {slide: auc(found.labels[of], found.scores[of]) for slide, of in mixed.items()}


def sensitivity_at(labels: NDArray[np.bool_], scores: NDArray[np.float32], specificity: float) -> float:
    """At the lowest threshold that leaves at least this share of the negatives below it."""
    negatives = np.sort(scores[~labels])
    needed = int(np.ceil(specificity * len(negatives)))
    threshold = np.nextafter(negatives[needed - 1], np.float32(2))
    return float((scores[labels] >= threshold).mean())


def calibration_error(labels: NDArray[np.bool_], scores: NDArray[np.float32]) -> float:
    """Expected calibration error: the mean over bins of |share of positives - mean probability|, by how many are in each."""
    bins = np.minimum((scores * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = [
        abs(labels[bins == one].mean() - scores[bins == one].mean()) * (bins == one).sum()
        for one in range(CALIBRATION_BINS)
        if (bins == one).any()
    ]
    return float(sum(gaps) / len(scores))


def fitted_temperature(labels: NDArray[np.bool_], scores: NDArray[np.float32]) -> float:
    """By which to divide logits so that the log loss is least (Guo 2017): golden-section search over its logarithm."""
    unscaled = logits(scores.astype(np.float64))

    def loss(power: float) -> float:
        scaled = unscaled / np.exp(power)
        return float((np.logaddexp(0, scaled) - labels * scaled).mean())

    low, high = np.log(TEMPERATURES)
    ratio = (np.sqrt(5) - 1) / 2
    while high - low > 1e-4:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return round(float(np.exp((low + high) / 2)), 4)


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
