"""The hub: facts gathered a second, and how long counts of cohorts take on a large region (generated)."""

import asyncio
import os
import statistics
import time
from pathlib import Path

import duckdb
import pyarrow.parquet
from aiokafka.structs import ConsumerRecord
from two_hospitals import registered

import examples
from bench.measuring import told, wilson
from chassis.kafka import Kafka
from chassis.publisher import MemoryPublisher
from deidentification.linkage import encoding
from deidentification.pseudonyms import Pseudonyms
from hub.adapters.warehouse import Warehouse
from hub.cohorts import Cohort, read_cohort
from hub.facts import table_of
from hub.gathering import MOST_RECORDS, TOPIC, Gathering
from hub.handlers import rows
from hub.linking import Encoded, linked
from hub.questions import count

FACTS = int(os.environ.get("BENCH_FACTS", "100000"))
PERSONS = int(os.environ.get("BENCH_PERSONS", "5000000"))
MEASUREMENTS = int(os.environ.get("BENCH_MEASUREMENTS", "100000000"))
PATIENTS = int(os.environ.get("BENCH_PATIENTS", "20000"))
GENES = 50
COHORTS = (
    "{}",
    '{"sex": "female", "born_from": 1950, "born_to": 1969}',
    '{"criteria": [{"table": "measurement", "code": "GENE7", "value": "*1/*3"}]}',
    '{"sex": "male", "born_from": 1960, "criteria": [{"table": "measurement", "code": "GENE12", "value": "*2/*2"}]}',
    '{"criteria": [{"table": "measurement", "code": "slide-score", "least": 0.9}]}',
    '{"criteria": [{"table": "measurement", "code": "slide-score", "least": 0.5}, {"table": "measurement", "code": "GENE3"}]}',
)


def warehouse(folder: Path) -> Warehouse:
    folder.mkdir()
    return Warehouse(f"file://{folder}", f"sqlite:///{folder / 'catalog.sqlite'}")


def records(facts: int) -> list[ConsumerRecord]:
    """A case and a gene's call in turn, each of another patient."""
    names, made = Pseudonyms(b"k" * 32), []
    headers = tuple(examples.envelope(TOPIC.name).headers())
    for number in range(facts):
        fact = examples.fact_released()
        fact.subject_id = fact.case.case_id = names.name("patient", str(number))
        value = fact.SerializeToString()
        made.append(ConsumerRecord(TOPIC.name, 0, number, 0, 0, b"key", value, None, 3, len(value), headers))
    return made


async def test_gathering_facts_beside_writing_their_rows(tmp_path: Path) -> None:
    """The bare limit: the same rows, made beforehand, as Parquet."""
    given = records(FACTS)
    parts = [given[at : at + MOST_RECORDS] for at in range(0, len(given), MOST_RECORDS)]
    made = [table_of([row for one in part for row in rows(TOPIC.message.FromString(one.value), 0, one.offset)]) for part in parts]
    ours, bare = [], []
    for turn in range(3):
        tables = warehouse(tmp_path / f"gathered-{turn}")
        gathering = Gathering(tables, {TOPIC.name: ""}, MemoryPublisher(), Kafka("-"))
        began = time.perf_counter()
        for part in parts:
            await gathering.take(part, asyncio.Event())
        ours.append(FACTS / (time.perf_counter() - began))
        began = time.perf_counter()
        for number, part_rows in enumerate(made):
            pyarrow.parquet.write_table(part_rows, tmp_path / f"bare-{turn}-{number}.parquet", compression="zstd")
        bare.append(FACTS / (time.perf_counter() - began))
    told(f"Gather {FACTS} facts (decoded, checked, in Iceberg with their offsets)", "facts/s", ours, bare, "rows as Parquet")


def generated(tables: Warehouse, persons: int, measurements: int) -> None:
    """A snapshot of so many persons; what each column has is invented."""
    made = dict.fromkeys(tables.tables, "select 0 as nothing where false")
    made["person"] = f"""
        select range as person_id, 'generated' as project, if(range % 2 = 0, 8532, 8507) as gender_concept_id,
            cast(1930 + range % 80 as integer) as year_of_birth, if(range % 2 = 0, 'female', 'male') as gender_source_value
        from range({persons})
    """
    made["measurement"] = f"""
        select range as measurement_id, range % {persons} as person_id, 0 as measurement_concept_id,
            date '2020-01-01' + cast(range % 2000 as integer) as measurement_date,
            if(range % 10 = 0, (hash(range) % 1000) / 1000.0, null) as value_as_number,
            if(range % 10 = 0, 'slide-score', 'GENE' || hash(range) % {GENES}) as measurement_source_value,
            if(range % 10 = 0, '', '*' || (1 + hash(range + 1) % 3) || '/*' || (1 + hash(range + 2) % 3)) as value_source_value
        from range({measurements}) order by measurement_source_value
    """
    with duckdb.connect() as database:
        for name, query in made.items():
            tables.put(name, database.sql(query).to_arrow_reader(200_000), "generated")


def test_counting_cohorts_of_a_large_region(tmp_path: Path) -> None:
    tables = warehouse(tmp_path / "region")
    generated(tables, PERSONS, MEASUREMENTS)
    taken: list[float] = []
    with tables.snapshot() as database:
        for turn in range(5):
            for text in COHORTS:
                cohort: Cohort = read_cohort(text)
                began = time.perf_counter()
                count(database, "generated", cohort, [], 10)
                if turn:
                    taken.append(time.perf_counter() - began)
    ordered = sorted(taken)
    size = sum(path.stat().st_size for path in tmp_path.rglob("*.parquet")) / 1e9
    print(f"\nCounts of {PERSONS} persons with {MEASUREMENTS} measurements, generated, {size:.1f} GB: {len(taken)} counts")
    print(
        f"  median {statistics.median(ordered):.3f} s, p95 {ordered[int(0.95 * len(ordered))]:.3f} s, longest {ordered[-1]:.3f} s"
    )


def test_who_was_in_two_hospitals(tmp_path: Path) -> None:
    everybody = list(registered(PATIENTS, seed=7))
    began = time.perf_counter()
    encoded = [Encoded(number, "p", one.hospital, encoding(one.patient, b"k" * 32)) for number, one in enumerate(everybody)]
    rate = len(everybody) / (time.perf_counter() - began)
    began = time.perf_counter()
    found = linked(encoded)
    taken = time.perf_counter() - began
    groups: dict[int, set[int]] = {}
    for number, of in found.items():
        groups.setdefault(of, set()).add(number)
    pairs = {frozenset(numbers) for numbers in groups.values()}
    of_person: dict[int, set[int]] = {}
    for number, one in enumerate(everybody):
        of_person.setdefault(one.person, set()).add(number)
    true = {frozenset(numbers) for numbers in of_person.values() if len(numbers) > 1}
    right = len(pairs & true)
    print(f"\n{len(everybody)} registrations of {PATIENTS} generated persons, {len(true)} of them in both hospitals")
    print(f"  encoded {rate:.0f}/s, linked in {taken:.1f} s")
    for name, total in (("recall", len(true)), ("precision", len(pairs))):
        low, high = wilson(right, total)
        print(f"  {name} {right / total:.4f} ({low:.4f} to {high:.4f}) of {total}")
