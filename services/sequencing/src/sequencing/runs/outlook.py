"""What a run has cost, and when it should end. Pure."""

from collections.abc import Mapping
from statistics import mean

from casepath.sequencing.v1.calling_pb2 import Computation
from casepath.sequencing.v1.runs_pb2 import Outlook, Run
from sequencing.computations import bins


def outlook(run: Run, processes: int, price: float, currency: str) -> Outlook:
    """`price` is of a core for an hour."""
    seconds = sum(task.seconds for task in run.tasks)
    found = Outlook(core_seconds=seconds, cost=price * seconds / 3600, currency=currency if price else "")
    left = seconds_left(run, processes)
    if left is not None:
        found.seconds_left = left
    return found


def seconds_left(run: Run, processes: int) -> float | None:
    """From the mean of ended tasks, on every process; None where none has ended, or the run has."""
    if not run.tasks or run.HasField("ended_at"):
        return None
    each = mean(task.seconds for task in run.tasks)
    left = max(run.tasks_known - len(run.tasks), 1)
    return each * left / max(min(processes, left), 1)


def known(made: Computation, chunks: Mapping[str, int]) -> int:
    """How many tasks a computation has, as far as its splits are done; `chunks` has how many each of these made."""
    return len(made.read_groups) + sum(chunks.values()) + bins(made) + 1
