"""Trials of a running platform; `CHAOS_SEEDS` gives other seeds, "10-60", and `make chaos` runs them by the hundred."""

import os

import pytest

from chaos.trial import trial
from conftest import Platform

FIRST, _, LAST = os.environ.get("CHAOS_SEEDS", "1-2").partition("-")


@pytest.mark.parametrize("seed", range(int(FIRST), int(LAST or FIRST) + 1))
async def test_a_visit_is_filed_once_whatever_is_killed_or_stopped(platform: Platform, seed: int) -> None:
    outcome = await trial(platform, seed)
    assert outcome.problems == [], ", ".join(map(str, outcome.blows))
