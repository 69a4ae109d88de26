"""What guidelines say of a drug for a genotype: annotations of CPIC's and the DPWG's, quoted with their versions. Pure."""

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sequencing.pharmacogenomics.definitions import tables
from sequencing.pharmacogenomics.phenotypes import Phenotype, combined

# Of these populations a recommendation holds for anybody.
GENERAL = "general"


@dataclass(frozen=True, slots=True)
class Guideline:
    drugs: tuple[str, ...]
    genes: tuple[str, ...]
    source: str
    name: str
    version: str
    url: str
    recommendations: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """One recommendation, quoted; `because` is what of the genotype it rests on.

    `changes` says that it asks for another dose, another drug or another precaution. `not_excluded` has, by gene, alleles of
    other than normal function that were not tested for: with one of them the advice would be another.
    """

    drugs: tuple[str, ...]
    source: str
    strength: str
    population: str
    text: str
    implications: tuple[str, ...]
    because: Mapping[str, str]
    changes: bool
    guideline: str
    version: str
    url: str
    not_excluded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@cache
def guidelines() -> tuple[Guideline, ...]:
    return tuple(map(loaded, sorted((tables() / "guidelines").glob("*.json"))))


def loaded(path: Any) -> Guideline:
    said = json.loads(path.read_text())
    head = said["guideline"]
    genes = {gene for one in said["recommendations"] for gene in one.get("lookupKey") or {}}
    return Guideline(
        tuple(one["name"] for one in head["relatedChemicals"]),
        tuple(sorted(genes or {one["symbol"] for one in head["relatedGenes"]})),
        head["source"],
        head["name"],
        str(said["version"]),
        head["url"],
        tuple(said["recommendations"]),
    )


def advice_of(guideline: Guideline, phenotypes: Mapping[str, Sequence[Phenotype]]) -> list[Advice]:
    """For each way that the genotype can be read, what the guideline says; nothing where one of its genes is not told."""
    choices = {gene: phenotypes.get(gene, ()) for gene in guideline.genes}
    if not choices or not all(choices.values()):
        return []
    found = []
    for chosen in combined(choices):
        keys = {gene: one.lookup for gene, one in chosen.items()}
        for said in guideline.recommendations:
            wanted = said.get("lookupKey") or {}
            if wanted and all(isinstance(value, str) and keys.get(gene) == value for gene, value in wanted.items()):
                found.append(advice(guideline, said, {gene: chosen[gene].result for gene in wanted}))
    return list({(one.text, one.population, tuple(one.because.items())): one for one in found}.values())


def advice(guideline: Guideline, said: Mapping[str, Any], because: Mapping[str, str]) -> Advice:
    return Advice(
        guideline.drugs,
        guideline.source,
        (said.get("classification") or {}).get("term") or "",
        said.get("population") or GENERAL,
        plain((said.get("text") or {}).get("html") or ""),
        tuple(said.get("implications") or ()),
        because,
        any(said.get(name) for name in ("dosingInformation", "alternateDrugAvailable", "otherPrescribingGuidance")),
        guideline.name,
        guideline.version,
        guideline.url,
    )


def plain(text: str) -> str:
    """HTML of an annotation without its marks."""
    spaced = re.sub(r"</(p|li|h\d|ul|ol)>|<br\s*/?>", "\n", text)
    lines = html.unescape(re.sub(r"<[^>]+>", "", spaced)).splitlines()
    return "\n".join(line.strip() for line in lines if line.strip())
