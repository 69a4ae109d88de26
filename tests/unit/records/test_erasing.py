"""Who is erased with a patient, and that a crash leaves nobody half erased."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from filing_world import MemoryArchive, handle
from google.protobuf.message import Message

import examples
from casepath.records.v1.erasure_pb2 import CaseErased, PatientErased
from casepath.topics import RECORDS_ERASURE_DECIDED
from chassis.encryption import Encryption
from chassis.errors import Rejected, Unavailable
from chassis.events import Event
from chassis.keys import FileKeys
from chassis.objects import Objects
from chassis.orders import ShelvedOrders
from chassis.worker import Received
from records.adapters.fhir_server import MemoryFhirServer
from records.erasing import Erasing
from records.filing import Filing


class FailingKeys(FileKeys):
    """Fails once, when so many keys are destroyed."""

    left: int | None = None

    async def destroy(self, of: str) -> bool:
        if self.left == 0:
            self.left = None
            raise Unavailable("the key server is away")
        if self.left is not None:
            self.left -= 1
        return await super().destroy(of)


class World:
    def __init__(self, folder: Path) -> None:
        (folder / "keys").mkdir()
        self.keys = FailingKeys(folder / "keys")
        self.objects = Objects.at(f"file://{folder / 'objects'}", Encryption(self.keys))
        orders = ShelvedOrders(self.objects, "records", examples.NAMESPACE)
        self.filing = Filing(MemoryFhirServer(), MemoryArchive(), self.objects, orders, folder)
        self.erasing = Erasing(self.objects, self.filing.merges, self.filing.cases)

    async def heard(self, *messages: Message) -> None:
        for message in messages:
            await handle(self.filing, message)

    async def erase(self, patient: str) -> Iterable[Event]:
        request = examples.erasure_decided(patient)
        return await self.erasing.erase(Received(request, examples.envelope(RECORDS_ERASURE_DECIDED.name)))


def erased(events: Iterable[Event]) -> tuple[set[str], set[str]]:
    """The patients, and the cases."""
    said = [event.data for event in events]
    return (
        {one.patient_id for one in said if isinstance(one, PatientErased)},
        {one.case_id for one in said if isinstance(one, CaseErased)},
    )


RETIRED, SURVIVOR = examples.patient().patient_id, examples.survivor().patient_id


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_a_patient_is_erased_with_their_cases_and_nothing_of_them_is_known_then(world: World) -> None:
    await world.heard(examples.registered(), examples.order())
    assert erased(await world.erase(RETIRED)) == ({RETIRED}, {examples.CASE})
    assert await world.filing.orders.of_case(examples.CASE) is None
    assert await world.filing.cases.all() == []


@pytest.mark.parametrize("asked", [RETIRED, SURVIVOR])
async def test_whoever_was_merged_is_erased_together(world: World, asked: str) -> None:
    await world.heard(examples.registered(), examples.order(), examples.merged())
    assert erased(await world.erase(asked)) == ({RETIRED, SURVIVOR}, {examples.CASE})


@pytest.mark.parametrize("before", range(3))
async def test_after_a_failure_in_between_the_rest_is_erased_too(world: World, before: int) -> None:
    await world.heard(examples.registered(), examples.order(), examples.merged())
    world.keys.left = before
    with pytest.raises(Unavailable):
        await world.erase(SURVIVOR)
    assert erased(await world.erase(SURVIVOR)) == ({RETIRED, SURVIVOR}, {examples.CASE})


async def test_the_same_request_again_leads_to_the_same(world: World) -> None:
    await world.heard(examples.registered(), examples.order())
    assert list(await world.erase(RETIRED)) == list(await world.erase(RETIRED))


async def test_whom_nobody_knows_cannot_be_erased(world: World) -> None:
    with pytest.raises(Rejected, match="no key"):
        await world.erase("11111111-2222-4333-8444-555555555555")


async def test_where_nothing_is_encrypted_nothing_can_be_erased(tmp_path: Path, world: World) -> None:
    world.erasing = Erasing(Objects.at(f"file://{tmp_path / 'plain'}"), world.filing.merges, world.filing.cases)
    with pytest.raises(Rejected, match="CASEPATH_KEYS_OFF"):
        await world.erase(RETIRED)
