"""Scratch space of one process, cleaned up after a process that was killed."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = ".lock"


@contextmanager
def scratch(work_folder: Path, service: str) -> Iterator[Path]:
    """A folder of this process alone, removed at its end. Folders that dead processes left are removed first.

    A process holds the lock on its own folder for as long as it lives, so a lock that can be had is of a dead one.
    """
    root = work_folder / service
    root.mkdir(parents=True, exist_ok=True)
    for left in root.iterdir():
        remove_if_dead(left)
    folder = Path(tempfile.mkdtemp(dir=root))
    with (folder / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def remove_if_dead(folder: Path) -> None:
    try:
        with (folder / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        # Its process lives, or it is being made or removed at this moment.
        return
