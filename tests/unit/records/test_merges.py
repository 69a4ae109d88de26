"""Patients that are merged before, between and after their results; chains of merges, and merges undone."""

from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from filing_world import Crash, MemoryArchive, handle
from google.protobuf.message import Message

import examples
from casepath.intake.v1.patient_pb2 import Patient, PatientMerged, PatientsUnlinked
from casepath.records.v1.filing_pb2 import CaseMoved
from chassis.errors import Unavailable
from chassis.events import Event
from chassis.fhir import Resource
from chassis.identity import patient_id
from chassis.objects import Objects
from chassis.orders import ShelvedOrders
from records.adapters.fhir_server import Change, MemoryFhirServer
from records.belonging import patient_of
from records.filing import Filing

SURVIVOR = examples.survivor().patient_id


def filing(folder: Path, server: MemoryFhirServer | None = None) -> Filing:
    objects = Objects.at(f"file://{folder / 'objects'}")
    orders = ShelvedOrders(objects, "records", examples.NAMESPACE)
    return Filing(server or MemoryFhirServer(), MemoryArchive(), objects, orders, folder)


async def handed(to: Filing, messages: Iterable[Message]) -> list[Event]:
    """Each message to its handler; what must wait comes again after the others, as from another partition."""
    waiting, events = list(messages), list[Event]()
    for _ in range(len(waiting)):
        later = []
        for message in waiting:
            try:
                events += await handle(to, message)
            except Unavailable:
                later.append(message)
        waiting = later
    assert not waiting
    return events


def held(of: Filing) -> dict[tuple[str, str], Resource]:
    assert isinstance(of.fhir, MemoryFhirServer)
    return {name: found for name, (found, _) in of.fhir.resources.items()}


def owners(of: Filing) -> set[str]:
    """Of whom something is; a model, and where a result comes from, are of nobody."""
    return {patient_of(found) for (kind, _), found in held(of).items() if kind not in ("Patient", "Device", "Provenance")}


def case_is_of(events: Sequence[Event]) -> str:
    """The patient whom every service shows in the end."""
    moves = [event.data for event in events if isinstance(event.data, CaseMoved)]
    return max(moves, key=lambda one: one.recorded_at.ToNanoseconds()).patient.patient_id if moves else examples.PATIENT


def later(hours: int) -> Any:
    return examples.NOON + timedelta(hours=hours)


def merge(retired: str, surviving: str, hours: int = 0) -> PatientMerged:
    """Of identifiers of one authority."""
    said = examples.merged(later(hours))
    said.retired_identifier, said.retired_id = retired, id_of(retired)
    said.surviving.identifier, said.surviving.patient_id = surviving, id_of(surviving)
    return said


def unlink(one: str, other: str, hours: int) -> PatientsUnlinked:
    said = PatientsUnlinked(patient_id=id_of(one), other_id=id_of(other))
    said.recorded_at.FromDatetime(later(hours))
    return said


def id_of(identifier: str) -> str:
    return patient_id(examples.NAMESPACE, "1.2.250.1.999", identifier)


VISIT = [examples.registered(), examples.order(), examples.variants_called(), examples.failed()]


async def test_the_order_in_which_a_merge_and_results_come_does_not_matter(tmp_path: Path) -> None:
    found = []
    for number, sequence in enumerate(permutations([*VISIT, examples.merged()])):
        one = filing(tmp_path / str(number))
        events = await handed(one, sequence)
        assert case_is_of(events) == SURVIVOR
        assert owners(one) == {SURVIVOR}
        found.append(held(one))
    assert all(one == found[0] for one in found)
    retired, survivor = found[0]["Patient", examples.PATIENT], found[0]["Patient", SURVIVOR]
    assert (retired["active"], retired["link"][0]["type"]) == (False, "replaced-by")
    assert retired["link"][0]["other"] == {"reference": f"Patient/{SURVIVOR}"}
    assert "active" not in survivor


async def test_a_merge_that_is_undone_leaves_what_was_before_it_in_any_order(tmp_path: Path) -> None:
    plain = filing(tmp_path / "plain")
    await handed(plain, VISIT)
    messages = [*VISIT[:3], examples.merged(), unlink("P1", "P9", 1)]
    for number, sequence in enumerate(permutations(messages)):
        one = filing(tmp_path / str(number))
        events = await handed(one, sequence)
        assert case_is_of(events) == examples.PATIENT
        assert owners(one) == {examples.PATIENT}
        assert held(one)["Patient", examples.PATIENT] == held(plain)["Patient", examples.PATIENT]


async def test_a_chain_of_merges_ends_at_its_last_patient_and_may_be_cut(tmp_path: Path) -> None:
    chain = [merge("P1", "P2", 1), merge("P2", "P3", 2)]
    for number, sequence in enumerate(permutations([*VISIT[:2], *chain])):
        one = filing(tmp_path / str(number))
        events = await handed(one, sequence)
        assert owners(one) == {id_of("P3")}
        assert case_is_of(events) == id_of("P3")
        events += await handed(one, [unlink("P3", "P2", 3)])
        assert owners(one) == {id_of("P2")}
        assert case_is_of(events) == id_of("P2")
        assert "active" not in held(one)["Patient", id_of("P2")]


async def test_of_two_merges_of_one_patient_the_later_counts(tmp_path: Path) -> None:
    for number, sequence in enumerate(permutations([*VISIT[:2], merge("P1", "P2", 2), merge("P1", "P3", 1)])):
        one = filing(tmp_path / str(number))
        await handed(one, sequence)
        assert owners(one) == {id_of("P2")}


async def test_a_merge_the_other_way_round_takes_the_place_of_the_first(tmp_path: Path) -> None:
    for number, sequence in enumerate(permutations([*VISIT[:2], merge("P1", "P2", 1), merge("P2", "P1", 2)])):
        one = filing(tmp_path / str(number))
        await handed(one, sequence)
        assert owners(one) == {examples.PATIENT}
        assert held(one)["Patient", id_of("P2")]["active"] is False


async def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    one = filing(tmp_path)
    await handed(one, [*VISIT, examples.merged()])
    assert isinstance(one.fhir, MemoryFhirServer)
    before = dict(one.fhir.resources)
    await handed(one, [examples.merged(), *VISIT])
    assert one.fhir.resources == before


class Interrupted(MemoryFhirServer):
    """Has something happen while the first resource of a kind is on its way."""

    def __init__(self, kind: str, before: bool) -> None:
        super().__init__()
        self.kind = kind
        self.before = before
        self.meanwhile: Callable[[], Coroutine[Any, Any, object]] | None = None

    async def change(self, kind: str, identifier: str, change: Change) -> str | None:
        happens = self.meanwhile if kind == self.kind else None
        if happens is None:
            return await super().change(kind, identifier, change)
        self.meanwhile = None
        if self.before:
            await happens()
        version = await super().change(kind, identifier, change)
        if not self.before:
            await happens()
        return version


class Ending(Interrupted):
    """Its process ends when that resource is written."""

    async def change(self, kind: str, identifier: str, change: Change) -> str | None:
        last = kind == self.kind and self.meanwhile is not None
        version = await super().change(kind, identifier, change)
        if last:
            raise Crash
        return version


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("kind", ["Specimen", "ServiceRequest", "DiagnosticReport", "Patient"])
async def test_a_merge_in_the_middle_of_filing_leaves_nothing_with_the_retired_patient(
    kind: str, before: bool, tmp_path: Path
) -> None:
    server = Interrupted(kind, before)
    one = filing(tmp_path, server)
    server.meanwhile = lambda: handed(one, [examples.merged()])
    events = await handed(one, VISIT)
    assert owners(one) == {SURVIVOR}
    assert held(one)["Patient", examples.PATIENT]["active"] is False
    assert server.meanwhile is None
    assert case_is_of([*events, *await handed(one, [examples.merged()])]) == SURVIVOR


async def test_an_addendum_that_comes_while_its_report_is_filed_again_stays(tmp_path: Path) -> None:
    """Found by a simulation: both signed in one moment, the report written as it had been by a process that ended then."""
    server = Ending("DiagnosticReport", before=True)
    one = filing(tmp_path, server)
    await handed(one, [examples.order(), examples.report_signed()])
    server.meanwhile = lambda: handed(one, [examples.report_signed(2, "HER2 négatif.")])
    with suppress(Crash):
        await handed(one, [examples.report_signed()])
    assert server.meanwhile is None
    (report,) = [found for (kind, _), found in held(one).items() if kind == "DiagnosticReport"]
    assert report["status"] == "appended"
    assert "HER2 négatif." in report["conclusion"]


async def test_a_patient_of_whom_nothing_was_heard_is_retired_by_the_merge_alone(tmp_path: Path) -> None:
    one = filing(tmp_path)
    await handed(one, [examples.merged()])
    retired = held(one)["Patient", examples.PATIENT]
    assert retired["identifier"] == [{"system": "urn:oid:1.2.250.1.999", "value": "P1"}]
    assert retired["active"] is False


async def test_an_amendment_that_somebody_else_wrote_over_is_made_again(tmp_path: Path) -> None:
    class Contended(MemoryFhirServer):
        refusals = 2
        contended = False

        async def change(self, kind: str, identifier: str, change: Change) -> str | None:
            if kind == "Specimen" and self.contended and self.refusals:
                self.refusals -= 1
                raise Unavailable("somebody else wrote it meanwhile")
            return await super().change(kind, identifier, change)

    server = Contended()
    one = filing(tmp_path, server)
    await handed(one, VISIT)
    server.contended = True
    with pytest.raises(AssertionError):
        await handed(one, [examples.merged()])
    with pytest.raises(AssertionError):
        await handed(one, [examples.merged()])
    await handed(one, [examples.merged()])
    assert owners(one) == {SURVIVOR}


def test_the_survivor_of_the_examples_is_another() -> None:
    assert isinstance(examples.survivor(), Patient)
    assert SURVIVOR != examples.PATIENT
