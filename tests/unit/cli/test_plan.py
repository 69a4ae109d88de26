"""Capacity planned from measured service times."""

import json
from dataclasses import replace

from click.testing import CliRunner

from cli.__main__ import casepath
from cli.plan import BUSY, Hospital, planned

CHU = Hospital(cases=600, slides=2000, slide_gigabytes=1.2, tiles=5000, genomes=20, hours=10)


def workers(hospital: Hospital) -> dict[str, int]:
    return {one.service: one.workers for one in planned(hospital).needs}


def test_no_worker_is_busier_than_it_may_be_and_one_fewer_would_be() -> None:
    for one in planned(CHU).needs:
        busy = one.a_second * one.seconds_each
        assert busy <= one.workers * BUSY
        assert busy > (one.workers - 1) * BUSY


def test_twice_the_slides_need_about_twice_the_workers_and_no_more_for_genomes() -> None:
    before, after = workers(CHU), workers(replace(CHU, slides=4000))
    assert 2 * before["inference"] - 1 <= after["inference"] <= 2 * before["inference"]
    assert after["sequencing"] == before["sequencing"]


def test_a_hospital_without_genomes_needs_no_sequencing() -> None:
    assert workers(replace(CHU, genomes=0))["sequencing"] == 0


def test_slides_at_67_megabytes_a_second_are_what_a_reference_centre_has() -> None:
    assert round(planned(CHU).network_megabytes_a_second) == 67


def test_the_command_says_where_partitions_do_not_suffice() -> None:
    shown = CliRunner().invoke(casepath, ["plan", "--slides", "4000"])
    assert shown.exit_code == 0
    assert "at most as many workers" in shown.output
    few = CliRunner().invoke(casepath, ["plan", "--slides", "10", "--genomes", "1"])
    assert "at most as many workers" not in few.output
    made = json.loads(CliRunner().invoke(casepath, ["plan", "--json"]).output)
    assert {one["service"] for one in made["needs"]} == {"intake", "slides", "inference", "sequencing"}
