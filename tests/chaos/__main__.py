"""Trials by the hundred on a platform of their own: `python -m chaos --trials 100`; `--first SEED --trials 1` repeats one."""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

import click

from chaos import machine
from chaos.blows import ANYWHERE, APART, DISK_SIZE, KINDS, disk, disks, programs
from chaos.trial import Outcome, trial
from conftest import Platform, running_platform
from span_collector import collecting


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--trials", default=100, show_default=True, help="How many.")
@click.option("--first", default=1, show_default=True, help="The first one's seed.")
@click.option("--minutes", default=0.0, help="Begin no more after so many.")
@click.option("--brokers", default="3", show_default=True, type=click.Choice(["1", "3"]), help="How many of Kafka.")
@click.option(
    "--kinds",
    default=",".join(KINDS),
    show_default=True,
    callback=lambda _, __, said: said.split(","),
    help=f"What befalls programs; without root {','.join(ANYWHERE)} alone.",
)
@click.option("--at-once", default=1, show_default=True, help="How many visits at a time; each is struck by the blows of all.")
def chaos(trials: int, first: int, minutes: float, brokers: str, at_once: int, kinds: Sequence[str]) -> None:
    """Have patients visit a hospital whose programs are killed and stopped, and say of which seeds anything is lost or twice."""
    if unknown := set(kinds) - KINDS.keys():
        raise click.UsageError(f"of --kinds there are no {', '.join(sorted(unknown))}")
    if set(kinds) - set(ANYWHERE) and (lacking := machine.lacking()):
        raise click.UsageError(f"this machine lacks {'; '.join(lacking)}. Without them: --kinds {','.join(ANYWHERE)}")
    with (
        tempfile.TemporaryDirectory() as folder,
        prepared(Path(folder), int(brokers)) if set(kinds) - set(ANYWHERE) else nullcontext(),
        collecting() as spans,
        running_platform(Path(folder), spans, "--brokers", brokers) as platform,
    ):
        outcomes = asyncio.run(tried(platform, range(first, first + trials), minutes * 60, at_once, kinds))
        balanced = platform.casepath("reconcile")
        letters = platform.casepath("dlq", "list")
    click.echo(balanced.stdout)
    click.echo(letters.stdout)
    failed = [one for one in outcomes if one.problems]
    struck = Counter(f"{blow.whom} {blow.how}" for one in outcomes for blow in one.blows)
    click.echo(f"{len(outcomes)} trials, {len(failed)} failed {[one.seed for one in failed] or ''}")
    click.echo(f"{struck.total()} blows: " + ", ".join(f"{what} {count}" for what, count in sorted(struck.items())))
    raise SystemExit(1 if failed or balanced.returncode else 0)


@contextmanager
def prepared(home: Path, brokers: int) -> Iterator[None]:
    """A home whose disks can be full, and whose programs are told apart."""
    with ExitStack() as stack:
        for name in disks(brokers):
            stack.enter_context(machine.disk(disk(home, name), DISK_SIZE))
        stack.enter_context(machine.told_apart(home / APART, programs(brokers)))
        yield


async def tried(platform: Platform, seeds: range, seconds: float, at_once: int, kinds: Sequence[str]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    began, left = time.monotonic(), iter(seeds)

    async def in_turn() -> None:
        for seed in left:
            if seconds and time.monotonic() - began > seconds:
                return
            outcome = await trial(platform, seed, kinds)
            outcomes.append(outcome)
            click.echo(f"seed {seed}: {outcome.seconds:.0f} s; {', '.join(map(str, outcome.blows))}")
            for problem in outcome.problems:
                click.echo(f"  {problem}", err=True)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(in_turn())
    return outcomes


if __name__ == "__main__":
    chaos()
