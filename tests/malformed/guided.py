"""Inputs that are kept where they reach code that none reached before (atheris): `python -m malformed.guided --seconds 60`."""

import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random

import atheris
import click

INSTRUMENTED = ["advice", "chassis", "hub", "intake", "portal", "sequencing", "slides", "pydicom"]
with atheris.instrument_imports(include=INSTRUMENTED) if "--into" in sys.argv else nullcontext():
    from malformed.doors import DOORS, Door, Input

TESTS = Path(__file__).parents[1]
COUNTS = "counts.json"
EXAMPLES = 20
# As much as one may take, of a second or of memory (MiB); libFuzzer ends what takes more, and keeps the input.
HUNG_SECONDS, MEMORY = 60, 4096
TITLES = ("door", "inputs", "tried", "refused", "taken", "crashed", "hung")


def as_it_is(content: bytes) -> bytes:
    return content


def packed(content: bytes) -> bytes:
    return gzip.compress(content, 1)


@dataclass(frozen=True, slots=True)
class Guided:
    """A row of DOORS by its `tried`. What is unpacked is changed: of a damaged stream only its check sum would be tried."""

    tried: str
    pack: Callable[[bytes], bytes] = as_it_is
    unpack: Callable[[bytes], bytes] = as_it_is

    @property
    def door(self) -> Door:
        return next(one for one in DOORS if one.tried == self.tried)


ROWS = [
    Guided("HL7 v2, changed"),
    Guided("FHIR, changed"),
    Guided("CDS Hooks, changed"),
    Guided("WES 1.1, changed"),
    Guided("a form of the portal, changed"),
    Guided("GeoJSON, changed"),
    Guided("VCF, changed"),
    Guided("FASTQ: the mistakes that Biopython collects", packed, gzip.decompress),
    Guided("DICOM, changed"),
]


@dataclass(slots=True)
class Tally:
    """What became of each input."""

    folder: Path
    tried: int = 0
    refused: int = 0
    taken: int = 0
    crashed: dict[str, int] = field(default_factory=dict)

    def try_one(self, door: Door, one: Input) -> None:
        self.tried += 1
        try:
            door.take(one)
        except door.refusals:
            self.refused += 1
        except Exception as error:  # noqa: BLE001 - it is what is looked for
            self.remember(f"{type(error).__name__}: {error}", one)
        else:
            self.taken += 1

    def remember(self, why: str, one: Input) -> None:
        self.crashed[why[:200]] = self.crashed.get(why[:200], 0) + 1
        if len(self.crashed) <= EXAMPLES:
            one.written(self.folder / f"crashed-{len(self.crashed)}")

    def write(self) -> None:
        said = {"tried": self.tried, "refused": self.refused, "taken": self.taken, "crashed": self.crashed}
        (self.folder / COUNTS).write_text(json.dumps(said))


def run(row: Guided, folder: Path, seconds: int, seed: int) -> None:
    """In a process of its own, which this ends."""
    corpus = folder / "corpus"
    corpus.mkdir()
    door = row.door
    begun = list(islice(door.inputs(Random(seed)), 100))
    for number, one in enumerate(begun):
        (corpus / str(number)).write_bytes(row.unpack(one.files[one.main]))
    names, main = list(begun[0].files), begun[0].main
    tally, until = Tally(folder), time.monotonic() + seconds

    def tried(content: bytes) -> None:
        tally.try_one(door, Input(dict.fromkeys(names, row.pack(content)), main))
        if time.monotonic() > until:
            tally.write()
            os._exit(0)

    limits = [
        f"-timeout={HUNG_SECONDS}",
        f"-rss_limit_mb={MEMORY}",
        f"-seed={seed}",
        "-len_control=0",
        f"-artifact_prefix={folder}/",
    ]
    atheris.Setup([sys.argv[0], *limits, str(corpus)], tried)
    atheris.Fuzz()


def counted(row: Guided, folder: Path, seconds: int, seed: int) -> tuple[list[str], list[str]]:
    """Numbers of its line in the table, and what crashed."""
    arguments = ["--only", row.tried, "--into", str(folder), "--seconds", str(seconds), "--seed", str(seed)]
    command = [sys.executable, "-m", "malformed.guided", *arguments]
    ended = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, check=False)
    said: Mapping[str, object] = json.loads((folder / COUNTS).read_text()) if (folder / COUNTS).exists() else {}
    hung = len(list(folder.glob("timeout-*")))
    crashed = said.get("crashed", {})
    assert isinstance(crashed, dict)
    why = list(crashed)
    if ended.returncode:
        why.append(f"the process ended with {ended.returncode}: {ended.stderr[-1000:]}")
    count = sum(crashed.values()) + (1 if ended.returncode and not hung else 0)
    return [str(one) for one in (said.get("tried", 0), said.get("refused", 0), said.get("taken", 0), count, hung)], why


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--seconds", default=60, show_default=True, help="So long at each door.")
@click.option("--seed", default=20261127, show_default=True, help="Other inputs.")
@click.option("--only", default="", help="Rows that contain this.")
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), help="One row in this process; what it finds is here.")
def guided(seconds: int, seed: int, only: str, into: Path | None) -> None:
    """Have atheris look for inputs that are neither refused with a reason nor taken, and say what became of all."""
    rows = [row for row in ROWS if only in row.tried]
    if into is not None:
        run(rows[0], into, seconds, seed)
    click.echo(f"| {' | '.join(TITLES)} |\n|{'---|' * len(TITLES)}")
    wrong = 0
    for row in rows:
        folder = Path(tempfile.mkdtemp(prefix="casepath-guided-"))
        numbers, why = counted(row, folder, seconds, seed)
        click.echo(f"| {row.door.name} | {row.tried} | {' | '.join(numbers)} |")
        for one in why:
            click.echo(f"  {one} (in {folder})", err=True)
        wrong += len(why)
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    guided()
