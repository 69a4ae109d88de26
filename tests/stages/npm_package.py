"""A browser library from npm, for tests that run it: fetched once, checked, kept under the user's cache folder."""

import hashlib
import io
import shutil
import tarfile
import tempfile
from pathlib import Path

import httpx

from chassis.settings import cache
from embedded.java import filling

REGISTRY = "https://registry.npmjs.org"


def npm_package(name: str, version: str, sha256: str) -> Path:
    """The folder of the package's files."""
    folder = cache() / "npm" / f"{name}-{version}"
    with filling("npm"):
        if not folder.exists():
            answer = httpx.get(f"{REGISTRY}/{name}/-/{name}-{version}.tgz", follow_redirects=True, timeout=120)
            answer.raise_for_status()
            found = hashlib.sha256(answer.content).hexdigest()
            assert found == sha256, f"{name} {version} has other bytes than those that were tried"
            folder.parent.mkdir(parents=True, exist_ok=True)
            partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".partial-"))
            with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
                archive.extractall(partial, filter="data")
            (partial / "package").rename(folder)
            shutil.rmtree(partial)
    return folder
