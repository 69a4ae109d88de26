"""Calls of genes by other methods, as PharmCAT takes them: tab-separated gene, diplotype, phenotype and activity score."""

import csv
from pathlib import Path

from chassis.errors import Malformed
from sequencing.pharmacogenomics.report import OutsideCall


class NotOutsideCalls(Malformed):
    """A line is not gene and diplotype; they count from one."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} of the outside calls: one is gene, diplotype, perhaps phenotype, perhaps activity score")
        self.line = line

    def __reduce__(self) -> tuple[type["NotOutsideCalls"], tuple[int]]:
        # Tables are read in another process.
        return NotOutsideCalls, (self.line,)


def read_outside(path: Path) -> list[OutsideCall]:
    """Raise NotOutsideCalls with the line that is none."""
    calls = []
    with path.open(newline="", errors="replace") as file:
        for number, row in enumerate(csv.reader(file, delimiter="\t"), start=1):
            cells = [cell.strip() for cell in row if cell.strip()]
            if not cells or cells[0].startswith("#"):
                continue
            if not 2 <= len(cells) <= 4:
                raise NotOutsideCalls(number)
            calls.append(OutsideCall(*cells))
    return calls
