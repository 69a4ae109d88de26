"""Each image's steps, run as its Dockerfile says, in a folder of their own: no container engine is needed, and none is tried."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from stages.peer_environment import uv

REPOSITORY = Path(__file__).parents[2]
DOCKERFILES = {file.parent.name: file.read_text() for file in sorted(REPOSITORY.glob("services/*/Dockerfile"))}
# What no image has: reducing a model's precision is done elsewhere.
ELSEWHERE = {"inference": {"duckdb", "onnx"}}
# Prints what a package imports, anywhere in it, and cannot be found.
MISSING = """
import ast, importlib.util, pathlib, sys
wanted = set()
for path in pathlib.Path(importlib.util.find_spec(sys.argv[1]).origin).parent.rglob("*.py"):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            wanted |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            wanted.add(node.module.split(".")[0])
print(" ".join(sorted(name for name in wanted if importlib.util.find_spec(name) is None)))
"""
SERVICES = sorted(DOCKERFILES.keys() - {"cli"})


def sync_command(name: str) -> list[str]:
    (line,) = re.findall(r"^RUN (uv sync .*)$", DOCKERFILES[name], re.MULTILINE)
    arguments = dict(re.findall(r"^ARG (\w+)=(\S+)$", DOCKERFILES[name], re.MULTILINE))
    return shlex.split(re.sub(r"\$\{(\w+)\}", lambda match: arguments[match[1]], line))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the builder stage copies, and nothing else of the repository."""
    folder = tmp_path_factory.mktemp("source")
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "pyproject.toml", "uv.lock", "README.md", "services"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in tracked:
        if not name.startswith("services/inference/training") and (REPOSITORY / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, target)
    return folder


def installed(name: str, source: Path, folder: Path) -> Path:
    """The environment that the builder stage makes; the interpreter of it."""
    environment = {
        **os.environ,
        "UV_PROJECT_ENVIRONMENT": str(folder / "venv"),
        "UV_PYTHON": getattr(sys, "_base_executable", sys.executable),
        "UV_PYTHON_DOWNLOADS": "never",
    }
    command = [uv(), *sync_command(name)[1:]]
    ended = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return folder / "venv/bin/python"


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_has_all_that_its_service_needs_and_none_of_the_others(name: str, source: Path, tmp_path: Path) -> None:
    python = installed(name, source, tmp_path)
    ended = subprocess.run(
        [python, "-P", "-m", name],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "CASEPATH_KAFKA: field required" in ended.stderr, ended.stderr
    assert ended.returncode == 78
    missing = subprocess.run([python, "-P", "-c", MISSING, name], capture_output=True, text=True, check=True).stdout.split()
    assert set(missing) <= ELSEWHERE.get(name, set())
    present = {path.name.split("-")[0] for path in (tmp_path / "venv").glob("lib/python*/site-packages/casepath_*.dist-info")}
    assert present == {"casepath_chassis", "casepath_contracts", f"casepath_{name}"}


def test_the_operators_image_has_the_commands_that_the_chart_runs(source: Path, tmp_path: Path) -> None:
    python = installed("cli", source, tmp_path)
    said = subprocess.run([python.with_name("casepath"), "--help"], capture_output=True, text=True, check=True).stdout
    assert {"provision", "ready", "dlq", "case"} <= {line.split()[0] for line in said.splitlines() if line.startswith("  ")}


@pytest.mark.parametrize("name", DOCKERFILES)
def test_an_image_is_pinned_and_runs_as_nobody_in_particular(name: str) -> None:
    text = DOCKERFILES[name]
    assert re.search(r"^ARG BASE=python:3\.12-slim-bookworm@sha256:[0-9a-f]{64}$", text, re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"${BASE}"}
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    assert text.index("USER 10001:10001") < text.index("ENTRYPOINT")
    assert 'org.casepath.sbom="/app/sbom.cdx.json"' in text


def test_images_differ_in_nothing_but_their_service() -> None:
    own = re.compile(r"^(#.*|ARG ONNX.*|COPY services/inference/models.*|RUN apt-get.*)\n", re.MULTILINE)
    shapes = set()
    for name, text in DOCKERFILES.items():
        shape = own.sub("", text).replace(f"casepath-{name}", "NAME").replace(f'["python", "-m", "{name}"]', "RUN")
        shapes.add(re.sub(r" --extra \S+", "", shape.replace('["casepath"]', "RUN")))
    assert len(shapes) == 1


def test_every_service_of_the_chart_has_an_image() -> None:
    assert set(SERVICES) == {
        path.name for path in REPOSITORY.glob("services/*") if (path / f"src/{path.name}/handlers.py").exists()
    }
