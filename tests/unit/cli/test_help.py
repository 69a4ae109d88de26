import pytest
from click.testing import CliRunner

from cli.__main__ import casepath


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["slide", "convert"],
        ["model", "evaluate"],
        ["variants", "call"],
        ["publish"],
        ["case", "show"],
        ["case", "list"],
        ["case", "watch"],
        ["dlq", "list"],
        ["dlq", "replay"],
        ["dlq", "discard"],
        ["reconcile"],
        ["up"],
        ["down"],
        ["prepare"],
        ["provision"],
        ["backup", "take"],
        ["backup", "list"],
        ["backup", "check"],
        ["backup", "restore"],
        ["plan"],
        ["reprocess", "slides"],
        ["reprocess", "reads"],
        ["ready"],
        ["contract", "check"],
        ["demo"],
    ],
    ids=" ".join,
)
def test_every_command_explains_itself(command: list[str]) -> None:
    result = CliRunner().invoke(casepath, [*command, "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.output
    assert len(result.output.splitlines()) > 4
