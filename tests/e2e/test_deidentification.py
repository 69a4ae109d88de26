"""What leaves a running platform for research: everything that a project may have, and nothing that tells whose it is."""

from dataclasses import dataclass

import pydicom
import pytest
from google.protobuf.json_format import MessageToJson

from casepath.deidentification.v1.release_pb2 import WITHDRAWAL_REASON_OBJECTED, FactReleased
from casepath.topics import DEIDENTIFICATION_FACTS_RELEASED
from chassis.errors import Unavailable
from chassis.objects import Objects
from chassis.reading import held
from conftest import Platform
from deidentification.projects import Project, read_projects
from deidentification.pseudonyms import Subject
from e2e.conftest import Done, refs
from hub.adapters.warehouse import Warehouse
from hub.omop import TABLES
from waiting import eventually, eventually_async

KINDS = {"case", "slide", "score", "pharmacogenomics", "variants"}


@dataclass(frozen=True, slots=True)
class Released:
    subject: Subject
    facts: list[FactReleased]
    objects: Objects


def project(platform: Platform) -> Project:
    (found,) = read_projects(platform.home.folder / "access" / "releases.json")
    return found


async def facts_of(platform: Platform, subject: Subject) -> list[FactReleased]:
    topic = DEIDENTIFICATION_FACTS_RELEASED
    records = [one for one in await held(platform.kafka, topic.name, topic.partitions) if one.key.decode() == subject.name]
    return [FactReleased.FromString(one.value) for one in records]


@pytest.fixture(scope="module")
async def released(platform: Platform, done: Done) -> Released:
    subject = Subject(project(platform).pseudonyms, done.visit.patient_id)

    async def all_of_it() -> bool:
        return {str(one.WhichOneof("fact")) for one in await facts_of(platform, subject)} >= KINDS

    await eventually_async(all_of_it, 120)
    return Released(subject, await facts_of(platform, subject), Objects.at(f"file://{platform.home.folder / 'released'}"))


async def test_a_visit_leaves_without_anything_that_tells_whose_it_is(done: Done, released: Released) -> None:
    visit = done.visit
    images = [await released.objects.get(ref) for fact in released.facts for ref in refs(fact)]
    assert len(images) >= 7
    told = "".join(MessageToJson(fact, ensure_ascii=False) for fact in released.facts).encode()
    named = [visit.accession, f"P{visit.stamp}", visit.patient_id, visit.case_id, "Démo", "Camille"]
    for content in (told, *images):
        assert not [one for one in named if one.lower().encode() in content.lower()]


async def test_images_that_leave_are_one_slide_with_what_was_found_on_it(released: Released) -> None:
    headers = []
    for fact in released.facts:
        for ref in refs(fact):
            content = released.objects.folder / ref.path if released.objects.folder else None
            assert content is not None
            headers.append(pydicom.dcmread(content, stop_before_pixels=True))
    volumes = [one for one in headers if one.Modality == "SM"]
    assert all(one.ImageType[2] == "VOLUME" for one in volumes)
    assert {one.StudyInstanceUID for one in headers} == {volumes[0].StudyInstanceUID}
    there = {one.SOPInstanceUID for one in volumes}
    derived = [one for one in headers if one.Modality in ("ANN", "OT")]
    assert derived
    assert all(one.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0].ReferencedSOPInstanceUID in there for one in derived)


async def test_the_ledger_has_to_which_project_a_case_went(platform: Platform, done: Done, released: Released) -> None:
    assert released.facts

    def told() -> str:
        return platform.casepath("audit", "show", "--case", done.visit.case_id).stdout

    await eventually(lambda: "released to project demonstration" in told(), 60)


@pytest.fixture(scope="session")
def hub(platform: Platform) -> Warehouse:
    """As one more process has it, opened once: what asks again and again would open its catalog each time."""
    return Warehouse(*platform.hub)


def in_the_hub(hub: Warehouse, subject: Subject) -> bool | None:
    """Whether the newest snapshot has this patient; None where it was forgotten just now."""
    try:
        with hub.snapshot() as database:
            return bool(database.table("person").filter(f"person_source_value = '{subject.name}'").fetchall())
    except Unavailable:
        return None


def rows_in_the_hub(hub: Warehouse, subject: Subject) -> dict[str, int]:
    """How many rows each table of the newest snapshot has of this patient."""
    with hub.snapshot() as database:
        mine = f"person_id = (select person_id from person where person_source_value = '{subject.name}')"
        return {name: len(database.table(name).filter(mine).fetchall()) for name in TABLES}


async def test_the_hub_has_what_was_released_in_tables_that_others_know(
    platform: Platform, hub: Warehouse, released: Released
) -> None:
    def all_of_it() -> bool:
        if not hub.snapshots():
            return False
        try:
            rows = rows_in_the_hub(hub, released.subject)
        except Unavailable:
            return False
        ordered = rows["procedure_occurrence"] == rows["specimen"] == 3
        return ordered and rows["measurement"] > 10 and rows["image_occurrence"] >= 7

    # A snapshot may have been taken while facts were coming in.
    await eventually(all_of_it, 120)
    told = platform.casepath("hub", "unmapped", "--warehouse", platform.hub[0], "--catalog", platform.hub[1])
    assert "11529-5" in told.stdout, told.stderr


async def test_of_who_objects_everything_is_withdrawn_and_who_does_not_any_more_is_released_again(
    platform: Platform, hub: Warehouse, done: Done, released: Released
) -> None:
    said = ("object", "--patient", done.visit.patient_id, "--by", "the data protection officer")
    assert platform.casepath(*said).returncode == 0

    async def last_is(kind: str) -> bool:
        return str((await facts_of(platform, released.subject))[-1].WhichOneof("fact")) == kind

    await eventually_async(lambda: last_is("withdrawal"), 60)
    *_, withdrawn = await facts_of(platform, released.subject)
    assert withdrawn.withdrawal.reason == WITHDRAWAL_REASON_OBJECTED
    assert not list((platform.home.folder / "released").rglob(f"{released.subject.name}/*/*"))

    await eventually(lambda: in_the_hub(hub, released.subject) is False, 90)

    assert platform.casepath(*said, "--lift").returncode == 0
    before = len(released.facts)

    async def all_again() -> bool:
        again = (await facts_of(platform, released.subject))[before + 1 :]
        return {str(one.WhichOneof("fact")) for one in again} >= KINDS

    await eventually_async(all_again, 120)
    await eventually(lambda: in_the_hub(hub, released.subject), 90)
