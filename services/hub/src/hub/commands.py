"""`casepath hub`: the region's tables, for who runs the hub."""

import asyncio
import json
from datetime import date
from pathlib import Path

import click

from chassis.asking import ACCESS
from chassis.errors import Malformed
from chassis.key_ring import KeyRing
from chassis.objects import Objects
from hub.adapters.released import Released
from hub.adapters.study_store import StudyStore
from hub.adapters.warehouse import Warehouse
from hub.cohorts import SMALLEST, read_cohort
from hub.questions import count as count_persons
from hub.studies.opening import open_workspace

HOME = ACCESS.parent.absolute()
UNMAPPED_COLUMNS = ("rows", "hospital", "system", "code", "domain", "text")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
warehouse_option = click.option(
    "--warehouse",
    envvar="CASEPATH_WAREHOUSE",
    default=f"file://{HOME / 'hub' / 'warehouse'}",
    show_default=True,
    help="Folder or bucket.",
)
catalog_option = click.option(
    "--catalog",
    envvar="CASEPATH_CATALOG",
    default=f"sqlite:///{HOME / 'hub' / 'catalog.sqlite'}",
    show_default=True,
    help="Its database.",
)
snapshot_option = click.option("--snapshot", help="Name of a snapshot; without it the newest.")


@click.group()
def hub() -> None:
    """A region's data for research."""


@hub.command()
@warehouse_option
@catalog_option
def snapshots(warehouse: str, catalog: str) -> None:
    """List snapshots with the rows of each table, the oldest first."""
    tables = Warehouse(warehouse, catalog)
    for name in tables.snapshots():
        with tables.snapshot(name) as database:
            rows = {table: database.table(table).count("*").fetchall()[0][0] for table in tables.tables}
        click.echo(f"{name}  " + "  ".join(f"{table} {number}" for table, number in rows.items()))


@hub.command()
@warehouse_option
@catalog_option
@snapshot_option
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def unmapped(warehouse: str, catalog: str, snapshot: str | None, as_json: bool) -> None:
    """List codes that hospitals sent and that have no concept, the most frequent first."""
    with Warehouse(warehouse, catalog).snapshot(snapshot) as database:
        found = database.table("unmapped").select(*UNMAPPED_COLUMNS).order("rows desc").fetchall()
    for row in found:
        if as_json:
            click.echo(json.dumps(dict(zip(UNMAPPED_COLUMNS, row, strict=True))))
        else:
            click.echo("{:>9}  {:20} {:12} {:20} {:12} {}".format(*row))


@hub.command()
@click.argument("cohort", type=FILE)
@warehouse_option
@catalog_option
@snapshot_option
@click.option("--project", help="Of which project of the hospitals' releases; without it the only one that there is.")
@click.option("--asked", type=click.Path(dir_okay=False, path_type=Path), help="File that keeps what was asked: it is compared.")
@click.option("--smallest", default=SMALLEST, show_default=True, type=click.IntRange(min=2), help="Fewer persons are not told.")
def count(
    cohort: Path, warehouse: str, catalog: str, snapshot: str | None, project: str | None, asked: Path | None, smallest: int
) -> None:
    """Count the persons of a COHORT, a JSON file.

    {"sex": "female", "born_from": 1950, "criteria": [{"table": "measurement", "code": "DPYD", "value": "*1/*2A"}]}
    """
    tables = Warehouse(warehouse, catalog)
    name = snapshot or tables.newest()
    wanted = read_cohort(cohort.read_text("utf-8"))
    before = asked.read_text("utf-8").splitlines() if asked is not None and asked.exists() else []
    earlier = [read_cohort(one["cohort"]) for one in map(json.loads, before) if one["snapshot"] == name]
    of = project or only_one(tables.projects())
    with tables.snapshot(name) as database:
        told = count_persons(database, of, wanted, earlier, smallest)
    if asked is not None:
        with asked.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"snapshot": name, "cohort": wanted.model_dump_json()}) + "\n")
    click.echo(f"{f'fewer than {smallest}' if told is None else told}  (snapshot {name})")


@hub.command()
@click.argument("study_id")
@click.option("--into", required=True, type=click.Path(path_type=Path), help="New folder, on a desktop that is sealed too.")
@click.option(
    "--objects", envvar="CASEPATH_HUB_OBJECTS", default=f"file://{HOME / 'hub'}", show_default=True, help="The hub's store."
)
@click.option(
    "--released",
    multiple=True,
    default=(f"file://{HOME / 'released'}",),
    show_default=True,
    help="Store of what a hospital released; as often as needed.",
)
@click.option("--keys", envvar="CASEPATH_KEYS", default=f"file://{HOME / 'keys'}", show_default=True, help="The hub's keys.")
def workspace(study_id: str, into: Path, objects: str, released: tuple[str, ...], keys: str) -> None:
    """Write a study's rows (DuckDB) and images to a folder, for who runs the hub: nothing may leave from there either.

    What is written does not end with the study: whoever opens it removes it then.
    """
    store = StudyStore(Objects.at(objects, KeyRing.at(keys).encryption()))
    images = asyncio.run(open_workspace(store, study_id, Released([Objects.at(one) for one in released]), into, date.today()))
    click.echo(f"{into}: study.duckdb and {images} images")


def only_one(projects: list[str]) -> str:
    """Raise Malformed where it has to be said which."""
    if len(projects) != 1:
        raise Malformed(f"say of which project: --project {' | '.join(projects) or '(there is none yet)'}")
    return projects[0]
