"""A bundle whose probabilities mean what they say: temperature scaling on tiles that the model was not trained on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chassis.errors import Malformed, Misconfigured
from inference.adapters.onnx_session import reader_of
from inference.bundle import AGGREGATOR, CARD, ONNX, load_bundle, write_bundle
from inference.evaluation import calibration_error, fitted_temperature, scored_tiles
from inference.manifest import Calibration
from inference.readers import calibrated


@dataclass(frozen=True, slots=True)
class Fit:
    """Expected calibration errors are of the same tiles, so the one after flatters: another set tells the truth."""

    temperature: float
    ece_before: float
    ece_after: float
    tiles: int


def calibrate(folder: Path, tiles: Path, version: str, out: Path) -> Fit:
    """Write the bundle `out`: the same network, with a temperature. Raise Malformed where the tiles are of one class alone."""
    bundle = load_bundle(folder)
    if out.exists():
        raise Misconfigured(f"{out} is there already: name a new folder")
    if bundle.manifest.calibration.temperature != 1:
        raise Misconfigured(f"{folder} has a temperature already: calibrate the bundle that it was made from")
    found, _ = scored_tiles(reader_of(bundle, "cpu"), tiles)
    if found.labels.all() or not found.labels.any():
        raise Malformed("the tiles of other slides are of one class alone: there is nothing to calibrate by")
    temperature = fitted_temperature(found.labels, found.scores)
    after = calibrated(np.asarray(found.scores), temperature)
    fit = Fit(temperature, calibration_error(found.labels, found.scores), calibration_error(found.labels, after), len(after))
    said = bundle.manifest.model_copy(
        update={"version": version, "calibration": Calibration(temperature=temperature, ece=round(fit.ece_after, 4))}
    )
    files = {name: (folder / name).read_bytes() for name in (ONNX, AGGREGATOR, CARD) if (folder / name).is_file()}
    write_bundle(out, said, files)
    return fit
