"""Whether rows tell who somebody is: k-anonymity, l-diversity, and the three tests of opinion 05/2014 (WP216). In DuckDB.

What others may know of a person is their sex, year of birth and hospital. These are made coarser, step by step, until leaving out
few makes every class large enough, and until no class says something of all of its persons that is not so of most. Rows of years
of care are never anonymous for that: `singled_out_by_all` says how many their whole course would tell.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from casepath.hub.v1.studies_pb2 import Coarseness, DisclosureRisk
from hub.questions import one

# The finest first: years of birth in one band (0: none told), whether hospital and sex are told.
LADDER = tuple(
    Coarseness(birth_band=band, hospital=hospital, sex=sex)
    for band, hospital, sex in (
        (1, True, True),
        (5, True, True),
        (1, False, True),
        (10, True, True),
        (5, False, True),
        (20, True, True),
        (10, False, True),
        (20, False, True),
        (20, False, False),
        (0, False, False),
    )
)
# Of all persons, how many may be left out so that the others can be given.
MOST_SUPPRESSED = 0.05
# Different values of a measurement that a class has at least, where its one value is not what most have.
LEAST_VALUES = 2


@dataclass(frozen=True, slots=True)
class Chosen:
    """Tables in a database: `chosen` has the persons, `said` each value (text) of their measurements and diagnoses."""

    database: duckdb.DuckDBPyConnection
    least: int

    @property
    def persons(self) -> int:
        return one(self.database, "select count(*) from chosen", ())


PERSONS = "create or replace temp table chosen as select * from person where person_id in ({persons})"
# A person with several values of a measurement, or several diagnoses, has all of them, as one.
SAID = """
create or replace temp table said as
    select person_id, code, string_agg(distinct value, ' | ' order by value) as value from (
        select person_id, measurement_source_value as code,
            coalesce(nullif(value_source_value, ''), cast(round(value_as_number, 1) as varchar)) as value
        from measurement where {measured}
        union all select person_id, 'diagnosis', condition_source_value from condition_occurrence where {diagnosed}
    ) where person_id in (select person_id from chosen) and value is not null group by all
"""
COURSE = """
create or replace temp table course as
    select person_id, string_agg(what, ' ' order by what) as whole from (
        select person_id, strftime(procedure_date, '%Y-%m') || procedure_source_value as what from procedure_occurrence
        union all select person_id, code || '=' || value from said
    ) where person_id in (select person_id from chosen) group by all
"""
CLASSED = """
create or replace temp table classed as
    select person_id, dense_rank() over (order by {columns}) as class, count(*) over (partition by {columns}) as size from chosen
"""
# Of each class and measurement: how many have it, how many values there are, and one of them.
VALUES = """
create or replace temp table valued as
    select class, code, count(*) as persons, count(distinct value) as different, any_value(value) as value,
        any_value(size) as size
    from said join classed using (person_id) group by class, code
"""
COMMON = """
create or replace temp table common as
    select code, arg_max(value, (persons, value)) as value from (select code, value, count(*) as persons from said group by all)
    group by code
"""
TELLING = """
    select distinct class from valued as v join common as c using (code)
    where v.persons = v.size and v.different < ? and v.value <> c.value
"""
SUPPRESSED = f"""
create or replace temp table left_out as
    select person_id from classed where size < ? or class in ({TELLING})
"""  # noqa: S608 - queries of ours
# A class that has one value is looked at where that says what most are not; persons without the measurement are a value too.
LEAST = """
    select min(different + cast(v.persons < v.size as integer)) from valued as v join common as c using (code)
    where not (v.persons = v.size and v.different = 1 and v.value = c.value)
"""
INFERRED = """
    with counted as (select class, code, value, count(*) as persons from said join classed using (person_id) group by all),
    within as (
        select code, sum(most) as guessed from (select class, code, max(persons) as most from counted group by all) group by all
    ),
    without as (
        select code, max(persons) as guessed, sum(persons) as persons
        from (select code, value, sum(persons) as persons from counted group by all) group by all
    )
    select code, (within.guessed - without.guessed) / without.persons as better from within join without using (code)
    order by better desc, code
"""


def chosen(
    database: duckdb.DuckDBPyConnection,
    persons: tuple[str, Sequence[Any]],
    least: int,
    measured: bool = True,
    diagnosed: bool = True,
) -> Chosen:
    """The persons that a query gives. Where the study does not get measurements, or diagnoses, they say nothing."""
    query, parameters = persons
    database.execute(PERSONS.format(persons=query), list(parameters))
    database.execute(SAID.format(measured=str(measured).lower(), diagnosed=str(diagnosed).lower()))
    database.execute(COURSE)
    database.execute(COMMON)
    return Chosen(database, least)


def fitting(of: Chosen) -> Coarseness | None:
    """The finest step at which few are left out, who are in `left_out` then; None where there is none."""
    persons = of.persons
    if persons < of.least:
        return None
    for step in LADDER:
        classify(of.database, step)
        of.database.execute(SUPPRESSED, [of.least, LEAST_VALUES])
        out = one(of.database, "select count(*) from left_out", ())
        if out <= MOST_SUPPRESSED * persons and persons - out >= of.least:
            return step
    return None


def classify(database: duckdb.DuckDBPyConnection, step: Coarseness) -> None:
    database.execute(CLASSED.format(columns=", ".join(columns(step))))
    database.execute(VALUES)


def columns(step: Coarseness) -> Iterator[str]:
    yield "gender_source_value" if step.sex else "''"
    yield f"year_of_birth // {step.birth_band}" if step.birth_band else "0"
    yield "care_site_source_value" if step.hospital else "''"


def risk(of: Chosen, step: Coarseness) -> DisclosureRisk:
    """Of those who are left once `left_out` are."""
    database, suppressed = of.database, one(of.database, "select count(*) from left_out", ())
    for table in ("chosen", "said", "course"):
        database.execute(f"delete from {table} where person_id in (select person_id from left_out)")  # noqa: S608 - names of ours
    database.execute(COMMON)
    classify(database, step)
    inferred = database.execute(INFERRED).fetchall()
    return DisclosureRisk(
        persons=of.persons,
        suppressed=suppressed,
        coarseness=step,
        smallest_class=one(database, "select min(size) from classed", ()),
        least_values=one(database, LEAST, ()),
        singled_out=share(database, "select count(*) filter (size = 1) / count(*) from classed"),
        singled_out_by_all=share(
            database,
            "select count(*) filter (alike = 1) / count(*) from ("
            "select count(*) over (partition by class, whole) as alike from classed left join course using (person_id))",
        ),
        linkable=share(database, "select count(distinct class) / count(*) from classed"),
        inferred=sum(better for _, better in inferred) / len(inferred) if inferred else 0.0,
        inferred_most=inferred[0][0] if inferred else "",
    )


def share(database: duckdb.DuckDBPyConnection, query: str) -> float:
    found = database.execute(query).fetchone()
    return float(found[0] or 0) if found else 0.0
