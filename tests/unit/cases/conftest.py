from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cases.adapters.case_view import CaseView, MemoryCaseView, SqliteCaseView
from cases.working_time import WorkingTime

PARIS = WorkingTime(ZoneInfo("Europe/Paris"))


@pytest.fixture(params=["memory", "sqlite"])
def view(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CaseView]:
    if request.param == "memory":
        yield MemoryCaseView(PARIS)
        return
    with closing(SqliteCaseView.at(tmp_path / "cases.sqlite", PARIS)) as one:
        yield one
