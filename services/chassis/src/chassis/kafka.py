"""How a cluster is reached, and as whom, for every client library that is used here.

A principal proves itself by a password (SCRAM, RFC 5802) or by a certificate, over TLS in either case.
"""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chassis.encryption import Encryption
from chassis.errors import Misconfigured
from chassis.offset_fetches import heed

heed()
MECHANISM = "SCRAM-SHA-512"
# How often clients ask who leads. A consumer of aiokafka 0.14 that is told "not leader" as it looks for where a partition begins
# does not ask by itself (robinhood/aiokafka#9): it would stand still for as long, which is five minutes unless said.
LEADERS_KNOWN_MS = 10_000


@dataclass(frozen=True, slots=True)
class Kafka:
    """A cluster, and a principal of it: `user` with its password, or `identity`, a PEM file with a key and its certificate.

    Without either nothing is proved and nothing encrypted, which a deployment must allow in so many words.
    """

    bootstrap: str
    ca: Path | None = None
    user: str = ""
    password: str = field(default="", repr=False)
    identity: Path | None = None
    # Of a schema registry, under whose schemas messages are sent; empty: they are sent bare.
    registry: str = ""
    # By which what is a patient's is encrypted, and read; None: it is neither.
    encryption: Encryption | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of_user(cls, bootstrap: str, ca: Path | None, user: str, password_file: Path | None) -> "Kafka":
        """Raise Misconfigured where a file cannot be read, or one of the three is missing."""
        if not user or password_file is None or ca is None:
            raise Misconfigured(
                "CASEPATH_KAFKA_USER, CASEPATH_KAFKA_PASSWORD_FILE and CASEPATH_KAFKA_CA say who this is to Kafka; only where "
                "the broker asks nobody, CASEPATH_KAFKA_OPEN=true"
            )
        try:
            found = cls(bootstrap, ca, user, password_file.read_text().strip())
            found.context()
        except (OSError, ssl.SSLError) as error:
            raise Misconfigured(f"what {user} proves itself to Kafka with cannot be read: {error}") from None
        return found

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.ca)
        if self.identity is not None:
            context.load_cert_chain(self.identity)
        return context

    def client(self) -> dict[str, Any]:
        """Arguments of aiokafka's clients."""
        reached: dict[str, Any] = {"bootstrap_servers": self.bootstrap, "metadata_max_age_ms": LEADERS_KNOWN_MS}
        if self.user:
            proof = {"sasl_mechanism": MECHANISM, "sasl_plain_username": self.user, "sasl_plain_password": self.password}
            return {**reached, **proof, "security_protocol": "SASL_SSL", "ssl_context": self.context()}
        if self.identity is not None:
            return {**reached, "security_protocol": "SSL", "ssl_context": self.context()}
        return reached

    def librdkafka(self) -> dict[str, str | int | float | bool]:
        """Configuration of confluent-kafka's clients."""
        reached: dict[str, str | int | float | bool] = {"bootstrap.servers": self.bootstrap}
        if self.ca is not None:
            reached["ssl.ca.location"] = str(self.ca)
        if self.user:
            proof = {"sasl.mechanism": MECHANISM, "sasl.username": self.user, "sasl.password": self.password}
            return {**reached, **proof, "security.protocol": "SASL_SSL"}
        if self.identity is not None:
            proof = {"ssl.certificate.location": str(self.identity), "ssl.key.location": str(self.identity)}
            return {**reached, **proof, "security.protocol": "SSL"}
        return reached
