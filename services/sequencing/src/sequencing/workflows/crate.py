"""Where a workflow's results come from, as a Workflow Run Crate 0.5 (Workflow Run RO-Crate profiles), in RO-Crate 1.1. Pure.

Names are paths in the workflow, which are the researcher's own. The Snakefile and the results are in the crate; inputs are named
by their digests.
"""

import json
from datetime import UTC
from typing import Any

from casepath.sequencing.v1.runs_pb2 import Run, WorkflowFile
from sequencing.provenance import CONTEXT, CRATE, METADATA, PROFILE, TERMS, Entity, ids, software

WORKFLOW_PROFILE = "https://w3id.org/ro/wfrun/workflow/0.5"
WORKFLOWHUB = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
PROFILES = (
    (PROFILE, "Process Run Crate", "0.5"),
    (WORKFLOW_PROFILE, "Workflow Run Crate", "0.5"),
    (WORKFLOWHUB, "Workflow RO-Crate", "1.0"),
)
SNAKEMAKE = {
    "@id": "#snakemake-language",
    "@type": "ComputerLanguage",
    "name": "Snakemake",
    "alternateName": "SMK",
    "identifier": "https://bioschemas.org/schemas/ComputationalWorkflow",
    "url": "https://snakemake.github.io",
}


def workflow_crate(run: Run, engine: str) -> bytes:
    """The crate's metadata; `engine` is a name and a version."""
    tool = software(*engine.split(" ", 1))
    tool["url"] = SNAKEMAKE["url"]
    given = {one.path: file_of(one, f"urn:sha256:{one.object.sha256}") for one in run.workflow.files}
    workflow = given.pop(run.workflow.snakefile) | {
        "@id": run.workflow.snakefile,
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "programmingLanguage": {"@id": SNAKEMAKE["@id"]},
    }
    config = {"@id": "#config", "@type": "PropertyValue", "name": "config", "value": run.workflow.config or "{}"}
    targets = {"@id": "#targets", "@type": "PropertyValue", "name": "targets", "value": " ".join(run.workflow.targets)}
    parameters = [config, *([targets] if run.workflow.targets else [])]
    results = [file_of(one, one.path) for one in run.files]
    action: Entity = {
        "@id": f"#{run.computation_id}",
        "@type": "CreateAction",
        "name": f"Run of {run.workflow.snakefile}",
        "startTime": run.started_at.ToDatetime(UTC).isoformat(timespec="seconds"),
        "endTime": run.tasks[-1].ended_at.ToDatetime(UTC).isoformat(timespec="seconds"),
        "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
        "instrument": {"@id": workflow["@id"]},
        "object": ids([*given.values(), *parameters]),
        "result": ids(results),
    }
    root: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Results of the workflow {run.workflow.snakefile}",
        "description": "What a researcher's workflow made, with what it was made of and by.",
        "identifier": run.computation_id,
        "datePublished": run.tasks[-1].ended_at.ToDatetime(UTC).date().isoformat(),
        "license": {"@id": TERMS["@id"]},
        "conformsTo": [{"@id": name} for name, _, _ in PROFILES],
        "hasPart": ids([workflow, *given.values(), *results]),
        "mainEntity": {"@id": workflow["@id"]},
        "mentions": {"@id": action["@id"]},
    }
    head: Entity = {
        "@id": METADATA,
        "@type": "CreativeWork",
        "conformsTo": [{"@id": CRATE}, {"@id": WORKFLOWHUB}],
        "about": {"@id": "./"},
    }
    profiles: list[Entity] = [
        {"@id": name, "@type": "CreativeWork", "name": title, "version": release} for name, title, release in PROFILES
    ]
    made = [*unique([workflow, *given.values(), *results]), *parameters]
    graph = [head, root, *profiles, TERMS, action, SNAKEMAKE, tool, *made]
    return json.dumps({"@context": CONTEXT, "@graph": graph}, indent=1).encode()


def file_of(one: WorkflowFile, identifier: str) -> dict[str, Any]:
    return {
        "@id": identifier,
        "@type": "File",
        "name": one.path,
        "sha256": one.object.sha256,
        "contentSize": str(one.object.size),
    }


def unique(entities: list[Entity]) -> list[Entity]:
    """One of each identifier, the first: two files of the same bytes are one object."""
    return list({one["@id"]: one for one in reversed(entities)}.values())[::-1]
