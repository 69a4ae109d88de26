"""Settings of slides."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from chassis.settings import StoringSettings


class SlideSettings(StoringSettings):
    """Where scans come from, how a file name carries the barcode, and where frames are asked for."""

    PROOFS: ClassVar[tuple[str, ...]] = (*StoringSettings.PROOFS, "access_keys")
    slide_folder: Path = Field(description="holds incoming/, quarantine/ and filed/")
    slide_name: str = Field(
        default=r"(?P<accession>[^_]+)_(?P<slide>[^_.]+)",
        description="regular expression that a file name (without suffix) must match to carry its barcode",
    )
    slide_quiet_seconds: float = Field(default=2.0, gt=0, description="a scan that has not changed for this long is complete")
    access_keys: Path = Field(description="file with the JWK Set of whoever issues tokens")
    slides_address: str = Field(default="127.0.0.1:50052", description="gRPC host:port")
    dicomweb_address: str = Field(default="127.0.0.1:8042", description="HTTP host:port of DICOMweb, under /dicomweb")
    dicomweb_base: str = Field(default="", description="the address under which clients reach it; empty: the one they ask")
    dicom_address: str = Field(default="", description="host:port that takes C-STORE; empty: none")
    dicom_title: str = Field(default="CASEPATH", description="our AE title")
    dicom_calling: str = Field(
        default="", description="AE titles that may send, with commas between them; TITLE@host:port is told there of commitments"
    )
    scan_prefix: str = Field(
        default="", description="object store prefix that scans are uploaded to, s3://bucket/prefix; empty: none"
    )
