"""No secret is in the tree. What looks like one and is none was looked at, and is in .secrets.baseline."""

import json
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
BASELINE = REPOSITORY / ".secrets.baseline"


def found(*files: str) -> subprocess.CompletedProcess[str]:
    hook = [sys.executable, "-m", "detect_secrets.pre_commit_hook", "--baseline", str(BASELINE), *files]
    return subprocess.run(hook, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_no_secret_is_in_the_tree() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    kept = BASELINE.read_bytes()
    try:
        told = found(*tracked.strip("\0").split("\0"))
    finally:
        # The hook moves lines along in it.
        BASELINE.write_bytes(kept)
    assert told.returncode in (0, 3), told.stdout


def test_everything_that_looks_like_one_was_looked_at() -> None:
    lines = [line for lines in json.loads(BASELINE.read_text())["results"].values() for line in lines]
    assert lines
    assert all(line["is_secret"] is False for line in lines)


def test_a_key_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text('aws_secret = "' + "AKIA" + "ABCDEFGHIJKLMNOP" + '"\n')
    (tmp_path / "key.pem").write_text("-----BEGIN " + "PRIVATE KEY-----\n")
    told = found(str(tmp_path / "settings.py"), str(tmp_path / "key.pem"))
    assert told.returncode == 1
    assert "AWS Access Key" in told.stdout
    assert "Private Key" in told.stdout
