"""How far a workflow is, from what Snakemake 9 prints (snakemake.logging: job_finished, progress). Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

FINISHED = re.compile(r"Finished jobid: \d+ \(Rule: ([\w.-]{1,64})\)")
STEPS = re.compile(r"\d+ of (\d{1,9}) steps \(")
FAILED = re.compile(r"Error in rule ([\w.-]{1,64})[, :]")


@dataclass(frozen=True, slots=True)
class Finished:
    rule: str


@dataclass(frozen=True, slots=True)
class Known:
    """Jobs of this start, done or not."""

    jobs: int


@dataclass(frozen=True, slots=True)
class Failed:
    rule: str


def told(lines: str) -> Iterator[Finished | Known | Failed]:
    for line in lines.splitlines():
        if match := FINISHED.match(line):
            yield Finished(match[1])
        elif match := STEPS.match(line):
            yield Known(int(match[1]))
        elif match := FAILED.match(line):
            yield Failed(match[1])
