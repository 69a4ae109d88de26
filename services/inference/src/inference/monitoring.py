"""What models read lately, against what they were evaluated on, and what pathologists said of it."""

from collections.abc import Iterable
from typing import Any

from prometheus_client import Gauge

from casepath.inference.v1.registry_pb2 import FindingJudged, ModelEvaluated
from casepath.inference.v1.scoring_pb2 import Conclusion, Model, ScoringJob, SlideScored
from casepath.portal.v1.reading_pb2 import FindingReviewed
from casepath.topics import INFERENCE_SHADOW_SCORED, INFERENCE_SLIDE_SCORED, PORTAL_FINDING_REVIEWED
from chassis.events import Event
from chassis.objects import Shelf, by
from chassis.worker import Received, Route
from inference.adapters.registry_store import RegistryStore, folder_of
from inference.drift import Drift, drift_events, drift_of, judged_event, judgement
from inference.registry import latest
from inference.settings import InferenceSettings

SCORES = Gauge("casepath_inference_score_drift", "Population stability index of the last slides' scores", ["model", "version"])
STAIN = Gauge("casepath_inference_stain_drift", "Shift of the last slides' stain in optical density", ["model", "version"])


class Monitoring:
    """Keeps what each slide's tiles amounted to, by version, and looks at the last ones whenever one comes."""

    def __init__(
        self, settings: InferenceSettings, store: RegistryStore, jobs: Shelf[ScoringJob], conclusions: Shelf[Conclusion]
    ) -> None:
        self.settings = settings
        self.store = store
        self.jobs = jobs
        self.conclusions = conclusions
        self.readings = Shelf(store.objects, SlideScored, "inference/readings", by("case_id"))

    def routes(self) -> list[Route[Any]]:
        return [
            Route(INFERENCE_SLIDE_SCORED, self.reading),
            Route(INFERENCE_SHADOW_SCORED, self.reading),
            Route(PORTAL_FINDING_REVIEWED, self.review),
        ]

    async def reading(self, received: Received[SlideScored]) -> Iterable[Event]:
        scored = received.data
        if not scored.HasField("scores"):
            return ()
        # Named by time first, so that the last ones are known by their names; older ones are let go.
        folder = folder_of(scored.model)
        known = sorted(await self.readings.names(folder))
        if not any(one.endswith(scored.job_id) for one in known):
            await self.readings.put(f"{folder}/{received.envelope.time:%Y%m%dT%H%M%S%f}-{scored.job_id}", figures_of(scored))
        for name in known[: -self.settings.drift_slides]:
            await self.readings.remove(f"{folder}/{name}")
        drift = await self.drift(scored.model)
        if drift is None:
            return ()
        SCORES.labels(scored.model.name, scored.model.version).set(drift.scores)
        STAIN.labels(scored.model.name, scored.model.version).set(drift.stain)
        return drift_events(scored.model, scored.job_id, drift, self.settings.score_drift, self.settings.stain_drift)

    async def drift(self, model: Model) -> Drift | None:
        """None until it has read enough slides, and was evaluated."""
        base: ModelEvaluated | None = latest(await self.store.evaluations_of(model.name, model.version))
        names = sorted(await self.readings.names(folder_of(model)))[-self.settings.drift_slides :]
        if base is None or len(names) < self.settings.drift_slides:
            return None
        found = [await self.readings.get(f"{folder_of(model)}/{name}") for name in names]
        return drift_of(base, [one for one in found if one is not None])

    async def review(self, received: Received[FindingReviewed]) -> Iterable[Event]:
        """A pathologist's word on a finding is a record to evaluate its model by; the last word counts."""
        review = received.data
        ended = await self.conclusions.get(review.job_id) if review.job_id else None
        judged: FindingJudged | None = judgement(review, ended.scored) if ended is not None else None
        if judged is None:
            return ()
        await self.store.add_judgement(judged)
        return [judged_event(judged)]


def figures_of(scored: SlideScored) -> SlideScored:
    """What drift needs, and nothing of whose slide it is."""
    return SlideScored(job_id=scored.job_id, model=scored.model, scores=scored.scores, stain=scored.stain, stage=scored.stage)
