"""Settings of portal."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from chassis.errors import Misconfigured
from chassis.settings import StoringSettings


@dataclass(frozen=True, slots=True)
class SingleSignOn:
    """An OpenID provider, and this portal at it. Claims have dots into objects."""

    issuer: str
    client_id: str
    client_secret: str
    roles_claim: str
    units_claim: str
    scope: str


class PortalSettings(StoringSettings):
    """Where it listens, whom it asks, and who may log in."""

    PROOFS: ClassVar[tuple[str, ...]] = (*StoringSettings.PROOFS, "signing_key", "oidc_secret_file")
    portal_address: str = Field(default="127.0.0.1:8088", description="HTTP host:port")
    cases_address: str = Field(default="127.0.0.1:50050", description="gRPC host:port of cases")
    runs_address: str = Field(default="", description="gRPC host:port of sequencing's runs; empty: no launchpad")
    ledger_address: str = Field(default="", description="gRPC host:port of audit's ledger; empty: no page for auditors")
    studies_address: str = Field(default="", description="gRPC host:port of the hub's studies; empty: none on a region's data")
    study_images: str = Field(default="", description="address of the hub's images of studies, http://host:port; empty: none")
    operations_address: str = Field(default="", description="gRPC host:port of operations; empty: no page for operators")
    slides_dicomweb: str = Field(description="address of slides' DICOMweb, http://host:port/dicomweb")
    accounts: Path | None = Field(default=None, description="file of accounts, as `casepath account add` writes it")
    oidc_issuer: str = Field(default="", description="OpenID provider by which people come in, in place of a file of accounts")
    oidc_client: str = Field(default="casepath", description="client id at the provider")
    oidc_secret_file: Path | None = Field(default=None, description="file with the client's secret")
    oidc_roles: str = Field(default="roles", description="claim of the ID token that lists roles, with dots into objects")
    oidc_units: str = Field(
        default="units", description="claim that lists the units whose cases somebody sees, as orders name them; * is every unit"
    )
    oidc_scope: str = Field(default="openid profile", description="what is asked for")
    portal_url: str = Field(default="", description="under which browsers reach the portal: the provider sends them back there")
    signing_key: Path = Field(description="private key (PEM, P-256) that signs the tokens with which slides is asked")
    https_only: bool = Field(
        default=False, description="send the session's cookie over HTTPS alone; true wherever others can listen"
    )
    record_link: str = Field(
        default="", description="where a filed resource can be opened, with {kind} and {identifier}; empty: no links"
    )

    @property
    def single_sign_on(self) -> SingleSignOn | None:
        """None where people come in by a file of accounts. Raise Misconfigured where both are set, or neither, or half."""
        if bool(self.oidc_issuer) == bool(self.accounts):
            raise Misconfigured("people come in by CASEPATH_ACCOUNTS or by CASEPATH_OIDC_ISSUER: set one of them")
        if not self.oidc_issuer:
            return None
        if self.oidc_secret_file is None or not self.oidc_secret_file.is_file() or not self.portal_url:
            raise Misconfigured("CASEPATH_OIDC_ISSUER needs CASEPATH_OIDC_SECRET_FILE, a file, and CASEPATH_PORTAL_URL")
        secret = self.oidc_secret_file.read_text().strip()
        return SingleSignOn(self.oidc_issuer, self.oidc_client, secret, self.oidc_roles, self.oidc_units, self.oidc_scope)
