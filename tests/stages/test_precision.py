"""Smaller numbers for the demonstration model, on its own tiles."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from stages.constructed_models import darkness, grey_tiles, reading_bundle

from chassis.errors import Malformed, Misconfigured
from inference.adapters.onnx_session import reader_of
from inference.bundle import load_bundle
from inference.precision import NotAdmitted, Precision, reduce_precision

INFERENCE = Path(__file__).parents[2] / "services/inference"
BUNDLE = INFERENCE / "models/camelyon16-tile-demo"
TILES = INFERENCE / "training/tiles"
PIXELS = np.random.default_rng(1).integers(0, 255, (2, 256, 256, 3), np.uint8)


@pytest.mark.parametrize(("precision", "share"), [("fp16", 0.6), ("int8", 0.4)])
def test_it_is_smaller_nearly_the_same_and_says_what_it_is(precision: Precision, share: float, tmp_path: Path) -> None:
    found = reduce_precision(BUNDLE, TILES, tmp_path / "made", precision, margin=0.02)
    before, made = load_bundle(BUNDLE), load_bundle(tmp_path / "made")
    assert (made.manifest.precision, made.version) == (precision, f"{before.version}-{precision}")
    assert len(made.onnx) < share * len(before.onnx)
    assert found.lost <= 0.02
    assert found.largest_difference < 0.05
    assert reader_of(made, "cpu").score(PIXELS) == pytest.approx(reader_of(before, "cpu").score(PIXELS), abs=0.05)
    said = json.loads((tmp_path / "made" / "bundle.json").read_text())
    assert said["about"]["made_from_sha256"] == before.sha256
    assert said["about"]["admitted"]["after"]["auc"] == found.after.auc


def test_what_is_worse_than_the_margin_allows_is_not_made(tmp_path: Path) -> None:
    folder = reading_bundle(tmp_path / "steep", darkness(8, "steep"), tile_side=8)
    with pytest.raises(NotAdmitted, match=r"lower by 0\.5"):
        reduce_precision(folder, grey_tiles(tmp_path / "tiles"), tmp_path / "made", "fp16", margin=0.1)
    assert not (tmp_path / "made").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["steep", "tiles"]


def test_a_bundle_is_not_overwritten(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="name a new folder"):
        reduce_precision(BUNDLE, TILES, tmp_path, "fp16", margin=0.02)


def test_tiles_of_one_class_judge_nothing(tmp_path: Path) -> None:
    shutil.copytree(TILES / "tumor", tmp_path / "tiles" / "tumor")
    with pytest.raises(Malformed, match="one class alone"):
        reduce_precision(BUNDLE, tmp_path / "tiles", tmp_path / "made", "fp16", margin=0.02)
    assert not (tmp_path / "made").exists()


def test_without_tiles_to_calibrate_with_there_is_no_int8(tmp_path: Path) -> None:
    for kind in ("normal", "tumor"):
        (tmp_path / "tiles" / kind).mkdir(parents=True)
        for path in (TILES / kind).glob("tumor_073*"):
            shutil.copy(path, tmp_path / "tiles" / kind)
    with pytest.raises(Malformed, match="to calibrate with"):
        reduce_precision(BUNDLE, tmp_path / "tiles", tmp_path / "made", "int8", margin=0.02)
