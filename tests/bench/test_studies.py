"""A study's extract: classes, risks and renamed rows, beside copying the same rows (generated)."""

import os
import time
from pathlib import Path

import duckdb

from bench.measuring import told
from casepath.hub.v1.studies_pb2 import RESEARCH_TABLE_MEASUREMENT, RESEARCH_TABLE_PROCEDURE_OCCURRENCE, DisclosureRisk
from hub.cohorts import persons, read_cohort
from hub.studies import disclosure
from hub.studies.extraction import extract
from hub.studies.names import Names

PERSONS = int(os.environ.get("BENCH_STUDY_PERSONS", "200000"))
EACH = 20
LEAST = 5


def generated(database: duckdb.DuckDBPyConnection) -> None:
    """Tables of a snapshot, as far as an extract reads them; what each column has is invented."""
    database.execute(
        f"""
        create table person as select range as person_id, 'bench' as project, 8532 as gender_concept_id,
            cast(1930 + hash(range) % 80 as integer) as year_of_birth, uuid()::varchar as person_source_value,
            if(hash(range + 1) % 2 = 0, 'female', 'male') as gender_source_value,
            'hospital-' || hash(range + 2) % 6 as care_site_source_value, uuid()::varchar as subjects
        from range({PERSONS})
        """
    )
    database.execute(
        f"""
        create table measurement as select range as measurement_id, range % {PERSONS} as person_id, 0 as measurement_concept_id,
            date '2020-01-01' + cast(range % 2000 as integer) as measurement_date, cast(null as double) as value_as_number,
            'GENE' || range // {PERSONS} as measurement_source_value, 'HGNC' as measurement_source_system,
XX || range % {PERSONS} as case_source_value
        from range({PERSONS * EACH})
        """
    )
    database.execute(
        f"""
        create table procedure_occurrence as select range as procedure_occurrence_id, range as person_id,
            0 as procedure_concept_id, date '2020-01-01' + cast(hash(range) % 2000 as integer) as procedure_date,
            'P' || hash(range) % 9 as procedure_source_value, 'LN' as procedure_source_system, '' as procedure_source_text,
            'case-' || range as case_source_value
        from range({PERSONS})
        """
    )
    database.execute("create table image_occurrence as select 0 as person_id, '' as sha256, '' as local_path, 0 as size limit 0")


def test_an_extract_beside_copying_its_rows(tmp_path: Path) -> None:
    ours, bare = [], []
    tables = [RESEARCH_TABLE_MEASUREMENT, RESEARCH_TABLE_PROCEDURE_OCCURRENCE]
    rows, risk = 0, DisclosureRisk()
    with duckdb.connect(str(tmp_path / "snapshot.duckdb")) as database:
        generated(database)
        for turn in range(3):
            began = time.perf_counter()
            chosen = disclosure.chosen(database, persons(read_cohort("{}"), "bench"), LEAST)
            step = disclosure.fitting(chosen)
            assert step is not None
            risk = disclosure.risk(chosen, step)
            made = extract(database, tables, step, Names(b"k" * 32), tmp_path / f"ours-{turn}.duckdb")
            rows = sum(made.rows.values())
            ours.append(rows / (time.perf_counter() - began))
            began = time.perf_counter()
            database.execute(f"attach '{tmp_path / f'bare-{turn}.duckdb'}' as bare")
            for name in ("person", "measurement", "procedure_occurrence"):
                database.execute(f"create table bare.{name} as select * from {name}")
            database.execute("detach bare")
            bare.append(rows / (time.perf_counter() - began))
    told(f"Extract {PERSONS} persons, {rows} rows (classes, risks, names, days, file)", "rows/s", ours, bare, "copying them")
    step = risk.coarseness
    print(f"  bands of {step.birth_band} years, hospital {step.hospital}, smallest class {risk.smallest_class}")
