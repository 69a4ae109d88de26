"""Malformed inputs at every door, by the hundred: each is refused with a reason, or taken, and nothing else ever happens."""

from pathlib import Path

import pytest

from malformed.doors import DOORS, Door
from malformed.table import counted

SEED = 20261124
# Slides take longest; of the nine formats that are constructed, fifteen each.
ROUNDS = {"slides": 40, "models": 40}
FORMATS_ROUNDS = 135
OTHERS = 300


@pytest.mark.parametrize("door", DOORS, ids=lambda door: f"{door.name}: {door.tried}")
async def test_nothing_that_is_malformed_crashes_hangs_or_is_wrongly_taken(door: Door) -> None:
    rounds = FORMATS_ROUNDS if "nine" in door.tried else ROUNDS.get(door.name, OTHERS)
    counts = await counted(door, rounds, SEED)
    assert (counts.crashed, counts.hung, counts.wrongly) == (0, 0, 0), counts.examples
    assert counts.refused
    assert counts.refused + counts.taken == counts.tried


def test_what_coverage_leads_to_is_tried_and_counted(tmp_path: Path) -> None:
    guided = pytest.importorskip("malformed.guided", reason="atheris is had on Linux on x86-64 alone", exc_type=ImportError)
    (row,) = [one for one in guided.ROWS if "GeoJSON" in one.tried]
    (tried, refused, taken, crashed, hung), why = guided.counted(row, tmp_path, 3, SEED)
    assert (crashed, hung, why) == ("0", "0", [])
    assert int(tried) == int(refused) + int(taken) > 1000
