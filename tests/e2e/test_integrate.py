"""docs/integrate.md, followed as a hospital's developer would: in Python and in Java, with nothing of casepath's."""

import subprocess
import sys
from pathlib import Path

from conftest import Platform
from embedded.java import FHIR, jars, java

KIT = Path(__file__).parents[2] / "docs/integrate"


def sent(command: list[str], platform: Platform, *names: str) -> tuple[int, list[str]]:
    """Exit status, and each line of what it printed."""
    arguments = ["127.0.0.1", str(platform.ports["mllp"]), *names]
    ended = subprocess.run([*command, *arguments], cwd=KIT, capture_output=True, text=True, check=False, timeout=60)
    return ended.returncode, (ended.stdout + ended.stderr).splitlines()


def test_python_sends_what_is_taken_and_hears_why_a_wrong_one_is_not(platform: Platform) -> None:
    command = [sys.executable, "-I", "send.py"]
    assert sent(command, platform, "registration.hl7", "order.hl7") == (0, ["registration.hl7 AA", "order.hl7 AA"])
    status, (line,) = sent(command, platform, "wrong-order.hl7")
    assert (status, line.split()[:2]) == (1, ["wrong-order.hl7", "AE"])
    assert "PID^1^7" in line
    assert "not a date (YYYYMMDD)" in line


def test_java_sends_the_same_and_a_repeat_changes_nothing(platform: Platform, tmp_path: Path) -> None:
    (compiler,) = jars("hapi-fhir", FHIR, print).glob("ecj-*.jar")
    arguments = ["-17", "-nowarn", "-proc:none", "-d", str(tmp_path), str(KIT / "Send.java")]
    subprocess.run([java(), "-jar", str(compiler), *arguments], check=True, capture_output=True)
    command = [java(), "-cp", str(tmp_path), "Send"]
    for _ in range(2):
        assert sent(command, platform, "registration.hl7", "order.hl7") == (0, ["registration.hl7 AA", "order.hl7 AA"])
    status, (first, second) = sent(command, platform, "wrong-order.hl7")
    assert (status, first) == (1, "wrong-order.hl7 AE")
    assert "not a date (YYYYMMDD)" in second
