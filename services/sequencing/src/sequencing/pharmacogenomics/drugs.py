"""Drugs that guidelines name, with the codes and names by which a prescription says them."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sequencing.pharmacogenomics.definitions import tables


@dataclass(frozen=True, slots=True)
class Drug:
    """`rxnorm` is the ingredient's; a class of drugs has the code of its group in `atc`."""

    name: str
    french: str
    rxnorm: str = ""
    atc: tuple[str, ...] = ()


@cache
def drugs() -> Mapping[str, Drug]:
    """By name."""
    with (tables() / "drugs.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {
        one["name"]: Drug(one["name"], one["name_fr"], one["rxnorm"], tuple(filter(None, one["atc"].split(",")))) for one in rows
    }


def drug(name: str) -> Drug:
    """One that the table does not have has its name alone."""
    return drugs().get(name, Drug(name, name))
