"""Each claim of SECURITY.md and docs/compliance.md names a test that there is."""

import ast
import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
ROW = re.compile(r"^\| [STRIDE] \|.*$", re.MULTILINE)
PROOF = re.compile(r"`(tests/\S+?\.py)::(\w+)`")


def test_every_threat_names_tests_that_there_are() -> None:
    rows = ROW.findall((REPOSITORY / "SECURITY.md").read_text())
    assert {row[2] for row in rows} == set("STRIDE")
    for row in rows:
        proofs = PROOF.findall(row)
        assert proofs, row
        there_are(proofs)


def test_every_duty_names_tests_that_there_are() -> None:
    proofs = PROOF.findall((REPOSITORY / "docs/compliance.md").read_text())
    assert len(proofs) > 30
    there_are(proofs)


def there_are(proofs: list[tuple[str, str]]) -> None:
    for file, name in proofs:
        defined = {node.name for node in ast.walk(ast.parse((REPOSITORY / file).read_text())) if hasattr(node, "name")}
        assert name in defined, (file, name)
