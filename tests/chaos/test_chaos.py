"""Trials of a running platform; `CHAOS_SEEDS` gives other seeds, "10-60", and `make chaos` runs them by the hundred."""

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from chaos.machine import APART, misdated, told_apart
from chaos.trial import trial
from conftest import Platform

FIRST, _, LAST = os.environ.get("CHAOS_SEEDS", "1-2").partition("-")


@pytest.mark.parametrize("seed", range(int(FIRST), int(LAST or FIRST) + 1))
async def test_a_visit_is_filed_once_whatever_is_killed_or_stopped(platform: Platform, seed: int) -> None:
    outcome = await trial(platform, seed)
    assert outcome.problems == [], ", ".join(map(str, outcome.blows))


@pytest.mark.skipif(shutil.which("cc") is None, reason="without a C compiler (apt-get install gcc libc6-dev) no clock jumps")
def test_a_programs_clock_jumps_and_comes_back_while_its_timers_go_on(tmp_path: Path) -> None:
    told = "import sys, time\nfor line in sys.stdin: print(time.time(), time.monotonic(), flush=True)"
    days = timedelta(days=3)
    with (
        told_apart(tmp_path / "apart", ["one"], groups=False),
        subprocess.Popen(
            [APART, "one", sys.executable, "-c", told], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as program,
    ):
        asked, answered = program.stdin, program.stdout
        assert asked
        assert answered

        def times() -> tuple[float, float]:
            asked.write("\n")
            asked.flush()
            now, timer = answered.readline().split()
            return float(now), float(timer)

        began, timer = times()
        for jump in (days, -days):
            with misdated(tmp_path / "apart", "one", jump):
                now, later = times()
            assert now - began == pytest.approx(jump.total_seconds() + later - timer, abs=1)
        now, later = times()
        assert now - began == pytest.approx(later - timer, abs=1)
        asked.close()
