"""Erasure: the keys of a patient, of all whom they were merged with, and of their cases are destroyed.

What was encrypted by them is left where it is, on topics, in stores and in backups, and nobody can read it. The archives keep
what was filed: how long, is for whoever keeps them.
"""

from collections.abc import Iterable
from typing import Any

import structlog

from casepath.records.v1.erasure_pb2 import CaseErased, Erasure, ErasureDecided, PatientErased
from casepath.topics import RECORDS_CASE_ERASED, RECORDS_ERASURE_DECIDED, RECORDS_PATIENT_ERASED
from chassis.errors import Rejected
from chassis.events import Event
from chassis.merges import Merges
from chassis.objects import Objects, Shelf
from chassis.worker import Received, Route

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Erasing:
    """`cases` has the cases of each patient, by their ids alone."""

    def __init__(self, objects: Objects, merges: Merges, cases: Shelf[Any]) -> None:
        self.encryption = objects.encryption
        self.merges = merges
        self.cases = cases
        # What a request leads to, kept before the first key is lost: afterwards nobody knows who was merged with whom.
        self.erasures = Shelf(objects, Erasure, "records/erasures")

    def routes(self) -> list[Route[Any]]:
        return [Route(RECORDS_ERASURE_DECIDED, self.erase)]

    async def erase(self, received: Received[ErasureDecided]) -> Iterable[Event]:
        if self.encryption is None:
            raise Rejected("nothing is encrypted here (CASEPATH_KEYS_OFF), so that there is no key to destroy")
        name = str(received.envelope.id)
        erasure = await self.erasures.get(name)
        if erasure is None:
            erasure = await self.planned(received)
            await self.erasures.put(name, erasure)
        destroyed = 0
        for patient in erasure.patients:
            for of in (*patient.case_ids, patient.patient_id):
                destroyed += await self.encryption.destroy(of)
        if not destroyed:
            raise Rejected("no key is of the patient or a case of theirs: nothing of theirs is here, or it is not encrypted")
        log.info("erasure", event_id=name, keys=destroyed)
        return list(erased(erasure))

    async def planned(self, received: Received[ErasureDecided]) -> Erasure:
        planned = Erasure()
        for patient in await self.merges.one_person([received.data.patient_id]):
            one = PatientErased(patient_id=patient, case_ids=sorted(await self.cases.names(patient)))
            one.erased_at.FromDatetime(received.envelope.time)
            planned.patients.append(one)
        return planned


def erased(erasure: Erasure) -> Iterable[Event]:
    for patient in erasure.patients:
        for case in patient.case_ids:
            told = CaseErased(case_id=case, patient_id=patient.patient_id, erased_at=patient.erased_at)
            yield Event(RECORDS_CASE_ERASED, case, told)
        yield Event(RECORDS_PATIENT_ERASED, patient.patient_id, patient)
