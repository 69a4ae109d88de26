"""Settings of cases."""

from collections.abc import Container
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from holidays import country_holidays
from pydantic import Field, field_validator

from cases.working_time import WorkingTime
from chassis.settings import Settings, ZoneName


class CasesSettings(Settings):
    """Where cases are asked for, and where the assembled ones are kept for asking."""

    cases_address: str = Field(default="127.0.0.1:50050", description="gRPC host:port")
    cases_database: Path = Field(description="SQLite file; it is filled anew from the topics when it is lost")
    time_zone: ZoneName = Field(default="Europe/Paris", description="of the laboratory, for its working days")
    holidays: str = Field(
        default="FR",
        description="country of its public holidays (ISO 3166), or a part of one, FR-57; empty: none",
        pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$",
    )
    replication: int = Field(default=1, ge=1, description="of the changelog topic")

    @field_validator("holidays")
    @classmethod
    def is_known(cls, value: str) -> str:
        try:
            holidays_of(value)
        except NotImplementedError:
            raise ValueError(f"of {value} no public holidays are known") from None
        return value

    @property
    def working_time(self) -> WorkingTime:
        return WorkingTime(ZoneInfo(self.time_zone), holidays_of(self.holidays))


def holidays_of(place: str) -> Container[date]:
    """Raise NotImplementedError where none are known."""
    country, _, part = place.partition("-")
    return country_holidays(country, subdiv=part or None) if country else ()
