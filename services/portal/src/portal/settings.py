"""Settings of portal."""

from pathlib import Path

from pydantic import Field

from chassis.settings import StoringSettings


class PortalSettings(StoringSettings):
    """Where it listens, whom it asks, and who may log in."""

    portal_address: str = Field(default="127.0.0.1:8088", description="HTTP host:port")
    cases_address: str = Field(default="127.0.0.1:50050", description="gRPC host:port of cases")
    runs_address: str = Field(default="", description="gRPC host:port of sequencing's runs; empty: no launchpad")
    slides_dicomweb: str = Field(description="address of slides' DICOMweb, http://host:port/dicomweb")
    accounts: Path = Field(description="file of accounts, as `casepath account add` writes it")
    signing_key: Path = Field(description="private key (PEM, P-256) that signs the tokens with which slides is asked")
    https_only: bool = Field(
        default=False, description="send the session's cookie over HTTPS alone; true wherever others can listen"
    )
    record_link: str = Field(
        default="", description="where a filed resource can be opened, with {kind} and {identifier}; empty: no links"
    )
