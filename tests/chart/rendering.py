"""The chart, rendered by the real helm."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from go_programs import HELM

CHART = Path(__file__).parents[2] / "charts" / "casepath"
PROFILES = ("single-hospital", "ght")
# What a helm built from its module takes for the cluster's is years old.
KUBERNETES = "1.37.2"

type Resource = dict[str, Any]


def run_helm(*arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    ended = subprocess.run([HELM.built(), *arguments], capture_output=True, text=True, check=False, env=environment)
    assert not check or ended.returncode == 0, ended.stderr
    return ended


def profile(name: str) -> tuple[str, str]:
    return ("--values", str(CHART / "profiles" / f"{name}.yaml"))


@dataclass(frozen=True, slots=True)
class Rendered:
    resources: tuple[Resource, ...]

    def of(self, *kinds: str) -> list[Resource]:
        return [one for one in self.resources if one["kind"] in kinds]

    def named(self, kind: str, name: str) -> Resource:
        (found,) = [one for one in self.of(kind) if one["metadata"]["name"] == name]
        return found

    def workloads(self) -> list[Resource]:
        return self.of("Deployment", "StatefulSet")

    def pods(self) -> Iterator[tuple[str, Resource]]:
        """Each pod's spec, with the name of what makes it."""
        for one in self.resources:
            if one["kind"] == "Pod":
                yield one["metadata"]["name"], one["spec"]
            elif one["kind"] in ("Deployment", "StatefulSet", "Job"):
                yield one["metadata"]["name"], one["spec"]["template"]["spec"]


@cache
def rendered(name: str, *options: str) -> Rendered:
    text = run_helm(
        "template", "casepath", str(CHART), "--namespace", "casepath", "--kube-version", KUBERNETES, *profile(name), *options
    ).stdout
    return Rendered(tuple(one for one in yaml.safe_load_all(text) if one))


def refusal(*options: str, name: str = "single-hospital") -> str:
    """What helm says where it refuses to render."""
    ended = run_helm("template", "casepath", str(CHART), "--kube-version", KUBERNETES, *profile(name), *options, check=False)
    assert ended.returncode != 0, "helm rendered it"
    return ended.stderr


def settings(*pairs: str) -> Sequence[str]:
    return [option for pair in pairs for option in ("--set", pair)]
