"""A patient as pages print them."""

from casepath.intake.v1.patient_pb2 import Patient


def patient_name(patient: Patient) -> str:
    return " ".join([patient.family_name.upper(), *patient.given_names]).strip()
