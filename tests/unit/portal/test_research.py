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


def test_the_snakefile_is_where_snakemake_looks_for_it() -> None:
    assert workflow_header_of({}, ["a.txt", "workflow/Snakefile"]).workflow.snakefile == "workflow/Snakefile"
    assert workflow_header_of({}, ["Snakefile", "a.txt"]).workflow.snakefile == "Snakefile"
    with pytest.raises(Malformed, match="choose the folder"):
        workflow_header_of({}, [])
