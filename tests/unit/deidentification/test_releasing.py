"""Which project gets what of whom, and how that is taken back: by an objection, a merge or an erasure."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message

import examples
from casepath.deidentification.v1.release_pb2 import (
    WITHDRAWAL_REASON_ERASED,
    WITHDRAWAL_REASON_MOVED,
    WITHDRAWAL_REASON_OBJECTED,
    FactReleased,
    PharmacogenomicFact,
    ReleaseRecorded,
)
from casepath.portal.v1.reading_pb2 import VERDICT_CORRECTED, VariantsDisowned
from casepath.sequencing.v1.known_variants_pb2 import KnownVariants
from casepath.sequencing.v1.pharmacogenomics_pb2 import WITHHOLDING_REASON_OTHER_REFERENCE
from casepath.topics import BY_NAME, DEIDENTIFICATION_FACTS_RELEASED, DEIDENTIFICATION_RELEASE_RECORDED
from chassis.encryption import Encryption
from chassis.errors import Unavailable
from chassis.events import Event, sealed
from chassis.keys import FileKeys
from chassis.objects import Objects
from chassis.orders import ShelvedOrders
from chassis.worker import Received
from deidentification.french_words import french_words
from deidentification.handlers import MOST_VARIANTS, Release
from deidentification.projects import CONTENTS, Project
from deidentification.pseudonyms import Pseudonyms, Subject
from deidentification.releasing import Releasing, case_folder
from deidentification.scanner import Identified

WAREHOUSE = Project("warehouse", Pseudonyms(b"w" * 32), frozenset(CONTENTS))
STUDY = Project("study", Pseudonyms(b"s" * 32), frozenset({"cases", "reports"}), frozenset({"LAB"}), until=date(2026, 12, 31))
LATER = examples.NOON + timedelta(days=1)
TOPIC_OF = {type(message): name for name, message in reversed(examples.BY_TOPIC.items())}


class World:
    def __init__(self, folder: Path, *projects: Project, today: date = date(2026, 11, 26)) -> None:
        (folder / "keys").mkdir()
        self.objects = Objects.at(f"file://{folder / 'objects'}", Encryption(FileKeys(folder / "keys")))
        self.released = Objects.at(f"file://{folder / 'released'}")
        orders = ShelvedOrders(self.objects, "deidentification", examples.NAMESPACE)
        self.releasing = Releasing(
            projects or (WAREHOUSE,), "angers", self.objects, self.released, orders, french_words(), folder, day=lambda: today
        )

    async def hear(self, message: Message, cause: str = "cause", time: datetime = examples.NOON) -> list[Event]:
        topic = TOPIC_OF[type(message)]
        (route,) = (one for one in self.releasing.routes() if one.topic.name == topic)
        received: Received[Any] = Received(message, examples.envelope(topic, cause, time))
        events = list(await route.handle(received))
        sealed(events, cause=received.envelope.id, correlation=received.envelope.id, source="test", time=examples.NOON)
        return events


def facts(events: Iterable[Event]) -> list[FactReleased]:
    return [event.data for event in events if isinstance(event.data, FactReleased)]


def records(events: Iterable[Event]) -> list[ReleaseRecorded]:
    return [event.data for event in events if isinstance(event.data, ReleaseRecorded)]


def kinds(events: Iterable[Event]) -> list[tuple[str, str]]:
    return [(fact.project, fact.WhichOneof("fact")) for fact in facts(events)]


def text_of(events: Iterable[Event]) -> str:
    return "".join(MessageToJson(fact, ensure_ascii=False) for fact in facts(events))


async def test_a_project_gets_what_it_may_have_of_whom_it_does_not_know(tmp_path: Path) -> None:
    world = World(tmp_path)
    events = [
        *await world.hear(examples.order()),
        *await world.hear(examples.report_signed(text="Vu avec Mme Exemple Zoé, née le 31/01/1970.")),
    ]
    assert kinds(events) == [("warehouse", "case"), ("warehouse", "report")]
    case, report = facts(events)
    subject = Subject(WAREHOUSE.pseudonyms, examples.PATIENT)
    assert case.subject_id == report.subject_id == subject.name
    assert case.case.case_id == report.report.case_id
    assert (case.case.birth_year, case.hospital) == (1970, "angers")
    assert case.case.ordered_on == str(subject.moved(examples.NOON.date()))
    assert report.report.text == "Vu avec Mme [NOM] [NOM], née le [NAISSANCE]."
    assert [one.code for one in report.report.diagnoses] == ["BHGSA7A0", "8500/3"]
    order = examples.order()
    told = text_of(events)
    named = [
        order.patient.family_name,
        *order.patient.given_names,
        order.accession,
        order.patient.patient_id,
        order.case_id,
        "1970-01",
    ]
    assert not [one for one in named if one in told]


async def test_the_hospital_can_say_what_left_of_a_case_and_to_whom(tmp_path: Path) -> None:
    events = await World(tmp_path).hear(examples.order())
    (event,) = (event for event in events if event.topic == DEIDENTIFICATION_RELEASE_RECORDED)
    assert event.key == examples.CASE
    (recorded,) = records(events)
    assert (recorded.project, recorded.content) == ("warehouse", "intake.order.placed.v1")


async def test_two_projects_share_no_name_and_no_day(tmp_path: Path) -> None:
    order = examples.order()
    order.unit = "LAB"
    events = await World(tmp_path, WAREHOUSE, STUDY).hear(order)
    one, other = facts(events)
    assert (one.project, other.project) == ("warehouse", "study")
    mine = {one.subject_id, one.lineage_id, one.case.case_id, *(each.specimen_id for each in one.case.services[0].specimens)}
    theirs = {
        other.subject_id,
        other.lineage_id,
        other.case.case_id,
        *(each.specimen_id for each in other.case.services[0].specimens),
    }
    assert not mine & theirs
    assert one.case.ordered_on != other.case.ordered_on


@pytest.mark.parametrize(
    ("unit", "today", "released"),
    [("LAB", date(2026, 12, 31), 2), ("LAB", date(2027, 1, 1), 1), ("LAB-SUD", date(2026, 12, 1), 1)],
)
async def test_nothing_leaves_of_another_unit_or_after_a_projects_end(
    unit: str, today: date, released: int, tmp_path: Path
) -> None:
    order = examples.order()
    order.unit = unit
    assert len(facts(await World(tmp_path, WAREHOUSE, STUDY, today=today).hear(order))) == released


async def test_what_comes_before_its_order_waits(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        await World(tmp_path).hear(examples.report_signed())


async def test_a_repeat_says_the_same_and_an_older_order_says_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    first = await world.hear(examples.order())
    assert await world.hear(examples.order()) == first
    assert await world.hear(examples.order(examples.NOON - timedelta(days=1)), "older") == []


async def test_of_who_objects_everything_is_withdrawn_and_nothing_more_leaves(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.hear(examples.order())
    events = await world.hear(examples.objection_recorded(at=LATER))
    (withdrawn,) = facts(events)
    assert withdrawn.withdrawal.reason == WITHDRAWAL_REASON_OBJECTED
    assert not withdrawn.withdrawal.case_id
    assert withdrawn.as_of.ToDatetime() == LATER.replace(tzinfo=None)
    assert [one.withdrawn for one in records(events)] == [WITHDRAWAL_REASON_OBJECTED]
    assert await world.hear(examples.report_signed()) == []
    assert await world.hear(examples.order(LATER), "again") == []


async def test_who_objects_first_is_never_released_and_nothing_is_said_of_them(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert await world.hear(examples.objection_recorded()) == []
    assert await world.hear(examples.order()) == []


async def test_an_objection_to_one_project_is_none_to_another(tmp_path: Path) -> None:
    world = World(tmp_path, WAREHOUSE, STUDY)
    order = examples.order()
    order.unit = "LAB"
    await world.hear(order)
    assert kinds(await world.hear(examples.objection_recorded(project="study"))) == [("study", "withdrawal")]
    assert kinds(await world.hear(examples.report_signed())) == [("warehouse", "report")]


async def test_what_came_while_somebody_objected_is_released_once_they_do_not(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.hear(examples.order())
    await world.hear(examples.objection_recorded(at=LATER))
    await world.hear(examples.report_signed())
    lifted = LATER + timedelta(days=1)
    events = await world.hear(examples.objection_recorded(lifted=True, at=lifted), "lifted")
    assert kinds(events) == [("warehouse", "case"), ("warehouse", "report")]
    assert {fact.as_of.ToDatetime() for fact in facts(events)} == {lifted.replace(tzinfo=None)}
    # What was said before, and comes again, changes nothing.
    assert kinds(await world.hear(examples.objection_recorded(at=LATER))) == kinds(events)


async def test_a_case_that_moves_is_withdrawn_and_released_as_whose_it_is_now(tmp_path: Path) -> None:
    world = World(tmp_path)
    before = facts([*await world.hear(examples.order()), *await world.hear(examples.report_signed())])
    events = facts(await world.hear(examples.case_moved(LATER)))
    withdrawn, *again = events
    assert (withdrawn.subject_id, withdrawn.withdrawal.reason) == (before[0].subject_id, WITHDRAWAL_REASON_MOVED)
    assert withdrawn.withdrawal.case_id == before[0].case.case_id
    now = Subject(WAREHOUSE.pseudonyms, examples.survivor().patient_id).name
    assert {(fact.subject_id, fact.WhichOneof("fact")) for fact in again} == {(now, "case"), (now, "report")}
    assert all(fact.moved_as_of.ToDatetime() == LATER.replace(tzinfo=None) and not fact.HasField("as_of") for fact in events)


class Killed(BaseException):
    """The process is no more."""


DECISIONS = pytest.mark.parametrize(
    "decision", [examples.objection_recorded(at=LATER), examples.case_moved(LATER)], ids=["objects", "moves"]
)


def deciding(world: World, decision: Message, monkeypatch: pytest.MonkeyPatch, killed: type[BaseException] | None = None) -> None:
    """Have somebody decide while the next event is released, before copies of it are put where they leave from."""
    made = world.releasing.fact

    async def decided_meanwhile(release: Release, data: Message) -> Message:
        monkeypatch.setattr(world.releasing, "fact", made)
        await world.hear(decision, "meanwhile")
        # As a copy that was begun before.
        await world.released.put(b"image", folder=case_folder(release.project, release.subject, release.order.case_id))
        if killed is not None:
            raise killed
        return await made(release, data)

    monkeypatch.setattr(world.releasing, "fact", decided_meanwhile)


@DECISIONS
async def test_what_is_decided_while_something_is_released_is_heeded_before_it_leaves(
    decision: Message, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path)
    await world.hear(examples.order())
    deciding(world, decision, monkeypatch)
    with pytest.raises(Unavailable, match="meanwhile"):
        await world.hear(examples.report_signed())
    assert await world.released.names("released") == set()


@DECISIONS
async def test_a_copy_that_a_process_left_behind_that_was_killed_is_removed_by_who_takes_over(
    decision: Message, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path)
    await world.hear(examples.order())
    deciding(world, decision, monkeypatch, Killed)
    with pytest.raises(Killed):
        await world.hear(examples.report_signed())
    assert await world.released.names("released") != set()
    await world.hear(examples.report_signed())
    assert await world.released.names("released") == set()


async def test_who_removes_late_what_somebody_has_released_again_since_releases_it_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the simulation's seed 6230 did."""
    world = World(tmp_path)
    await world.hear(examples.order())
    remove, objection = world.released.remove, examples.objection_recorded(at=LATER)

    async def late(folder: str) -> None:
        monkeypatch.setattr(world.released, "remove", remove)
        await world.hear(examples.objection_recorded(lifted=True, at=LATER + timedelta(days=1)), "lifted")
        await remove(folder)

    monkeypatch.setattr(world.released, "remove", late)
    with pytest.raises(Unavailable, match="meanwhile"):
        await world.hear(objection)
    assert kinds(await world.hear(objection)) == [("warehouse", "case")]


async def test_whoever_takes_an_event_and_removes_late_what_was_released_again_since_has_all_of_the_case_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the simulation's seed 421274 did: the case went back to whose it had been."""
    world, back = World(tmp_path), examples.case_moved(at=LATER)
    back.patient.CopyFrom(examples.order().patient)
    for message in (examples.order(), examples.case_moved()):
        await world.hear(message)
    remove = world.released.remove

    async def late(folder: str) -> None:
        monkeypatch.setattr(world.released, "remove", remove)
        await world.hear(back)
        await remove(folder)

    monkeypatch.setattr(world.released, "remove", late)
    with pytest.raises(Unavailable, match="meanwhile"):
        await world.hear(examples.report_signed())
    assert kinds(await world.hear(examples.report_signed())) == [("warehouse", "case"), ("warehouse", "report")]
    assert kinds(await world.hear(examples.report_signed())) == [("warehouse", "report")]


async def test_what_is_said_later_says_so_by_a_clock_that_is_the_patients_alone(tmp_path: Path) -> None:
    world = World(tmp_path)
    hour = timedelta(hours=1)
    (first,), (second,) = facts(await world.hear(examples.order())), facts(await world.hear(examples.order(examples.NOON + hour)))
    assert second.said_at.ToDatetime() - first.said_at.ToDatetime() == hour
    subject = Subject(WAREHOUSE.pseudonyms, examples.PATIENT)
    moved = examples.NOON.replace(tzinfo=None) - first.said_at.ToDatetime()
    assert timedelta(days=subject.days) < moved < timedelta(days=subject.days + 1)


async def test_an_objection_under_a_number_that_was_merged_holds_for_the_person(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.hear(examples.order())
    await world.hear(examples.merged())
    await world.hear(examples.case_moved())
    assert kinds(await world.hear(examples.objection_recorded(at=LATER))) == [("warehouse", "withdrawal")] * 2
    assert await world.hear(examples.report_signed()) == []


async def test_of_who_was_erased_everything_is_withdrawn_without_their_keys(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.hear(examples.order())
    assert world.objects.encryption is not None
    await world.objects.encryption.destroy(examples.CASE)
    events = await world.hear(examples.patient_erased())
    assert [event.topic for event in events] == [DEIDENTIFICATION_FACTS_RELEASED]
    assert facts(events)[0].withdrawal.reason == WITHDRAWAL_REASON_ERASED


async def test_what_is_withdrawn_is_removed_from_the_store_of_what_leaves(tmp_path: Path) -> None:
    world = World(tmp_path)
    (case,) = facts(await world.hear(examples.order()))
    folder = f"released/warehouse/{case.subject_id}/{case.case.case_id}"
    await world.released.put(b"an image", folder=folder)
    assert await world.released.names(folder)
    await world.hear(examples.objection_recorded(at=LATER))
    assert not await world.released.names("released")


async def test_who_signed_and_who_the_patient_was_before_are_not_told_either(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.hear(examples.order())
    await world.hear(examples.merged())
    await world.hear(examples.case_moved())
    before, now = examples.order().patient, examples.survivor()
    text = f"signé alix martin ; dossiers de {before.family_name.lower()} et {now.family_name.lower()}"
    (report,) = facts(await world.hear(examples.report_signed(text=text)))
    assert report.report.text == "signé [NOM] [NOM] ; dossiers de [NOM] et [NOM]"


async def test_what_a_pathologist_says_of_a_region_leaves_without_who_says_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    review = examples.reviewed(VERDICT_CORRECTED)
    review.correction = f"Cicatrice, vu avec {review.reviewer.name} et Mme Exemple."
    events = [*await world.hear(examples.order()), *await world.hear(examples.scored()), *await world.hear(review)]
    assert [kind for _, kind in kinds(events)] == ["case", "score", "review"]
    _, score, said = facts(events)
    (region,) = score.score.scored.regions
    assert (said.review.finding_id, said.review.slide_id) == (region.finding_id, score.score.slide_id)
    assert region.finding_id != examples.finding().finding_id
    assert (region.columns, score.score.scored.tile_microns) == (examples.finding().columns, 64)
    assert said.review.correction.startswith("Cicatrice, vu avec")
    told = text_of(events)
    assert not [
        part for part in (*review.reviewer.name.split(), "Exemple", review.reviewer.user_id) if len(part) > 2 and part in told
    ]


async def test_a_fact_that_still_names_its_patient_is_withheld(tmp_path: Path) -> None:
    """A laboratory may write a name where only a code belongs, and no rule cleans a code."""
    order = examples.order()
    order.services[0].service.code = order.patient.family_name
    with pytest.raises(Identified, match="family name"):
        await World(tmp_path).hear(order)


async def test_genes_and_failed_runs_are_released_as_they_are(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.hear(examples.order())
    genes = facts(await world.hear(examples.pharmacogenomics_reported()))[0].pharmacogenomics
    assert [one.gene for one in genes.genes] == [one.gene for one in examples.pharmacogenomics_reported().genes]
    assert genes.sample_id == WAREHOUSE.pseudonyms.name("specimen", "B1")
    failed = facts(await world.hear(examples.failed()))[0].score
    assert failed.WhichOneof("outcome") == "failed"


async def test_genes_that_were_said_in_error_are_withdrawn(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.hear(examples.order())
    (said,) = facts(await world.hear(examples.pharmacogenomics_reported()))
    (withdrawn,) = facts(await world.hear(examples.genomics_withdrawn()))
    assert withdrawn.said_at.ToNanoseconds() >= said.said_at.ToNanoseconds()
    expected = PharmacogenomicFact(case_id=said.pharmacogenomics.case_id, withdraws=True)
    expected.sample_id = said.pharmacogenomics.sample_id
    assert withdrawn.pharmacogenomics == expected


def test_the_topics_of_what_is_kept_can_be_read_again() -> None:
    assert all(name in BY_NAME for name in TOPIC_OF.values())


async def looked_up(world: World, time: timedelta = timedelta(0)) -> list[Event]:
    """The example's lookup is heard, said so long after noon."""
    said = examples.variants_annotated()
    content = examples.known_variants().SerializeToString(deterministic=True)
    said.variants.CopyFrom(await world.objects.put(content, examples.CASE))
    return await world.hear(said, f"after {time}", examples.NOON + time)


def disowned(at: timedelta = timedelta(0)) -> VariantsDisowned:
    said = examples.variants_disowned(examples.NOON + at)
    said.variants_sha256[:] = [examples.variants_annotated().variants_sha256]
    return said


async def test_of_known_variants_those_leave_that_are_not_said_to_be_benign_and_where_variants_may(tmp_path: Path) -> None:
    world = World(tmp_path, WAREHOUSE, STUDY)
    await world.hear(examples.order())
    events = await looked_up(world)
    assert kinds(events) == [("warehouse", "variants")]
    said = facts(events)[0].variants
    assert (said.looked_up, said.known, said.notable) == (41, 3, 1)
    assert [(one.position, one.statements[0].significance, one.statements[0].url) for one in said.variants] == [
        (7675088, "Pathogenic", "")
    ]
    assert examples.variants_annotated().variants_sha256 not in text_of(events)
    withheld = examples.variants_annotated()
    withheld.withheld = WITHHOLDING_REASON_OTHER_REFERENCE
    assert not await world.hear(withheld, "again")


async def test_where_variants_are_too_many_those_of_which_something_is_known_come_first(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.hear(examples.order())
    found = KnownVariants()
    for position in range(1, 2 * MOST_VARIANTS):
        one = found.variants.add()
        one.CopyFrom(examples.known_variants().variants[0])
        one.position = position
        one.statements[0].significance = "Uncertain significance" if position % 3 else "Likely pathogenic"
    said = examples.variants_annotated()
    said.variants.CopyFrom(await world.objects.put(found.SerializeToString(), examples.CASE))
    told = facts(await world.hear(said))[0].variants.variants
    assert len(told) == MOST_VARIANTS
    assert [one.statements[0].significance == "Likely pathogenic" for one in told].count(True) == (2 * MOST_VARIANTS - 1) // 3


async def test_variants_that_are_another_patients_are_withdrawn_whatever_was_said_when_and_heard_first(tmp_path: Path) -> None:
    later = timedelta(hours=2)
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    world = World(tmp_path / "first")
    await world.hear(examples.order())
    (known,) = facts(await looked_up(world, later))
    (withdrawn,) = facts(await world.hear(disowned()))
    assert withdrawn.variants.withdraws
    assert withdrawn.variants.file_id == known.variants.file_id
    assert withdrawn.said_at.ToNanoseconds() > known.said_at.ToNanoseconds()
    assert not await looked_up(world, 2 * later)
    assert [one.said_at for one in facts(await world.hear(disowned()))] == [withdrawn.said_at]

    world = World(tmp_path / "second")
    await world.hear(examples.order())
    assert [one.variants.withdraws for one in facts(await world.hear(disowned()))] == [True]
    assert not await looked_up(world, later)
