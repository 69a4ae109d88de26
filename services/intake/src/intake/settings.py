"""Settings of intake."""

from pathlib import Path
from ssl import CERT_REQUIRED, Purpose, SSLContext, SSLError, create_default_context
from typing import ClassVar, Literal

from pydantic import Field

from chassis.errors import Misconfigured
from chassis.settings import StoringSettings, ZoneName


class IntakeSettings(StoringSettings):
    """Where hospital systems connect, and what they leave unsaid."""

    PROOFS: ClassVar[tuple[str, ...]] = (*StoringSettings.PROOFS, "mllp_identity", "mllp_senders", "access_keys")
    mllp_host: str = "127.0.0.1"
    mllp_port: int = Field(default=2575, ge=0, le=65535)
    mllp_identity: Path | None = Field(default=None, description="PEM file with key and certificate: MLLP over TLS")
    mllp_senders: Path | None = Field(
        default=None, description="PEM file with who signs the certificates of senders, which they must show then"
    )
    fhir_in_address: str = Field(default="", description="HTTP host:port at which FHIR transactions are taken; empty: nowhere")
    access_keys: Path | None = Field(default=None, description="JWK Set of who issues tokens for FHIR transactions")
    time_zone: ZoneName = Field(default="Europe/Paris", description="of time stamps that do not name one")
    character_set: str = Field(default="utf-8", description="of messages whose MSH-18 is empty")
    unit_field: Literal["MSH-4", "MSH-6", "PV1-3", "ORC-21", "OBR-24"] = Field(
        default="MSH-6", description="of an order: which laboratory or ward its case belongs to; people see cases of their units"
    )
    processing_id: Literal["P", "T", "D"] = Field(default="P", description="HL7 table 0103: production, training or debugging")
    largest_message: int = Field(default=4 << 20, description="bytes; a longer frame is refused")

    @property
    def mllp_tls(self) -> SSLContext | None:
        """Raise Misconfigured where a file cannot be read, or senders are to prove themselves without TLS."""
        if self.mllp_identity is None:
            if self.mllp_senders is not None:
                raise Misconfigured("CASEPATH_MLLP_SENDERS: senders show a certificate over TLS alone (CASEPATH_MLLP_IDENTITY)")
            return None
        try:
            context = create_default_context(Purpose.CLIENT_AUTH, cafile=self.mllp_senders)
            context.load_cert_chain(self.mllp_identity)
        except (OSError, SSLError) as error:
            raise Misconfigured(f"MLLP's key or certificates cannot be read: {error}") from None
        if self.mllp_senders is not None:
            context.verify_mode = CERT_REQUIRED
        return context
