"""Which patients are one person, as hospital systems said so: kept by each service that must know, on a shelf of its own.

Merges and their undoing may come in any order and again: of what is said of two patients the latest counts (MSH-7).
"""

from collections.abc import Iterable
from typing import Any

from casepath.intake.v1.patient_pb2 import Patient, PatientMerged, PatientsUnlinked
from casepath.topics import INTAKE_PATIENT_MERGED, INTAKE_PATIENTS_UNLINKED
from chassis.events import Event
from chassis.objects import Objects, Shelf, by, recorded
from chassis.worker import Received, Route


class Merges:
    def __init__(self, objects: Objects, service: str) -> None:
        # The latest merge of each retired patient, of each pair of them, and of each pair its latest undoing.
        self.merged = Shelf(objects, PatientMerged, f"{service}/merges", by("surviving.patient_id"))
        self.into = Shelf(objects, PatientMerged, f"{service}/merges-into", by("surviving.patient_id"))
        self.unlinked = Shelf(objects, PatientsUnlinked, f"{service}/unlinked")

    def routes(self) -> list[Route[Any]]:
        """For a service that has nothing else to do when it hears of them."""
        return [Route(INTAKE_PATIENT_MERGED, self.hear), Route(INTAKE_PATIENTS_UNLINKED, self.hear)]

    async def hear(self, received: Received[PatientMerged] | Received[PatientsUnlinked]) -> Iterable[Event]:
        match received.data:
            case PatientMerged() as said:
                await self.merge(said)
            case PatientsUnlinked() as said:
                await self.unlink(said)
        return ()

    async def merge(self, said: PatientMerged) -> None:
        kept = await self.merged.get(said.retired_id)
        if kept is None or recorded(kept) <= recorded(said):
            await self.into.put(f"{said.surviving.patient_id}/{said.retired_id}", said)
            await self.merged.put(said.retired_id, said)

    async def unlink(self, said: PatientsUnlinked) -> None:
        await self.unlinked.put_latest(pair(said.patient_id, said.other_id), said)

    async def merge_of(self, patient_id: str) -> PatientMerged | None:
        """The merge by which this patient is retired now."""
        found = await self.merged.get(patient_id)
        if found is None:
            return None
        undone = await self.unlinked.get(pair(patient_id, found.surviving.patient_id))
        if undone is not None and recorded(undone) >= recorded(found):
            return None
        # Merged the other way round later: this one is the survivor.
        reverse = await self.merged.get(found.surviving.patient_id)
        if reverse is not None and reverse.surviving.patient_id == patient_id and recorded(reverse) > recorded(found):
            return None
        return found

    async def surviving(self, patient_id: str) -> Patient | None:
        """Who stands for this patient at the end of all merges; None where nobody else does."""
        seen, last, current = {patient_id}, None, patient_id
        while (found := await self.merge_of(current)) is not None:
            current, last = found.surviving.patient_id, found.surviving
            if current in seen:
                return None
            seen.add(current)
        return last

    async def standing_for(self, patient_id: str) -> list[str]:
        """This patient, and all who are retired in favour of it, at any distance."""
        found, waiting = [patient_id], [patient_id]
        while waiting:
            for retired in sorted(await self.into.names(waiting.pop())):
                merge = await self.merge_of(retired)
                if merge is not None and retired not in found:
                    found.append(retired)
                    waiting.append(retired)
        return found

    async def one_person(self, patients: Iterable[str]) -> list[str]:
        """Every id under which something may be kept of these patients."""
        found: dict[str, None] = {}
        for patient in patients:
            stands = await self.surviving(patient)
            found |= dict.fromkeys([patient, *await self.standing_for(stands.patient_id if stands else patient)])
        return list(found)


def pair(one: str, other: str) -> str:
    return ".".join(sorted((one, other)))
