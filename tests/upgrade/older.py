"""An older version of casepath, installed beside this one from its own history."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from stages.peer_environment import uv

from chassis.settings import cache

REPOSITORY = Path(__file__).parents[2]
# Where nobody says which (`UPGRADE_FROM`): what was there so many seconds before the newest commit.
HALF_A_DAY = 12 * 3600


def commit() -> str:
    """The version to upgrade from. Raise CalledProcessError where this is no clone, or none that goes back so far."""
    said = os.environ.get("UPGRADE_FROM")
    if said:
        return git("rev-parse", "--verify", f"{said}^{{commit}}")
    newest = int(git("log", "-1", "--format=%ct"))
    found = git("rev-list", "-1", f"--before={newest - HALF_A_DAY}", "HEAD")
    assert found, "the clone does not go back half a day: git fetch --unshallow, or UPGRADE_FROM=COMMIT"
    return found


def installed(version: str) -> Path:
    """Its interpreter; what was installed before is taken as it is."""
    folder = cache() / "versions" / version
    python = folder / ".venv" / "bin" / "python"
    if python.exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with subprocess.Popen(["git", "-C", str(REPOSITORY), "archive", version], stdout=subprocess.PIPE) as archive:
        subprocess.run(["tar", "-x", "-C", str(folder)], stdin=archive.stdout, check=True)
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT")}
    command = [uv(), "sync", "-q", "--frozen", "--all-packages", "--python", str(Path(sys.base_prefix) / "bin" / "python3")]
    subprocess.run(command, cwd=folder, env=environment, check=True)
    return python


def has(python: Path, service: str) -> bool:
    """Whether that version has a service already."""
    return (python.parents[2] / "services" / service).is_dir()


def git(*arguments: str) -> str:
    said = subprocess.run(["git", "-C", str(REPOSITORY), *arguments], capture_output=True, text=True, check=True)
    return said.stdout.strip()
