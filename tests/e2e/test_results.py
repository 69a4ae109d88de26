"""A visit's results in the hospital's own system, on the running platform; and while that system is away."""

from pathlib import Path

import hl7

from casepath.topics import RESULTS_RESULT_DELIVERED
from conftest import Platform
from e2e.conftest import Done
from kafka.broker import records_on
from waiting import eventually, eventually_async


def taken(platform: Platform, accession: str, status: str = "") -> list[hl7.Message]:
    """What the hospital's system has of an accession, of a status of OBR-25 where one is given."""
    found = []
    for file in sorted((platform.home.folder / "hospital").glob("*.hl7")):
        message = hl7.parse(Path(file).read_bytes().decode())
        if str(message["OBR"][0][3]) == accession and status in ("", str(message["OBR"][0][25])):
            found.append(message)
    return found


async def test_a_pharmacogenomic_report_is_in_the_hospitals_system_as_preliminary_with_its_pages(
    platform: Platform, done: Done
) -> None:
    (message,) = await eventually(lambda: taken(platform, done.visit.accession, "P"))
    assert str(message["PID"][0][3]).startswith(f"P{done.visit.stamp}^^^&")
    assert str(message["OBR"][0][2]) == f"PL{done.visit.stamp}-3"
    results = list(message.segments("OBX"))
    assert [(str(one[2]), str(one[11])) for one in results] == [("TX", "P"), ("ED", "P"), ("ED", "P")]
    assert "CYP2C19" in str(results[0][5])

    async def told() -> bool:
        return any(
            record.key == done.visit.case_id.encode()
            for record in await records_on(platform.kafka, RESULTS_RESULT_DELIVERED.name)
        )

    await eventually_async(told)
