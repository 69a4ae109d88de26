"""Projects of research: who is a member, and how much they may use. A JSON file that an operator keeps."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from chassis.access import Forbidden, Permission, Principal
from chassis.errors import Misconfigured
from sequencing.runs.turns import Quota


class Project(BaseModel):
    """`members` are subjects of tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    members: tuple[str, ...]
    share: float = Field(default=1.0, gt=0)
    cores: int | None = Field(default=None, ge=1)
    core_hours_a_week: float | None = Field(default=None, gt=0)

    @property
    def quota(self) -> Quota:
        return Quota(self.share, self.cores, self.core_hours_a_week)


FILE = TypeAdapter(dict[str, Project])


class Projects:
    def __init__(self, projects: dict[str, Project]) -> None:
        self.projects = projects

    @classmethod
    def at(cls, path: Path | None) -> "Projects":
        """Without a file there are none. Raise Misconfigured where it is not one."""
        if path is None:
            return cls({})
        try:
            return cls(FILE.validate_json(path.read_bytes()))
        except (OSError, ValidationError) as error:
            example = '{"sarcomas": {"members": ["leroy"], "share": 1, "cores": 8, "core_hours_a_week": 500}}'
            raise Misconfigured(f"{path} does not declare projects like {example}: {error}") from None

    def quotas(self) -> dict[str, Quota]:
        return {name: one.quota for name, one in self.projects.items()}

    def of(self, who: Principal) -> list[str]:
        """Names of those that somebody is a member of. Raise Forbidden where they may run nothing at all."""
        who.must(Permission.RUN_WORKFLOWS)
        return sorted(name for name, one in self.projects.items() if who.subject in one.members)

    def must(self, who: Principal, project: str) -> None:
        """Raise Forbidden where they are no member; one that does not exist is said to be the same."""
        if project not in self.of(who):
            raise Forbidden("you are not a member of this project")
