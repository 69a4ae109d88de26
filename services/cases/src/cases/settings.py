"""Settings of cases."""

from pathlib import Path

from pydantic import Field

from chassis.settings import Settings


class CasesSettings(Settings):
    """Where cases are asked for, and where the assembled ones are kept for asking."""

    cases_address: str = Field(default="127.0.0.1:50050", description="gRPC host:port")
    cases_database: Path = Field(description="SQLite file; it is filled anew from the topics when it is lost")
    replication: int = Field(default=1, ge=1, description="of the changelog topic")
