"""checkov finds nothing in the rendered chart and the Dockerfiles that is not explained here."""

import json
import subprocess
from pathlib import Path

import pytest
from stages.peer_environment import peer_python

from chart.rendering import CHART, KUBERNETES, PROFILES, profile, run_helm

REPOSITORY = CHART.parents[1]
EXPLAINED = {
    "CKV_K8S_43": "digests are the site's to give (services.NAME.digest): no image is published from here",
    "CKV_K8S_15": "IfNotPresent, as is right for digests; image.pullPolicy changes it",
    "CKV_K8S_11": "a limit of CPU throttles who has work while others idle; memory and scratch space are limited",
    "CKV_K8S_35": "the UUID that ids derive from; keys and passwords are files",
    "CKV_K8S_8": "the pod of helm test, which ends by itself",
    "CKV_K8S_9": "the pod of helm test, which ends by itself",
    "CKV_DOCKER_2": "Kubernetes asks /healthz and /readyz",
    "CKV_DOCKER_7": "the base image is pinned by its digest, in an ARG that this check does not read",
}


def findings(framework: str, *files: Path) -> set[tuple[str, str]]:
    """Check and resource of each failed check; and that checkov read something at all."""
    python = peer_python("checkov", "checkov==3.3.30")
    options = [option for file in files for option in ("--file", str(file))]
    command = [str(python.with_name("checkov")), *options, "--framework", framework, "--output", "json", "--quiet", "--compact"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    said = json.loads(ended.stdout)
    assert said["summary"]["passed"] > 100 if framework == "kubernetes" else said["summary"]["passed"] > 0
    return {(one["check_id"], one["resource"]) for one in said["results"]["failed_checks"]}


@pytest.mark.parametrize("name", PROFILES)
def test_checkov_finds_nothing_unexplained_in_the_chart(name: str, tmp_path: Path) -> None:
    file = tmp_path / "rendered.yaml"
    options = ("--namespace", "casepath", "--kube-version", KUBERNETES)
    file.write_text(run_helm("template", "casepath", str(CHART), *options, *profile(name)).stdout)
    found = findings("kubernetes", file)
    assert {check for check, _ in found} <= EXPLAINED.keys()
    assert all("ready" in resource for check, resource in found if check in ("CKV_K8S_8", "CKV_K8S_9"))


def test_checkov_finds_nothing_unexplained_in_the_images() -> None:
    found = findings("dockerfile", *sorted(REPOSITORY.glob("services/*/Dockerfile")))
    assert {check for check, _ in found} <= EXPLAINED.keys()
