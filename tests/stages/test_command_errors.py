import subprocess
import sys
from pathlib import Path

CASEPATH = Path(sys.executable).with_name("casepath")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(CASEPATH), *arguments], capture_output=True, text=True, check=False)


def test_an_error_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file.svs").write_bytes(b"not a slide")
    result = run("slide", "convert", str(tmp_path / "file.svs"), "--out", str(tmp_path / "out"))
    assert result.returncode == 65
    assert result.stderr.startswith("casepath: NOT_A_SLIDE")
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_service_that_is_not_there_is_said_to_be_unavailable() -> None:
    result = run("case", "list", "--cases", "127.0.0.1:1")
    assert result.returncode == 69
    assert "is the platform up?" in result.stderr


def test_a_folder_that_is_in_use_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    result = run("slide", "convert", __file__, "--out", str(tmp_path))
    assert result.returncode == 78
    assert "is not empty" in result.stderr
