"""Settings come from the environment, once. A service adds its own fields to Settings."""

import os
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.calls import Identity
from chassis.encryption import Encryption
from chassis.errors import Misconfigured
from chassis.kafka import Kafka
from chassis.key_ring import KeyRing
from chassis.objects import Objects


def zone(name: str) -> str:
    """Raise ValueError where there is no such time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError):
        raise ValueError(f"there is no time zone {name!r}") from None
    return name


type ZoneName = Annotated[str, AfterValidator(zone)]


def cache() -> Path:
    """The user's cache folder for casepath (XDG Base Directory): nobody else can put anything there beforehand."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "casepath"


class Settings(BaseSettings):
    """What every service needs. Each field is the variable CASEPATH_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="CASEPATH_", frozen=True, extra="ignore")
    # Fields with files that are read at the start and not again.
    PROOFS: ClassVar[tuple[str, ...]] = ("kafka_password_file", "kafka_ca", "tls_ca", "tls_identity", "http_identity")

    kafka: str = Field(description="bootstrap servers, host:port,host:port")
    kafka_user: str = Field(default="", description="principal of this service on the cluster")
    kafka_password_file: Path | None = Field(default=None, description="file with its password")
    kafka_ca: Path | None = Field(default=None, description="PEM file with who signs the brokers' certificates")
    tls_ca: Path | None = Field(default=None, description="PEM file with who signs the certificates of services")
    tls_identity: Path | None = Field(default=None, description="PEM file with this service's key and certificate")
    tls_off: bool = Field(default=False, description="calls between services are neither proved nor encrypted")
    http_identity: Path | None = Field(
        default=None, description="PEM file with key and certificate: what is served over HTTP is served over TLS, but for health"
    )
    kafka_open: bool = Field(default=False, description="the broker asks nobody who they are, and encrypts nothing")
    schema_registry: str = Field(
        default="", description="Confluent schema registry, http://host:port: messages are sent in its wire format; empty: bare"
    )
    keys: str = Field(
        default="",
        description="keys of cases and patients: file:///folder, or https://host:port/v1/transit of Vault or its like",
    )
    keys_authorization: Path | None = Field(
        default=None, description="file with the value of the Authorization header, for a server of keys"
    )
    keys_off: bool = Field(default=False, description="what is a patient's is not encrypted on topics and in stores")
    namespace: SecretStr = Field(description="secret UUID from which this deployment's opaque ids are derived")
    renewal_seconds: float = Field(
        default=300.0, ge=0, description="within which a process ends after a key, certificate or password is renewed"
    )
    health_host: str = "127.0.0.1"
    health_port: int = Field(default=0, ge=0, le=65535, description="0 picks a free port")
    log_format: str = Field(default="json", pattern="^(json|console)$")
    work_folder: Path = Field(
        default_factory=lambda: cache() / "work", description="scratch space, safe to empty while the service is down"
    )

    @field_validator("namespace")
    @classmethod
    def is_uuid(cls, value: SecretStr) -> SecretStr:
        try:
            UUID(value.get_secret_value())
        except ValueError:
            raise ValueError("must be a UUID, kept secret and never changed") from None
        return value

    @property
    def proofs(self) -> list[Path]:
        """Files with keys, certificates and passwords; a process that goes on without a renewed one is started anew."""
        named = dict.fromkeys(getattr(self, name) for name in self.PROOFS)
        return [file for file in named if file is not None]

    @property
    def identity(self) -> Identity | None:
        """Raise Misconfigured where nothing proves who this is, and it is not said that nobody has to."""
        return None if self.tls_off else Identity.at(self.tls_ca, self.tls_identity)

    @property
    def cluster(self) -> Kafka:
        """Raise Misconfigured where nothing says who this is, and the broker is not said to ask nobody."""
        if self.kafka_open:
            found = Kafka(self.kafka)
        else:
            found = Kafka.of_user(self.kafka, self.kafka_ca, self.kafka_user, self.kafka_password_file)
        return replace(found, registry=self.schema_registry, encryption=self.encryption)

    @property
    def key_ring(self) -> KeyRing | None:
        """Raise Misconfigured where nothing says which keys encrypt, and it is not said that none do."""
        return None if self.keys_off else KeyRing.at(self.keys, self.tls_ca, self.keys_authorization)

    @cached_property
    def encryption(self) -> Encryption | None:
        """Raise Misconfigured as `key_ring` does, or where the keys cannot be reached so."""
        ring = self.key_ring
        return None if ring is None else ring.encryption()

    @property
    def namespace_id(self) -> UUID:
        return UUID(self.namespace.get_secret_value())


class StoringSettings(Settings):
    """Of a service that keeps objects."""

    objects: str = Field(description="object store, file:///folder or s3://bucket/prefix")

    @property
    def store(self) -> Objects:
        """Raise Misconfigured as `encryption` does."""
        return Objects.at(self.objects, self.encryption)


def load[S: Settings](kind: type[S]) -> S:
    """Read the environment. Raise Misconfigured naming every variable that is missing or wrong."""
    try:
        settings = kind()
    except ValidationError as error:
        wrong = [f"CASEPATH_{'_'.join(map(str, e['loc'])).upper()}: {e['msg'].lower()}" for e in error.errors()]
        raise Misconfigured("; ".join(wrong)) from None
    return settings
