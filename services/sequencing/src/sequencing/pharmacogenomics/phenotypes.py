"""From a diplotype to what it does: phenotype and activity score by PharmCAT's tables of CPIC content. Pure, given the tables."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

from sequencing.pharmacogenomics.definitions import tables
from sequencing.pharmacogenomics.matching import Match


@dataclass(frozen=True, slots=True)
class Phenotype:
    """`lookup` is what guidance is found by: a phenotype or an activity score."""

    result: str
    activity_score: str
    lookup: str
    version: str


@cache
def table(gene: str) -> dict[str, Any] | None:
    path = tables() / "phenotype" / f"{gene.replace('-', '_')}.json"
    return json.loads(path.read_text()) if path.exists() else None


@cache
def by_alleles(gene: str) -> Mapping[frozenset[tuple[str, int]], Phenotype]:
    said = table(gene)
    if said is None:
        return {}
    return {frozenset(one["diplotypekey"].items()): phenotype(one, said["version"]) for one in said["diplotypes"]}


def phenotype(said: Mapping[str, Any], version: str) -> Phenotype:
    return Phenotype(said["generesult"] or "", str(said["activityScore"] or ""), str(said["lookupkey"] or ""), version)


def of_diplotype(gene: str, alleles: Sequence[str]) -> Phenotype | None:
    """None where the table does not have it."""
    return by_alleles(gene).get(frozenset(Counter(alleles).items()))


def of_match(match: Match) -> list[Phenotype]:
    """Of each of the best diplotypes, without repeats; of components, that of the two with the lowest function (CPIC 2017)."""
    if match.components:
        lowest = lowest_function(match.gene, match.components)
        return [lowest] if lowest else []
    found = [of_diplotype(match.gene, one.alleles) for one in match.best]
    return list(dict.fromkeys(one for one in found if one is not None))


def lowest_function(gene: str, components: Sequence[str]) -> Phenotype | None:
    """As if the two least active alleles lay on different chromosomes: the phase is not known, and this guards against harm."""
    values = (table(gene) or {}).get("activityValues", {})
    known = sorted((float(values[name]), name) for name in components if name in values)
    if len(known) < len(components):
        return None
    return of_diplotype(gene, [name for _, name in known[:2]])


def altered(gene: str, names: Sequence[str]) -> tuple[str, ...]:
    """Those of these alleles whose function is not known to be normal."""
    said = (table(gene) or {}).get("namedAlleles", ())
    normal = {one["name"] for one in said if str(one["functionValue"]).lower().startswith("normal")}
    return tuple(name for name in names if name not in normal)


def combined(choices: Mapping[str, Sequence[Phenotype]]) -> list[dict[str, Phenotype]]:
    """Every way to choose one phenotype of each gene."""
    names = list(choices)
    return [dict(zip(names, chosen, strict=True)) for chosen in product(*(choices[name] for name in names))]
