"""Peers that need other versions of what we use, each in an environment of its own under the user's cache folder."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from chassis.settings import cache
from embedded.java import filling


def peer_python(name: str, *requirements: str, bare: Sequence[str] = (), python: Path = Path(sys.executable)) -> Path:
    """A Python with what is required in it, made on first use. Fails, and says so, where that cannot be fetched.

    Those in `bare` get no dependencies of their own, but see what `python` itself has.
    """
    folder = cache() / "peers" / name
    wanted = "\n".join([sys.version, str(python), *requirements, *bare])
    seeing = ["--system-site-packages"] if bare else []
    with filling(f"peer-{name}"):
        marker = folder / "made-of.txt"
        if not marker.exists() or marker.read_text() != wanted:
            shutil.rmtree(folder, ignore_errors=True)
            folder.parent.mkdir(parents=True, exist_ok=True)
            install: list[str | Path] = [uv(), "pip", "install", "--quiet", "--python", folder / "bin" / "python"]
            subprocess.run([uv(), "venv", "--quiet", *seeing, "--python", python, folder], check=True)
            subprocess.run([*install, *requirements], check=True)
            if bare:
                subprocess.run([*install, "--no-deps", *bare], check=True)
            marker.write_text(wanted)
    return folder / "bin" / "python"


def uv() -> str:
    """The machine's, or what `make setup` installed."""
    found = shutil.which("uv") or shutil.which(cache() / "uv" / "bin" / "uv")
    assert found, "uv is missing: make setup installs it"
    return found


def installed(name: str, least: tuple[int, int], *asking: str) -> str | None:
    """The machine's own program, where it is of at least that version; `asking` are the arguments that make it say so."""
    found = shutil.which(name)
    if found is None:
        return None
    said = subprocess.run([found, *asking], capture_output=True, text=True, check=False).stdout
    version = re.search(r"(\d+)\.(\d+)", said)
    return found if version and (int(version[1]), int(version[2])) >= least else None


def run_peer(python: Path, program: str, *arguments: str) -> str:
    """What a program prints."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [python, "-c", program, *arguments], capture_output=True, text=True, cwd=folder, timeout=120, check=False
        )
    assert done.returncode == 0, done.stderr
    return done.stdout
