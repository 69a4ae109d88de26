"""Settings of deidentification."""

from functools import cached_property
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from chassis.objects import Objects
from chassis.settings import StoringSettings
from deidentification.projects import NAME, Project, read_projects


class DeidentificationSettings(StoringSettings):
    """Who gets what, and under which names."""

    PROOFS: ClassVar[tuple[str, ...]] = (*StoringSettings.PROOFS, "releases")
    releases: Path = Field(description="JSON file of projects of research: key, contents, units and end of each")
    released_objects: str = Field(description="object store of what leaves, as CASEPATH_OBJECTS has it; not that of care")
    hospital: str = Field(pattern=NAME, description="where it comes from, as projects know it: small letters, digits, hyphens")
    words: str = Field(
        default="", description="names of scanners and of models' classes that may stand in images' headers, separated by |"
    )

    @cached_property
    def projects(self) -> tuple[Project, ...]:
        """Raise Misconfigured where they cannot be read."""
        return read_projects(self.releases)

    @property
    def released_store(self) -> Objects:
        return Objects.at(self.released_objects)

    @property
    def known_words(self) -> frozenset[str]:
        return frozenset(word for word in self.words.split("|") if word)
