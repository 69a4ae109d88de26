"""Settings of the hub."""

from pathlib import Path

from pydantic import Field

from chassis.settings import StoringSettings


class HubSettings(StoringSettings):
    """Where the region's data lies: its tables in the hub's own object store, under `warehouse`."""

    catalog: str = Field(description="database of which tables there are, sqlite:////file or postgresql+psycopg2://...")
    vocabulary: Path | None = Field(
        default=None, description="folder with OMOP's CONCEPT.csv and source_to_concept_map.csv; none: every concept is 0"
    )
    snapshot_seconds: float = Field(default=3600.0, gt=0, description="between snapshots, where anything came in")
    kept_snapshots: int = Field(default=30, ge=1, description="how many are kept; of who was withdrawn nothing is in any")

    @property
    def warehouse(self) -> str:
        return f"{self.objects.rstrip('/')}/warehouse"
