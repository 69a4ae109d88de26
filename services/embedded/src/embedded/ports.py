"""Which port each part listens on: one base, fixed offsets."""

import socket
from dataclasses import dataclass

from chassis.errors import Misconfigured

DEFAULT_BASE = 18000
OFFSETS = {
    "kafka": 92,
    "kafka-controller": 93,
    "kafka-internal": 94,
    "kafka-2": 82,
    "kafka-controller-2": 83,
    "kafka-internal-2": 84,
    "kafka-3": 32,
    "kafka-controller-3": 33,
    "kafka-internal-3": 34,
    "orthanc": 42,
    "fhir": 80,
    "mllp": 75,
    "his": 76,
    "cases": 50,
    "inference": 51,
    "slides": 52,
    "dicomweb": 53,
    "dicom": 54,
    "portal": 88,
    "advice": 89,
    "runs": 55,
    "wes": 56,
    "ledger": 57,
    "fhir-in": 58,
    "studies": 59,
    "operations": 60,
    "study-images": 74,
    "health-intake": 61,
    "health-slides": 62,
    "health-inference": 63,
    "health-sequencing": 64,
    "health-records": 65,
    "health-cases": 66,
    "health-portal": 67,
    "health-advice": 68,
    "health-results": 69,
    "health-audit": 70,
    "health-deidentification": 71,
    "health-hub": 72,
    "health-operations": 73,
}


@dataclass(frozen=True, slots=True)
class Ports:
    base: int = DEFAULT_BASE

    def __getitem__(self, name: str) -> int:
        return self.base + OFFSETS[name]

    def check_free(self) -> None:
        """Raise Misconfigured naming each port that somebody else has."""
        taken = [f"{self[name]} ({name})" for name in OFFSETS if not is_free(self[name])]
        if taken:
            raise Misconfigured(
                f"port {', '.join(taken)} is taken: stop what uses it (casepath down, if it is casepath), "
                f"or choose other ports with --port-base N (make up PORT_BASE=N)"
            )


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
