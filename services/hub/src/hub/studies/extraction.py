"""A study's rows as a database of DuckDB: its persons under other names, on other days, and no table that it did not ask for.

A slide has its name from its case alone: there it is one of several, and in a study it is named by both.

Names and days come from the study's own key, so that rows of two studies cannot be joined by them. Words of notes, and images,
are the same in each.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from casepath.hub.v1.studies_pb2 import (
    RESEARCH_TABLE_CONDITION_OCCURRENCE,
    RESEARCH_TABLE_IMAGE_OCCURRENCE,
    RESEARCH_TABLE_MEASUREMENT,
    RESEARCH_TABLE_NOTE,
    RESEARCH_TABLE_PROCEDURE_OCCURRENCE,
    RESEARCH_TABLE_SPECIMEN,
    Coarseness,
    ResearchTable,
)
from hub.questions import one
from hub.studies.names import Names

PERSON = """
    select renamed('person', person_id) as person_id, gender_concept_id, gender_source_value, {born} as year_of_birth,
        {band} as birth_band, care_site_source_value
    from chosen order by 1
"""
CASE = "renamed('case', case_source_value) as case_id"
SLIDE = "renamed('slide', case_source_value || slide_source_value) as slide_id"
SCAN = "renamed('scan', case_source_value || coalesce(scan_source_value, slide_source_value)) as scan_id"
TABLES: Mapping[ResearchTable, str] = {
    RESEARCH_TABLE_CONDITION_OCCURRENCE: """
        renamed('condition', condition_occurrence_id) as condition_occurrence_id, condition_concept_id,
        moved(condition_start_date, person_id) as condition_start_date, condition_source_value, condition_source_system
    """,
    RESEARCH_TABLE_PROCEDURE_OCCURRENCE: """
        renamed('procedure', procedure_occurrence_id) as procedure_occurrence_id, procedure_concept_id,
        moved(procedure_date, person_id) as procedure_date, procedure_source_value, procedure_source_system, procedure_source_text
    """,
    RESEARCH_TABLE_SPECIMEN: """
        renamed('specimen', specimen_id) as specimen_id, specimen_concept_id, moved(specimen_date, person_id) as specimen_date,
        anatomic_site_concept_id, specimen_source_value, anatomic_site_source_value
    """,
    RESEARCH_TABLE_MEASUREMENT: """
        renamed('measurement', measurement_id) as measurement_id, measurement_concept_id,
        moved(measurement_date, person_id) as measurement_date, value_as_number, measurement_source_value,
        measurement_source_system, measurement_source_text, value_source_value,
        json_merge_patch(modifiers, json_object(
            'slide', renamed('slide', case_source_value || json_extract_string(modifiers, '$.slide')),
            'scan', renamed('scan', case_source_value || coalesce(json_extract_string(modifiers, '$.scan'),
                json_extract_string(modifiers, '$.slide'))),
            'finding', renamed('finding', json_extract_string(modifiers, '$.finding')))) as modifiers
    """,
    RESEARCH_TABLE_NOTE: """
        renamed('note', note_id) as note_id, moved(note_date, person_id) as note_date, note_title, note_text
    """,
    RESEARCH_TABLE_IMAGE_OCCURRENCE: f"""
        renamed('image', image_occurrence_id) as image_occurrence_id,
        {SLIDE}, {SCAN},
        modality_source_value, sha256, size, microns_per_pixel
    """,
}
IMAGES = f"""
    select distinct sha256, local_path, size, modality_source_value, image_study_uid, image_series_uid, image_instance_uid,
        renamed('person', person_id) as person_id, {CASE}, {SLIDE}, {SCAN}, earlier(person_id) as earlier
    from image_occurrence where ? and person_id in (select person_id from chosen)
"""  # noqa: S608 - names of ours
# A coarser person says nothing of what is not told.
HIDDEN = {"sex": "gender_concept_id = 0, gender_source_value = ''", "hospital": "care_site_source_value = ''"}


@dataclass(frozen=True, slots=True)
class Made:
    rows: dict[str, int]
    # Subjects of the hospitals, and the person that each is in the study.
    subjects: pa.Table
    # Where the study's images lie, by digest.
    images: pa.Table


def name_of(table: ResearchTable) -> str:
    return ResearchTable.Name(table).removeprefix("RESEARCH_TABLE_").lower()


def extract(
    database: duckdb.DuckDBPyConnection, tables: Collection[ResearchTable], step: Coarseness, names: Names, file: Path
) -> Made:
    """Write the rows of the persons in `chosen` (`disclosure.chosen`) to a new file."""
    names.told_to(database)
    for told, hidden in HIDDEN.items():
        if not getattr(step, told):
            database.execute(f"update chosen set {hidden}")  # noqa: S608 - names of ours
    band = step.birth_band
    born = f"cast(year_of_birth // {band} * {band} as integer)" if band else "cast(null as integer)"
    queries = {"person": PERSON.format(born=born, band=band or "cast(null as integer)")}
    for table in tables:
        name = name_of(table)
        queries[name] = (
            f"select {TABLES[table].strip()}, renamed('person', person_id) as person_id, {CASE} "  # noqa: S608 - names of ours
            f"from {name} where person_id in (select person_id from chosen) order by 1"
        )
    database.execute(f"attach '{file}' as sealed")
    try:
        rows = {}
        for name, query in queries.items():
            database.execute(f"create table sealed.{name} as {query}")
            rows[name] = one(database, f"select count(*) from sealed.{name}", ())  # noqa: S608 - a name of ours
    finally:
        database.execute("detach sealed")
    subjects = database.sql(
        "select unnest(string_split(subjects, ',')) as subject, renamed('person', person_id) as person_id from chosen"
    )
    images = database.sql(IMAGES, params=[RESEARCH_TABLE_IMAGE_OCCURRENCE in tables])
    return Made(rows, subjects.to_arrow_table(), images.to_arrow_table())


def without(file: Path, gone: Collection[int], into: Path) -> dict[str, int]:
    """Write the same rows but those of persons who are gone to a new file: in the old one they would still lie."""
    rows = {}
    with duckdb.connect() as database:
        database.execute(f"attach '{file}' as old (read_only)")
        database.execute(f"attach '{into}' as sealed")
        for (name,) in database.execute("select table_name from duckdb_tables() where database_name = 'old'").fetchall():
            database.execute(
                f"create table sealed.{name} as select * from old.{name} where not list_contains(?, person_id)",  # noqa: S608 - its own names
                [list(gone)],
            )
            rows[name] = one(database, f"select count(*) from sealed.{name}", ())  # noqa: S608 - its own names
    return rows
