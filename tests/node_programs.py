"""Programs that tests run on Node.js, with the locked packages of tests/node in the user's cache folder."""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from chassis.settings import cache
from embedded.java import filling

NODE = Path(__file__).with_name("node")


def node_folder() -> Path:
    """A folder with tests/node's scripts and the packages that they import."""
    lock = (NODE / "package-lock.json").read_bytes()
    folder = cache() / "node" / hashlib.sha256(lock).hexdigest()[:12]
    with filling("node"):
        if not folder.exists():
            npm = shutil.which("npm")
            assert npm, "npm is missing: install Node.js 20 or later, with npm"
            folder.parent.mkdir(parents=True, exist_ok=True)
            partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".partial-"))
            for name in ("package.json", "package-lock.json"):
                shutil.copy(NODE / name, partial)
            subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=partial, check=True)
            partial.rename(folder)
        for script in NODE.glob("*.mjs"):
            shutil.copy(script, folder)
    return folder


def run_on_node(script: str, given: str) -> str:
    """What a script of tests/node writes when it is given a text."""
    return subprocess.run(
        ["node", script], cwd=node_folder(), input=given, capture_output=True, text=True, check=True, timeout=120
    ).stdout
