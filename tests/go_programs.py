"""Programs in Go that tests run: built once from their modules, kept under the user's cache folder."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from chassis.settings import cache
from embedded.java import filling


@dataclass(frozen=True, slots=True)
class GoProgram:
    """A package of a module at a version."""

    name: str
    module: str
    version: str
    package: str

    def built(self) -> Path:
        """The executable."""
        file = cache() / "go" / f"{self.name}-{self.version}"
        with filling(f"go-{self.name}"):
            if not file.exists():
                build(self, file)
        return file


HELM = GoProgram("helm", "helm.sh/helm/v3", "v3.22.0", "helm.sh/helm/v3/cmd/helm")


def build(program: GoProgram, file: Path) -> None:
    go = shutil.which("go")
    assert go, f"{program.name} is built from source: install Go 1.26 or later"
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        # In a module of its own: `go install` refuses modules that replace others.
        Path(folder, "go.mod").write_text(f"module local\n\ngo 1.26\n\nrequire {program.module} {program.version}\n")
        Path(folder, "needed.go").write_text(f'//go:build needed\n\npackage needed\n\nimport _ "{program.package}"\n')
        environment = {**os.environ, "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"}
        partial = file.with_suffix(".partial")
        for command in (["mod", "tidy"], ["build", "-trimpath", "-ldflags", "-s -w", "-o", str(partial), program.package]):
            ended = subprocess.run([go, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False)
            assert ended.returncode == 0, f"{program.name} cannot be built:\n{ended.stderr[-2000:]}"
        partial.rename(file)
