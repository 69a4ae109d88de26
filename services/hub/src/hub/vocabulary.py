"""Local codes to standard concepts: OMOP's own files, as a site has them from Athena and makes for itself.

`CONCEPT.csv` (tab-separated, as Athena gives it) and `source_to_concept_map.csv` (comma-separated, of the CDM's columns), in one
folder. Either may be missing. Of a code in both, the site's map counts.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from chassis.errors import Misconfigured

CONCEPTS, SOURCES = "CONCEPT.csv", "source_to_concept_map.csv"
# How senders of HL7 v2 and FHIR name the systems whose concepts Athena has.
SYSTEMS: Mapping[str, tuple[str, ...]] = {
    "LOINC": ("LN", "http://loinc.org"),
    "SNOMED": ("SCT", "http://snomed.info/sct"),
    "ICD10": ("I10", "CIM-10", "http://hl7.org/fhir/sid/icd-10"),
    "ICDO3": ("ICDO3", "http://terminology.hl7.org/CodeSystem/icd-o-3"),
    "HGNC": ("HGNC",),
}
SCHEMA = pa.schema([("system", pa.string()), ("code", pa.string()), ("concept_id", pa.int64())])


def mapped(folder: Path | None) -> pa.Table:
    """Each system and code with its concept. Raise Misconfigured where a file is none of those."""
    found: dict[tuple[str, str], int] = {}
    if folder is not None:
        for file, read in ((folder / CONCEPTS, concepts), (folder / SOURCES, sources)):
            if file.exists():
                try:
                    with file.open(encoding="utf-8", newline="") as lines:
                        found.update(read(lines))
                except (KeyError, ValueError, TypeError, csv.Error) as error:
                    raise Misconfigured(f"{file} is not as OMOP has it: {type(error).__name__} {error}") from None
    columns = {"system": [system for system, _ in found], "code": [code for _, code in found], "concept_id": list(found.values())}
    return pa.table(columns, schema=SCHEMA)


def concepts(lines: Iterable[str]) -> Iterator[tuple[tuple[str, str], int]]:
    for one in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        for system in SYSTEMS.get(one["vocabulary_id"], ()):
            yield (system, one["concept_code"]), int(one["concept_id"])


def sources(lines: Iterable[str]) -> Iterator[tuple[tuple[str, str], int]]:
    for one in csv.DictReader(lines):
        yield (one["source_vocabulary_id"], one["source_code"]), int(one["target_concept_id"])
