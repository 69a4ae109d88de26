"""Settings of records."""

from pydantic import Field

from chassis.settings import StoringSettings


class RecordsSettings(StoringSettings):
    """Where the archives of record are."""

    dicomweb: str = Field(description="DICOMweb root, http://host:port/dicom-web")
    fhir: str = Field(description="FHIR R4 base, http://host:port/fhir")
    archive_timeout_seconds: float = Field(default=60.0, gt=0, description="of one request to an archive")
