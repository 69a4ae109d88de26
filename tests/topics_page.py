"""Writes every topic as a page: python -m topics_page FILE, with tests/ on the path. `make topics-page` runs it."""

import sys
from pathlib import Path

from node_programs import run_on_node

DOCUMENT = Path(__file__).parents[1] / "protos/asyncapi.yaml"


def page() -> str:
    """HTML that opens without a network, by AsyncAPI's own component."""
    return run_on_node("topics_page.mjs", DOCUMENT.read_text())


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page())
