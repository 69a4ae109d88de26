"""What a model of each kind says of tiles, from the raw numbers of its session. Pure, given a session."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chassis.errors import Misconfigured
from inference.bundle import Bundle
from inference.manifest import Manifest
from inference.tensors import Array, Tensor

# A probability of exactly 0 or 1 has no logit.
LEAST = 1e-7


class Session(Protocol):
    """A model that is ready to run. `run` may be called from any thread, and raises DeviceLost, Malformed or ModelFailed."""

    @property
    def provider(self) -> str: ...

    @property
    def inputs(self) -> tuple[Tensor, ...]: ...

    @property
    def outputs(self) -> tuple[Tensor, ...]: ...

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class TilesRead:
    """For each tile its probability, float32 (N,), NaN where the model gave no number in 0 to 1.

    `array` is what the kind keeps besides: a segmenter's classes, uint8 (N, rows, columns), or an aggregator's vectors,
    float32 (N, length).
    """

    probabilities: NDArray[np.float32]
    array: NDArray[np.uint8] | NDArray[np.float32] | None = None


class Reader:
    """Reads tiles, uint8 (N, side, side, 3) RGB, with a bundle's session.

    Raise Misconfigured where the network is not of the shape that the manifest says.
    """

    def __init__(self, bundle: Bundle, session: Session, aggregator: Session | None = None) -> None:
        self.bundle = bundle
        self.session = session
        self.aggregator = aggregator
        self.input = fitting(session, bundle.manifest)
        self.prepare = preparation(self.input, bundle.manifest)
        self.read = {
            "tile-classifier": self.classified,
            "tile-segmenter": self.segmented,
            "slide-aggregator": self.embedded,
        }[bundle.manifest.kind]

    @property
    def provider(self) -> str:
        return self.session.provider

    def score(self, tiles: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities alone."""
        return self.read(tiles).probabilities

    def output(self, tiles: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The network's first output. One that takes a fixed number of tiles gets that many at a time, filled up with black."""
        rows = self.input.shape[0]
        if rows == -1 or rows == len(tiles):
            return self.raw(tiles)
        filled = np.concatenate([tiles, np.zeros((-len(tiles) % rows, *tiles.shape[1:]), np.uint8)])
        parts = [self.raw(filled[start : start + rows]) for start in range(0, len(filled), rows)]
        return np.concatenate(parts)[: len(tiles)]

    def raw(self, tiles: NDArray[np.uint8]) -> NDArray[np.float32]:
        found = self.session.run({self.input.name: self.prepare(tiles)})
        return np.asarray(next(iter(found.values())), np.float32)

    def classified(self, tiles: NDArray[np.uint8]) -> TilesRead:
        found = self.output(tiles)
        said = self.bundle.manifest
        if found.shape == (len(tiles), len(said.classes)):
            found = activated(found, said.activation, axis=1)[:, said.positive_index]
        elif found.size == len(tiles):
            found = activated(found.reshape(-1), said.activation, axis=0)
        else:
            return TilesRead(np.full(len(tiles), np.nan, np.float32))
        return TilesRead(calibrated(possible(found), said.calibration.temperature))

    def segmented(self, tiles: NDArray[np.uint8]) -> TilesRead:
        """A tile's probability is the share of its pixels, without the halo, that are of the positive class."""
        said = self.bundle.manifest
        found = self.output(tiles)
        if found.ndim != 4 or found.shape[:2] != (len(tiles), len(said.classes)):
            return TilesRead(np.full(len(tiles), np.nan, np.float32))
        whole = np.isfinite(found).all(axis=(1, 2, 3))
        rim = said.halo * found.shape[2] // said.tile_side
        inner = found[:, :, rim : found.shape[2] - rim, rim : found.shape[3] - rim]
        classes = np.nan_to_num(inner).argmax(axis=1).astype(np.uint8)
        shares = (classes == said.positive_index).mean(axis=(1, 2), dtype=np.float64).astype(np.float32)
        return TilesRead(np.where(whole, shares, np.float32(np.nan)), classes)

    def embedded(self, tiles: NDArray[np.uint8]) -> TilesRead:
        """The weight of a tile is known when all are: until then a number says that it was read."""
        found = self.output(tiles)
        if found.ndim != 2 or len(found) != len(tiles):
            return TilesRead(np.full(len(tiles), np.nan, np.float32), np.full((len(tiles), 1), np.nan, np.float32))
        whole = np.isfinite(found).all(axis=1)
        return TilesRead(np.where(whole, np.float32(0), np.float32(np.nan)), found)

    def aggregated(self, vectors: NDArray[np.float32]) -> tuple[float, NDArray[np.float32]]:
        """A slide's probability, and each tile's weight as a share of the largest; of vectors float32 (tiles, length).

        The aggregator takes float32 (1, tiles, length) and gives a probability or logit first, and weights (tiles,) second
        (attention, Ilse 2018). NaN where it gives something else.
        """
        assert self.aggregator is not None
        said = self.bundle.manifest
        found = list(self.aggregator.run({self.aggregator.inputs[0].name: vectors[None]}).values())
        score = np.asarray(found[0], np.float32).reshape(-1)
        weights = np.asarray(found[1], np.float32).reshape(-1) if len(found) > 1 else np.zeros(0, np.float32)
        if score.size == len(said.classes) > 1:
            score = activated(score, said.activation, axis=0)[said.positive_index : said.positive_index + 1]
        elif score.size == 1:
            score = activated(score, "none" if said.activation == "none" else "sigmoid", axis=0)
        if score.size != 1 or weights.shape != (len(vectors),) or not np.isfinite(weights).all() or (weights < 0).any():
            return float("nan"), np.full(len(vectors), np.nan, np.float32)
        return float(calibrated(possible(score), said.calibration.temperature)[0]), weights / max(float(weights.max()), LEAST)


def fitting(session: Session, said: Manifest) -> Tensor:
    """The network's one input. Raise Misconfigured where it does not take tiles of the manifest's size."""
    if len(session.inputs) != 1:
        raise Misconfigured(f"{said.name} takes {len(session.inputs)} inputs; one that reads slides takes tiles alone")
    one = session.inputs[0]
    side, channels = (-1, said.tile_side), (-1, 3)
    rows = one.shape[1:] if len(one.shape) == 4 else ()
    last = rows and rows[0] in side and rows[1] in side and rows[2] in channels
    first = rows and rows[0] in channels and rows[1] in side and rows[2] in side and rows[0] == 3
    if one.datatype not in ("UINT8", "FP32", "FP16") or not (last or first):
        raise Misconfigured(
            f"{said.name} takes {one.datatype} {list(one.shape)}: it should be uint8 or float, (N, {said.tile_side}, "
            f"{said.tile_side}, 3) or (N, 3, {said.tile_side}, {said.tile_side})"
        )
    if (said.normalisation is not None) != (one.datatype != "UINT8"):
        raise Misconfigured(f"{said.name}: a manifest has a normalisation where the input is float, and only there")
    return one


def preparation(one: Tensor, said: Manifest) -> Callable[[NDArray[np.uint8]], Array]:
    """From uint8 (N, side, side, 3) to what the network takes."""
    planes = one.shape[1] == 3
    if said.normalisation is None:
        return (lambda tiles: np.ascontiguousarray(tiles.transpose(0, 3, 1, 2))) if planes else (lambda tiles: tiles)
    mean, std = (np.array(values, np.float32) for values in (said.normalisation.mean, said.normalisation.std))
    scale, shift = 1 / (255 * std), mean / std
    kind = np.float16 if one.datatype == "FP16" else np.float32

    def prepared(tiles: NDArray[np.uint8]) -> Array:
        found = tiles.astype(np.float32) * scale - shift
        return np.ascontiguousarray(found.transpose(0, 3, 1, 2) if planes else found, kind)

    return prepared


def activated(found: NDArray[np.float32], activation: str, axis: int) -> NDArray[np.float32]:
    if activation == "softmax":
        powers = np.exp(found - found.max(axis=axis, keepdims=True))
        return np.asarray(powers / powers.sum(axis=axis, keepdims=True), np.float32)
    if activation == "sigmoid":
        with np.errstate(over="ignore"):
            return np.asarray(1 / (1 + np.exp(-found)), np.float32)
    return found


def possible(found: NDArray[np.float32]) -> NDArray[np.float32]:
    """What is no probability is no answer: such a tile failed."""
    with np.errstate(invalid="ignore"):
        return np.where((found >= 0) & (found <= 1), found, np.float32(np.nan))


def calibrated(found: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Probabilities with their logits divided by a temperature (Guo 2017)."""
    if temperature == 1:
        return found
    return activated(logits(found) / temperature, "sigmoid", axis=0)


def logits[F: np.floating[Any]](found: NDArray[F]) -> NDArray[F]:
    """Of probabilities, none of them quite 0 or 1."""
    kept = np.clip(found, LEAST, 1 - LEAST)
    return np.asarray(np.log(kept / (1 - kept)), found.dtype)
