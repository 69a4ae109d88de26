"""`casepath backup`: copies of what a platform keeps, and a platform made anew from one."""

import asyncio
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from chassis.backup.index import backup_of, backups, place
from chassis.backup.restoring import damages, restore
from chassis.backup.taking import take
from chassis.errors import Retriable
from chassis.kafka import Kafka
from chassis.objects import Objects
from cli.cluster import administered
from cli.platform import asynchronous


class Place(click.ParamType):
    """A folder, or an object store's URL."""

    name = "place"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Objects:
        return place(value)


place_argument = click.argument("kept", type=Place(), metavar="PLACE")
STORES = (
    click.option(
        "--objects", envvar="CASEPATH_OBJECTS", required=True, type=Place(), help="The object store, file:///folder or s3://…"
    ),
    click.option(
        "--released",
        envvar="CASEPATH_RELEASED_OBJECTS",
        type=Place(),
        help="That of what leaves for research, where it is de-identified.",
    ),
    click.option("--hub", envvar="CASEPATH_HUB_OBJECTS", type=Place(), help="The hub's, with its studies, where it has its own."),
)


def stored[R](command: Callable[..., R]) -> Callable[..., R]:
    """Hands the command the platform's object stores, by name, as `stores`."""

    @wraps(command)
    def run(*args: Any, objects: Objects, released: Objects | None, hub: Objects | None, **kwargs: Any) -> R:
        named = {"objects": objects, "released": released, "hub": hub}
        return command(*args, stores={name: store for name, store in named.items() if store is not None}, **kwargs)

    for option in reversed(STORES):
        run = option(run)
    return run


@click.group()
def backup() -> None:
    """Copies of what a platform keeps: topics, how far its services came, object stores. PLACE is a folder or a store's URL.

    Keys, certificates, passwords and the namespace are no part of it: keep them apart from it.
    """


@backup.command("take")
@place_argument
@administered
@stored
@click.option("--every", default=0.0, help="Seconds after which the next one is taken, again and again; 0: one alone.")
@asynchronous
async def take_(kept: Objects, kafka: Kafka, stores: dict[str, Objects], every: float) -> None:
    """Take a backup to PLACE while the platform works; what is there from earlier ones is not copied again."""
    while True:
        try:
            taken = await take(kafka, stores, kept, tell)
            click.echo(f"{taken.taken_at} taken")
        except Retriable as error:
            if not every:
                raise
            tell(f"put off: {error}")
        if not every:
            return
        await asyncio.sleep(every)


@backup.command("list")
@place_argument
@asynchronous
async def list_(kept: Objects) -> None:
    """Say when the backups in PLACE were taken."""
    for taken_at in await backups(kept):
        click.echo(taken_at)


@backup.command()
@place_argument
@click.option("--taken-at", default="", help="Which one, as `casepath backup list` names it; the last one if left out.")
@asynchronous
async def check(kept: Objects, taken_at: str) -> None:
    """Read a backup, and say what is not as it was kept; end with 1 where there is something."""
    found = await backup_of(kept, taken_at)
    wrong = await damages(kept, found)
    for line in wrong:
        click.echo(line)
    click.echo(f"{found.taken_at}: {found.records()} records, {'sound' if not wrong else f'{len(wrong)} damaged'}")
    if wrong:
        raise click.exceptions.Exit(1)


@backup.command("restore")
@place_argument
@administered
@stored
@click.option("--taken-at", default="", help="Which one, as `casepath backup list` names it; the last one if left out.")
@asynchronous
async def restore_(kept: Objects, kafka: Kafka, stores: dict[str, Objects], taken_at: str) -> None:
    """Put a backup on a new cluster (casepath provision) and into empty object stores, before a service is started.

    Then start the services, and file in the archives what they lack: casepath reconcile --repair.
    """
    await restore(kafka, stores, kept, await backup_of(kept, taken_at), tell)


def tell(line: str) -> None:
    click.echo(line, err=True)
