"""Settings of advice."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from chassis.settings import StoringSettings


class AdviceSettings(StoringSettings):
    """Where prescribing systems ask, who they are, and where more can be read."""

    PROOFS: ClassVar[tuple[str, ...]] = (*StoringSettings.PROOFS, "advice_clients")
    advice_address: str = Field(description="host:port on which CDS Hooks are answered")
    advice_url: str = Field(description="address under which prescribing systems reach it, https://host; tokens name it")
    advice_clients: Path = Field(description="JSON file, issuer of tokens to the JWK Set of its keys")
    advice_language: Literal["en", "fr"] = Field(default="fr", description="of cards, where a request names no language")
    portal_url: str = Field(default="", description="portal's address, for links to treatment pages; empty for no links")
