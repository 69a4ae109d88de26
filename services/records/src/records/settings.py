"""Settings of records."""

from pathlib import Path

from pydantic import Field

from chassis.settings import StoringSettings


class RecordsSettings(StoringSettings):
    """Where the archives of record are."""

    dicomweb: str = Field(description="DICOMweb root, http://host:port/dicom-web")
    fhir: str = Field(description="FHIR R4 base, http://host:port/fhir")
    fhir_authorization: Path | None = Field(default=None, description="file with the Authorization header for the FHIR server")
    dicomweb_authorization: Path | None = Field(default=None, description="file with the Authorization header for DICOMweb")
    archive_timeout_seconds: float = Field(default=60.0, gt=0, description="of one request to an archive")
