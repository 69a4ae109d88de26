"""Where results come from, as a Process Run Crate 0.5, of the Workflow Run RO-Crate profiles, in RO-Crate 1.1. Pure.

It says nothing of where it was computed. Inputs are named by their digests, since the names of read files may be a patient's.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC
from importlib.metadata import version
from typing import Any

from casepath.objects.v1.object_ref_pb2 import ObjectRef
from casepath.sequencing.v1.calling_pb2 import CallingResult, Computation
from sequencing.computations import engine_name, inputs

METADATA = "ro-crate-metadata.json"
CONTEXT = "https://w3id.org/ro/crate/1.1/context"
CRATE = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
TERMS = {
    "@id": "#terms",
    "@type": "CreativeWork",
    "name": "Data of a patient",
    "description": "No licence is given. Whoever holds these data answers for their use.",
}
HOMES = {
    "minimap2": "https://github.com/lh3/minimap2",
    "samtools": "https://www.htslib.org",
    "bcftools": "https://www.htslib.org",
    "gatk": "https://gatk.broadinstitute.org",
}
FORMATS = {
    "alignments": ("BAM", "Alignments, sorted, duplicates marked"),
    "alignments_index": ("BAI", "Index of the alignments"),
    "variants": ("VCF 4.2, bgzip", "Variants, normalised"),
    "variants_index": ("Tabix", "Index of the variants"),
    "genomic_variants": ("gVCF, bgzip", "Variants, and what is as the reference, by depth"),
    "genomic_variants_index": ("Tabix", "Index of the gVCF"),
}

type Entity = dict[str, Any]


def crate(made: Computation, result: CallingResult, names: Mapping[str, str]) -> bytes:
    """The crate's metadata. `names` are of results by field of CallingResult: paths in the crate, or absolute addresses."""
    reads = list({ref.sha256: ref for ref in inputs(made.read_groups)}.values())
    sources = [*(source(ref) for ref in reads), reference(made)]
    results = [output(names[field], getattr(result, field), *FORMATS[field]) for field in FORMATS if field in names]
    tools = [software(*tool.split(" ", 1)) for tool in made.tools]
    ours = software("casepath-sequencing", version("casepath-sequencing"))
    ours["softwareRequirements"] = ids(tools)
    parameters = [parameter("engine", engine_name(made.engine))]
    computed = result.computed_at.ToDatetime(UTC)
    action = {
        "@id": f"#{made.computation_id}",
        "@type": "CreateAction",
        "name": "Reads to variants",
        "description": "Reads are aligned, sorted, duplicates marked, and variants called and normalised.",
        "endTime": computed.isoformat(timespec="seconds"),
        "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
        "instrument": {"@id": ours["@id"]},
        "object": ids([*sources, *parameters]),
        "result": ids(results),
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Variants of {len(made.read_groups)} read groups against {made.reference}",
        "description": "Alignments and variants, with what they were made of and by.",
        "identifier": made.computation_id,
        "datePublished": computed.date().isoformat(),
        "license": {"@id": TERMS["@id"]},
        "conformsTo": {"@id": PROFILE},
        "hasPart": ids([*sources, *results]),
        "mentions": {"@id": action["@id"]},
    }
    head = {
        "@id": METADATA,
        "@type": "CreativeWork",
        "conformsTo": {"@id": CRATE},
        "about": {"@id": "./"},
    }
    profile = {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
    graph = [head, root, profile, TERMS, action, ours, *tools, *sources, *parameters, *results]
    return json.dumps({"@context": CONTEXT, "@graph": graph}, indent=1).encode()


def addresses(result: CallingResult) -> dict[str, str]:
    """Of results in the object store."""
    return {field: f"urn:casepath:object:{getattr(result, field).sha256}" for field in FORMATS}


def ids(entities: Sequence[Entity]) -> list[Entity]:
    return [{"@id": one["@id"]} for one in entities]


def source(ref: ObjectRef) -> Entity:
    return {
        "@id": f"urn:sha256:{ref.sha256}",
        "@type": "File",
        "name": "Reads",
        "sha256": ref.sha256,
        "contentSize": str(ref.size),
    }


def reference(made: Computation) -> Entity:
    return {
        "@id": f"urn:sha256:{made.reference_sha256}",
        "@type": "File",
        "name": f"Reference {made.reference}",
        "sha256": made.reference_sha256,
        "encodingFormat": "FASTA",
    }


def output(name: str, ref: ObjectRef, format_: str, description: str) -> Entity:
    return {
        "@id": name,
        "@type": "File",
        "name": description,
        "encodingFormat": format_,
        "sha256": ref.sha256,
        "contentSize": str(ref.size),
    }


def software(name: str, release: str) -> Entity:
    address = HOMES.get(name)
    return {
        "@id": f"#{name}",
        "@type": "SoftwareApplication",
        "name": name,
        "softwareVersion": release,
        **({"url": address} if address else {}),
    }


def parameter(name: str, value: str) -> Entity:
    return {"@id": f"#parameter-{name}", "@type": "PropertyValue", "name": name, "value": value}
