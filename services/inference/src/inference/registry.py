"""Which version of a model reads which slide, and who may change that: rules over the registry's records. Pure."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from casepath.inference.v1.registry_pb2 import ModelEvaluated, ModelPublished, ModelStaged
from casepath.inference.v1.scoring_pb2 import (
    STAGE_CANARY,
    STAGE_CANDIDATE,
    STAGE_PRODUCTION,
    STAGE_RETIRED,
    STAGE_SHADOW,
    Model,
    Stage,
)
from casepath.topics import INFERENCE_MODEL_EVALUATED, INFERENCE_MODEL_PUBLISHED, INFERENCE_MODEL_STAGED
from chassis.errors import Malformed, NotFound
from chassis.events import Event

NAMESPACE = UUID("0d2f0f0e-6b3d-5c7e-9a39-9c1a2b8f5e01")
# Where a version may go from where it is; from anywhere it may be retired.
ALLOWED = {
    STAGE_CANDIDATE: {STAGE_SHADOW, STAGE_CANARY, STAGE_PRODUCTION},
    STAGE_SHADOW: {STAGE_CANARY, STAGE_PRODUCTION},
    STAGE_CANARY: {STAGE_SHADOW, STAGE_CANARY, STAGE_PRODUCTION},
    STAGE_PRODUCTION: set(),
    STAGE_RETIRED: {STAGE_SHADOW},
}
# A version in these has been answered for by somebody.
READS_FOR_CARE = frozenset({STAGE_CANARY, STAGE_PRODUCTION})


@dataclass(frozen=True, slots=True)
class Assignment:
    """A version that reads a slide, and as what."""

    model: Model
    stage: Stage


@dataclass(frozen=True, slots=True)
class Line:
    """All versions of one model: its log of stages, in order."""

    name: str
    log: Sequence[ModelStaged] = field(default_factory=tuple)

    def stages(self) -> dict[str, ModelStaged]:
        """The last word on each version. What another version replaced in production is retired."""
        found: dict[str, ModelStaged] = {}
        for one in self.log:
            if one.replaces and one.replaces in found:
                retired = ModelStaged()
                retired.CopyFrom(found[one.replaces])
                retired.to_stage = STAGE_RETIRED
                found[one.replaces] = retired
            found[one.model.version] = one
        return found

    def stage_of(self, version: str) -> Stage:
        found = self.stages().get(version)
        return found.to_stage if found else STAGE_CANDIDATE

    def of_stage(self, stage: Stage) -> list[ModelStaged]:
        return [one for one in self.stages().values() if one.to_stage == stage]

    @property
    def production(self) -> ModelStaged | None:
        return next(iter(self.of_stage(STAGE_PRODUCTION)), None)

    @property
    def before_production(self) -> ModelStaged | None:
        """The version that the one in production replaced when it was promoted: by being rolled back to, it replaced none."""
        now = self.production
        promotions = [one for one in self.log if one.to_stage == STAGE_PRODUCTION and not one.rollback]
        mine = [one for one in promotions if now is not None and one.model.version == now.model.version]
        return next((one for one in reversed(promotions) if mine and one.model.version == mine[-1].replaces), None)

    def assignments(self, scan_id: str) -> list[Assignment]:
        """Which versions read a scan: one for care, and each in shadow beside it.

        The canary takes its share of scans by their ids: the same scan, the same version.
        """
        production = self.production
        care = Assignment(production.model, STAGE_PRODUCTION) if production else None
        for canary in self.of_stage(STAGE_CANARY):
            if share_of(self.name, scan_id) < canary.canary_percent:
                care = Assignment(canary.model, STAGE_CANARY)
        shadows = [Assignment(one.model, STAGE_SHADOW) for one in self.of_stage(STAGE_SHADOW)]
        return [care, *shadows] if care else shadows


def share_of(name: str, scan_id: str) -> int:
    """0 to 99, evenly over scans."""
    return int.from_bytes(hashlib.sha256(f"{name}|{scan_id}".encode()).digest()[:8]) % 100


def promoted(
    line: Line,
    published: ModelPublished,
    evaluated: ModelEvaluated | None,
    to: Stage,
    canary_percent: int,
    approver: str,
    reason: str,
) -> ModelStaged:
    """Raise Malformed, saying what is missing, where the rules do not allow it."""
    model = published.model
    now = line.stage_of(model.version)
    if to == STAGE_RETIRED:
        if now == STAGE_PRODUCTION:
            raise Malformed("the version in production is replaced or rolled back, not retired: slides would go unread")
    elif to not in ALLOWED[now]:
        raise Malformed(f"a version does not go from {stage_name(now)} to {stage_name(to)}")
    if to in READS_FOR_CARE:
        if evaluated is None:
            raise Malformed(f"it was not evaluated here: casepath model evaluate --on-platform {model.name} {model.version}")
        if not evaluated.passed:
            raise Malformed(f"its evaluation here did not pass: {evaluated.reason}")
        if approver == published.publisher:
            raise Malformed("whoever published a version does not approve it too: ask a second person")
    if (to == STAGE_CANARY) != bool(canary_percent):
        raise Malformed("a canary, and no other stage, has a percentage of the slides, 1 to 100")
    if to == STAGE_CANARY and any(one.model.version != model.version for one in line.of_stage(STAGE_CANARY)):
        raise Malformed("another version is the canary: retire it, or put it back to shadow, first")
    replaced = line.production.model.version if line.production else ""
    return ModelStaged(
        model=model,
        to_stage=to,
        canary_percent=canary_percent,
        approver=approver,
        reason=reason,
        replaces=replaced if to == STAGE_PRODUCTION else "",
        from_stage=now,
    )


def configured(published: ModelPublished) -> ModelStaged:
    """The first version of a line: in production on the word of whoever configures the deployment."""
    return ModelStaged(
        model=published.model,
        to_stage=STAGE_PRODUCTION,
        approver=published.publisher,
        reason="the bundle that the deployment's configuration names",
        from_stage=STAGE_CANDIDATE,
    )


def rolled_back(line: Line, approver: str, reason: str) -> ModelStaged:
    """The version that was in production before takes its place again. Raise NotFound where there is none."""
    now, before = line.production, line.before_production
    if now is None or before is None:
        raise NotFound(f"no version of {line.name} was in production before the one that is")
    return ModelStaged(
        model=before.model,
        to_stage=STAGE_PRODUCTION,
        approver=approver,
        reason=reason,
        replaces=now.model.version,
        rollback=True,
        from_stage=line.stage_of(before.model.version),
    )


def judged(evaluated: ModelEvaluated, least_auc: float, production: ModelEvaluated | None, margin: float) -> ModelEvaluated:
    """An evaluation with its verdict: good enough, and not worse than the version in production by more than a margin."""
    verdict = ModelEvaluated()
    verdict.CopyFrom(evaluated)
    if not evaluated.HasField("auc"):
        verdict.reason = "the tiles are of one class alone"
    elif evaluated.auc < least_auc:
        verdict.reason = f"its AUC is {evaluated.auc:.3f}; at least {least_auc:.3f} is asked for"
    elif production is not None and production.HasField("auc") and evaluated.auc < production.auc - margin:
        verdict.reason = f"its AUC is {evaluated.auc:.3f}; the version in production has {production.auc:.3f}"
    verdict.passed = not verdict.reason
    return verdict


def published_event(published: ModelPublished) -> Event:
    return registry_event(INFERENCE_MODEL_PUBLISHED, published.model, published, "published")


def evaluated_event(evaluated: ModelEvaluated) -> Event:
    at = evaluated.evaluated_at.ToNanoseconds()
    return registry_event(INFERENCE_MODEL_EVALUATED, evaluated.model, evaluated, f"evaluated|{at}")


def staged_event(staged: ModelStaged, number: int) -> Event:
    return registry_event(INFERENCE_MODEL_STAGED, staged.model, staged, f"staged|{number}")


def registry_event(topic: Any, model: Model, data: Any, what: str) -> Event:
    return Event(topic, model.name, data, id=uuid5(NAMESPACE, f"{model.name}|{model.version}|{what}"))


def stage_name(stage: Stage) -> str:
    return Stage.Name(stage).removeprefix("STAGE_").lower()


def latest(evaluations: Iterable[ModelEvaluated]) -> ModelEvaluated | None:
    return max(evaluations, key=lambda one: one.evaluated_at.ToNanoseconds(), default=None)
