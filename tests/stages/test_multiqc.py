"""Quality files of a real sample, as MultiQC itself reads them."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from stages.peer_environment import peer_python

from embedded import samples
from sequencing.commands import variants

MULTIQC = "multiqc==1.35"


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("multiqc")
    reference = shutil.copy(samples.REFERENCE, folder)
    reads = ["--reads", *map(str, samples.READS)]
    out = folder / "S1"
    done = CliRunner().invoke(variants, ["call", *reads, "--reference", str(reference), "--out", str(out), "--sample", "S1"])
    assert done.exit_code == 0, done.output
    return out


def test_multiqc_shows_the_figures_and_both_plots(called: Path, tmp_path: Path) -> None:
    python = peer_python("multiqc", MULTIQC)
    command = [str(python), "-m", "multiqc", str(called), "--outdir", str(tmp_path), "--no-version-check", "--no-ansi"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    (found,) = [json.loads(path.read_text()) for path in tmp_path.rglob("multiqc_data.json")]
    said = json.loads((called / "quality.json").read_text())
    assert said["snps"] == 347
    general = json.dumps(found["report_general_stats_data"])
    for figure in (said["snps"], said["indels"], said["median_insert_size"]):
        assert str(figure) in general
    assert {"casepath_coverage_plot", "casepath_insert_size_plot"} <= set(found["report_plot_data"])


def test_the_pages_of_a_real_sample_are_whole(called: Path) -> None:
    english, french = [(called / f"quality.{language}.html").read_text() for language in ("en", "fr")]
    assert "347" in english
    assert "Taille d&#39;insert médiane" in french
    assert english.count("<polyline") == 2
