"""Studies on a region's warehouse over gRPC: asked for, granted by two offices, extracted, worked on sealed, and let out."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import grpc
import pytest
import pytest_asyncio
from stages.peer_environment import peer_python
from stages.region import LATER, PROJECT, Region, case, genes, report, subject, withdrawal

from casepath.audit.v1.audit_pb2 import OUTCOME_DONE, OUTCOME_REFUSED, AccessRecorded
from casepath.hub.v1.studies_pb2 import (
    EXPORT_STATE_GRANTED,
    OFFICE_DATA_PROTECTION_OFFICER,
    OFFICE_SCIENTIFIC_COMMITTEE,
    RESEARCH_TABLE_CONDITION_OCCURRENCE,
    RESEARCH_TABLE_MEASUREMENT,
    RESEARCH_TABLE_NOTE,
    RESEARCH_TABLE_PROCEDURE_OCCURRENCE,
    STUDY_STATE_APPROVED,
    STUDY_STATE_ENDED,
    STUDY_STATE_REFUSED,
    STUDY_STATE_REQUESTED,
    CountCohortRequest,
    DecideExportRequest,
    DecideStudyRequest,
    EndStudyRequest,
    Export,
    Extract,
    GetStudyRequest,
    ListCodesRequest,
    ListStudiesRequest,
    MakeExtractRequest,
    QueryWorkspaceRequest,
    ReadExportRequest,
    RequestExportRequest,
    RequestStudyRequest,
    ResearchTable,
    Study,
    StudyRequest,
    WantedTable,
)
from casepath.hub.v1.studies_pb2_grpc import StudyServiceStub, add_StudyServiceServicer_to_server
from chassis.access import Gate, Signer
from chassis.access_log import AccessLog
from chassis.encryption import Encryption
from chassis.errors import Erased, NotFound
from chassis.grpc_server import GrpcServer
from chassis.isolated import Isolated
from chassis.keys import FileKeys
from chassis.objects import Objects
from chassis.publisher import MemoryPublisher
from hub.adapters.study_store import StudyStore, folder_of
from hub.studies.study_service import DESCRIPTOR, StudyService
from hub.studies.studying import Studying

PATIENTS = 600
EVERYTHING = (RESEARCH_TABLE_PROCEDURE_OCCURRENCE, RESEARCH_TABLE_MEASUREMENT, RESEARCH_TABLE_NOTE)
OFFICES = {"girard": OFFICE_DATA_PROTECTION_OFFICER, "bonnet": OFFICE_SCIENTIFIC_COMMITTEE}
ROLES = {
    "leroy": "researcher",
    "dupont": "researcher",
    "girard": "data-protection-officer",
    "bonnet": "scientific-committee",
    "martin": "pathologist",
}


@dataclass
class Institute:
    """The hub's studies, served; and who asks."""

    region: Region
    studying: Studying
    objects: Objects
    stub: Any
    signer: Signer
    told: MemoryPublisher
    address: str

    async def ask(self, who: str, method: str, request: Any) -> Any:
        roles = [ROLES[who]] if who in ROLES else who.split("+")
        metadata = (("authorization", f"Bearer {self.signer.token(who, roles, 600)}"),)
        return await getattr(self.stub, method)(request, metadata=metadata)

    async def refused(self, who: str, method: str, request: Any) -> str:
        with pytest.raises(grpc.RpcError) as error:
            await self.ask(who, method, request)
        return f"{error.value.code().name}: {error.value.details()}"

    async def requested(self, who: str = "leroy", **other: Any) -> Study:
        study: Study = (await self.ask(who, "RequestStudy", RequestStudyRequest(request=wanted(**other)))).study
        return study

    async def decided(self, study: Study, who: str, granted: bool = True) -> Study:
        request = DecideStudyRequest(study_id=study.study_id, office=OFFICES[who], granted=granted, reason="As declared.")
        decided: Study = (await self.ask(who, "DecideStudy", request)).study
        return decided

    async def approved(self, **other: Any) -> Study:
        study = await self.requested(**other)
        await self.decided(study, "girard")
        return await self.decided(study, "bonnet")

    async def extract(self, study: Study) -> Extract:
        made: Extract = (await self.ask("leroy", "MakeExtract", MakeExtractRequest(study_id=study.study_id))).extract
        return made

    async def rows(self, study: Study, query: str) -> list[tuple[str, ...]]:
        answer = await self.ask("leroy", "QueryWorkspace", QueryWorkspaceRequest(study_id=study.study_id, query=query))
        return [tuple(row.values) for row in answer.rows]

    async def export(self, study: Study, query: str) -> Export:
        request = RequestExportRequest(study_id=study.study_id, query=query, reason="Table 2 of the article")
        made: Export = (await self.ask("leroy", "RequestExport", request)).export
        return made


def wanted(
    cohort: str = "{}", tables: Iterable[ResearchTable] = EVERYTHING, members: Iterable[str] = (), until: date | None = None
) -> StudyRequest:
    return StudyRequest(
        title="DPYD and toxicity of fluoropyrimidines",
        purpose="Whether dose reductions by genotype lower severe toxicity in routine care.",
        reference="MR-004 no. 2026-118",
        project=PROJECT,
        cohort=cohort,
        tables=[WantedTable(table=one, reason="The outcome is told there.") for one in tables],
        members=members,
        until=(until or date.today() + timedelta(days=365)).isoformat(),
    )


def populated(folder: Path) -> Region:
    region = Region(folder)
    region.gather(case(one) for one in range(PATIENTS))
    region.gather(genes(one, "*1/*2A" if one % 4 == 0 else "*1/*1") for one in range(PATIENTS))
    region.gather(report(one, "Carcinome infiltrant.") for one in range(0, PATIENTS, 2))
    region.snapshot("20260101T000000.000000Z")
    return region


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return populated(tmp_path_factory.mktemp("shared"))


@asynccontextmanager
async def institute_on(region: Region, folder: Path, signer: Signer | None = None) -> AsyncIterator[Institute]:
    signer, told = signer or Signer.fresh(), MemoryPublisher()
    (folder / "keys.json").write_text(signer.public_keys())
    (folder / "keys").mkdir()
    objects = Objects.at(f"file://{folder / 'objects'}", Encryption(FileKeys(folder / "keys")))
    with Isolated() as isolated:
        studying = Studying(region.warehouse, StudyStore(objects), isolated, folder, 5)
        service = StudyService(studying, Gate.at(folder / "keys.json"), AccessLog(told, "hub"))
        add = [lambda server: add_StudyServiceServicer_to_server(service, server)]
        server = GrpcServer("127.0.0.1:0", add, [DESCRIPTOR], lambda: True)
        stop = asyncio.Event()
        running = asyncio.create_task(server.run(stop))
        address = f"127.0.0.1:{server.port}"
        async with grpc.aio.insecure_channel(address) as channel:
            yield Institute(region, studying, objects, StudyServiceStub(channel), signer, told, address)
        stop.set()
        await running


@pytest_asyncio.fixture
async def institute(shared: Region, tmp_path: Path) -> AsyncIterator[Institute]:
    async with institute_on(shared, tmp_path) as one:
        yield one


@pytest_asyncio.fixture
async def own_institute(tmp_path: Path) -> AsyncIterator[Institute]:
    """On a region of its own, that a test may change."""
    async with institute_on(populated(tmp_path / "region"), tmp_path) as one:
        yield one


async def test_two_offices_grant_a_study_and_nobody_decides_on_their_own(institute: Institute) -> None:
    study = await institute.requested(members=["girard+researcher"])
    assert (study.state, study.requested_by) == (STUDY_STATE_REQUESTED, "leroy")
    assert "not approved" in await institute.refused("leroy", "MakeExtract", MakeExtractRequest(study_id=study.study_id))
    mine = DecideStudyRequest(study_id=study.study_id, office=OFFICE_DATA_PROTECTION_OFFICER, granted=True, reason="Mine.")
    assert (await institute.refused("leroy", "DecideStudy", mine)).startswith("PERMISSION_DENIED")
    assert (await institute.decided(study, "girard")).state == STUDY_STATE_REQUESTED
    assert "has decided" in await institute.refused("another+data-protection-officer", "DecideStudy", mine)
    assert (await institute.decided(study, "bonnet")).state == STUDY_STATE_APPROVED


async def test_one_person_does_not_speak_for_both_offices(institute: Institute) -> None:
    study = await institute.requested()
    both = "data-protection-officer+scientific-committee"
    for office, refused in ((OFFICE_DATA_PROTECTION_OFFICER, False), (OFFICE_SCIENTIFIC_COMMITTEE, True)):
        request = DecideStudyRequest(study_id=study.study_id, office=office, granted=True, reason="As declared.")
        if refused:
            assert "both offices" in await institute.refused(both, "DecideStudy", request)
        else:
            await institute.ask(both, "DecideStudy", request)


async def test_a_study_that_one_office_refuses_is_refused(institute: Institute) -> None:
    study = await institute.requested()
    assert (await institute.decided(study, "bonnet", granted=False)).state == STUDY_STATE_REFUSED
    late = DecideStudyRequest(study_id=study.study_id, office=OFFICE_DATA_PROTECTION_OFFICER, granted=True, reason="Late.")
    assert "is decided" in await institute.refused("girard", "DecideStudy", late)
    assert "not approved" in await institute.refused("leroy", "MakeExtract", MakeExtractRequest(study_id=study.study_id))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"cohort": '{"name": "Dupont"}'}, "no cohort"),
        ({"cohort": '{"criteria": [{"table": "note"}]}'}, "a word is asked for"),
        ({"until": date(2020, 1, 1)}, "ends after today"),
        ({"until": date(2199, 1, 1)}, "within 10 years"),
        ({"tables": [RESEARCH_TABLE_NOTE, RESEARCH_TABLE_NOTE]}, "asked for once"),
        ({"tables": []}, "tables"),
    ],
)
async def test_a_request_that_cannot_be_is_refused_with_its_reason(institute: Institute, wrong: Any, told: str) -> None:
    refused = await institute.refused("leroy", "RequestStudy", RequestStudyRequest(request=wanted(**wrong)))
    assert refused.startswith("INVALID_ARGUMENT")
    assert told in refused


async def test_who_is_no_member_sees_and_does_nothing(institute: Institute) -> None:
    study = await institute.approved(members=["dupont"])
    await institute.extract(study)
    query = QueryWorkspaceRequest(study_id=study.study_id, query="select 1")
    assert (await institute.ask("dupont", "QueryWorkspace", query)).rows
    for who in ("martin", "else+researcher"):
        for method, request in (
            ("GetStudy", GetStudyRequest(study_id=study.study_id)),
            ("MakeExtract", MakeExtractRequest(study_id=study.study_id)),
            ("QueryWorkspace", query),
            ("EndStudy", EndStudyRequest(study_id=study.study_id)),
        ):
            assert (await institute.refused(who, method, request)).startswith("PERMISSION_DENIED")
    assert not (await institute.ask("else+researcher", "ListStudies", ListStudiesRequest())).studies
    # Who decides sees what is asked for, and no rows.
    assert (await institute.ask("girard", "GetStudy", GetStudyRequest(study_id=study.study_id))).study.request.title
    assert (await institute.refused("girard", "QueryWorkspace", query)).startswith("PERMISSION_DENIED")
    assert (await institute.refused("leroy", "GetStudy", GetStudyRequest(study_id=str(uuid4())))).startswith("NOT_FOUND")


async def test_an_extract_has_what_was_granted_under_other_names_and_on_other_days(institute: Institute) -> None:
    study = await institute.approved(tables=[RESEARCH_TABLE_PROCEDURE_OCCURRENCE, RESEARCH_TABLE_MEASUREMENT])
    made = await institute.extract(study)
    risk = made.risk
    assert not made.refused
    assert risk.smallest_class >= 5
    assert risk.persons + risk.suppressed == PATIENTS
    assert risk.suppressed <= 0.05 * PATIENTS
    assert (risk.singled_out, risk.coarseness.sex) == (0, True)
    assert 0 < risk.linkable < 0.2
    assert made.rows == {"person": risk.persons, "procedure_occurrence": risk.persons, "measurement": risk.persons}
    with pytest.raises(grpc.RpcError, match="note does not exist"):
        await institute.rows(study, "select * from note")
    days = await institute.rows(study, "select min(procedure_date), max(procedure_date) from procedure_occurrence")
    assert "2024-03-03" < days[0][0] < days[0][1] < "2025-03-04"
    await rows_name_nobody(institute, study)


async def rows_name_nobody(institute: Institute, study: Study) -> None:
    found = await institute.studying.store.get(study.study_id)
    async with institute.objects.local(found.extract.database, institute.region.folder) as file:
        with duckdb.connect(str(file), read_only=True) as database:
            tables = [name for (name,) in database.execute("select table_name from duckdb_tables()").fetchall()]
            everything = "".join(str(database.table(name).fetchall()) for name in tables)
    with institute.region.warehouse.snapshot() as database:
        names = database.execute("select person_id, person_source_value, lineage from person").fetchall()
        cases = database.execute("select case_source_value, procedure_occurrence_id from procedure_occurrence").fetchall()
    assert len(everything) > 10_000
    assert not [name for row in (*names, *cases) for name in row if str(name) in everything]


async def test_rows_of_two_studies_have_no_name_and_no_pattern_of_days_in_common(institute: Institute) -> None:
    studies = [await institute.approved(tables=[RESEARCH_TABLE_PROCEDURE_OCCURRENCE]) for _ in range(2)]
    found = []
    for study in studies:
        await institute.extract(study)
        query = "select distinct person_id, procedure_occurrence_id, case_id from procedure_occurrence"
        found.append({value for row in await institute.rows(study, query) for value in row})
    assert len(found[0]) == len(found[1]) > 3 * 150
    assert not found[0] & found[1]
    again = institute.extract(studies[0])
    assert (await again).number == 2
    assert found[0] == {value for row in await institute.rows(studies[0], query) for value in row}


async def test_too_few_persons_are_not_given(institute: Institute) -> None:
    study = await institute.approved(cohort='{"born_from": 1940, "born_to": 1940, "sex": "male"}')
    made = await institute.extract(study)
    assert "fewer than 5 persons" in made.refused
    assert not made.rows
    asked = QueryWorkspaceRequest(study_id=study.study_id, query="select 1")
    assert "no rows yet" in await institute.refused("leroy", "QueryWorkspace", asked)


async def test_a_rare_value_that_a_whole_class_has_is_not_given(own_institute: Institute) -> None:
    """Of one year, all have what nobody else has: k-anonymous, and yet it would tell of each what they have."""
    region = own_institute.region
    born = [one for one in range(PATIENTS) if 1940 + one % 50 == 1950]
    region.gather(genes(one, "*2A/*2A") for one in born)
    region.snapshot("20260102T000000.000000Z")
    study = await own_institute.approved(cohort='{"born_from": 1950, "born_to": 1950}', tables=[RESEARCH_TABLE_MEASUREMENT])
    # All of them have it: that is who was asked for.
    assert not (await own_institute.extract(study)).refused
    women = '{"sex": "female", "born_from": 1950, "born_to": 1951}'
    study = await own_institute.approved(cohort=women, tables=[RESEARCH_TABLE_MEASUREMENT])
    made = await own_institute.extract(study)
    assert made.risk.coarseness.birth_band != 1
    study = await own_institute.approved(cohort=women, tables=[RESEARCH_TABLE_PROCEDURE_OCCURRENCE])
    assert (await own_institute.extract(study)).risk.coarseness.birth_band == 1
    assert made.risk.least_values >= 2


async def test_a_rare_diagnosis_that_a_whole_class_has_is_not_given_where_diagnoses_are(own_institute: Institute) -> None:
    region = own_institute.region
    born = [one for one in range(PATIENTS) if 1940 + one % 50 in (1950, 1951)]
    region.gather(report(one, "Lymphome.", codes=["C81" if 1940 + one % 50 == 1950 else "D24"]) for one in born)
    region.gather(report(one, "Bénin.", codes=["D24"]) for one in range(PATIENTS) if one not in born)
    region.snapshot("20260102T000000.000000Z")
    # Of men there are too few of a year for any study.
    cohort = '{"sex": "female", "born_from": 1950, "born_to": 1955}'
    study = await own_institute.approved(cohort=cohort, tables=[RESEARCH_TABLE_CONDITION_OCCURRENCE])
    made = await own_institute.extract(study)
    assert (made.rows["condition_occurrence"], made.risk.coarseness.birth_band != 1) == (made.risk.persons, True)
    assert made.risk.least_values >= 2
    columns = "condition_source_value, condition_source_system"
    assert ("C81", "I10") in await own_institute.rows(study, f"select distinct {columns} from condition_occurrence")
    without = await own_institute.extract(
        await own_institute.approved(cohort=cohort, tables=[RESEARCH_TABLE_PROCEDURE_OCCURRENCE])
    )
    assert without.risk.coarseness.birth_band == 1


@pytest.mark.parametrize(
    "query",
    [
        "copy person to '/tmp/rows.csv'",
        "attach '/tmp/other.duckdb'",
        "create table mine as select 1",
        "set memory_limit = '100GB'",
        "select 1; select 2",
        "select * from read_csv('/etc/passwd')",
        "select * from glob('/*')",
        "install httpfs",
        "this is no SQL",
        "select * from nowhere",
    ],
)
async def test_a_workspace_is_asked_and_nothing_else(institute: Institute, query: str) -> None:
    study = await institute.approved()
    await institute.extract(study)
    for method, request in (
        ("QueryWorkspace", QueryWorkspaceRequest(study_id=study.study_id, query=query)),
        ("RequestExport", RequestExportRequest(study_id=study.study_id, query=query, reason="To have it at home")),
    ):
        assert (await institute.refused("leroy", method, request)).startswith("INVALID_ARGUMENT")


async def test_a_question_that_does_not_end_is_ended(institute: Institute, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.studies.studying.SECONDS", 1.0)
    study = await institute.approved()
    await institute.extract(study)
    endless = "with recursive more as (select 1 as n union all select n + 1 from more) select max(n) from more"
    asked = QueryWorkspaceRequest(study_id=study.study_id, query=endless)
    assert "was not done in 1 s" in await institute.refused("leroy", "QueryWorkspace", asked)
    monkeypatch.setattr("hub.studies.studying.SECONDS", 60.0)
    assert await institute.rows(study, "select 1") == [("1",)]


async def test_results_leave_by_review_alone(institute: Institute) -> None:
    study = await institute.approved(members=["dupont"])
    await institute.extract(study)
    counts = "select value_source_value as diplotype, count(*) as n from measurement group by all order by all"
    export = await institute.export(study, f"{counts} limit 2")
    assert export.rows == 2
    read = ReadExportRequest(study_id=study.study_id, export_id=export.export_id)
    assert (await institute.refused("leroy", "ReadExport", read)).startswith("PERMISSION_DENIED")
    content = (await institute.ask("girard", "ReadExport", read)).content.decode()
    assert content.startswith("diplotype,n\r\n*1/*1,")
    grant = DecideExportRequest(study_id=study.study_id, export_id=export.export_id, granted=True, reason="Counts of many.")
    for who in ("leroy", "bonnet", "dupont"):
        assert (await institute.refused(who, "DecideExport", grant)).startswith("PERMISSION_DENIED")
    assert (await institute.ask("girard", "DecideExport", grant)).export.state == EXPORT_STATE_GRANTED
    assert (await institute.ask("dupont", "ReadExport", read)).content.decode() == content
    assert "is decided" in await institute.refused("girard", "DecideExport", grant)


async def test_an_export_that_tells_persons_apart_is_refused_and_small_counts_are_pointed_at(institute: Institute) -> None:
    study = await institute.approved()
    await institute.extract(study)
    named = RequestExportRequest(study_id=study.study_id, query="select person_id from person", reason="To go on at home")
    assert "person_id" in await institute.refused("leroy", "RequestExport", named)
    export = await institute.export(study, "select 'rare' as what, 3 as n union all select 'often', 300 order by all")
    assert list(export.small) == ["row 2, n: 3"]
    many = RequestExportRequest(study_id=study.study_id, query="select range from range(10001)", reason="Everything there is")
    assert "at most 10000 rows" in await institute.refused("leroy", "RequestExport", many)


async def test_who_withdraws_leaves_every_study_and_its_files(own_institute: Institute) -> None:
    study = await own_institute.approved()
    before = await own_institute.extract(study)
    own_institute.region.gather([withdrawal(8, LATER)])
    own_institute.region.snapshot("20260201T000000.000000Z")
    own_institute.region.warehouse.expire(30)
    await own_institute.studying.keep()
    after = (await own_institute.studying.store.get(study.study_id)).extract
    assert after.rows["person"] == before.rows["person"] - 1
    assert after.rows["note"] == before.rows["note"] - 1
    for gone in (before.database, before.subjects):
        with pytest.raises(NotFound):
            await own_institute.objects.get(gone)
    assert subject(8).encode() not in await own_institute.objects.get(after.subjects)
    assert await own_institute.rows(study, "select count(*) from person") == [(str(after.rows["person"]),)]
    await own_institute.studying.keep()
    assert (await own_institute.studying.store.get(study.study_id)).extract == after


async def test_whom_a_hub_that_is_made_anew_has_not_gathered_yet_stays_in_a_study(own_institute: Institute) -> None:
    study = await own_institute.approved()
    before = await own_institute.extract(study)
    region = Region(own_institute.region.folder / "anew")
    own_institute.studying.warehouse = region.warehouse

    async def kept() -> Extract:
        await own_institute.studying.keep()
        return (await own_institute.studying.store.get(study.study_id)).extract

    assert await kept() == before
    region.gather(case(one) for one in range(PATIENTS // 2))
    region.snapshot("20260102T000000.000000Z")
    assert await kept() == before
    region.gather([case(PATIENTS - 8), withdrawal(PATIENTS - 8, LATER), withdrawal(8, LATER)])
    region.snapshot("20260103T000000.000000Z")
    region.warehouse.expire(1)
    after = await kept()
    left = str(await own_institute.objects.get(after.subjects))
    assert [subject(one) in left for one in (8, PATIENTS - 8, 9, PATIENTS - 9)] == [False, False, True, True]


async def test_when_its_time_is_over_nothing_of_a_study_can_be_read(institute: Institute) -> None:
    until = date.today() + timedelta(days=30)
    study = await institute.approved(until=until)
    made = await institute.extract(study)
    export = await institute.export(study, "select count(*) from person")
    institute.studying.today = lambda: until
    await institute.studying.keep()
    assert await institute.rows(study, "select 1") == [("1",)]
    institute.studying.today = lambda: until + timedelta(days=1)
    await institute.studying.keep()
    shown = (await institute.ask("leroy", "GetStudy", GetStudyRequest(study_id=study.study_id))).study
    assert (shown.state, shown.HasField("extract")) == (STUDY_STATE_ENDED, False)
    for ref in (made.database, made.subjects, export.content):
        with pytest.raises(NotFound):
            await institute.objects.get(ref)
    assert not await institute.objects.names(folder_of(study.study_id))
    assert await institute.studying.store.keys.get(study.study_id) is None
    asked = QueryWorkspaceRequest(study_id=study.study_id, query="select 1")
    assert "its time is not over" in await institute.refused("leroy", "QueryWorkspace", asked)


async def test_a_copy_of_a_study_that_is_over_cannot_be_read(institute: Institute) -> None:
    study = await institute.approved()
    made = await institute.extract(study)
    kept = await institute.objects.read(made.database.path)
    assert kept is not None
    assert (await institute.ask("leroy", "EndStudy", EndStudyRequest(study_id=study.study_id))).study.ended_by == "leroy"
    await institute.objects.write(made.database.path, kept)
    institute.objects.streams.clear()
    with pytest.raises(Erased):
        await institute.objects.get(made.database)


async def test_a_cohort_is_counted_while_it_is_built_and_a_few_are_not_told(institute: Institute) -> None:
    async def count(cohort: str, who: str = "leroy") -> int:
        return int((await institute.ask(who, "CountCohort", CountCohortRequest(project=PROJECT, cohort=cohort))).persons)

    assert await count('{"sex": "female"}') == 400
    assert await count('{"criteria": [{"table": "measurement", "code": "DPYD", "value": "*1/*2A"}]}') == 150
    assert await count("{}") == 600
    assert await count('{"born_from": 1940, "born_to": 1940, "sex": "male"}', "dupont") == 0
    asked = CountCohortRequest(project=PROJECT, cohort="{}")
    assert (await institute.refused("martin", "CountCohort", asked)).startswith("PERMISSION_DENIED")


async def test_two_answers_that_tell_of_a_few_are_not_given_to_one_researcher(institute: Institute) -> None:
    def asking(cohort: str) -> CountCohortRequest:
        return CountCohortRequest(project=PROJECT, cohort=cohort)

    await institute.ask("leroy", "CountCohort", asking('{"sex": "male", "born_from": 1940, "born_to": 1988}'))
    told = await institute.refused("leroy", "CountCohort", asking('{"sex": "male"}'))
    assert "few persons" in told
    assert (await institute.ask("dupont", "CountCohort", asking('{"sex": "male"}'))).persons == 200


async def test_codes_that_many_have_are_offered(own_institute: Institute) -> None:
    own_institute.region.gather([case(PATIENTS, code="RARE")])
    own_institute.region.snapshot("20260103T000000.000000Z")
    codes = (await own_institute.ask("leroy", "ListCodes", ListCodesRequest(project=PROJECT))).codes
    assert [(one.table, one.code, one.text) for one in codes] == [
        (RESEARCH_TABLE_PROCEDURE_OCCURRENCE, "11529-5", "Anatomie pathologique"),
        (RESEARCH_TABLE_MEASUREMENT, "DPYD", ""),
    ]


async def test_audit_is_told_who_did_what_with_which_study_and_who_was_refused(institute: Institute) -> None:
    study = await institute.approved()
    await institute.extract(study)
    await institute.rows(study, "select 1")
    await institute.refused("martin", "MakeExtract", MakeExtractRequest(study_id=study.study_id))
    told = [AccessRecorded.FromString(record.value) for record in institute.told.records]
    assert [(one.agent.user_id, one.operation.split("/")[1], one.outcome) for one in told] == [
        ("leroy", "RequestStudy", OUTCOME_DONE),
        ("girard", "DecideStudy", OUTCOME_DONE),
        ("bonnet", "DecideStudy", OUTCOME_DONE),
        ("leroy", "MakeExtract", OUTCOME_DONE),
        ("leroy", "QueryWorkspace", OUTCOME_DONE),
        ("martin", "MakeExtract", OUTCOME_REFUSED),
    ]
    assert {one.entries[0].identifier for one in told[1:]} == {study.study_id}


PEER = """
import json, sys
import pandas
from pycanon import anonymity
rows = pandas.DataFrame(json.load(open(sys.argv[1])))
quasi, sensitive = ["gender_source_value", "year_of_birth", "care_site_source_value"], ["value"]
telling = rows.groupby(quasi).filter(lambda one: set(one["value"]) != {"*1/*1"}).reset_index(drop=True)
print(json.dumps({"k": anonymity.k_anonymity(rows, quasi), "l": anonymity.l_diversity(telling, quasi, sensitive)}))
"""


async def test_classes_and_values_are_as_pycanon_counts_them(institute: Institute, tmp_path: Path) -> None:
    """Of classes that have nothing but what most have, l says nothing: pycanon is not asked of them."""
    study = await institute.approved(tables=[RESEARCH_TABLE_MEASUREMENT])
    risk = (await institute.extract(study)).risk
    found = await institute.studying.store.get(study.study_id)
    async with institute.objects.local(found.extract.database, tmp_path) as file:
        with duckdb.connect(str(file), read_only=True) as database:
            rows = database.execute(
                "select gender_source_value, year_of_birth, care_site_source_value, value_source_value as value "
                "from person join measurement using (person_id)"
            ).fetchall()
    names = ("gender_source_value", "year_of_birth", "care_site_source_value", "value")
    (tmp_path / "rows.json").write_text(json.dumps([dict(zip(names, row, strict=True)) for row in rows]))
    (tmp_path / "peer.py").write_text(PEER)
    python = await asyncio.to_thread(peer_python, "pycanon", "pycanon==1.1.0")
    arguments = [str(python), str(tmp_path / "peer.py"), str(tmp_path / "rows.json")]
    told = await asyncio.to_thread(subprocess.check_output, arguments)
    assert json.loads(told) == {"k": risk.smallest_class, "l": risk.least_values}
