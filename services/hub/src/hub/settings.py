"""Settings of the hub."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from chassis.kafka_rights import copied
from chassis.settings import StoringSettings
from hub.gathering import TOPIC


class HubSettings(StoringSettings):
    """Where the region's data lies: its tables in the hub's own object store, under `warehouse`."""

    PROOFS: ClassVar[tuple[str, ...]] = (*StoringSettings.PROOFS, "access_keys")
    catalog: str = Field(description="database of which tables there are, sqlite:////file or postgresql+psycopg2://...")
    vocabulary: Path | None = Field(
        default=None, description="folder with OMOP's CONCEPT.csv and source_to_concept_map.csv; none: every concept is 0"
    )
    hospitals: str = Field(
        default="",
        pattern=r"^([a-z0-9][a-z0-9-]{0,62}(,[a-z0-9][a-z0-9-]{0,62})*)?$",
        description="hospitals whose facts are copied here, each to a topic that begins with its name; none: this cluster's",
    )
    snapshot_seconds: float = Field(default=3600.0, gt=0, description="between snapshots, where anything came in")
    studies_address: str = Field(default="", description="gRPC host:port where studies are asked for; empty: none are")
    access_keys: Path | None = Field(default=None, description="JWK Set of those who issue tokens, for studies")
    study_images_address: str = Field(
        default="", description="HTTP host:port where a study's images are looked at over DICOMweb; empty: nowhere"
    )
    released_objects: str = Field(default="", description="object stores of what hospitals released, separated by commas")
    least_class: int = Field(
        default=5, ge=2, description="persons of one sex, band of years of birth and hospital that a study gets at least"
    )
    kept_snapshots: int = Field(default=30, ge=1, description="how many are kept; of who was withdrawn nothing is in any")

    @property
    def topics(self) -> dict[str, str]:
        """Topics to gather from, each with whose facts it may have; empty: anybody's."""
        named = [name for name in self.hospitals.split(",") if name]
        return {copied(name): name for name in named} or {TOPIC.name: ""}

    @property
    def released(self) -> list[str]:
        return [one for one in self.released_objects.split(",") if one]

    @property
    def warehouse(self) -> str:
        return f"{self.objects.rstrip('/')}/warehouse"
