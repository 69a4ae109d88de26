"""Settings of slides."""

from pathlib import Path

from pydantic import Field

from chassis.settings import StoringSettings


class SlideSettings(StoringSettings):
    """Where scanners drop files, and how a file name carries the barcode."""

    slide_folder: Path = Field(description="holds incoming/, quarantine/ and filed/")
    slide_name: str = Field(
        default=r"(?P<accession>[^_]+)_(?P<slide>[^_.]+)",
        description="regular expression that a file name (without suffix) must match to carry its barcode",
    )
    slide_quiet_seconds: float = Field(default=2.0, gt=0, description="a file that has not changed for this long is complete")
