"""Every topic, from its publisher's bytes to each consumer that topics.yaml declares."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiokafka.structs import ConsumerRecord
from google.protobuf.json_format import Parse

import examples
from advice.patients import Patients
from audit.adapters.audit_events import MemoryAuditEvents
from audit.adapters.ledger import Ledger
from audit.recording import Recording
from casepath.sequencing.v1.calling_pb2 import ENGINE_BCFTOOLS
from casepath.topics import BY_NAME, RECORDS_CASE_ERASED, TOPICS, Topic
from cases.adapters.assembly import CONSUMED
from cases.handlers import after
from chassis.access import Signer
from chassis.events import opened
from chassis.isolated import Isolated
from chassis.objects import Objects
from chassis.orders import ShelvedOrders
from chassis.worker import Route, outcome
from deidentification.french_words import french_words
from deidentification.releasing import Releasing
from embedded import samples
from hub.gathering import TOPIC as GATHERED
from hub.handlers import rows
from inference.adapters.onnx_session import OnnxSession
from inference.adapters.registry_store import RegistryStore
from inference.bundle import load_bundle
from inference.models import Models
from inference.monitoring import Monitoring
from inference.scoring import Scoring
from inference.settings import InferenceSettings
from intake.identities import Identities
from portal.disputes import Disputes
from records.adapters.fhir_server import MemoryFhirServer
from records.erasing import Erasing
from records.filing import Filing
from results.adapters.mllp_sender import MemorySender
from results.handlers import Parties
from results.sending import Sending
from sequencing.adapters.reference_index import indexed
from sequencing.calling import Calling
from sequencing.computations import Grain
from sequencing.interpreting import Interpreting
from sequencing.known_variants.annotating import Annotating
from sequencing.pharmacogenomics.issuing import Issuing
from sequencing.quality import Thresholds
from sequencing.references import Reference, References
from sequencing.workers import Bench, Workers

GOLDEN = Path(__file__).parent / "golden"
BUNDLE = Path(__file__).parents[2] / "services/inference/models/camelyon16-tile-demo"
EDGES = [(topic.name, consumer) for topic in TOPICS for consumer in topic.consumers]


class NoArchive:
    """An archive that takes everything."""

    async def store(self, study: str, series: str, instance: str, file: Path, sha256: str) -> None:
        return


def worker_routes(folder: Path) -> dict[str, list[Route[Any]]]:
    """The routes of every service that runs a worker, as its __main__ composes them, on adapters in memory."""
    objects = Objects.at(f"file://{folder}")
    orders = {
        name: ShelvedOrders(objects, name, examples.NAMESPACE)
        for name in ("slides", "sequencing", "records", "results", "deidentification")
    }
    settings = InferenceSettings(
        kafka="-",
        objects="-",
        namespace=str(examples.NAMESPACE),
        bundle=BUNDLE,
        access_keys=folder / "keys.json",
    )
    bundle, store = load_bundle(BUNDLE), RegistryStore(objects)
    models = Models(store, bundle, OnnxSession(bundle, "cpu"), OnnxSession)
    scoring = Scoring(settings, models, objects, folder, asyncio.Event())
    monitoring = Monitoring(settings, store, scoring.jobs, scoring.conclusions)
    reference = Reference("hg19-chr20", samples.REFERENCE, "0" * 64)
    pool = Workers(Bench(f"file://{folder}", folder, folder), [Isolated()])
    indexes = {reference.name: indexed(reference, folder / "indexes")}
    calling = Calling(
        objects,
        References({reference.name: reference}),
        indexes,
        pool,
        ENGINE_BCFTOOLS,
        Grain(),
        orders["sequencing"],
        Thresholds(),
    )
    with Isolated() as process:
        issuing = Issuing(objects, orders["sequencing"], process, folder)
        annotating = Annotating(objects, orders["sequencing"], process, (), folder, folder)
    interpreting = Interpreting(issuing, annotating)
    filing = Filing(MemoryFhirServer(), NoArchive(), objects, orders["records"], folder)
    return {
        "advice": Patients(objects).routes(),
        "audit": Recording(Ledger(objects, Signer.fresh()), MemoryAuditEvents()).routes(),
        "intake": Identities(objects).routes(),
        "portal": Disputes(objects).routes(),
        "slides": [
            Route(BY_NAME["intake.order.placed.v1"], orders["slides"].keep),
            Route(BY_NAME["records.case.moved.v1"], orders["slides"].move),
        ],
        "sequencing": [
            Route(BY_NAME["intake.order.placed.v1"], orders["sequencing"].keep),
            Route(BY_NAME["records.case.moved.v1"], orders["sequencing"].move),
            *calling.routes(),
            *interpreting.routes(),
        ],
        "inference": [*scoring.routes(), *monitoring.routes()],
        "results": Sending(objects, orders["results"], MemorySender(), Parties(("A", ""), ("B", ""))).routes(),
        "deidentification": Releasing((), "here", objects, objects, orders["deidentification"], french_words(), folder).routes(),
        "records": [*filing.routes(), *Erasing(objects, filing.merges, filing.cases).routes()],
    }


def consumed(folder: Path) -> dict[str, set[str]]:
    found = {service: {route.topic.name for route in routes} for service, routes in worker_routes(folder).items()}
    found["hub"] = {GATHERED.name}
    return {**found, "cases": {topic.name for topic in CONSUMED}}


def test_services_consume_exactly_what_is_declared(tmp_path: Path) -> None:
    declared: dict[str, set[str]] = {}
    for topic, consumer in EDGES:
        declared.setdefault(consumer, set()).add(topic)
    assert consumed(tmp_path) == declared


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_golden_bytes_still_say_what_they_said(topic: Topic[Any]) -> None:
    bytes_ = (GOLDEN / f"{topic.name}.binpb").read_bytes()
    said = Parse((GOLDEN / f"{topic.name}.json").read_text(), topic.message())
    assert opened(topic.message, bytes_) == said


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_what_is_published_today_is_valid(topic: Topic[Any]) -> None:
    message = examples.BY_TOPIC[topic.name]
    assert opened(topic.message, message.SerializeToString()) == message


@pytest.mark.parametrize(("topic", "consumer"), EDGES)
async def test_each_declared_consumer_takes_the_golden_bytes(topic: str, consumer: str, tmp_path: Path) -> None:
    value = (GOLDEN / f"{topic}.binpb").read_bytes()
    if consumer == "cases":
        case = after(None, examples.envelope(topic), opened(BY_NAME[topic].message, value))
        assert case is None if topic == RECORDS_CASE_ERASED.name else case is not None and case.case_id == examples.CASE
        return
    if consumer == "hub":
        assert rows(opened(GATHERED.message, value), 0, 0)
        return
    route = next(route for route in worker_routes(tmp_path)[consumer] if route.topic.name == topic)
    received = await handed_to(route, value)
    assert received.data == opened(BY_NAME[topic].message, value)


async def handed_to(route: Route[Any], value: bytes) -> Any:
    """What the worker hands to a route's handler for a record with these bytes."""
    seen: list[Any] = []

    async def keep(received: Any) -> list[Any]:
        seen.append(received)
        return []

    headers = tuple(examples.envelope(route.topic.name).headers())
    record = ConsumerRecord(route.topic.name, 0, 0, 0, 0, b"key", value, None, 3, len(value), headers)
    assert await outcome(Route(route.topic, keep), record, "test") == []
    return seen[0]


def test_every_key_is_an_opaque_id_or_names_no_patient() -> None:
    assert {topic.key for topic in TOPICS} <= {
        "patient id",
        "case id",
        "scan id",
        "run id",
        "job id",
        "computation id",
        "computation id/task",
        "job id/shard",
        "model name",
        "access id",
        "ledger",
        "subject id",
    }
