"""What a record of ClinVar or CIViC says, as statements that quote it. Pure.

ClinVar: the VCF's INFO fields (NCBI, README_VCF). CIViC: the fields that the header of its VCF gives for CSQ (civicpy).
"""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote

from casepath.sequencing.v1.known_variants_pb2 import (
    RESPECT_CLINICAL_IMPACT,
    RESPECT_GERMLINE,
    RESPECT_ONCOGENICITY,
    Respect,
    Statement,
)

CLINVAR, CIVIC = "ClinVar", "CIViC"
# By respect: significance, review, conditions, and who disagrees.
CLINVAR_FIELDS: Mapping[Respect, tuple[str, str, str, str]] = {
    RESPECT_GERMLINE: ("CLNSIG", "CLNREVSTAT", "CLNDN", "CLNSIGCONF"),
    RESPECT_ONCOGENICITY: ("ONC", "ONCREVSTAT", "ONCDN", "ONCCONF"),
    RESPECT_CLINICAL_IMPACT: ("SCI", "SCIREVSTAT", "SCIDN", ""),
}
NO_CONDITION = frozenset({"", ".", "not provided", "not specified", "See cases"})
# What CIViC's editors have not accepted is not quoted.
ACCEPTED = "accepted"


def clinvar(identifier: str, info: Mapping[str, str], release: str) -> list[Statement]:
    """Up to three statements of one record; `identifier` is its Variation ID."""
    found = []
    for respect, (significance, review, conditions, conflict) in CLINVAR_FIELDS.items():
        if not info.get(significance):
            continue
        said = words(info[significance]).replace("|", "; ")
        if info.get(conflict):
            said += f": {words(info[conflict]).replace('|', '; ')}"
        found.append(
            Statement(
                source=CLINVAR,
                release=release,
                accession=f"VCV{int(identifier):09}",
                url=f"https://www.ncbi.nlm.nih.gov/clinvar/variation/{identifier}/",
                genes=clinvar_genes(info),
                variant_name=info.get("CLNHGVS", ""),
                respect=respect,
                significance=said,
                review=words(info.get(review, "")),
                conditions=[name for name in words(info.get(conditions, "")).split("|") if name not in NO_CONDITION],
            )
        )
    return found


def clinvar_genes(info: Mapping[str, str]) -> list[str]:
    return [one.split(":")[0] for one in info.get("GENEINFO", "").split("|") if one]


def civic(consequences: Iterable[str], fields: Sequence[str], release: str) -> list[Statement]:
    """The evidence items and assertions of one record that are accepted and say what the variant signifies."""
    found = []
    for line in consequences:
        said = dict(zip(fields, map(unquote, line.split("|")), strict=False))
        significance = words(said.get("CIViC Entity Significance", ""))
        if said.get("CIViC Entity Status") != ACCEPTED or not significance:
            continue
        kind = said.get("CIViC Entity Type", "")
        origin = said.get("CIViC Entity Variant Origin", "")
        found.append(
            Statement(
                source=CIVIC,
                release=release,
                accession=f"{'A' if kind == 'assertion' else 'E'}ID{said.get('CIViC Entity ID', '')}",
                url=said.get("CIViC Entity URL", ""),
                genes=[said["SYMBOL"]] if said.get("SYMBOL") else [],
                variant_name=said.get("CIViC Variant Name", ""),
                respect=RESPECT_GERMLINE if "GERMLINE" in origin.upper() else RESPECT_CLINICAL_IMPACT,
                significance=significance,
                review=said.get("CIViC Evidence Level") or words(said.get("CIViC Assertion AMP Category", "")),
                conditions=[name for name in [words(said.get("CIViC Entity Disease", ""))] if name not in NO_CONDITION],
                therapies=[words(name) for name in said.get("CIViC Entity Therapies", "").split("&") if name],
                direction=said.get("CIViC Entity Direction", ""),
                variant_origin=origin,
            )
        )
    return found


def words(text: str) -> str:
    """Both write spaces as underscores."""
    return text.replace("_", " ").strip()
