"""A patient who was registered twice: merged over HL7, on the running platform, and taken apart again."""

import httpx

from chassis.identity import patient_id
from conftest import Platform
from e2e.conftest import new_visit, once
from embedded import samples
from embedded.hospital import AUTHORITY, Visit, scan, send
from kafka.broker import records_on


def adt(visit: Visit, kind: str, years: int, *segments: str) -> str:
    """Sent so many years after the order: of what is said of two patients the latest counts."""
    stamp = f"{int(visit.stamp[:4]) + years}{visit.stamp[4:]}"
    header = f"MSH|^~\\&|HIS|DEMO|CASEPATH|LAB|{stamp}+0000||{kind}|{visit.stamp}-{years}|P|2.5.1|||||FR|UNICODE UTF-8"
    return "\r".join([header, *segments]) + "\r"


def pid(identifier: str, given: str) -> str:
    return f"PID|1||{identifier}^^^DEMO&{AUTHORITY}&ISO^PI||Démo^{given}||19640229|F"


async def test_what_was_filed_under_a_second_number_follows_the_patient_and_comes_back(platform: Platform) -> None:
    visit, fhir = new_visit(platform), f"http://127.0.0.1:{platform.ports['fhir']}/fhir"
    retired, kept = visit.patient_id, patient_id(visit.namespace, AUTHORITY, f"Q{visit.stamp}")
    surviving, other = (pid(f"{letter}{visit.stamp}", "Camille") for letter in "QP")
    merge = adt(visit, "ADT^A40^ADT_A39", 1, surviving, f"MRG|P{visit.stamp}^^^DEMO&{AUTHORITY}&ISO^PI")
    undo = adt(visit, "ADT^A37^ADT_A37", 2, surviving, other)
    stay = f"PV1|1|I|CHIR{'|' * 16}V{visit.stamp}^^^DEMO&{AUTHORITY}&ISO^VN"
    async with httpx.AsyncClient(headers={"Cache-Control": "no-cache"}, timeout=60) as client:

        async def of(patient: str) -> dict[str, int]:
            """How much is filed about a patient, by kind."""
            found = {}
            for kind in ("ServiceRequest", "Specimen", "ImagingStudy", "Encounter"):
                answer = await client.get(f"{fhir}/{kind}", params={"subject": f"Patient/{patient}", "_summary": "count"})
                found[kind] = answer.raise_for_status().json()["total"]
            return found

        async def person(patient: str) -> dict[str, object]:
            return dict((await client.get(f"{fhir}/Patient/{patient}")).raise_for_status().json())

        await send(platform.ports["mllp"], [f"{visit.registration()}{stay}\r", visit.order()])
        await once(platform, visit, lambda case: any(entry.kind == "Specimen" for entry in case.filed))
        assert await of(retired) == {"ServiceRequest": 3, "Specimen": 3, "ImagingStudy": 0, "Encounter": 1}

        await send(platform.ports["mllp"], [merge])
        case = await once(platform, visit, lambda case: case.order.patient.patient_id == kept)
        assert case.order.patient.identifier == f"Q{visit.stamp}"
        assert await of(retired) == {"ServiceRequest": 0, "Specimen": 0, "ImagingStudy": 0, "Encounter": 0}
        assert await of(kept) == {"ServiceRequest": 3, "Specimen": 3, "ImagingStudy": 0, "Encounter": 1}
        assert (await person(retired))["active"] is False

        scan(visit, samples.SLIDE, platform.home.scanner)
        await once(platform, visit, lambda case: any(entry.kind == "ImagingStudy" for entry in case.filed))
        assert await of(kept) == {"ServiceRequest": 3, "Specimen": 3, "ImagingStudy": 1, "Encounter": 1}

        await send(platform.ports["mllp"], [undo])
        await once(platform, visit, lambda case: case.order.patient.patient_id == retired)
        assert await of(retired) == {"ServiceRequest": 3, "Specimen": 3, "ImagingStudy": 1, "Encounter": 1}
        assert await of(kept) == {"ServiceRequest": 0, "Specimen": 0, "ImagingStudy": 0, "Encounter": 0}
        assert "active" not in await person(retired)

    moves = await records_on(platform.kafka, "records.case.moved.v1")
    assert len([record for record in moves if record.key == visit.case_id.encode()]) == 2
