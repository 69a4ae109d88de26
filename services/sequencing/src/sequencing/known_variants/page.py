"""What knowledge bases say of one sample's variants, as a page in English or French. Pure.

What they say is quoted in English, as published.
"""

from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from casepath.sequencing.v1.known_variants_pb2 import KnownVariant, Snapshot, Statement
from chassis.language import Language
from chassis.notable_variants import notable
from sequencing.known_variants.labels import LABELS, RESPECTS
from sequencing.known_variants.lookup import Found
from sequencing.known_variants.statements import CIVIC
from sequencing.pharmacogenomics.page import Subject

# Rows that a page can have and still be read.
MOST_ROWS = 1000
MOST_GENES = 40
LONGEST_ALLELE = 20
AGAINST = "DOES_NOT_SUPPORT"


def page(found: Found, subject: Subject, language: Language) -> str:
    """The page as HTML."""
    texts, environment = LABELS[language], Environment(autoescape=True, undefined=StrictUndefined)
    shown = [one for one in found.variants if notable(one.statements)]
    unremarkable, left = len(found.variants) - len(shown), len(shown) - MOST_ROWS
    template = environment.from_string((files("sequencing.known_variants") / "page.html").read_text())
    return template.render(
        language=language,
        t=texts,
        subject=subject,
        counted=texts["looked_up"].format(n=found.looked_up, known=len(found.variants), notable=len(shown)),
        rows=[row(one, texts) for one in shown[:MOST_ROWS]],
        more=texts["more"].format(n=left) if left > 0 else "",
        others=texts["others"].format(n=unremarkable) if unremarkable else "",
        sources=[source(one, texts) for one in found.snapshots],
    )


def row(one: KnownVariant, texts: dict[str, str]) -> dict[str, Any]:
    genes = sorted({gene for said in one.statements for gene in said.genes})
    return {
        "genes": ", ".join(genes),
        "place": f"{one.contig}:{one.position} {short(one.reference_bases)}>{short(one.alternate_bases)}",
        "genotype": texts[zygosity(one.genotype)],
        "written": one.genotype,
        "said": [quoted(said, texts) for said in one.statements],
    }


def quoted(one: Statement, texts: dict[str, str]) -> dict[str, Any]:
    kind = "level" if one.source == CIVIC else "review"
    return {
        "significance": one.significance,
        "respect": texts[RESPECTS[one.respect]],
        "review": f"{texts[kind]}: {one.review}" if one.review else "",
        "conditions": ", ".join(one.conditions),
        "therapies": ", ".join(one.therapies),
        "against": one.direction == AGAINST,
        "accession": one.accession,
        "url": one.url,
        "source": one.source,
        "release": one.release,
        "name": one.variant_name,
    }


def zygosity(genotype: str) -> str:
    """Of a genotype as VCF writes it: "het", "hom", "hemi", or "unclear" where a copy is not called."""
    copies = genotype.replace("|", "/").split("/")
    if "." in copies:
        return "unclear"
    if len(copies) == 1:
        return "hemi"
    return "hom" if "0" not in copies else "het"


def source(one: Snapshot, texts: dict[str, str]) -> str:
    genes = ", ".join(one.genes[:MOST_GENES]) + (" …" if len(one.genes) > MOST_GENES else "")
    told = f"; {texts['genes'].format(genes=genes)}" if one.genes else ""
    return f"{one.source} {one.release}, {one.reference}{told}"


def short(bases: str) -> str:
    return bases if len(bases) <= LONGEST_ALLELE else f"{bases[:LONGEST_ALLELE]}… ({len(bases)})"
