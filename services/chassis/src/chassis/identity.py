"""Opaque ids: derived under the deployment's secret namespace, so that the same input has the same id everywhere, and
nobody without the secret can try out identifiers against one."""

from uuid import UUID, uuid5


def case_id(namespace: UUID, accession: str) -> str:
    """One accession is one case."""
    return str(uuid5(namespace, f"case|{accession}"))


def patient_id(namespace: UUID, authority: str, identifier: str) -> str:
    """One identifier under one assigning authority is one patient."""
    return str(uuid5(namespace, f"patient|{authority}|{identifier}"))


def encounter_id(namespace: UUID, authority: str, number: str) -> str:
    """One visit number under one assigning authority is one encounter."""
    return str(uuid5(namespace, f"encounter|{authority}|{number}"))


def sample_key(case: str, sample: str) -> str:
    """Of one of a case's samples, for names and keys: a specimen's identifier is the patient's."""
    return str(uuid5(UUID(case), f"sample|{sample}"))


def dicom_uid(namespace: UUID, name: str) -> str:
    """A DICOM UID derived from a UUID (PS3.5 section B.2)."""
    return f"2.25.{uuid5(namespace, name).int}"
