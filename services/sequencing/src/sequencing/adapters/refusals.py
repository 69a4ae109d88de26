"""Whether a refusal is the input's fault. A tool that has no room to write says so in a word or two, or says nothing: what it
says is kept on the same disk (pysam.utils)."""

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile

from pysam import SamtoolsError

from chassis.errors import Malformed, Unavailable
from chassis.machine_faults import of_the_machine

# More than a tool leaves unwritten of one shard, since what it wrote is gone when somebody looks.
LEAST_FREE = 1 << 30
TRIED = 1 << 20


def believed[R](attempt: Callable[[], R], scratch: Path) -> R:
    """What `attempt` gives. What it raises is believed when it is raised twice, and there is room in `scratch` each time.

    Raise Unavailable where the machine is to blame.
    """
    try:
        return judged(attempt, scratch)
    except (Malformed, OSError, SamtoolsError):
        # There may have been no room a moment ago.
        return judged(attempt, scratch)


def judged[R](attempt: Callable[[], R], scratch: Path) -> R:
    try:
        return attempt()
    except (Malformed, OSError, SamtoolsError) as error:
        if of_the_machine(error) or not has_room(scratch):
            raise Unavailable(f"this machine cannot do it now: is there room in {scratch}?") from error
        raise


def has_room(folder: Path) -> bool:
    """Whether files can be written there; limits and quotas show only when it is tried."""
    if shutil.disk_usage(folder).free < LEAST_FREE:
        return False
    try:
        with TemporaryFile(dir=folder) as file:
            file.write(bytes(TRIED))
            file.flush()
    except OSError as error:
        if of_the_machine(error):
            return False
        raise
    return True
