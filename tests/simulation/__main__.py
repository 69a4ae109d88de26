"""Seeds by the thousand: `python -m simulation --seeds 100000`; of one that fails, `--first SEED --seeds 1` shows it again."""

import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import islice

import click

from simulation.trial import trial

AT_ONCE = 250
SHOWN = 20


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--seeds", default=1000, show_default=True, help="How many.")
@click.option("--first", default=0, show_default=True, help="The first one.")
@click.option("--processes", default=2, show_default=True, help="How many at once.")
def simulate(seeds: int, first: int, processes: int) -> None:
    """Run hospitals in which everything goes wrong, and say of which seeds anything was lost, done twice or left."""
    began = time.monotonic()
    numbers = iter(range(first, first + seeds))
    chunks = iter(lambda: list(islice(numbers, AT_ONCE)), [])
    happened: Counter[str] = Counter()
    failed: list[int] = []
    done = 0
    with ProcessPoolExecutor(processes) as pool, click.progressbar(length=seeds, label="seeds") as bar:
        for count, faults, found in pool.map(tried, chunks):
            done += count
            bar.update(count)
            happened += faults
            for seed, problems in found:
                failed.append(seed)
                if len(failed) <= SHOWN:
                    click.echo(f"\nseed {seed}\n  " + "\n  ".join(problem[:1000] for problem in problems), err=True)
    click.echo(f"{done} seeds in {time.monotonic() - began:.0f} s, {len(failed)} failed {failed[:SHOWN] or ''}")
    click.echo("faults: " + ", ".join(f"{what} {count}" for what, count in sorted(happened.items())))
    raise SystemExit(1 if failed else 0)


def tried(seeds: list[int]) -> tuple[int, Counter[str], list[tuple[int, list[str]]]]:
    """How many, the faults that struck, and the problems of each seed that has any."""
    happened: Counter[str] = Counter()
    found = []
    for seed in seeds:
        ended = trial(seed)
        happened += Counter(ended.faults)
        if ended.problems:
            found.append((seed, list(ended.problems)))
    return len(seeds), happened, found


if __name__ == "__main__":
    simulate()
