"""Settings of operations."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from chassis.settings import Settings


class OperationsSettings(Settings):
    """Where it is asked, and whose word counts."""

    PROOFS: ClassVar[tuple[str, ...]] = (*Settings.PROOFS, "access_keys")
    operations_address: str = Field(default="127.0.0.1:50060", description="gRPC host:port at which it is asked")
    access_keys: Path = Field(description="JWK Set of those who issue tokens")
