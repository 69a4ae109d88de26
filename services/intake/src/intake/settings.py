"""Settings of intake."""

from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from chassis.settings import Settings


class IntakeSettings(Settings):
    """Where hospital systems connect, and what they leave unsaid."""

    mllp_host: str = "127.0.0.1"
    mllp_port: int = Field(default=2575, ge=0, le=65535)
    time_zone: str = Field(default="Europe/Paris", description="of time stamps that do not name one")
    character_set: str = Field(default="utf-8", description="of messages whose MSH-18 is empty")
    largest_message: int = Field(default=4 << 20, description="bytes; a longer frame is refused")

    @field_validator("time_zone")
    @classmethod
    def is_zone(cls, value: str) -> str:
        ZoneInfo(value)
        return value
