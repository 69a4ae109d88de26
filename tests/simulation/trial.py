"""One run of a hospital by the numbers of a seed: what is told to it, what goes wrong, and what must be so in the end."""

import asyncio
import logging
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import unified_diff
from functools import cache
from hashlib import sha256
from pprint import pformat
from random import Random
from typing import Any
from uuid import uuid5

import structlog
from filing_world import BY_MESSAGE, history, renamed
from google.protobuf.message import Message
from memory_objects import MemoryObjects

import examples
from audit.adapters.ledger import SHELF
from audit.chain import Examination, Keys
from casepath.cases.v1.cases_pb2 import Case
from casepath.deidentification.v1.release_pb2 import ObjectionRecorded
from casepath.inference.v1.scoring_pb2 import SlideFailed, SlideScored
from casepath.intake.v1.order_pb2 import OrderPlaced
from casepath.intake.v1.patient_pb2 import PatientMerged, PatientRegistered, PatientsUnlinked
from casepath.portal.v1.reading_pb2 import GenomicReportSigned, GenomicReportWithdrawn, ReportSigned, VariantsDisowned
from casepath.sequencing.v1.known_variants_pb2 import VariantsAnnotated
from casepath.sequencing.v1.pharmacogenomics_pb2 import PharmacogenomicsReported
from casepath.sequencing.v1.sequencing_pb2 import ReadsReceived, VariantsCalled
from casepath.slides.v1.slide_pb2 import SlideIngested
from casepath.topics import (
    AUDIT_BLOCK_SEALED,
    BY_NAME,
    DEIDENTIFICATION_FACTS_RELEASED,
    DEIDENTIFICATION_RELEASE_RECORDED,
    INFERENCE_SHARD_SCORED,
    INTAKE_ORDER_RECEIVED,
    INTAKE_REGISTRATION_RECEIVED,
    PORTAL_REPORT_SIGNED,
    RECORDS_CASE_MOVED,
    RECORDS_ENTRIES_FILED,
    SEQUENCING_TASK_DONE,
    SEQUENCING_TASK_REQUESTED,
    TOPICS,
    Topic,
)
from chassis import worker
from chassis.balance import BY_CASE, Accepted, balance
from chassis.events import Event, Outgoing, sealed
from chassis.fhir import Resource
from kafka.broker import said
from simulation.broker import Broker, MemberPublisher, watch
from simulation.faults import CALM, Faults, Process, Rates
from simulation.hospital import SERVICES, SIGNER, Hospital, World
from simulation.leaping import LeapingLoop, Stuck
from simulation.research import held_by_hub

# The number under which what was signed before is withdrawn.
WITHDRAWN = 3
# What a hospital hears besides, of the same visit.
FURTHER = (
    examples.reads_received(),
    examples.variants_received(),
    examples.assigned(),
    examples.reading_begun(),
    examples.reviewed(),
    examples.annotated(),
    examples.glass_broken(),
    examples.report_withdrawn(WITHDRAWN),
    examples.report_signed(4, "Bénin."),
    examples.unlinked(examples.NOON + timedelta(hours=3)),
    examples.objection_recorded(at=examples.NOON + timedelta(hours=4)),
    examples.objection_recorded(lifted=True, at=examples.NOON + timedelta(hours=5)),
)
# Where intake takes part, it is told what others hear from it.
RECEIVED = {OrderPlaced: INTAKE_ORDER_RECEIVED.name, PatientRegistered: INTAKE_REGISTRATION_RECEIVED.name}
FOUND_BY = {"inference": (SlideScored, SlideFailed), "sequencing": (VariantsCalled,)}
# What belongs together, so that it is told together more often than chance would have it.
STORIES: Sequence[Sequence[type[Message]]] = (
    (PatientRegistered, OrderPlaced),
    (OrderPlaced, PatientMerged, PatientsUnlinked),
    (OrderPlaced, SlideIngested, SlideScored, SlideFailed),
    (OrderPlaced, SlideIngested, ReportSigned),
    (OrderPlaced, PatientMerged, ReportSigned),
    (OrderPlaced, VariantsCalled, PharmacogenomicsReported, GenomicReportSigned, GenomicReportWithdrawn),
    (OrderPlaced, VariantsCalled, VariantsDisowned, PatientMerged, PatientsUnlinked),
    (OrderPlaced, VariantsAnnotated, VariantsDisowned, PatientMerged, PatientsUnlinked),
    (OrderPlaced, PatientMerged, PatientsUnlinked, PharmacogenomicsReported),
    (OrderPlaced, ReadsReceived),
    (OrderPlaced, SlideIngested, ReportSigned, PatientMerged, PatientsUnlinked),
    (OrderPlaced, ReportSigned, ObjectionRecorded),
    (),
)
# How often records is among the services.
OFTEN = 0.7
# Seconds of the hospital's time: while faults strike, until when events are told, and at which nothing may be left to do.
FAULTS_SECONDS = 120.0
TELLING_SECONDS = 60.0
END_SECONDS = 6000.0
LOOK_SECONDS = 15.0
SCENARIOS = 256
# One in so many is of everything.
LARGE = 64
# How often everything is taken once more by one of the services, when all is done.
REPLAYED = 0.25

type State = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Which events of the history are told, by number; and to which services."""

    told: tuple[int, ...]
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: what is everywhere, what was wrong, and a digest of all that happened on the way."""

    state: State
    problems: Sequence[str]
    trace: str
    faults: Mapping[str, int]


def scenario(number: int) -> Scenario:
    """Small ones mostly: what goes wrong among few is found sooner, and understood."""
    rng = Random(f"scenario {number}")
    told, _ = told_and_held()
    if number % LARGE == 0:
        numbers, services = set(range(len(told))), sorted(SERVICES)
    else:
        story = rng.choice(STORIES)
        numbers = {place for place, message in enumerate(told) if type(message) in story}
        numbers |= set(rng.sample(range(len(told)), rng.choice([0, 1, 2] if story else [2, 3, 4])))
        others = rng.sample(sorted(SERVICES.keys() - {"records"}), rng.choice([1, 1, 2]))
        services = ["records", *others[1:]] if rng.random() < OFTEN else others
    # What one of them finds out is not told by somebody else.
    found = {one for service in services for one in FOUND_BY.get(service, ())}
    return Scenario(tuple(one for one in sorted(numbers) if type(told[one]) not in found), tuple(services))


@cache
def told_and_held() -> tuple[Sequence[Message], Mapping[str, bytes]]:
    """The history, and the objects that it refers to."""
    held: dict[str, bytes] = {}
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        told = runner.run(history(MemoryObjects(held)))
        annotated = runner.run(looked_up(MemoryObjects(held)))
    return [*told, *(renamed(one, "0") for one in FURTHER), annotated], held


async def looked_up(objects: MemoryObjects) -> VariantsAnnotated:
    """Of the variants that are disowned."""
    said = renamed(examples.variants_annotated(), "0")
    said.variants_sha256 = examples.variants_called().variants.sha256
    content = examples.known_variants().SerializeToString(deterministic=True)
    said.variants.CopyFrom(await objects.put(content, said.case_id))
    return said


@cache
def undisturbed(one: Scenario) -> Ended:
    """How it ends where nothing goes wrong, and everything comes once and in order."""
    return run(one, Random(0), CALM, orderly=True)


def trial(seed: int) -> Ended:
    """A run of this seed, with what is wrong about its end."""
    rng = Random(seed)
    one = scenario(rng.randrange(SCENARIOS))
    expected = undisturbed(one)
    ended = run(one, rng, Rates.drawn(rng))
    differing = differences(expected.state, ended.state)
    return Ended(ended.state, [*expected.problems, *ended.problems, *differing], ended.trace, ended.faults)


def run(one: Scenario, rng: Random, rates: Rates, *, orderly: bool = False) -> Ended:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL), cache_logger_on_first_use=False)
    worker.BUSY_POLL_SECONDS = 4.0
    # Delays of a worker's retries are drawn from here.
    random.seed(rng.random())
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.get_loop().set_exception_handler(lambda *_: None)
        return runner.run(lived(one, rng, rates, orderly))


async def lived(one: Scenario, rng: Random, rates: Rates, orderly: bool) -> Ended:
    told, held = told_and_held()
    world = World(Faults(rng, rates, FAULTS_SECONDS), held=dict(held))
    hospital = Hospital(world, {name: 1 if orderly else rng.choice([1, 1, 2, 3]) for name in one.services})
    watching = asyncio.create_task(watch(world.broker))
    hospital.begin()
    problems = []
    try:
        known = {**BY_MESSAGE, **RECEIVED} if "intake" in one.services else BY_MESSAGE
        await tell(world.broker, [(BY_NAME[known[type(told[number])]], told[number]) for number in one.told], rng, orderly)
        await at_rest(world, 0.0 if orderly else FAULTS_SECONDS / 2)
        if not orderly and rng.random() < REPLAYED:
            again = rng.choice(list(world.broker.groups.values()))
            before = exactly(world, again.name)
            again.rewind()
            await at_rest(world, asyncio.get_running_loop().time() + LOOK_SECONDS)
            problems += [f"taken again by {again.name}, {one}" for one in differences(before, exactly(world, again.name))]
    except Restless as error:
        problems.append(str(error))
    except Stuck:
        problems.append("everybody waits for ever")
    await hospital.end()
    around = [watching, *world.broker.coordinators]
    for task in around:
        task.cancel()
    await asyncio.gather(*around, return_exceptions=True)
    problems += [*hospital.defects, *unbalanced(world, one), *unsound(world)]
    return Ended(state(world), problems, trace(world.broker), dict(world.faults.happened))


class Restless(Exception):
    """There is work that nobody does."""


async def at_rest(world: World, least: float) -> None:
    """Return when there is nothing left to take, and not before that moment. Raise Restless where it goes on for too long."""
    loop = asyncio.get_running_loop()
    until = loop.time() + END_SECONDS
    while (lag := world.broker.lag()) or loop.time() < max(least, world.faults.all_go_on + LOOK_SECONDS):
        if loop.time() > until:
            raise Restless(f"after {END_SECONDS} s there is still to be taken {lag}")
        await asyncio.sleep(LOOK_SECONDS)


async def tell(broker: Broker, messages: Iterable[tuple[Topic[Any], Message]], rng: Random, orderly: bool) -> None:
    """Publish the events as hospital systems do: each until it is acknowledged, some of them twice, in any order."""
    calm = Process("outside", Faults(Random(0), CALM, 0))
    publisher = MemberPublisher(calm, broker)
    at = asyncio.get_running_loop().time()
    moments: list[tuple[float, Outgoing]] = []
    signed = 0.0
    for topic, message in messages:
        cause = uuid5(examples.NAMESPACE, message.SerializeToString(deterministic=True).hex())
        event = Event(topic, key_of(message), message)
        (out,) = sealed([event], cause=cause, correlation=cause, source="outside", time=examples.NOON)
        times = 1 if orderly else rng.choice([1, 1, 1, 2, 3])
        drawn = [float(len(moments)) if orderly else rng.random() * TELLING_SECONDS for _ in range(times)]
        if topic == PORTAL_REPORT_SIGNED:
            # An addendum is signed after what it adds to, and both come by one partition.
            drawn = [max(signed, moment) for moment in drawn]
            signed = min(drawn)
        moments += [(moment, out) for moment in drawn]
    for moment, out in sorted(moments, key=lambda one: one[0]):
        await asyncio.sleep(max(0.0, at + moment - asyncio.get_running_loop().time()))
        await publisher.publish([out])


def key_of(message: Message) -> str:
    for name in ("case_id", "retired_id"):
        if name in message.DESCRIPTOR.fields_by_name:
            return str(getattr(message, name))
    return examples.patient().patient_id


def unbalanced(world: World, one: Scenario) -> Iterable[str]:
    """What is neither filed nor dead; and dead letters that no input of these can lead to."""
    broker = world.broker
    for topic in TOPICS:
        for letter in broker.records(topic.dead_letters):
            headers = said(letter)
            if not headers["error"].startswith("gave up"):
                yield f"{topic.name} has a dead letter of {headers['error_service']}: {headers['error']}"
    if "records" not in one.services:
        return
    filed = {said(letter)["ce_causationid"] for letter in broker.records(RECORDS_ENTRIES_FILED.name)}
    for topic in BY_CASE:
        accepted = {said(record)["ce_id"]: (record.partition, record.offset) for record in broker.records(topic.name)}
        done = {
            tp.partition: offset
            for (group, tp), offset in broker.committed.items()
            if group == "records" and tp.topic == topic.name
        }
        dead = {said(letter)["ce_id"] for letter in broker.records(topic.dead_letters)}
        found = balance(Accepted(topic.name, accepted, done), filed, dead, set())
        if found.missing or found.in_flight:
            yield f"of {topic.name} {len(found.missing)} are missing and {found.in_flight} in flight"


def unsound(world: World) -> Iterable[str]:
    """Faults of the ledger, and of messages that say another thing under one control id."""
    examination = Examination(Keys({SIGNER.kid: SIGNER.key.public_key()}), {})
    for path in sorted(path for path in world.held if path.startswith(f"shelf/{SHELF}/")):
        examination.take(int(path.rsplit("/", 1)[1]), world.held[path])
    examination.end()
    yield from (f"block {number} of the ledger: {fault}" for number, fault in examination.faults)
    results = {results_sent(one) for one in world.sender.sent}
    if len({control for control, _ in results}) < len(results):
        yield "two results have one control id"


def undated(found: Resource) -> Resource:
    """Without when a service did it."""
    return {name: value for name, value in found.items() if found["resourceType"] != "Provenance" or name != "recorded"}


def plain(case: Case) -> Case:
    """But for what depends on when and in which order services hear of it: a timeline, versions of what is filed, and that a
    patient was somebody else for a while."""
    found = Case()
    found.CopyFrom(case)
    found.ClearField("timeline")
    found.ClearField("filed")
    if found.moved.patient.patient_id == found.moved.ordered_for:
        found.ClearField("moved")
    return found


def told_by(broker: Broker) -> set[tuple[str, str]]:
    """Every event, by topic and id, but those that say what was filed: a merge leads to them for what is there when it comes."""
    apart = {
        RECORDS_ENTRIES_FILED,
        RECORDS_CASE_MOVED,
        AUDIT_BLOCK_SEALED,
        DEIDENTIFICATION_FACTS_RELEASED,
        DEIDENTIFICATION_RELEASE_RECORDED,
        SEQUENCING_TASK_REQUESTED,
        SEQUENCING_TASK_DONE,
        INFERENCE_SHARD_SCORED,
    }
    return {(topic.name, said(one)["ce_id"]) for topic in TOPICS if topic not in apart for one in broker.records(topic.name)}


def results_sent(message: bytes) -> tuple[bytes, bytes]:
    """A message's control id, and what it says but of whom: a patient is whoever they are when it is sent."""
    return message.split(b"|")[9], b"\r".join(one for one in message.split(b"\r") if not one.startswith(b"PID"))


def is_withdrawn(message: bytes, sent: Iterable[bytes]) -> bool:
    """Whether it is a report that was withdrawn later: that is sent only where it comes before."""
    if b"|genes|" in message:
        return b"|withdrawal|" not in message and any(b"|withdrawal|" in one for one in sent)
    parts = [one.split(b"|") for one in message.split(b"\r") if one.startswith(b"OBX")]
    return all(one[4].isdigit() and int(one[4]) < WITHDRAWN for one in parts)


def state(world: World) -> State:
    """What must be the same however it came about."""
    return {
        "what is filed": {name: undated(resource) for name, (resource, _) in world.fhir.resources.items()},
        "the archive": world.archive.held,
        "cases": {name: plain(case) for name, case in world.table.items()},
        "what was told": told_by(world.broker),
        "what a hub holds": held_by_hub(world.broker),
        "images that left": set(world.released),
        "what was sent": {results_sent(one) for one in world.sender.sent if not is_withdrawn(one, world.sender.sent)},
        "dead letters": {
            (topic.name, headers["ce_id"], headers["error_service"])
            for topic in TOPICS
            for headers in map(said, world.broker.records(topic.dead_letters))
        },
    }


def trace(broker: Broker) -> str:
    """Everything that was published, in order, by id."""
    lines = [f"{tp} {said(one).get('ce_id')}" for tp, log in sorted(broker.logs.items()) for one in log]
    return sha256("\n".join(lines).encode()).hexdigest()


def exactly(world: World, service: str) -> State:
    """What a repeat in this service must leave as it is, versions and all.

    But that others tell an event again is audited, and of a merge records tells once more what has come since.
    """
    found = {**state(world), "what is filed": dict(world.fhir.resources)}
    if service == "cases":
        found["cases"] = dict(world.table)
    if service == "audit":
        found["what was audited"] = dict(world.audit_events.kept)
    return found


def differences(expected: State, found: State) -> list[str]:
    return [
        f"{what} is not as it should be: {difference(expected[what], found[what])}"
        for what in expected
        if expected[what] != found[what]
    ]


def difference(expected: object, found: object) -> str:
    if isinstance(expected, dict) and isinstance(found, dict):
        names = [name for name in {**expected, **found} if expected.get(name) != found.get(name)]
        return "; ".join(f"{name}: {changes(expected.get(name), found.get(name))}" for name in names[:3])
    if isinstance(expected, set) and isinstance(found, set):
        return f"without {sorted(map(str, expected - found))[:3]}, with {sorted(map(str, found - expected))[:3]}"
    return changes(expected, found)


def changes(expected: object, found: object) -> str:
    """Lines that were there and are not, and the other way round."""
    before, after = (pformat(one, width=100).splitlines() for one in (expected, found))
    return " ".join(
        line.strip() for line in unified_diff(before, after, n=0, lineterm="") if not line.startswith(("---", "+++", "@@"))
    )
