"""Settings of audit."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from chassis.settings import StoringSettings


class AuditSettings(StoringSettings):
    """With what the ledger is sealed, and where its entries are filed."""

    PROOFS: ClassVar[tuple[str, ...]] = (*StoringSettings.PROOFS, "audit_key")
    audit_key: Path = Field(description="private key (PEM, P-256) that seals the ledger; nobody but audit has it")
    ledger_address: str = Field(default="127.0.0.1:50057", description="gRPC host:port at which the ledger is asked for")
    ledger_database: Path = Field(description="SQLite file of the ledger's lines; it is filled anew when it is lost")
    fhir: str = Field(description="FHIR R4 base, http://host:port/fhir")
    fhir_authorization: Path | None = Field(default=None, description="file with the Authorization header for the FHIR server")
    archive_timeout_seconds: float = Field(default=60.0, gt=0, description="of one request to the FHIR server")
