"""Settings of records."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from chassis.settings import StoringSettings

type Creation = Literal["if-none-match", "version-0"]


class RecordsSettings(StoringSettings):
    """Where the archives of record are."""

    dicomweb: str = Field(description="DICOMweb root, http://host:port/dicom-web")
    fhir: str = Field(description="FHIR R4 base, http://host:port/fhir")
    fhir_creation: Creation = Field(
        default="if-none-match",
        description="how the FHIR server is told that a resource must be new: if-none-match, or version-0 for HAPI FHIR",
    )
    fhir_authorization: Path | None = Field(default=None, description="file with the Authorization header for the FHIR server")
    dicomweb_authorization: Path | None = Field(default=None, description="file with the Authorization header for DICOMweb")
    archive_timeout_seconds: float = Field(default=60.0, gt=0, description="of one request to an archive")
