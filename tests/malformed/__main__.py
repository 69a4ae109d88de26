"""The table of docs/reliability.md: `python -m malformed --rounds 1000`."""

import asyncio
import time
from pathlib import Path

import click

from malformed.doors import DOORS
from malformed.table import HEAD, counted


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--rounds", default=1000, show_default=True, help="Inputs of each row, where there are as many.")
@click.option("--seed", default=20261127, show_default=True, help="Other inputs.")
@click.option("--only", default="", help="Rows whose door or inputs contain this.")
@click.option(
    "--keep", type=click.Path(file_okay=False, path_type=Path), help="Write what crashed, hung or was wrongly taken here."
)
def malformed(rounds: int, seed: int, only: str, keep: Path | None) -> None:
    """Try malformed inputs at every door, and say what became of them."""
    click.echo(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    wrong = 0
    for door in DOORS:
        if only not in f"{door.name} {door.tried}":
            continue
        began = time.monotonic()
        counts = asyncio.run(counted(door, rounds, seed))
        click.echo(f"| {' | '.join(counts.row())} |")
        click.echo(f"{time.monotonic() - began:.0f} s", err=True)
        wrong += counts.crashed + counts.hung + counts.wrongly
        for number, (why, one) in enumerate(counts.examples):
            click.echo(f"  {why}", err=True)
            if keep is not None:
                one.written(keep / f"{door.name}-{number}")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    malformed()
