"""Where results come from, by the validator of the Workflow Run RO-Crate profiles."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from stages.peer_environment import peer_python, run_peer

from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.sequencing.v1.calling_pb2 import ENGINE_BCFTOOLS
from casepath.sequencing.v1.runs_pb2 import Run, Workflow, WorkflowFile
from embedded import samples
from sequencing.local import Request, compute
from sequencing.provenance import METADATA
from sequencing.workflows.crate import workflow_crate

# The validator would fetch RO-Crate's context; ro-crate-py carries it.
VALIDATE = """
import io, sys, urllib.request
from importlib.resources import files
import rdflib._networking, rdflib.parser, requests

CONTEXT = "https://w3id.org/ro/crate/1.1/context"

class Answer(io.BytesIO):
    headers = {"Content-type": "application/ld+json"}
    url = CONTEXT
    def info(self): return self.headers
    def geturl(self): return self.url
    def getheader(self, name, default=None): return self.headers.get(name, default)

# That of 1.2, in which the terms of Bioschemas lie elsewhere than in 1.1.
CONTENT = (files("rocrate") / "data/ro-crate.jsonld").read_bytes().replace(b"bioschemas.org/terms/", b"bioschemas.org/")

def opened(request, *arguments, **options):
    assert getattr(request, "full_url", request) == CONTEXT
    return Answer(CONTENT)

def sent(self, request, **options):
    assert request.url == CONTEXT
    response = requests.Response()
    response.status_code, response._content, response.url, response.request = 200, CONTENT, request.url, request
    response.headers["Content-Type"] = "application/ld+json"
    return response

requests.adapters.HTTPAdapter.send = sent

for module in (urllib.request, rdflib._networking, rdflib.parser):
    for name in ("urlopen", "_urlopen"):
        if hasattr(module, name):
            setattr(module, name, opened)

from rocrate_validator.models import Severity
from rocrate_validator.services import ValidationSettings, validate

settings = ValidationSettings(
    rocrate_uri=sys.argv[1], profile_identifier=sys.argv[2], requirement_severity=Severity.REQUIRED, no_cache=True
)
found = validate(settings)
print("\\n".join(["passed" if found.passed() else "failed", *(issue.message for issue in found.get_issues())]))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("provenance")
    reference = Path(shutil.copy(samples.REFERENCE, folder))
    out = folder / "out"
    compute(Request([samples.READS], (), reference, "S1", out, ENGINE_BCFTOOLS), lambda finished, begun: None)
    return out


def said(folder: Path, profile: str = "process-run-crate-0.5") -> list[str]:
    python = peer_python("ro-crate", "roc-validator==0.13.0", "rocrate==0.16.0")
    return run_peer(python, VALIDATE, str(folder), profile).splitlines()


def test_the_validator_finds_what_the_profile_asks_for(made: Path) -> None:
    assert "passed" in said(made)


def test_the_validator_would_say_what_is_missing(made: Path, tmp_path: Path) -> None:
    crate = json.loads((made / METADATA).read_text())
    crate["@graph"] = [one for one in crate["@graph"] if one["@type"] != "CreateAction"]
    (tmp_path / METADATA).write_text(json.dumps(crate))
    assert "failed" in said(tmp_path)


def test_the_validator_finds_what_its_profile_asks_of_a_researchers_workflow(tmp_path: Path) -> None:
    kept = [WorkflowFile(path=name, object=ObjectRef(sha256=sha256(name.encode()).hexdigest(), size=3)) for name in ("a", "b")]
    left = WorkflowFile(path="results/c", object=ObjectRef(sha256=sha256(b"c").hexdigest(), size=3))
    run = Run(computation_id="1f0e", workflow=Workflow(files=kept, snakefile="a", targets=["all"], config="{}"), files=[left])
    run.started_at.FromSeconds(1)
    for name in ("a", "results/c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    run.tasks.add(name="0001-all").ended_at.FromSeconds(2)
    (tmp_path / METADATA).write_bytes(workflow_crate(run, "snakemake 9.27.1"))
    assert said(tmp_path, "workflow-run-crate-0.5") == ["passed"]


def test_each_result_is_named_with_its_digest_and_inputs_by_theirs_alone(made: Path) -> None:
    entities = {one["@id"]: one for one in json.loads((made / METADATA).read_text())["@graph"]}
    for name in ("alignments.bam", "variants.vcf.gz", "variants.g.vcf.gz"):
        assert entities[name]["sha256"] == sha256((made / name).read_bytes()).hexdigest()
    (action,) = [one for one in entities.values() if one["@type"] == "CreateAction"]
    digests = {f"urn:sha256:{sha256(path.read_bytes()).hexdigest()}" for path in (*samples.READS, samples.REFERENCE)}
    assert digests == {one["@id"] for one in action["object"]} - {"#parameter-engine"}
    assert entities["#minimap2"]["softwareVersion"]
    assert samples.READS[0].name not in (made / METADATA).read_text()
