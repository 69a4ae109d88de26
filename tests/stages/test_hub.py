"""The region's tables on real Iceberg: gathered once, versioned, counted, and without who was withdrawn."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from stages.region import (
    EARLIER,
    LAST,
    LATER,
    NAMES,
    PROJECT,
    Region,
    case,
    genes,
    moved,
    report,
    said,
    subject,
    variants,
    withdrawal,
)

from casepath.deidentification.v1.release_pb2 import (
    WITHDRAWAL_REASON_MOVED,
    FactReleased,
)
from casepath.intake.v1.patient_pb2 import SEX_FEMALE, Patient
from chassis.errors import Misconfigured, NotFound, Unavailable
from deidentification.linkage import encoding
from hub import facts
from hub.adapters import warehouse
from hub.adapters.warehouse import version_name
from hub.cohorts import persons, read_cohort
from hub.omop import TABLES
from hub.questions import Refused, count
from hub.vocabulary import mapped


def ids(database: duckdb.DuckDBPyConnection) -> set[str]:
    return {subject for (subject,) in database.execute("select person_source_value from person").fetchall()}


@pytest.fixture
def region(tmp_path: Path) -> Region:
    return Region(tmp_path / "region")


def test_what_was_gathered_before_a_crash_is_there_once(region: Region) -> None:
    region.gather(case(one) for one in range(5))
    again = Region(region.folder)
    assert again.warehouse.offsets() == {"facts/0": 5}
    again.offset = 5
    again.gather([case(5)])
    assert Region(region.folder).warehouse.offsets() == {"facts/0": 6}
    assert again.snapshot("one")["person"] == 6


def test_a_fact_that_is_said_twice_or_anew_is_there_once_as_it_was_said_last(region: Region) -> None:
    region.gather([case(1), case(1), genes(1, "*1/*1"), genes(1, "*1/*2A")])
    assert region.snapshot("one") == {
        "person": 1,
        "condition_occurrence": 0,
        "procedure_occurrence": 1,
        "specimen": 0,
        "measurement": 1,
        "note": 0,
        "image_occurrence": 0,
        "unmapped": 2,
    }
    with region.warehouse.snapshot() as database:
        assert database.execute("select value_source_value, measurement_date from measurement").fetchall() == [
            ("*1/*2A", datetime(2025, 3, 4).date())
        ]


def test_a_snapshot_says_the_same_for_ever_and_another_what_came_since(region: Region) -> None:
    region.gather(case(one) for one in range(20))
    region.snapshot("20260101")
    region.gather(case(one) for one in range(20, 45))
    region.snapshot("20260102")
    assert region.warehouse.snapshots() == ["20260101", "20260102"]
    with region.warehouse.snapshot("20260101") as before, region.warehouse.snapshot() as now:
        assert len(ids(before)) == 20
        assert len(ids(now)) == 45
    with pytest.raises(NotFound), region.warehouse.snapshot("20250101"):
        pass


def test_of_who_objects_nothing_is_left_in_any_snapshot_or_file(region: Region) -> None:
    region.gather(
        [
            *(case(one) for one in range(20)),
            report(7, "Carcinome de la patiente sept."),
            *(genes(one, "*1/*1") for one in range(20)),
        ]
    )
    region.snapshot("20260101")
    event = NAMES.name("event", "7")
    assert len([path for path in region.folder.rglob("*.parquet") if holds(path, event)]) >= 5
    region.gather([withdrawal(7, LATER)])
    assert region.snapshot("20260102")["person"] == 19
    assert region.warehouse.expire(30) == [subject(7)]
    assert region.warehouse.snapshots() == ["20260102"]
    assert not [path for path in region.folder.rglob("*.parquet") if holds(path, event)]
    assert region.warehouse.expire(30) == []
    # What was on its way when the patient objected comes after it, and is not taken.
    region.gather([case(7, EARLIER), report(7, "Carcinome de la patiente sept.")])
    assert region.snapshot("20260103")["person"] == 19
    assert region.warehouse.expire(30) == [subject(7)]
    region.gather([case(7, LAST)])
    assert region.snapshot("20260104")["person"] == 20


def test_a_snapshot_of_before_a_table_was_is_asked_without_it_and_forgotten_with_who_was_in_it(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    region.gather([*(case(one) for one in range(20)), report(7, "Carcinome.", codes=["C50.9"])])
    earlier = {name: query for name, query in TABLES.items() if name != "condition_occurrence"}
    with monkeypatch.context() as before:
        before.setattr(warehouse, "TABLES", earlier)
        before.setattr(warehouse.Warehouse, "tables", (*earlier, "unmapped"))
        region.snapshot("20260101T000000.000000Z")
    assert region.warehouse.snapshots() == ["20260101T000000.000000Z"]
    with pytest.raises(Unavailable, match="next snapshot"), region.warehouse.snapshot():
        pass
    assert region.warehouse.behind()
    assert region.snapshot("20260102T000000.000000Z")["condition_occurrence"] == 1
    with region.warehouse.snapshot("20260101T000000.000000Z") as database:
        assert database.execute("select count(*), (select count(*) from person) from condition_occurrence").fetchone() == (0, 20)
    event = NAMES.name("event", "7")
    region.gather([withdrawal(7, LATER)])
    region.snapshot("20260103T000000.000000Z")
    assert region.warehouse.expire(30) == [subject(7)]
    assert region.warehouse.snapshots() == ["20260103T000000.000000Z"]
    assert not [path for path in region.folder.rglob("*.parquet") if holds(path, event)]


def holds(file: Path, lineage: str) -> bool:
    """Whether a file has anything of this event but that it was withdrawn."""
    found = duckdb.read_parquet(str(file))
    if "lineage" not in found.columns:
        return False
    mine = found.filter(f"lineage = '{lineage}'")
    return bool((mine.filter("domain <> 'withdrawal'") if "domain" in found.columns else mine).fetchall())


def test_a_case_that_moved_is_no_longer_whose_it_was(region: Region) -> None:
    gone = withdrawal(1, LATER, WITHDRAWAL_REASON_MOVED, NAMES.name("case", "1"))
    region.gather([case(1), gone, moved(case(2), LATER)])
    region.snapshot("20260101")
    with region.warehouse.snapshot() as database:
        assert ids(database) == {subject(2)}
    assert region.warehouse.expire(30) == []
    # Who does not object any more, as was said after the case had moved, had it when nobody knew of that yet.
    region.gather([case(1, LAST), gone])
    region.snapshot("20260102")
    with region.warehouse.snapshot() as database:
        assert ids(database) == {subject(2)}
    # It comes back, and is still theirs when what was on its way is heard of.
    region.gather([moved(case(1), LAST), case(1, LAST), gone])
    region.snapshot("20260103")
    with region.warehouse.snapshot() as database:
        assert ids(database) == {subject(1), subject(2)}


def test_of_what_is_said_of_one_thing_the_latest_counts_in_whatever_order_it_comes(region: Region) -> None:
    region.gather([said(case(1, code="later"), LATER), said(case(1, code="earlier"), EARLIER)])
    region.snapshot("one")
    with region.warehouse.snapshot() as database:
        assert database.sql("select procedure_source_value from procedure_occurrence").fetchall() == [("later",)]


def test_facts_that_an_earlier_version_gathered_hold_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = pa.schema([one for one in facts.SCHEMA if one.name not in ("moved_as_of", "said_at")])
    with monkeypatch.context() as earlier:
        earlier.setattr(facts, "SCHEMA", before)
        earlier.setattr(warehouse, "SCHEMA", before)
        Region(tmp_path).gather([case(1), case(2)])
    region = Region(tmp_path)
    assert region.snapshot("20260101")["person"] == 2
    region.gather([moved(case(3), LATER), withdrawal(2, LATER, WITHDRAWAL_REASON_MOVED, NAMES.name("case", "2"))])
    region.snapshot("20260102")
    with region.warehouse.snapshot() as database:
        assert ids(database) == {subject(1), subject(3)}


def test_old_snapshots_are_forgotten_with_their_files(region: Region) -> None:
    for number in range(4):
        region.gather([case(number)])
        region.snapshot(f"2026010{number}")
    before = len(list(region.folder.rglob("*.parquet")))
    region.warehouse.expire(2)
    assert region.warehouse.snapshots() == ["20260102", "20260103"]
    assert len(list(region.folder.rglob("*.parquet"))) < before
    tables = [region.warehouse.catalog.load_table(f"hub.{name}") for name in (*region.warehouse.tables, "facts")]
    kept = {
        one.file.file_path.removeprefix("file://")
        for table in tables
        for snapshot in table.snapshots()
        for one in table.scan(snapshot_id=snapshot.snapshot_id).plan_files()
    }
    assert {str(path) for path in region.folder.rglob("*.parquet")} == kept


def test_what_no_snapshot_has_yet_is_known_after_a_crash(region: Region) -> None:
    assert not region.warehouse.behind()
    region.gather([case(1)])
    assert Region(region.folder).warehouse.behind()
    region.snapshot(version_name())
    assert not Region(region.folder).warehouse.behind()
    region.gather([case(2)])
    assert Region(region.folder).warehouse.behind()


def test_tables_of_an_earlier_version_get_the_columns_that_they_lack(region: Region) -> None:
    region.gather([case(1)])
    region.snapshot("20260101")
    table = region.warehouse.catalog.load_table("hub.person")
    with table.update_schema(allow_incompatible_changes=True) as update:
        update.delete_column("subjects")
    region.gather([case(2)])
    assert region.snapshot("20260102")["person"] == 2
    with region.warehouse.snapshot() as database:
        assert set(database.execute("select subjects from person").fetchall()) == {(subject(1),), (subject(2),)}


def read_while_it_is_forgotten(region: Region) -> None:
    with region.warehouse.snapshot() as database:
        region.gather([case(2)])
        region.snapshot("20260102")
        region.warehouse.expire(1)
        database.table("person").fetchall()


def test_a_snapshot_that_is_forgotten_while_it_is_read_says_so(region: Region) -> None:
    region.gather([case(1)])
    region.snapshot("20260101")
    with pytest.raises(Unavailable, match="ask the newest one"):
        read_while_it_is_forgotten(region)
    with region.warehouse.snapshot() as database:
        assert ids(database) == {subject(1), subject(2)}


def test_codes_have_concepts_of_the_sites_files_and_what_has_none_is_reported(region: Region, tmp_path: Path) -> None:
    vocabulary = tmp_path / "vocabulary"
    vocabulary.mkdir()
    (vocabulary / "CONCEPT.csv").write_text(
        "concept_id\tconcept_name\tvocabulary_id\tconcept_code\n101\tPathology\tLOINC\t11529-5\n102\tOther\tSNOMED\t11529-5\n"
    )
    (vocabulary / "source_to_concept_map.csv").write_text("source_code,source_vocabulary_id,target_concept_id\nLOCAL1,LN,103\n")
    region.gather([case(1), case(2, code="LOCAL1"), case(3, code="LOCAL2"), case(4, code="LOCAL2")])
    region.snapshot("one", vocabulary)
    with region.warehouse.snapshot() as database:
        concepts = database.execute("select procedure_source_value, procedure_concept_id from procedure_occurrence").fetchall()
        assert set(concepts) == {("11529-5", 101), ("LOCAL1", 103), ("LOCAL2", 0)}
        assert database.execute("select hospital, code, rows from unmapped order by hospital").fetchall() == [
            ("angers", "LOCAL2", 1),
            ("brest", "LOCAL2", 1),
        ]
    (vocabulary / "CONCEPT.csv").write_text("this,is,another\n1,2,3\n")
    with pytest.raises(Misconfigured, match=r"CONCEPT\.csv"):
        mapped(vocabulary)


def asked(region: Region, text: str, before: Sequence[str] = ()) -> int | None:
    with region.warehouse.snapshot() as database:
        return count(database, PROJECT, read_cohort(text), [read_cohort(one) for one in before], 10)


def test_a_cohort_is_counted_by_what_was_said_of_persons(region: Region) -> None:
    region.gather([*(case(one) for one in range(90)), *(genes(one, "*1/*2A" if one < 30 else "*1/*1") for one in range(90))])
    region.gather(report(one, "Carcinome infiltrant.", codes=["C50.9"] if one < 20 else []) for one in range(40))
    region.snapshot("one")
    assert asked(region, "{}") == 90
    assert asked(region, '{"criteria": [{"table": "condition_occurrence", "code": "C50.9"}]}') == 20
    assert asked(region, '{"sex": "male"}') == 30
    assert asked(region, '{"criteria": [{"table": "measurement", "code": "DPYD", "value": "*1/*2A"}]}') == 30
    assert asked(region, '{"sex": "male", "criteria": [{"table": "note", "word": "CARCINOME"}]}') == 15
    assert asked(region, '{"born_from": 1940, "born_to": 1944}') == 10
    assert asked(region, '{"born_from": 1940, "born_to": 1940}') is None


def test_known_variants_are_those_of_the_last_lookup_of_a_file_and_none_of_another_patients(region: Region) -> None:
    wanted = '{"criteria": [{"table": "measurement", "code": "TP53", "value": "Pathogenic"}]}'
    region.gather([case(one) for one in range(40)])
    region.gather([variants(one, "Pathogenic", "Uncertain significance") for one in range(40)])
    region.snapshot("20260101")
    assert asked(region, wanted) == 40
    region.gather([variants(one, "Uncertain significance") for one in range(10)])
    region.gather([variants(one) for one in range(10, 15)])
    region.gather([variants(one, withdraws=True) for one in range(15, 20)])
    region.snapshot("20260102")
    assert asked(region, wanted) == 20
    with region.warehouse.snapshot() as database:
        counted = database.execute(
            "select count(*) filter (measurement_source_value = 'known-variants'), "
            "count(*) filter (measurement_source_value = 'TP53') from measurement"
        ).fetchone()
    assert counted == (35, 10 + 2 * 20)


def test_diagnoses_are_those_that_the_part_that_holds_said_last(region: Region) -> None:
    def diagnosed(patient: int) -> list[str]:
        with region.warehouse.snapshot() as database:
            of_patient = "from condition_occurrence join person using (person_id) where person_source_value = ?"
            found = database.execute(f"select condition_source_value {of_patient} order by 1", [subject(patient)]).fetchall()
        return [code for (code,) in found]

    region.gather([case(1), case(2), report(1, "Carcinome.", codes=["C50.9", "D05.1"]), report(2, "Bénin.", codes=["D24"])])
    region.snapshot("20260101")
    assert (diagnosed(1), diagnosed(2)) == (["C50.9", "D05.1"], ["D24"])
    region.gather([report(1, "Relu : quadrant supéro-externe.", 2, codes=["C50.4"]), report(1, "HER2 négatif.", 3)])
    region.snapshot("20260102")
    assert diagnosed(1) == ["C50.4"]
    region.gather([report(1, "Mauvais dossier.", 4, withdraws=True)])
    region.snapshot("20260103")
    assert (diagnosed(1), diagnosed(2)) == ([], ["D24"])
    region.gather([report(1, "Adénome.", 5, codes=["D24"])])
    region.snapshot("20260104")
    assert diagnosed(1) == ["D24"]


def test_of_a_report_that_was_signed_in_error_no_note_is_left_and_of_the_next_there_is(region: Region) -> None:
    def notes(patient: int) -> list[tuple[str, str]]:
        with region.warehouse.snapshot() as database:
            of_patient = "from note join person using (person_id) where person_source_value = ?"
            found = database.execute(f"select note_title, note_text {of_patient} order by 2", [subject(patient)]).fetchall()
        return [(title, text) for title, text in found]

    region.gather([case(1), case(2), report(1, "Carcinome."), report(1, "HER2 négatif.", 2), report(2, "Bénin.")])
    region.gather([report(1, "Mauvais dossier.", 3, withdraws=True)])
    region.snapshot("20260101")
    assert (notes(1), notes(2)) == ([], [("report", "Bénin.")])
    region.gather([report(1, "Adénome.", 4), report(1, "Relu.", 5)])
    region.snapshot("20260102")
    assert notes(1) == [("report", "Adénome."), ("addendum", "Relu.")]


def test_a_question_that_would_tell_of_a_few_beside_an_earlier_one_is_refused(region: Region) -> None:
    region.gather(case(one) for one in range(100))
    region.snapshot("one")
    before = ['{"born_from": 1940, "born_to": 1988}']
    assert asked(region, before[0]) == 100
    with pytest.raises(Refused, match="few persons"):
        asked(region, "{}", before)
    assert asked(region, before[0], before) == 100
    assert asked(region, '{"born_from": 1940, "born_to": 1960}', before) == 40


def test_of_two_cohorts_that_are_both_too_small_nothing_is_told_and_nothing_refused(region: Region) -> None:
    region.gather(case(one) for one in range(8))
    region.snapshot("one")
    assert asked(region, "{}") is None
    assert asked(region, '{"sex": "male"}', ["{}"]) is None
    assert asked(region, '{"born_from": 2190}', ["{}", '{"sex": "male"}']) is None


def test_genes_that_were_said_in_error_are_in_no_table_until_the_sample_is_reported_anew(region: Region) -> None:
    region.gather([case(1), genes(1, "*1/*1"), genes(1, "")])
    withdrawn = genes(1, "")
    del withdrawn.pharmacogenomics.genes[:]
    withdrawn.pharmacogenomics.withdraws = True
    region.gather([withdrawn])
    assert region.snapshot("20260101")["measurement"] == 0
    region.gather([genes(1, "*1/*2A")])
    assert region.snapshot("20260102")["measurement"] == 1


def test_what_every_row_says_leads_back_to_its_event(region: Region) -> None:
    region.gather([case(1), genes(1, "*1/*1")])
    region.snapshot("one")
    with region.warehouse.snapshot() as database:
        for table in ("person", "procedure_occurrence", "measurement"):
            assert database.table(table).select("lineage").fetchall() == [(NAMES.name("event", "1"),)]


def in_hospital(number: int, hospital: str, family: str) -> FactReleased:
    """A case of a patient who is known in this hospital under a number of their own."""
    made = case(number)
    made.hospital = hospital
    person = Patient(family_name=family, given_names=["Éléonore"], birth_date="1961-10-23", sex=SEX_FEMALE)
    made.case.linkage = encoding(person, b"r" * 32)
    return made


def test_who_was_in_two_hospitals_is_one_person_with_what_both_know(region: Region) -> None:
    region.gather([in_hospital(1, "angers", "Le Goff"), in_hospital(2, "brest", "LEGOF"), in_hospital(3, "brest", "Kervalodec")])
    region.gather([genes(1, "*1/*1"), report(2, "Carcinome.")])
    assert region.snapshot("20260101")["person"] == 2
    both = read_cohort('{"criteria": [{"table": "measurement", "code": "DPYD"}, {"table": "note", "word": "carcinome"}]}')
    with region.warehouse.snapshot() as database:
        assert count(database, PROJECT, both, [], 1) == 0
        query, parameters = persons(both, PROJECT)
        assert len(database.execute(query, parameters).fetchall()) == 1
        everything = "".join(str(database.table(name).fetchall()) for name in region.warehouse.tables)
    assert in_hospital(1, "angers", "Le Goff").case.linkage.hex() not in everything


def test_a_patient_who_withdraws_in_one_hospital_is_still_the_others(region: Region) -> None:
    region.gather(
        [in_hospital(1, "angers", "Le Goff"), in_hospital(2, "brest", "Le Goff"), genes(1, "*1/*1"), genes(2, "*1/*2A")]
    )
    region.gather([withdrawal(1, LATER)])
    assert region.snapshot("20260101")["person"] == 1
    with region.warehouse.snapshot() as database:
        assert database.execute("select value_source_value from measurement").fetchall() == [("*1/*2A",)]
        assert ids(database) == {subject(2)}
