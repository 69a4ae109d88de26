"""Filing a whole history: in any order, and ended at every point at which it asks something of a store and begun again."""

from collections import deque
from functools import partial
from operator import eq
from pathlib import Path
from random import Random

import pytest
from filing_world import Crash, MemoryArchive, Points, filing, handle, history
from memory_objects import MemoryObjects

import examples
from casepath.records.v1.filing_pb2 import EntriesFiled
from casepath.sequencing.v1.pharmacogenomics_pb2 import PharmacogenomicsReported
from chassis.errors import Unavailable
from chassis.fhir import Resource
from records.adapters.fhir_server import MemoryFhirServer

type Filed = tuple[dict[tuple[str, str], Resource], dict[str, str]]


async def filed(points: Points, scratch: Path, rng: Random | None = None) -> Filed:
    held: dict[str, bytes] = {}
    objects, fhir, archive = MemoryObjects(held, points.asks), MemoryFhirServer(), MemoryArchive()
    to, work = filing(objects, fhir, archive, points, scratch), deque(await history(MemoryObjects(held)))
    if rng is not None:
        rng.shuffle(work)
    while work:
        message = work.popleft()
        try:
            await handle(to, message)
        except Unavailable:
            work.append(message)
        except Crash:
            work.appendleft(message)
            to = filing(objects, fhir, archive, points, scratch)
    return {name: found for name, (found, _) in fhir.resources.items()}, archive.held


async def test_ended_at_any_point_and_begun_again_what_is_filed_is_the_same(tmp_path: Path) -> None:
    undisturbed = Points()
    expected = await filed(undisturbed, tmp_path)
    assert len(expected[0]) > 15
    assert len(expected[1]) == 4
    for number in range(undisturbed.passed):
        assert await filed(Points(partial(eq, number)), tmp_path) == expected, f"point {number}"


async def test_what_is_done_with_a_report_that_a_newer_one_replaced_has_an_outcome_and_changes_nothing(tmp_path: Path) -> None:
    objects, fhir = MemoryObjects({}, Points().asks), MemoryFhirServer()
    to = filing(objects, fhir, MemoryArchive(), Points(), tmp_path)
    issued = examples.pharmacogenomics_reported(await objects.put(examples.pharmacogenomic_report().SerializeToString()))
    del issued.pages[:]
    newer = PharmacogenomicsReported()
    newer.CopyFrom(issued)
    newer.report_id = examples.RUN
    for message in (examples.order(), issued, newer):
        (event,) = await handle(to, message)
    before = dict(fhir.resources)
    for act in (examples.genomics_signed(), examples.genomics_withdrawn()):
        (outcome,) = await handle(to, act)
        assert isinstance(outcome.data, EntriesFiled)
        assert isinstance(event.data, EntriesFiled)
        assert outcome.data.entries == event.data.entries
    assert fhir.resources == before


@pytest.mark.parametrize("seed", range(30))
async def test_whatever_comes_first_what_is_filed_is_the_same(tmp_path: Path, seed: int) -> None:
    assert await filed(Points(), tmp_path, Random(seed)) == await filed(Points(), tmp_path)
