"""Settings of results."""

from pathlib import Path
from ssl import SSLContext, SSLError, create_default_context
from typing import ClassVar

from pydantic import Field

from chassis.errors import Misconfigured
from chassis.settings import StoringSettings
from results.handlers import Parties


class ResultsSettings(StoringSettings):
    """Which system gets results, and under which names."""

    PROOFS: ClassVar[tuple[str, ...]] = (*StoringSettings.PROOFS, "results_ca", "results_identity")
    results_address: str = Field(description="host:port on which the hospital's system takes ORU^R01 over MLLP")
    results_seconds: float = Field(default=30.0, gt=0, description="for an acknowledgement to come")
    results_ca: Path | None = Field(default=None, description="PEM file with who signs that system's certificate: TLS")
    results_identity: Path | None = Field(
        default=None, description="PEM file with our key and certificate, where it asks for one"
    )
    sending_application: str = "CASEPATH"
    sending_facility: str = ""
    receiving_application: str = "HIS"
    receiving_facility: str = ""

    @property
    def parties(self) -> Parties:
        return Parties((self.sending_application, self.sending_facility), (self.receiving_application, self.receiving_facility))

    @property
    def tls(self) -> SSLContext | None:
        """Raise Misconfigured where a file cannot be read."""
        if self.results_ca is None:
            return None
        try:
            context = create_default_context(cafile=self.results_ca)
            if self.results_identity is not None:
                context.load_cert_chain(self.results_identity)
        except (OSError, SSLError) as error:
            raise Misconfigured(f"what proves the hospital's system cannot be read: {error}") from None
        return context
