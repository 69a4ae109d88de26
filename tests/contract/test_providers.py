"""Each method of each declared gRPC service is answered by the service that provides it."""

import re
from pathlib import Path
from typing import Any

import pytest

from audit.queries import LedgerQueries
from casepath.callers import CALLERS
from cases.queries import CaseQueries
from hub.studies.study_service import StudyService
from inference.open_inference import OpenInference
from inference.registry_service import RegistryService
from operations.operations_service import OperationsService
from sequencing.runs.run_service import RunService
from slides.frame_service import SlideService

PROTOS = Path(__file__).parents[2] / "protos"
PROVIDERS: dict[str, type[Any]] = {
    "casepath.audit.v1.LedgerService": LedgerQueries,
    "casepath.cases.v1.CaseService": CaseQueries,
    "casepath.hub.v1.StudyService": StudyService,
    "casepath.inference.v1.ModelRegistryService": RegistryService,
    "casepath.operations.v1.OperationsService": OperationsService,
    "casepath.sequencing.v1.RunService": RunService,
    "casepath.slides.v1.SlideService": SlideService,
    "inference.GRPCInferenceService": OpenInference,
}


def declared() -> dict[str, list[str]]:
    """Each service of the .proto files, and its methods."""
    found = {}
    for file in PROTOS.rglob("*.proto"):
        text = file.read_text()
        for name, body in re.findall(r"^service (\w+) \{(.*?)^\}", text, re.MULTILINE | re.DOTALL):
            package = re.search(r"^package ([\w.]+);", text, re.MULTILINE)
            assert package
            found[f"{package[1]}.{name}"] = re.findall(r"^\s*rpc (\w+)", body, re.MULTILINE)
    return found


def test_every_declared_service_has_its_provider() -> None:
    assert declared().keys() == PROVIDERS.keys()


@pytest.mark.parametrize("service", PROVIDERS)
def test_a_provider_answers_every_method(service: str) -> None:
    provider = PROVIDERS[service]
    own = {name for kind in provider.__mro__ if not kind.__name__.endswith("Servicer") for name in vars(kind)}
    assert declared()[service]
    assert set(declared()[service]) <= own


def test_who_may_call_is_declared_for_methods_that_there_are_and_for_all_of_a_service() -> None:
    services = {method.split("/")[1] for method in CALLERS}
    assert set(CALLERS) == {f"/{service}/{method}" for service in services for method in declared()[service]}
