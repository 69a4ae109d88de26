"""`casepath provision`: a cluster as topics.yaml declares it."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from chassis.kafka import Kafka
from cli.cluster import administered


@click.command()
@administered
@click.option(
    "--passwords",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with PRINCIPAL.password for each principal whose password is to be set.",
)
@click.option("--hospital", "hospitals", multiple=True, help="At a hub: a hospital whose facts come here; as often as needed.")
@click.option("--replication", default=1, show_default=True, type=click.IntRange(min=1), help="Replicas of each topic.")
@click.option("--diff", is_flag=True, help="Change nothing; say what would be, and end with 1 where there is something.")
def provision(kafka: Kafka, passwords: Path | None, hospitals: Sequence[str], replication: int, diff: bool) -> None:
    """Create the declared topics on a cluster, and give each service the rights that topics.yaml declares, and no others.

    Each line says one difference: + is made, ~ is set, - is taken away, ! is left to you. Topics that are not declared stay.
    """
    from chassis.kafka_rights import principals
    from chassis.provision import apply, differences

    files = {name: passwords / f"{name}.password" for name in principals()} if passwords else {}
    words = {name: file.read_text().strip() for name, file in files.items() if file.exists()}
    found = asyncio.run(differences(kafka, replication, hospitals))
    for line in found.lines():
        click.echo(line)
    if diff:
        sys.exit(1 if found.lines() else 0)
    asyncio.run(apply(kafka, found, words))
    changed = len(found.lines()) - len(found.by_hand)
    click.echo(f"{changed} differences mended, {len(found.by_hand)} left to you, {len(words)} passwords set", err=True)
