"""What Snakemake's lines tell of a workflow."""

from sequencing.workflows.progress import Failed, Finished, Known, told

LINES = """\
Building DAG of jobs...
[Thu Nov 26 12:03:31 2026]
Finished jobid: 3 (Rule: align_reads)
3 of 5 steps (60%) done
   Finished jobid: 4 (Rule: indented)
Error in rule call, jobid: 1
Error in rule other:
"""


def test_jobs_that_ended_how_many_there_are_and_what_failed() -> None:
    assert list(told(LINES)) == [Finished("align_reads"), Known(5), Failed("call"), Failed("other")]


def test_what_a_job_prints_in_the_midst_of_a_line_is_not_snakemakes() -> None:
    assert list(told("done: 1 of 9 steps (11%) done\nsee: Error in rule x:\n")) == []
