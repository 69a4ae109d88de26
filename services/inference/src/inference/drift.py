"""Whether what a model reads is still like what it was evaluated on, and what pathologists say of its findings. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from casepath.inference.v1.registry_pb2 import DRIFT_OF_SCORES, DRIFT_OF_STAIN, DriftDetected, FindingJudged, ModelEvaluated
from casepath.inference.v1.scoring_pb2 import Histogram, Model, SlideScored, StainStatistics
from casepath.portal.v1.reading_pb2 import VERDICT_ACCEPTED, VERDICT_CORRECTED, FindingReviewed
from casepath.topics import INFERENCE_DRIFT_DETECTED, INFERENCE_FINDING_JUDGED
from chassis.events import Event
from inference.handlers import summed

# A bin that nothing is in has this share, so that it has a logarithm.
LEAST_SHARE = 1e-4


@dataclass(frozen=True, slots=True)
class Drift:
    """Of the last slides against an evaluation: the scores' population stability index, and the stain's shift in optical density.

    By custom an index below 0.1 is no shift, and from 0.25 on a large one (Siddiqi 2006).
    """

    scores: float
    stain: float
    slides: int


def drift_of(base: ModelEvaluated, readings: Sequence[SlideScored]) -> Drift:
    counts = [sum(column) for column in zip(*(one.scores.counts for one in readings), strict=True)]
    stain = summed([one.stain for one in readings])
    return Drift(stability_index(base.scores, Histogram(counts=counts)), shift(base.stain, stain), len(readings))


def stability_index(expected: Histogram, actual: Histogram) -> float:
    """Sum over bins of (a - e) ln(a / e), of shares."""
    pairs = zip(shares(expected), shares(actual), strict=True)
    return sum((actual_share - expected_share) * log(actual_share / expected_share) for expected_share, actual_share in pairs)


def shares(one: Histogram) -> list[float]:
    whole = max(1, sum(one.counts))
    return [max(count / whole, LEAST_SHARE) for count in one.counts]


def shift(expected: StainStatistics, actual: StainStatistics) -> float:
    """The largest difference of a colour's mean optical density."""
    before, now = means(expected), means(actual)
    return max(abs(a - b) for a, b in zip(before, now, strict=True))


def means(one: StainStatistics) -> tuple[float, float, float]:
    tiles = max(1, one.tiles)
    return one.red / tiles, one.green / tiles, one.blue / tiles


def drift_events(model: Model, job_id: str, drift: Drift, score_limit: float, stain_limit: float) -> list[Event]:
    """One for each thing that drifted."""
    found = ((DRIFT_OF_SCORES, drift.scores, score_limit), (DRIFT_OF_STAIN, drift.stain, stain_limit))
    return [
        Event(
            INFERENCE_DRIFT_DETECTED,
            model.name,
            DriftDetected(model=model, of=of, value=value, limit=limit, slides=drift.slides, last_job_id=job_id),
        )
        for of, value, limit in found
        if value > limit
    ]


def judgement(review: FindingReviewed, scored: SlideScored) -> FindingJudged | None:
    """None where the finding is not one of this result."""
    finding = next((one for one in scored.findings if one.finding_id == review.finding_id), None)
    if finding is None:
        return None
    return FindingJudged(
        model=scored.model,
        job_id=scored.job_id,
        finding_id=finding.finding_id,
        stage=scored.stage,
        score=finding.score,
        accepted=review.verdict == VERDICT_ACCEPTED,
        correction=review.correction if review.verdict == VERDICT_CORRECTED else "",
    )


def judged_event(judged: FindingJudged) -> Event:
    return Event(INFERENCE_FINDING_JUDGED, judged.job_id, judged)
