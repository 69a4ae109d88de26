import pytest

import examples
from casepath.inference.v1.registry_pb2 import DRIFT_OF_SCORES, DRIFT_OF_STAIN
from casepath.inference.v1.scoring_pb2 import Histogram, SlideScored, StainStatistics
from casepath.portal.v1.reading_pb2 import VERDICT_ACCEPTED, VERDICT_CORRECTED, VERDICT_REJECTED, Verdict
from inference.drift import Drift, drift_events, drift_of, judgement, stability_index


def reading(counts: list[int], density: float = 0.2) -> SlideScored:
    tiles = sum(counts)
    stain = StainStatistics(tiles=tiles, red=density * tiles, green=0.3 * tiles, blue=0.2 * tiles)
    return SlideScored(scores=Histogram(low=0, high=1, counts=counts), stain=stain)


def test_slides_like_those_of_the_evaluation_have_not_drifted() -> None:
    found = drift_of(examples.evaluated(), [reading([50, 0, 0, 0, 50]), reading([5, 0, 0, 0, 5])])
    assert found.scores == pytest.approx(0)
    assert found.stain == pytest.approx(0)
    assert found.slides == 2


def test_the_index_is_that_of_the_textbook() -> None:
    expected, actual = Histogram(counts=[50, 50]), Histogram(counts=[25, 75])
    assert stability_index(expected, actual) == pytest.approx(0.25 * 1.0986, abs=1e-3)


def test_other_scores_and_another_stain_are_drift_each_told_apart() -> None:
    found = drift_of(examples.evaluated(), [reading([0, 0, 100, 0, 0], 0.5)])
    assert found.scores > 1
    assert found.stain == pytest.approx(0.3)
    events = drift_events(examples.model(), examples.JOB, found, 0.25, 0.15)
    assert [event.data.of for event in events] == [DRIFT_OF_SCORES, DRIFT_OF_STAIN]  # type: ignore[attr-defined]
    assert drift_events(examples.model(), examples.JOB, Drift(0.2, 0.1, 20), 0.25, 0.15) == []


@pytest.mark.parametrize(
    ("verdict", "accepted", "correction"),
    [(VERDICT_ACCEPTED, True, ""), (VERDICT_REJECTED, False, ""), (VERDICT_CORRECTED, False, "naevus")],
)
def test_a_pathologists_word_becomes_a_record_of_the_model(verdict: Verdict, accepted: bool, correction: str) -> None:
    review = examples.reviewed(verdict)
    review.correction = correction
    found = judgement(review, examples.scored())
    assert found is not None
    assert (found.accepted, found.correction, found.score) == (accepted, correction, 0.9)
    assert found.model == examples.model()


def test_a_word_on_a_finding_of_another_result_is_no_record_of_this_one() -> None:
    review = examples.reviewed()
    review.finding_id = examples.RUN
    assert judgement(review, examples.scored()) is None
