"""A folder that a researcher chooses in the browser."""

import pytest

from chassis.errors import Malformed
from portal.research import path_of, workflow_header_of


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("study/Snakefile", "Snakefile"),
        ("study/workflow/Snakefile", "workflow/Snakefile"),
        ("study/.git/config", ""),
        ("study/results/old.txt", ""),
        ("study/data/results/kept.txt", "data/results/kept.txt"),
        ("Snakefile", ""),
    ],
)
def test_paths_are_below_the_folder_without_what_is_hidden_and_earlier_results(name: str, path: str) -> None:
    assert path_of(name) == path


def test_a_folder_without_files_is_none() -> None:
    assert [one.path for one in workflow_header_of({}, ["a.txt", "workflow/Snakefile"]).workflow.files] == [
        "a.txt",
        "workflow/Snakefile",
    ]
    with pytest.raises(Malformed, match="choose the folder"):
        workflow_header_of({}, [])
