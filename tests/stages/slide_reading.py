"""Inference without a broker: a slide in, and its shards read one after the other, in whatever order a test wants."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import examples
from casepath.inference.v1.scoring_pb2 import SlideFailed, SlideScored
from casepath.slides.v1.slide_pb2 import SlideIngested
from casepath.topics import SLIDES_SLIDE_INGESTED, Topic
from chassis.access import Gate, Signer
from chassis.events import Envelope, Event, check
from chassis.objects import Objects
from chassis.worker import Received, Route
from inference.adapters.onnx_session import OnnxSession
from inference.adapters.registry_store import RegistryStore
from inference.bundle import load_bundle
from inference.governance import Governance
from inference.models import MakeSession, Models
from inference.monitoring import Monitoring
from inference.scoring import Scoring
from inference.settings import InferenceSettings

ENDINGS = ("inference.slide.scored.v1", "inference.slide.failed.v1", "inference.shadow.scored.v1", "inference.shadow.failed.v1")


def envelope(at: datetime = examples.NOON, attempt: UUID | None = None) -> Envelope:
    return Envelope(uuid4(), "test", "test", at, uuid4(), None, attempt=attempt)


@dataclass
class Reading:
    """One worker, and the broker's part: what it tells goes back to it, until nothing is left."""

    scoring: Scoring
    monitoring: Monitoring
    governance: Governance
    models: Models
    objects: Objects
    gate: Gate
    signer: Signer
    routes: dict[str, Route[Any]]
    told: list[Event] = field(default_factory=list)

    async def handle(self, topic: Topic[Any], data: Any, attempt: UUID | None = None) -> list[Event]:
        check(data)
        events = list(await self.routes[topic.name].handle(Received(data, envelope(attempt=attempt))))
        for event in events:
            check(event.data)
        return events

    async def read(
        self,
        slide: SlideIngested,
        ordered: Callable[[list[Event]], Sequence[Event]] = lambda events: events,
        attempt: UUID | None = None,
    ) -> SlideScored | SlideFailed:
        """How its reading for care ended. What was told besides is in `told`."""
        self.told.clear()
        waiting = await self.handle(SLIDES_SLIDE_INGESTED, slide, attempt)
        while waiting:
            self.told += waiting
            following: list[Event] = []
            for event in ordered(waiting):
                if event.topic.name in self.routes:
                    following += await self.handle(event.topic, event.data)
            waiting = following
        ended: SlideScored | SlideFailed = self.endings()[0]
        return ended

    def endings(self, care: bool = True) -> list[Any]:
        """Each conclusion once: whoever sees the last shard tells it, and that may be several."""
        names = ENDINGS[:2] if care else ENDINGS[2:]
        return [event.data for event in {event.id: event for event in self.told if event.topic.name in names}.values()]


@asynccontextmanager
async def reading_at(
    folder: Path, bundle: Path, objects: Objects, make: MakeSession = OnnxSession, **settings: Any
) -> AsyncIterator[Reading]:
    """A worker on a store; several of them may share one."""
    signer = Signer.fresh()
    (folder / "keys.json").write_text(signer.public_keys())
    (folder / "trusted").mkdir(exist_ok=True)
    known = InferenceSettings.model_validate(
        {
            "kafka": "nowhere:9",
            "namespace": str(examples.NAMESPACE),
            "objects": "unused",
            "bundle": bundle,
            "access_keys": folder / "keys.json",
            "model_keys": folder / "trusted",
            "shard_tiles": 8,
            "batch_tiles": 4,
        }
        | settings
    )
    loaded = load_bundle(bundle)
    store = RegistryStore(objects)
    models = Models(store, loaded, await asyncio.to_thread(make, loaded), make)
    await models.begin(bundle)
    scoring = Scoring(known, models, objects, folder, asyncio.Event())
    monitoring = Monitoring(known, store, scoring.jobs, scoring.conclusions)
    governance = Governance(known, store, models, scoring.conclusions, scoring.jobs, monitoring)
    routes = {route.topic.name: route for route in [*scoring.routes(), *monitoring.routes()]}
    yield Reading(scoring, monitoring, governance, models, objects, Gate.at(folder / "keys.json"), signer, routes)
    await models.close()
    await asyncio.to_thread(models.session.close)
