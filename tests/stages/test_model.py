import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from chassis.errors import Malformed, Misconfigured
from inference.adapters.onnx_session import CPU_PROVIDER, OnnxSession, reader_of
from inference.bundle import load_bundle
from inference.evaluation import auc, evaluate
from inference.readers import Reader

REPOSITORY = Path(__file__).parents[2]
BUNDLE = REPOSITORY / "services/inference/models/camelyon16-tile-demo"
TILES = REPOSITORY / "services/inference/training/tiles"


@pytest.fixture(scope="module")
def reader() -> Reader:
    return reader_of(load_bundle(BUNDLE), "cpu")


def test_the_session_says_what_it_runs_on(reader: Reader) -> None:
    assert isinstance(reader.session, OnnxSession)
    assert reader.provider == CPU_PROVIDER == reader.session.session.get_providers()[0]


def test_bound_inputs_and_outputs_give_the_same(reader: Reader) -> None:
    """On the CPU: the one path of a GPU that can be tried without one."""
    session = reader.session
    assert isinstance(session, OnnxSession)
    tiles = np.random.default_rng(2).integers(0, 256, (3, 256, 256, 3), np.uint8)
    (bound,) = session.bound({reader.input.name: tiles}, "cpu")
    assert np.array_equal(bound, reader.score(tiles))


def test_a_required_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(Misconfigured, match="GPU"):
        reader_of(load_bundle(BUNDLE), "gpu")


def test_the_models_graph_takes_raw_pixels() -> None:
    graph = onnx.load(BUNDLE / "model.onnx").graph
    assert graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert any(node.op_type == "InstanceNormalization" for node in graph.node)


def test_a_score_does_not_depend_on_its_batch(reader: Reader) -> None:
    tiles = np.random.default_rng(1).integers(0, 256, (5, 256, 256, 3), np.uint8)
    together = reader.score(tiles)
    alone = np.concatenate([reader.score(tile[None]) for tile in tiles])
    assert np.allclose(together, alone, atol=1e-5)


def test_the_card_tells_the_figures_that_the_model_has(reader: Reader) -> None:
    found = evaluate(reader, TILES)
    card = (BUNDLE / "README.md").read_text()
    assert found.auc is not None
    assert found.auc_ci95 is not None
    assert f"AUC {found.auc:.2f} (95 % interval {found.auc_ci95[0]:.2f} to {found.auc_ci95[1]:.2f}" in card
    assert "demonstration" in card


def test_tiles_of_training_slides_are_left_out(reader: Reader) -> None:
    found = evaluate(reader, TILES)
    assert found.slides == ["tumor_073"]
    assert (found.tiles, found.excluded_training_tiles) == (32, 57)


def test_a_bundle_whose_model_is_not_the_named_one_is_refused(tmp_path: Path) -> None:
    shutil.copytree(BUNDLE, tmp_path / "bundle")
    (tmp_path / "bundle" / "model.onnx").write_bytes(b"another")
    with pytest.raises(Misconfigured, match="sha256"):
        load_bundle(tmp_path / "bundle")


def test_a_folder_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured):
        load_bundle(tmp_path)
    (tmp_path / "bundle.json").write_text(json.dumps({"name": "x"}))
    (tmp_path / "model.onnx").touch()
    with pytest.raises(Misconfigured):
        load_bundle(tmp_path)


def test_a_folder_of_another_class_is_refused(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "benign").mkdir()
    with pytest.raises(Malformed, match="benign"):
        evaluate(reader, tmp_path)


def test_auc_is_the_chance_that_a_positive_scores_above_a_negative() -> None:
    labels = np.array([True, True, False, False])
    assert auc(labels, np.array([0.9, 0.8, 0.1, 0.2], np.float32)) == 1
    assert auc(labels, np.array([0.5, 0.5, 0.5, 0.5], np.float32)) == 0.5
    assert auc(labels, np.array([0.9, 0.1, 0.2, 0.1], np.float32)) == 0.625
