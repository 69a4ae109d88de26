from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from chassis.errors import Misconfigured
from inference.bundle import Bundle
from inference.evaluation import calibration_error, fitted_temperature, sensitivity_at
from inference.manifest import Manifest, parsed
from inference.readers import Reader
from inference.tensors import Array, Tensor

SIDE = 8
TILES = np.stack([np.full((SIDE, SIDE, 3), value, np.uint8) for value in (0, 128, 255)])
UINT8 = Tensor("tiles", "UINT8", (-1, SIDE, SIDE, 3))


class Answers:
    """A session that gives what it is told, and keeps what it was given."""

    provider = "CPUExecutionProvider"
    outputs: tuple[Tensor, ...] = ()

    def __init__(self, *answers: Any, takes: Tensor = UINT8) -> None:
        self.inputs = (takes,)
        self.answers = [np.asarray(one, np.float32) for one in answers]
        self.given: list[Array] = []

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        self.given += feeds.values()
        return {str(number): value for number, value in enumerate(self.answers)}

    def close(self) -> None:
        """Nothing is open."""


def reader(session: Answers, aggregator: Answers | None = None, **said: Any) -> Reader:
    known = {
        "name": "x",
        "version": "1",
        "sha256": "0" * 64,
        "classes": ["no", "yes"],
        "tile_side": SIDE,
        "microns_per_pixel": 0.5,
    }
    return Reader(Bundle("x", "1", "0" * 64, b"", manifest=Manifest.model_validate(known | said)), session, aggregator)


def test_a_probability_for_each_tile_is_taken_as_it_is() -> None:
    assert reader(Answers([0.1, 0.5, 0.9])).score(TILES) == pytest.approx([0.1, 0.5, 0.9])


def test_of_logits_for_each_class_the_positive_one_counts() -> None:
    logits = [[0, 1], [1, 1], [2, 0]]
    expected = [1 / (1 + np.exp(-1)), 0.5, 1 / (1 + np.exp(2))]
    assert reader(Answers(logits), activation="softmax").score(TILES) == pytest.approx(expected)
    assert reader(Answers(logits), activation="softmax", positive="no").score(TILES) == pytest.approx([1 - p for p in expected])


@pytest.mark.parametrize("answer", [[np.nan, 0.5, 0.5], [-0.1, 0.5, 0.5], [1.1, 0.5, 0.5], [np.inf, 0.5, 0.5]])
def test_what_is_no_probability_is_a_failed_tile_and_harms_no_other(answer: list[float]) -> None:
    found = reader(Answers(answer)).score(TILES)
    assert np.isnan(found[0])
    assert found[1:].tolist() == [0.5, 0.5]


def test_an_answer_of_another_shape_fails_every_tile() -> None:
    assert np.isnan(reader(Answers(np.zeros((3, 5)))).score(TILES)).all()


def test_a_temperature_above_one_makes_probabilities_less_sure() -> None:
    found = reader(Answers([0.1, 0.5, 0.9]), calibration={"temperature": 2}).score(TILES)
    assert found == pytest.approx([0.25, 0.5, 0.75])


def test_a_float_network_gets_normalised_pixels_in_planes() -> None:
    session = Answers([0.1, 0.5, 0.9], takes=Tensor("tiles", "FP32", (-1, 3, SIDE, SIDE)))
    reader(session, normalisation={"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.25, 0.5]}).score(TILES)
    (given,) = session.given
    assert (given.shape, given.dtype.name) == ((3, 3, SIDE, SIDE), "float32")
    assert given[0, :, 0, 0] == pytest.approx([-1, -2, -1])
    assert given[2, :, 0, 0] == pytest.approx([1, 2, 1])


def test_a_network_of_a_fixed_number_of_tiles_gets_that_many() -> None:
    session = Answers([0.1, 0.2], takes=Tensor("tiles", "UINT8", (2, SIDE, SIDE, 3)))
    assert reader(session).score(TILES) == pytest.approx([0.1, 0.2, 0.1])
    assert [len(one) for one in session.given] == [2, 2]


@pytest.mark.parametrize(
    ("takes", "said"),
    [
        (Tensor("tiles", "UINT8", (-1, 16, 16, 3)), {}),
        (Tensor("tiles", "INT64", (-1, SIDE, SIDE, 3)), {}),
        (Tensor("tiles", "UINT8", (-1, 10)), {}),
        (Tensor("tiles", "FP32", (-1, 3, SIDE, SIDE)), {}),
        (UINT8, {"normalisation": {"mean": [0, 0, 0], "std": [1, 1, 1]}}),
    ],
)
def test_a_network_that_is_not_of_the_manifests_shape_is_refused(takes: Tensor, said: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured, match="x"):
        reader(Answers([0.5], takes=takes), **said)


def test_a_segmenters_halo_is_not_judged() -> None:
    pixels = np.zeros((3, 2, SIDE, SIDE))
    pixels[:, 1, :2] = 9
    pixels[1, 1] = 9
    pixels[2] = np.nan
    found = reader(Answers(pixels), kind="tile-segmenter", halo=2).read(TILES)
    assert found.probabilities[:2].tolist() == [0, 1]
    assert np.isnan(found.probabilities[2])
    assert found.array is not None
    assert found.array.shape == (3, 4, 4)


@pytest.mark.parametrize("weights", [[0.2, 0.8, 0.1], [0.2], [np.nan, 1], [-1, 1]])
def test_an_aggregator_that_does_not_weigh_every_tile_has_failed(weights: list[float]) -> None:
    second = Answers([0.5], weights, takes=Tensor("vectors", "FP32", (1, -1, 4)))
    score, found = reader(Answers([[0.5]]), second, kind="slide-aggregator", aggregator_sha256="0" * 64).aggregated(
        np.zeros((2, 4), np.float32)
    )
    assert np.isnan(score)
    assert np.isnan(found).all()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{}", "classes"),
        ('{"treshold": 0.4}', "treshold"),
        ('{"threshold": 0}', "threshold"),
        ('{"halo": 200}', "stride"),
        ('{"kind": "slide-aggregator"}', "aggregator_sha256"),
        ('{"positive": "maybe"}', "positive class"),
        ('{"name": "../x"}', "name"),
        ("not json", "it: "),
    ],
)
def test_a_manifest_that_is_wrong_says_where(text: str, named: str) -> None:
    whole = (
        '"name": "x", "version": "1", "sha256": "' + "0" * 64 + '", "classes": ["a"], "tile_side": 256, "microns_per_pixel": 1'
    )
    joined = text if text in ("{}", "not json") else "{" + whole + ", " + text.removeprefix("{")
    with pytest.raises(Misconfigured, match=named):
        parsed(Manifest, joined, "bundle.json")


def test_calibration_error_and_temperature_are_those_of_known_cases() -> None:
    rng = np.random.default_rng(1)
    truth = rng.uniform(0.02, 0.98, 4000).astype(np.float32)
    labels = rng.uniform(size=4000) < truth
    assert calibration_error(labels, truth) < 0.03
    assert fitted_temperature(labels, truth) == pytest.approx(1, abs=0.1)
    logits = 3 * np.log(truth / (1 - truth))
    assert fitted_temperature(labels, (1 / (1 + np.exp(-logits))).astype(np.float32)) == pytest.approx(3, abs=0.3)


def test_sensitivity_is_told_where_nine_of_ten_negatives_are_right() -> None:
    labels = np.array([False] * 10 + [True] * 4)
    scores = np.array([0.1] * 9 + [0.8] + [0.05, 0.5, 0.7, 0.9], np.float32)
    assert sensitivity_at(labels, scores, 0.9) == 0.75
