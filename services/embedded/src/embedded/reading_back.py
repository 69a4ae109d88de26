"""Reading the archives of record back, to say what is really there."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import httpx

from casepath.cases.v1.cases_pb2 import Case
from chassis.fhir import Resource
from embedded.ports import Ports
from embedded.programs import archive_account

# The search parameter by which every resource of a patient is found, by kind.
SEARCHES = {
    "Patient": "_id",
    "ServiceRequest": "subject",
    "Specimen": "subject",
    "ImagingStudy": "subject",
    "DiagnosticReport": "subject",
    "Observation": "subject",
    "DocumentReference": "subject",
}
# What somebody signed or a model made, of which a Provenance says so.
MADE = ("DiagnosticReport", "DocumentReference")
AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'


@dataclass(frozen=True, slots=True)
class Archived:
    """`resources`: (type, id) to versionId, in FHIR. `instances`: SOP Instance UID to SHA-256 of the stored file, in DICOM."""

    resources: dict[tuple[str, str], str]
    instances: dict[str, str]


async def archived(case: Case, home: Path, ports: Ports) -> Archived:
    """Everything that the archives of a home hold of the case's patient and studies."""
    async with httpx.AsyncClient(timeout=60, auth=archive_account(home)) as client:
        resources = await patients_resources(client, f"http://127.0.0.1:{ports['fhir']}/fhir", case.order.patient.patient_id)
        instances: dict[str, str] = {}
        for study in sorted({slide.ingested.study_instance_uid for slide in case.slides if slide.HasField("ingested")}):
            instances |= await study_instances(client, f"http://127.0.0.1:{ports['orthanc']}/dicom-web/studies/{study}")
    return Archived(resources, instances)


async def patients_resources(client: httpx.AsyncClient, base: str, patient: str) -> dict[tuple[str, str], str]:
    """Those about the patient; where they come from; and the models that are named in them."""
    found: list[Resource] = []
    for kind, parameter in SEARCHES.items():
        found += await searched(client, f"{base}/{kind}", parameter, patient if parameter == "_id" else f"Patient/{patient}")
    made = [f"{one['resourceType']}/{one['id']}" for one in found if one["resourceType"] in MADE]
    models = {one["device"]["reference"].split("/")[1] for one in found if "reference" in one.get("device", {})}
    if made:
        found += await searched(client, f"{base}/Provenance", "target", ",".join(made))
    if models:
        found += await searched(client, f"{base}/Device", "_id", ",".join(sorted(models)))
    return {(one["resourceType"], one["id"]): one["meta"]["versionId"] for one in found}


async def searched(client: httpx.AsyncClient, kind: str, parameter: str, value: str) -> list[Resource]:
    answer = await client.get(kind, params={parameter: value, "_count": "200"}, headers={"Cache-Control": "no-cache"})
    return [entry["resource"] for entry in answer.raise_for_status().json().get("entry", [])]


async def study_instances(client: httpx.AsyncClient, study: str) -> dict[str, str]:
    listed = await client.get(f"{study}/instances", headers={"Accept": "application/dicom+json"})
    listed.raise_for_status()
    found = {}
    for one in listed.json():
        uid, series = one["00080018"]["Value"][0], one["0020000E"]["Value"][0]
        response = await client.get(f"{study}/series/{series}/instances/{uid}", headers={"Accept": AS_STORED})
        response.raise_for_status()
        content = response.content.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0]
        found[uid] = hashlib.sha256(content).hexdigest()
    return found


def differences(case: Case, found: Archived) -> list[str]:
    """What the case says is filed against what the archives hold; nothing where they agree, each object exactly once."""
    said = {(entry.kind, entry.identifier): entry.version for entry in case.filed if entry.kind != "Instance"}
    held = found.resources
    wrong = [f"{kind}/{id_} is filed, but the FHIR server does not have it" for kind, id_ in said.keys() - held.keys()]
    wrong += [f"{kind}/{id_} is in the FHIR server, but nobody filed it" for kind, id_ in held.keys() - said.keys()]
    wrong += [
        f"{kind}/{id_} has version {held[kind, id_]} where {version} was filed"
        for (kind, id_), version in said.items()
        if held.get((kind, id_), version) != version
    ]
    digests = {one.sop_instance_uid: one.object.sha256 for slide in case.slides for one in slide.ingested.instances}
    digests |= {one.sop_instance_uid: one.object.sha256 for slide in case.slides for one in slide.scored.instances}
    filed = {entry.identifier for entry in case.filed if entry.kind == "Instance"}
    wrong += [f"instance {uid} is not filed" for uid in digests.keys() - filed]
    wrong += [f"instance {uid} has other bytes in the archive" for uid in digests if found.instances.get(uid) != digests[uid]]
    wrong += [f"instance {uid} is in the archive, but not of the case" for uid in found.instances.keys() - digests.keys()]
    return sorted(wrong)
