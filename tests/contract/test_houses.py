"""The shape of the house: services meet in contracts, and nothing connects at import."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[2] / "services"
ROOMS = (
    "advice",
    "audit",
    "deidentification",
    "hub",
    "operations",
    "results",
    "intake",
    "slides",
    "inference",
    "sequencing",
    "records",
    "cases",
    "portal",
)
SHARED = {"chassis", "casepath"}


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("service", ROOMS)
def test_no_service_imports_another(service: str) -> None:
    for path in (SERVICES / service / "src").rglob("*.py"):
        assert not imported(path) & ({*ROOMS, "cli", "embedded"} - {service}), path


def test_the_chassis_imports_no_service() -> None:
    for path in (SERVICES / "chassis" / "src").rglob("*.py"):
        assert not imported(path) & {*ROOMS, "cli", "embedded"}, path


@pytest.mark.parametrize("service", ROOMS)
def test_every_service_has_the_one_shape(service: str) -> None:
    room = SERVICES / service / "src" / service
    assert {"__main__.py", "handlers.py", "settings.py", "adapters"} <= {path.name for path in room.iterdir()}


@pytest.mark.parametrize("service", ROOMS)
def test_handlers_do_no_io(service: str) -> None:
    allowed = {
        *SHARED,
        service,
        "google",
        "numpy",
        "hl7",
        "re",
        "hashlib",
        "json",
        "uuid",
        "datetime",
        "collections",
        "itertools",
        "math",
        "zoneinfo",
        "dataclasses",
        "typing",
    }
    assert imported(SERVICES / service / "src" / service / "handlers.py") <= allowed


@pytest.mark.parametrize("service", ROOMS)
def test_a_service_without_settings_says_which_and_ends(service: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", service], capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"}, check=False, timeout=60
    )
    assert ended.returncode == 78
    assert "CASEPATH_KAFKA" in ended.stderr
    assert "Traceback" not in ended.stderr
