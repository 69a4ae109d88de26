from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cases.adapters.case_view import CaseView, MemoryCaseView, SqliteCaseView


@pytest.fixture(params=["memory", "sqlite"])
def view(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CaseView]:
    if request.param == "memory":
        yield MemoryCaseView()
        return
    with closing(SqliteCaseView.at(tmp_path / "cases.sqlite")) as one:
        yield one
