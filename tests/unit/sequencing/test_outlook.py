import pytest

from casepath.sequencing.v1.calling_pb2 import Computation, Interval, Shard
from casepath.sequencing.v1.runs_pb2 import Run, RunTask
from casepath.sequencing.v1.sequencing_pb2 import ReadGroup
from sequencing.runs.outlook import known, outlook, seconds_left


def going(done: int, of: int) -> Run:
    return Run(tasks=[RunTask(name=f"align-0000-{number:06}", seconds=30) for number in range(done)], tasks_known=of)


def test_what_is_left_takes_as_long_as_what_is_done_on_every_process() -> None:
    assert seconds_left(going(4, 12), processes=4) == 30 * 8 / 4
    assert seconds_left(going(11, 12), processes=4) == 30


def test_nothing_is_foretold_before_a_task_has_ended_or_after_the_run_has() -> None:
    assert seconds_left(going(0, 12), 4) is None
    ended = going(12, 12)
    ended.ended_at.FromSeconds(1)
    assert seconds_left(ended, 4) is None


def test_a_run_costs_its_seconds_of_a_core_and_nothing_where_there_is_no_price() -> None:
    told = outlook(going(120, 120), 4, 0.5, "EUR")
    assert (told.core_seconds, told.currency) == (3600, "EUR")
    assert told.cost == pytest.approx(0.5)
    free = outlook(going(120, 120), 4, 0.0, "EUR")
    assert (free.cost, free.currency) == (0, "")


def test_a_run_has_a_task_for_each_split_chunk_shard_what_lies_nowhere_and_the_join() -> None:
    shard = Shard(intervals=[Interval(contig="chr1", end=10)])
    made = Computation(read_groups=[ReadGroup(id="a"), ReadGroup(id="b")], shards=[shard] * 3)
    assert known(made, {}) == 2 + 3 + 1 + 1
    assert known(made, {"split-0000-000000": 5}) == 12
