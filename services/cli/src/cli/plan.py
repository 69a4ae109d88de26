"""`casepath plan`: how many workers of each service a hospital needs, from what was measured of one."""

import json
from dataclasses import asdict, dataclass
from math import ceil

import click
from rich.console import Console
from rich.table import Table

from casepath.topics import INFERENCE_SHARD_REQUESTED, SEQUENCING_TASK_REQUESTED

# Measured on one core (docs/benchmarks.md says of what, and when): a plan is as good as these are for your machines.
CONVERTED_MEGABYTES_A_SECOND = 19.0
TILES_A_SECOND = 30.0
GENOME_CORE_SECONDS = 12.9 * 3600
# Splitting and joining a run of one lane are one item each: no number of workers makes them shorter.
GENOME_LEAST_SECONDS = 1.23 * 3600
MESSAGES_A_SECOND = 450.0
# Of a case's registration, order and changes.
MESSAGES_A_CASE = 4
# Beyond this waiting grows faster than work (M/M/1: at 70 % busy a record waits 2.3 times its own time).
BUSY = 0.7
DAY_SECONDS = 24 * 3600
MEGABYTES_A_GIGABYTE = 1000.0


@dataclass(frozen=True, slots=True)
class Hospital:
    """What comes in a day; slides and cases in `hours` of it, genomes at any time."""

    cases: int
    slides: int
    slide_gigabytes: float
    tiles: int
    genomes: int
    hours: float


@dataclass(frozen=True, slots=True)
class Need:
    """Of one service: what it gets, for how many seconds each keeps one worker busy, and how many workers that makes."""

    service: str
    what: str
    a_second: float
    seconds_each: float
    workers: int
    at_most: int | None = None

    @property
    def fits(self) -> bool:
        """Whether its work topic has a partition for each worker."""
        return self.at_most is None or self.workers <= self.at_most


@dataclass(frozen=True, slots=True)
class Plan:
    needs: tuple[Need, ...]
    store_gigabytes_a_day: float
    network_megabytes_a_second: float
    genome_hours: float


def planned(hospital: Hospital) -> Plan:
    """Workers of one core each, at most 70 % busy. Pure."""
    open_seconds = hospital.hours * 3600
    slides = hospital.slides / open_seconds
    converting = hospital.slide_gigabytes * MEGABYTES_A_GIGABYTE / CONVERTED_MEGABYTES_A_SECOND
    sequencing = need(
        "sequencing",
        "genomes, at 30-fold",
        hospital.genomes / DAY_SECONDS,
        GENOME_CORE_SECONDS,
        SEQUENCING_TASK_REQUESTED.partitions,
    )
    return Plan(
        needs=(
            need("intake", "HL7 v2 messages", hospital.cases * MESSAGES_A_CASE / open_seconds, 1 / MESSAGES_A_SECOND),
            need("slides", f"scans of {hospital.slide_gigabytes:g} GB", slides, converting),
            need(
                "inference",
                f"slides of {hospital.tiles:,} tiles, on CPU",
                slides,
                hospital.tiles / TILES_A_SECOND,
                INFERENCE_SHARD_REQUESTED.partitions,
            ),
            sequencing,
        ),
        store_gigabytes_a_day=hospital.slides * hospital.slide_gigabytes,
        network_megabytes_a_second=slides * hospital.slide_gigabytes * MEGABYTES_A_GIGABYTE,
        genome_hours=(GENOME_LEAST_SECONDS + GENOME_CORE_SECONDS / max(sequencing.workers, 1)) / 3600,
    )


def need(service: str, what: str, a_second: float, seconds_each: float, at_most: int | None = None) -> Need:
    return Need(service, what, a_second, seconds_each, ceil(a_second * seconds_each / BUSY), at_most)


@click.command()
@click.option("--cases", default=600, show_default=True, help="Cases a day.")
@click.option("--slides", default=2000, show_default=True, help="Slides a day.")
@click.option("--slide-gb", "slide_gigabytes", default=1.2, show_default=True, help="Size of a slide.")
@click.option("--tiles", default=5000, show_default=True, help="Tiles of tissue that AI reads of a slide.")
@click.option("--genomes", default=20, show_default=True, help="Genomes a day, at 30-fold.")
@click.option("--hours", default=10.0, show_default=True, type=click.FloatRange(0.5, 24), help="Of a day, in which slides come.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def plan(cases: int, slides: int, slide_gigabytes: float, tiles: int, genomes: int, hours: float, as_json: bool) -> None:
    """How many workers of one core each a hospital needs, from service times that were measured (docs/benchmarks.md).

    Archives, the broker and GPUs are not in it: measure yours. Of what comes in bursts more waits than is said here.
    """
    made = planned(Hospital(cases, slides, slide_gigabytes, tiles, genomes, hours))
    if as_json:
        click.echo(json.dumps(asdict(made), indent=2))
        return
    table = Table()
    for column in ("service", "of", "an hour", "seconds each", "workers"):
        table.add_column(column, justify="left" if column in ("service", "of") else "right")
    for one in made.needs:
        each = f"{one.seconds_each:,.{0 if one.seconds_each >= 10 else 4}f}"
        table.add_row(one.service, one.what, f"{one.a_second * 3600:,.1f}", each, str(one.workers))
    Console().print(table)
    for one in made.needs:
        if not one.fits:
            click.echo(too_many(one))
    gigabytes, megabytes = made.store_gigabytes_a_day, made.network_megabytes_a_second
    click.echo(f"stored: {gigabytes:,.0f} GB of slides a day; {megabytes:,.0f} MB/s while they come")
    if genomes:
        click.echo(f"a genome alone takes {made.genome_hours:.1f} h with these workers, of one lane")


def too_many(one: Need) -> str:
    cores = ceil(one.workers / (one.at_most or 1))
    return (
        f"{one.service}: its work has {one.at_most} partitions, and so at most as many workers. Give each of them {cores} cores "
        "or a GPU, or add partitions to its work topics (their keys are of shards: nothing joins them)."
    )
