"""Files that survive a power cut."""

import os
from pathlib import Path


def settle(partial: Path, target: Path) -> None:
    """Give a file that is whole its name, durably."""
    partial.replace(target)
    flush(target)


def flush(path: Path) -> None:
    """Make a file and its name survive a power cut."""
    for target in (path, path.parent):
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
