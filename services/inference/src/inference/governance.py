"""Bringing models into care, and out of it: what the registry is asked, by people with a name."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from casepath.inference.v1.registry_pb2 import (
    ModelEvaluated,
    ModelPublished,
    ModelStaged,
    ModelState,
)
from casepath.inference.v1.scoring_pb2 import FAILURE_REASON_CANCELLED, Conclusion, Model, ScoringJob, Stage
from chassis.errors import Malformed, Misconfigured, NotFound
from chassis.objects import Shelf
from inference.adapters.registry_store import RegistryStore
from inference.adapters.signatures import verified
from inference.bundle import load_bundle
from inference.evaluation import Evaluation, Scored, tried
from inference.handlers import failed_job
from inference.models import Models
from inference.monitoring import Monitoring
from inference.registry import judged, latest, promoted, rolled_back
from inference.settings import InferenceSettings


class Governance:
    def __init__(
        self,
        settings: InferenceSettings,
        store: RegistryStore,
        models: Models,
        conclusions: Shelf[Conclusion],
        jobs: Shelf[ScoringJob],
        monitoring: Monitoring,
    ) -> None:
        self.settings = settings
        self.store = store
        self.models = models
        self.conclusions = conclusions
        self.jobs = jobs
        self.monitoring = monitoring

    async def publish(self, folder: Path, publisher: str) -> ModelPublished:
        """Keep a signed bundle. Raise Unsigned, Malformed, or Misconfigured where it is no bundle or cannot be run."""
        keys = self.settings.model_keys
        if keys is None:
            raise Misconfigured("this deployment trusts no key: set CASEPATH_MODEL_KEYS")
        key = await asyncio.to_thread(verified, folder, keys)
        bundle = await asyncio.to_thread(load_bundle, folder)
        if bundle.name != self.models.name:
            raise Malformed(f"this deployment reads slides with versions of {self.models.name}; this is {bundle.name}")
        reader = await asyncio.to_thread(self.models.made, bundle)
        await asyncio.to_thread(self.models.closed, reader)
        paths = await asyncio.to_thread(lambda: sorted(folder.iterdir()))
        return await self.store.publish(bundle, paths, publisher, key)

    async def evaluate(self, name: str, version: str) -> ModelEvaluated:
        """Try a version on the deployment's evaluation set, and keep what came of it."""
        tiles = self.settings.evaluation_tiles
        if tiles is None:
            raise Misconfigured("this deployment has no evaluation set: set CASEPATH_EVALUATION_TILES")
        published = await self.store.get(name, version)
        reader = await self.models.reader(published.model)
        found, figures = await asyncio.to_thread(tried, reader, tiles)
        production = (await self.models.line()).production
        other = None
        if production is not None and production.model.version != version:
            evaluations = await self.store.evaluations_of(name, production.model.version)
            other = latest(one for one in evaluations if one.evaluation_set_sha256 == figures.set_sha256)
        evaluated = judged(
            evaluated_as(published.model, found, figures), self.settings.least_auc, other, self.settings.auc_margin
        )
        await self.store.add_evaluation(evaluated)
        return evaluated

    async def promote(
        self, name: str, version: str, to: Stage, canary_percent: int, reason: str, approver: str
    ) -> tuple[ModelStaged, int]:
        """The record of it, and its number in the line's log."""
        published, line = await self.store.get(name, version), await self.store.line(name)
        evaluated = latest(await self.store.evaluations_of(name, version))
        return await self.append(promoted(line, published, evaluated, to, canary_percent, approver, reason), len(line.log))

    async def roll_back(self, name: str, reason: str, approver: str) -> tuple[ModelStaged, int]:
        line = await self.store.line(name)
        return await self.append(rolled_back(line, approver, reason), len(line.log))

    async def append(self, staged: ModelStaged, number: int) -> tuple[ModelStaged, int]:
        await self.store.append(staged, number)
        return staged, number

    async def states(self) -> Sequence[ModelState]:
        return [await self.state(published) for published in await self.store.published.all()]

    async def state(self, published: ModelPublished) -> ModelState:
        model = published.model
        stages = (await self.store.line(model.name)).stages()
        staged = stages.get(model.version)
        judgements = await self.store.judgements_of(model)
        drift = await self.monitoring.drift(model)
        return ModelState(
            published=published,
            stage=staged.to_stage if staged else Stage.STAGE_CANDIDATE,
            canary_percent=staged.canary_percent if staged else 0,
            evaluated=latest(await self.store.evaluations_of(model.name, model.version)),
            accepted=sum(one.accepted for one in judgements),
            rejected=sum(not one.accepted for one in judgements),
            score_drift=drift.scores if drift else None,
            stain_drift=drift.stain if drift else None,
            staged=staged,
        )

    async def cancel(self, job_id: str) -> tuple[Conclusion, bool]:
        """How the job ended, and whether by this. Raise NotFound where there is no such job."""
        job = await self.jobs.get(job_id)
        if job is None:
            raise NotFound("no slide is being read by a job of this id")
        mine = Conclusion(failed=failed_job(job, FAILURE_REASON_CANCELLED, len(job.cells)))
        await self.conclusions.create(job_id, mine)
        kept = await self.conclusions.get(job_id) or mine
        return kept, kept == mine


def evaluated_as(model: Model, found: Scored, figures: Evaluation) -> ModelEvaluated:
    low, high = figures.auc_ci95 or (None, None)
    evaluated = ModelEvaluated(
        model=model,
        evaluation_set_sha256=figures.set_sha256,
        tiles=figures.tiles,
        slides=len(figures.slides),
        auc=figures.auc,
        auc_low=low,
        auc_high=high,
        sensitivity=figures.sensitivity,
        specificity=figures.specificity,
        ece=figures.ece,
        provider=figures.provider,
        scores=found.histogram,
        stain=found.stain,
    )
    evaluated.evaluated_at.FromDatetime(datetime.now(UTC))
    return evaluated
