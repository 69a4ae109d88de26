"""Whose a resource is, and how it says so where patients were merged (FHIR R4 section 8.1.5.1). Pure."""

from collections.abc import Callable
from typing import Any

from casepath.intake.v1.patient_pb2 import PatientMerged
from chassis.fhir import Resource
from records.resources import authority, reference

PREFIX = "Patient/"


def patient_of(found: Resource) -> str:
    """The patient whom a resource is about, or is; empty for what is about nobody."""
    if found["resourceType"] == "Patient":
        return str(found["id"])
    subject = found.get("subject", {}).get("reference", "")
    return str(subject).removeprefix(PREFIX) if str(subject).startswith(PREFIX) else ""


def belonging_to(patient_id: str) -> Callable[[Resource], Resource]:
    """A resource with every reference to a patient meaning this one: a resource of ours is about one patient."""

    def change(found: Resource) -> Resource:
        changed: Resource = referring(found, f"{PREFIX}{patient_id}")
        return changed

    return change


def referring(value: Any, patient: str) -> Any:
    if isinstance(value, list):
        return [referring(one, patient) for one in value]
    if isinstance(value, dict):
        if str(value.get("reference", "")).startswith(PREFIX):
            return {**value, "reference": patient}
        return {name: referring(one, patient) for name, one in value.items()}
    return value


def retired(surviving: str) -> Callable[[Resource], Resource]:
    """A Patient who is another: not active, and replaced by that one."""

    def change(found: Resource) -> Resource:
        return {**found, "active": False, "link": [{"other": reference("Patient", surviving), "type": "replaced-by"}]}

    return change


def standing(found: Resource) -> Resource:
    """A Patient who is nobody else."""
    return {name: value for name, value in found.items() if name not in ("active", "link")}


def retired_patient(merge: PatientMerged) -> Resource:
    """What is known of a retired patient of whom nothing else was heard. Anything that is heard later is newer."""
    identifier = {"system": authority(merge.retired_authority), "value": merge.retired_identifier}
    return {"resourceType": "Patient", "id": merge.retired_id, "identifier": [identifier]}
