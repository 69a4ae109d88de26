"""A researcher's run on the platform, by the command line and over GA4GH's Workflow Execution Service."""

from pathlib import Path

import httpx
import pytest

from conftest import Platform
from embedded import samples


@pytest.fixture
def token_file(platform: Platform, tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(platform.signer.token("leroy", ["researcher"], 600))
    return file


def test_a_researcher_sends_reads_watches_and_takes_the_variants_home(
    platform: Platform, token_file: Path, tmp_path: Path
) -> None:
    asking = ["--runs", f"127.0.0.1:{platform.ports['runs']}", "--token-file", str(token_file)]
    reads = ["--reads", *map(str, samples.READS), "--reference", samples.REFERENCE_NAME, "--sample", "cell-line"]
    sent = platform.casepath("run", "submit", "--project", "demonstration", *reads, "--tag", "study=x", "--watch", *asking)
    assert sent.returncode == 0, sent.stderr
    run_id = sent.stdout.strip()
    assert "complete: " in sent.stderr
    assert "join-0000-000000" in platform.casepath("run", "logs", run_id, *asking).stdout
    assert run_id in platform.casepath("run", "list", *asking).stdout
    taken = platform.casepath("run", "download", run_id, "--out", str(tmp_path / "out"), *asking)
    assert taken.returncode == 0, taken.stderr
    assert (tmp_path / "out" / "variants.vcf.gz").read_bytes()[:2] == b"\x1f\x8b"
    assert (tmp_path / "out" / "ro-crate-metadata.json").exists()
    told = platform.casepath("run", "schedule", *asking)
    assert "demonstration: 0 runs go, 0 wait" in told.stdout
    base = f"http://127.0.0.1:{platform.ports['wes']}/ga4gh/wes/v1"
    headers = {"Authorization": f"Bearer {token_file.read_text()}"}
    log = httpx.get(f"{base}/runs/{run_id}", headers=headers, timeout=30).json()
    assert (log["state"], log["request"]["tags"]) == ("COMPLETE", {"study": "x", "project": "demonstration"})


def test_a_researcher_runs_a_workflow_of_their_own(platform: Platform, token_file: Path, tmp_path: Path) -> None:
    asking = ["--runs", f"127.0.0.1:{platform.ports['runs']}", "--token-file", str(token_file)]
    folder = tmp_path / "study"
    (folder / "workflow").mkdir(parents=True)
    (folder / "workflow" / "Snakefile").write_text(
        "import pysam\n"
        "rule lengths:\n"
        "    input: 'names.txt'\n"
        "    output: 'results/lengths.txt'\n"
        "    run:\n"
        "        with pysam.FastaFile(config['reference']) as fasta, open(output[0], 'w') as out:\n"
        "            print(config['study'], fasta.get_reference_length(open(input[0]).read().strip()), file=out)\n"
    )
    (folder / "names.txt").write_text("chr20\n")
    sent = platform.casepath(
        *("run", "workflow", str(folder), "--project", "demonstration", "--reference", samples.REFERENCE_NAME),
        *("--config", "study=x", "--watch", *asking),
    )
    assert sent.returncode == 0, sent.stderr
    run_id = sent.stdout.strip()
    assert "0001-lengths" in platform.casepath("run", "logs", run_id, *asking).stdout
    taken = platform.casepath("run", "download", run_id, "--out", str(tmp_path / "out"), *asking)
    assert taken.returncode == 0, taken.stderr
    study, length = (tmp_path / "out" / "results" / "lengths.txt").read_text().split()
    assert (study, int(length) > 1000) == ("x", True)
    assert (tmp_path / "out" / "workflow" / "Snakefile").exists()


def test_who_is_no_member_runs_nothing_and_is_told_so(platform: Platform, token_file: Path) -> None:
    asking = ["--runs", f"127.0.0.1:{platform.ports['runs']}", "--token-file", str(token_file)]
    reads = ["--reads", *map(str, samples.READS), "--reference", samples.REFERENCE_NAME]
    refused = platform.casepath("run", "submit", "--project", "care", *reads, *asking)
    assert refused.returncode == 65
    assert "you are not a member of this project" in refused.stderr
    anonymous = platform.casepath("run", "list", "--runs", f"127.0.0.1:{platform.ports['runs']}")
    assert anonymous.returncode == 78
    assert "--token-file" in anonymous.stderr
